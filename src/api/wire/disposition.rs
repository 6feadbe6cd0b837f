//! Trees of dispositions.

use std::time::Duration;

use timbre_model::{
    DispositionSpec, DispositionTree, Effect, FieldError, FieldKind, FieldSpec, FollowUpOutcome,
    Reach, Slug,
};

use super::faults::Faults;
use super::name::{cut, id};
use super::time::span;
use crate::api::pb;
use pb::disposition_effect::{self as wire, Effect as WireEffect};

/// Deeper trees are refused before they are read: a message may nest without end.
const DEPTH_MAX: usize = 10;

/// As the wire has it.
pub fn tree_to_wire(DispositionTree { id, dispositions }: &DispositionTree) -> pb::DispositionTree {
    pb::DispositionTree {
        id: id.to_string(),
        dispositions: dispositions.iter().map(to_wire).collect(),
    }
}

pub(super) fn tree_from_wire(
    faults: &mut Faults,
    at: &str,
    wire: pb::DispositionTree,
) -> Option<DispositionTree> {
    let pb::DispositionTree { id: tree, dispositions } = wire;
    let tree = faults.keep(id(&format!("{at}.id"), &tree, Slug::parse));
    let dispositions = level_from_wire(faults, &format!("{at}.dispositions"), dispositions, 1);
    Some(DispositionTree { id: tree?, dispositions })
}

/// Reads a tree that a server sent.
pub fn read_tree(field: &str, wire: pb::DispositionTree) -> Result<DispositionTree, FieldError> {
    let mut faults = Faults(Vec::new());
    let tree = tree_from_wire(&mut faults, field, wire);
    match (tree, faults.0.into_iter().next()) {
        (Some(tree), None) => Ok(tree),
        (_, Some(fault)) => Err(fault),
        (None, None) => Err(FieldError::new(field, "", "give a tree of dispositions")),
    }
}

/// A disposition with all below it.
pub fn to_wire(spec: &DispositionSpec) -> pb::Disposition {
    let DispositionSpec { code, name, key, vicidial, effects, fields, children } = spec;
    pb::Disposition {
        code: code.to_string(),
        display_name: name.clone(),
        key: key.map(String::from).unwrap_or_default(),
        vicidial: vicidial.clone().unwrap_or_default(),
        effects: effects.iter().map(effect_to_wire).collect(),
        fields: fields.iter().map(field_to_wire).collect(),
        children: children.iter().map(to_wire).collect(),
    }
}

/// Reads a disposition that a server sent.
pub fn read(field: &str, wire: pb::Disposition) -> Result<DispositionSpec, FieldError> {
    let tree = pb::DispositionTree { id: "one".to_owned(), dispositions: vec![wire] };
    let mut tree = read_tree(field, tree)?;
    tree.dispositions.pop().ok_or_else(|| FieldError::new(field, "", "give a disposition"))
}

fn level_from_wire(
    faults: &mut Faults,
    at: &str,
    level: Vec<pb::Disposition>,
    depth: usize,
) -> Vec<DispositionSpec> {
    if depth > DEPTH_MAX {
        faults.0.push(FieldError::new(at, depth, "give fewer levels"));
        return Vec::new();
    }
    faults.each(at, level, |faults, at, it| from_wire(faults, at, it, depth))
}

fn from_wire(
    faults: &mut Faults,
    at: &str,
    wire: pb::Disposition,
    depth: usize,
) -> Option<DispositionSpec> {
    let pb::Disposition { code, display_name, key, vicidial, effects, fields, children } = wire;
    let code = faults.keep(id(&format!("{at}.code"), &code, Slug::parse));
    let key = read_key(faults, &format!("{at}.key"), &key);
    let effects = faults.each(&format!("{at}.effects"), effects, effect_from_wire);
    let fields = faults.each(&format!("{at}.fields"), fields, field_from_wire);
    let children = level_from_wire(faults, &format!("{at}.children"), children, depth + 1);
    Some(DispositionSpec {
        code: code?,
        name: display_name,
        key,
        vicidial: (!vicidial.is_empty()).then_some(vicidial),
        effects,
        fields,
        children,
    })
}

fn read_key(faults: &mut Faults, at: &str, text: &str) -> Option<char> {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (key, None) => key,
        (_, Some(_)) => {
            faults.0.push(FieldError::new(at, cut(text), "give a digit or a small letter"));
            None
        }
    }
}

const fn reach_word(reach: Reach) -> &'static str {
    match reach {
        Reach::Tenant => "tenant",
        Reach::Client => "client",
        Reach::Campaign => "campaign",
    }
}

fn read_reach(word: &str) -> Option<Reach> {
    match word {
        "tenant" => Some(Reach::Tenant),
        "" | "client" => Some(Reach::Client),
        "campaign" => Some(Reach::Campaign),
        _ => None,
    }
}

fn effect_to_wire(effect: &Effect) -> pb::DispositionEffect {
    let effect = match effect {
        Effect::Final => WireEffect::Final(wire::Final {}),
        Effect::Retry { after } => WireEffect::Retry(wire::Retry { after: Some(span(*after)) }),
        Effect::Callback => WireEffect::Callback(wire::Callback {}),
        Effect::DoNotCall { reach } => {
            WireEffect::DoNotCall(wire::DoNotCall { reach: reach_word(*reach).to_owned() })
        }
        Effect::Refused => WireEffect::Refused(wire::Refused {}),
        Effect::Sale { policy } => WireEffect::Sale(wire::Sale { policy: policy.to_string() }),
        Effect::Complaint => WireEffect::Complaint(wire::Complaint {}),
        Effect::WrongNumber => WireEffect::WrongNumber(wire::WrongNumber {}),
        Effect::Deceased => WireEffect::Deceased(wire::Deceased {}),
        Effect::FollowUp(outcome) => {
            WireEffect::FollowUp(wire::FollowUp { outcome: outcome.to_string() })
        }
    };
    pb::DispositionEffect { effect: Some(effect) }
}

fn effect_from_wire(faults: &mut Faults, at: &str, wire: pb::DispositionEffect) -> Option<Effect> {
    let Some(effect) = wire.effect else {
        faults.0.push(FieldError::new(at, "", "name an effect"));
        return None;
    };
    Some(match effect {
        WireEffect::Final(wire::Final {}) => Effect::Final,
        WireEffect::Retry(wire::Retry { after }) => Effect::Retry {
            after: faults.span(&format!("{at}.retry.after"), after, Duration::ZERO)?,
        },
        WireEffect::Callback(wire::Callback {}) => Effect::Callback,
        WireEffect::DoNotCall(wire::DoNotCall { reach }) => {
            let remedy = "give tenant, client or campaign";
            let at = format!("{at}.do_not_call.reach");
            let read = read_reach(&reach).ok_or_else(|| FieldError::new(at, cut(&reach), remedy));
            Effect::DoNotCall { reach: faults.keep(read)? }
        }
        WireEffect::Refused(wire::Refused {}) => Effect::Refused,
        WireEffect::Sale(wire::Sale { policy }) => Effect::Sale {
            policy: faults.keep(id(&format!("{at}.sale.policy"), &policy, Slug::parse))?,
        },
        WireEffect::Complaint(wire::Complaint {}) => Effect::Complaint,
        WireEffect::WrongNumber(wire::WrongNumber {}) => Effect::WrongNumber,
        WireEffect::Deceased(wire::Deceased {}) => Effect::Deceased,
        WireEffect::FollowUp(wire::FollowUp { outcome }) => {
            let at = format!("{at}.follow_up.outcome");
            let read = FollowUpOutcome::parse(&outcome);
            let fault = || FieldError::new(at, cut(&outcome), "give confirmed or incident");
            Effect::FollowUp(faults.keep(read.ok_or_else(fault))?)
        }
    })
}

fn field_to_wire(field: &FieldSpec) -> pb::DispositionField {
    let FieldSpec { id, name, kind, optional } = field;
    let (kind, choices) = match kind {
        FieldKind::Text => ("text", Vec::new()),
        FieldKind::Number => ("number", Vec::new()),
        FieldKind::Time => ("time", Vec::new()),
        FieldKind::Choice(choices) => ("choice", choices.clone()),
    };
    pb::DispositionField {
        id: id.to_string(),
        display_name: name.clone(),
        kind: kind.to_owned(),
        choices,
        optional: *optional,
    }
}

fn field_from_wire(faults: &mut Faults, at: &str, wire: pb::DispositionField) -> Option<FieldSpec> {
    let pb::DispositionField { id: field, display_name, kind, choices, optional } = wire;
    let field = faults.keep(id(&format!("{at}.id"), &field, Slug::parse));
    let kind = match kind.as_str() {
        "" | "text" => Some(FieldKind::Text),
        "number" => Some(FieldKind::Number),
        "time" => Some(FieldKind::Time),
        "choice" => Some(FieldKind::Choice(choices)),
        other => {
            let remedy = "give text, number, time or choice";
            faults.0.push(FieldError::new(format!("{at}.kind"), cut(other), remedy));
            None
        }
    };
    Some(FieldSpec { id: field?, name: display_name, kind: kind?, optional })
}
