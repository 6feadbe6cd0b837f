//! The house's own lists and the registries of the law.

use std::sync::Arc;

use super::{Block, Look, Question};
use crate::decision::{Looked, Reason};
use crate::history::RegistryState;
use crate::rule::{ListScrub, RuleKind, Span};

/// The house's own lists bind whatever the law says.
pub(super) fn internal(question: &Question<'_>) -> Option<Look> {
    let hit = question.lists.internal.as_ref()?;
    let looked = Looked::List {
        name: hit.list.as_str().into(),
        version: Some(hit.scope.clone()),
        imported_at: Some(hit.since),
    };
    Some(Look::judged(looked, Some(Block::standing(Reason::InternalList))))
}

/// `None` where a rule about every registry finds none that another rule asks for.
pub(super) fn scrub(question: &Question<'_>, scrub: &ListScrub) -> Option<Look> {
    if scrub.registry == "*" {
        return every(question, scrub.max_age);
    }
    let state = question.lists.registries.iter().find(|it| it.name == scrub.registry);
    let Some(state) = state else {
        let name = Arc::from(scrub.registry.as_str());
        let looked = Looked::List { name, version: None, imported_at: None };
        return Some(Look::judged(looked, Some(Block::standing(Reason::RegistryMissing))));
    };
    let reason = if state.listed {
        Some(Reason::RegistryListed)
    } else {
        stale(question, state, scrub.max_age)
    };
    Some(Look::judged(looked(state), reason.map(Block::standing)))
}

fn every(question: &Question<'_>, max_age: Option<Span>) -> Option<Look> {
    let asked = |name: &str| {
        question.rules().any(|rule| match &rule.kind {
            RuleKind::ListScrub(it) => it.registry == name,
            _ => false,
        })
    };
    let states = || question.lists.registries.iter().filter(|it| asked(&it.name));
    let old = states().find_map(|it| Some((it, stale(question, it, max_age)?)));
    match old {
        Some((state, reason)) => Some(Look::judged(looked(state), Some(Block::standing(reason)))),
        None => states().next().map(|state| Look::passes(looked(state))),
    }
}

fn stale(question: &Question<'_>, state: &RegistryState, max_age: Option<Span>) -> Option<Reason> {
    let max_age = max_age?;
    let over = question.zones.iter().any(|here| {
        let end = max_age.after(state.imported_at, question, &here.zone.tz);
        end.is_none_or(|end| end <= question.now)
    });
    over.then_some(Reason::RegistryStale)
}

fn looked(state: &RegistryState) -> Looked {
    Looked::List {
        name: state.name.as_str().into(),
        version: Some(state.imported_version.clone()),
        imported_at: Some(state.imported_at),
    }
}
