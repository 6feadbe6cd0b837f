//! What a disposition brings about in the floor itself: where the lead goes, and who is not called any more.
//!
//! Effects that open cases, sales and the like follow from the call's record, outside of the engine.

use std::collections::BTreeMap;

use timbre_compliance::Refusal;
use timbre_model::{
    AttemptOutcome, Barred, CampaignId, ClientId, Disposition, DispositionSpec, DoNotCallEntry,
    DoNotCallScope, Effect, FloorSpec, LeadState, PhoneNumber, Reach, Slug,
};

use crate::attempt::Promise;
use crate::turn::Turn;

/// How a call was classified, and what that brings about.
#[derive(Debug, Clone)]
pub(crate) struct Disposed {
    pub(crate) disposition: Disposition,
    pub(crate) effects: Vec<Effect>,
}

impl Disposed {
    pub(crate) fn automatic(code: Slug) -> Self {
        Self { disposition: Disposition::new(code, true), effects: Vec::new() }
    }

    pub(crate) fn has(&self, effect: &Effect) -> bool {
        self.effects.contains(effect)
    }

    /// The call that it promises.
    pub(crate) fn promise(&self) -> Option<Promise> {
        let (at, personal) = DispositionSpec::callback(&self.disposition.fields)
            .filter(|_| self.has(&Effect::Callback))?;
        Some(Promise { at, personal })
    }

    fn retry(&self) -> Option<std::time::Duration> {
        self.effects.iter().find_map(|it| match it {
            Effect::Retry { after } => Some(*after),
            _ => None,
        })
    }

    /// Whom it bars, if anybody: whose calls, and whether the person rather than the number.
    fn bars(&self) -> Option<Reach> {
        self.effects.iter().find_map(|it| match it {
            Effect::DoNotCall { reach } => Some(*reach),
            Effect::Deceased => Some(Reach::Client),
            _ => None,
        })
    }
}

/// What a callee refuses where a conversation ends with one of these dispositions of a floor.
pub fn refusals(floor: &FloorSpec) -> BTreeMap<Slug, Refusal> {
    let mut refusals = BTreeMap::new();
    for it in floor.every_disposition() {
        let opts_out = |it: &Effect| matches!(it, Effect::DoNotCall { .. } | Effect::Deceased);
        if it.effects.iter().any(opts_out) {
            refusals.insert(it.code.clone(), Refusal::OptOut);
        } else if it.effects.contains(&Effect::Refused) {
            refusals.entry(it.code.clone()).or_insert(Refusal::Offer);
        }
    }
    refusals
}

/// Whose customer, in whose calls.
pub(crate) struct Whose {
    pub(crate) client: ClientId,
    pub(crate) campaign: Option<CampaignId>,
}

impl Turn<'_> {
    /// The agent says that somebody else answered: nobody of the lead was reached.
    pub(crate) fn note_wrong_number(&mut self, attempt: usize, disposed: &Disposed) {
        let record = &mut self.floor.attempts[attempt].record;
        let connected = record.outcome == Some(AttemptOutcome::Connected);
        if connected && disposed.has(&Effect::WrongNumber) {
            record.outcome = Some(AttemptOutcome::WrongNumber);
        }
    }

    /// Where the lead stands after a conversation that was classified.
    pub(crate) fn disposed_lead(&self, attempt: usize, disposed: &Disposed) -> LeadState {
        let it = &self.floor.attempts[attempt];
        let disposition = disposed.disposition.code.clone();
        let promise = disposed.promise().or(it.callback);
        match (promise, disposed.retry()) {
            _ if disposed.has(&Effect::Deceased) => LeadState::Finished { disposition },
            (Some(promise), _) => LeadState::Callback {
                at: promise.at,
                agent: it.record.agent.clone().filter(|_| promise.personal),
            },
            (None, Some(after)) => LeadState::Retry { at: self.now.civil + after },
            (None, None) => LeadState::Finished { disposition },
        }
    }

    /// Whoever does not want to be called, or has died, is not called any more: at none of the numbers they are known by.
    pub(crate) fn bar_disposed(
        &mut self,
        disposed: &Disposed,
        whose: Whose,
        numbers: Vec<PhoneNumber>,
        (tenant, call): (timbre_model::TenantId, timbre_model::CallId),
    ) {
        let Some(reach) = disposed.bars() else { return };
        let scope = match (reach, whose.campaign) {
            (Reach::Tenant, _) => DoNotCallScope::Tenant,
            (Reach::Campaign, Some(campaign)) => DoNotCallScope::Campaign(campaign),
            (Reach::Client, _) | (Reach::Campaign, None) => DoNotCallScope::Client(whose.client),
        };
        let why = if disposed.has(&Effect::Deceased) { "deceased, told" } else { "asked for" };
        for number in numbers {
            self.bar(DoNotCallEntry {
                tenant: tenant.clone(),
                whom: Barred::Number(number),
                scope: scope.clone(),
                since: self.now.civil,
                until: None,
                source: Slug::parse("agent").expect("a slug by its letters"),
                note: format!("{why} in call {call}"),
            });
        }
    }
}
