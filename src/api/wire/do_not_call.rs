//! Those who may not be called.

use timbre_model::{
    Barred, CampaignId, Civil, ClientId, DoNotCallEntry, DoNotCallScope, FieldError, PhoneNumber,
    Slug, TenantId,
};

use super::name::{self, cut, id};
use super::time::{moment, need_moment, read_moment};
use crate::api::{limits, pb};
use pb::do_not_call_entry::{Scope as WireScope, Whom as WireWhom};

/// Most digits of a prefix; a longer one is a number.
const PREFIX_DIGITS: std::ops::RangeInclusive<usize> = 1..=14;

/// Whom an entry bars, for which calls, until when and why: what a client says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Barring {
    /// Whom.
    pub whom: Barred,
    /// For which calls.
    pub scope: DoNotCallScope,
    /// Until when; `None`: for good.
    pub until: Option<Civil>,
    /// Who asked for it and why.
    pub note: String,
}

/// A registry in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    /// Its name in the rules: `es-robinson`.
    pub registry: Slug,
    /// Its version, as its publisher calls it.
    pub version: String,
    /// When it was issued.
    pub as_of: Civil,
    /// When it was put in force here.
    pub imported_at: Civil,
    /// How many numbers it has.
    pub numbers: u64,
}

/// Reads a registry. Its tenant is the credential's.
pub fn registry_from_wire(wire: pb::Registry) -> Result<Registry, FieldError> {
    let pb::Registry { name, version, as_of, import_time, numbers } = wire;
    let (_, registry) = name::read_registry("registry.name", &name)?;
    Ok(Registry {
        registry,
        version,
        as_of: need_moment("registry.as_of", as_of)?,
        imported_at: need_moment("registry.import_time", import_time)?,
        numbers,
    })
}

/// As the wire has it.
pub fn to_wire(entry: &DoNotCallEntry) -> pb::DoNotCallEntry {
    let DoNotCallEntry { tenant: _, whom, scope, since, until, source, note } = entry;
    let barring =
        Barring { whom: whom.clone(), scope: scope.clone(), until: *until, note: note.clone() };
    pb::DoNotCallEntry {
        since: Some(moment(*since)),
        source: source.to_string(),
        ..barring_to_wire(barring)
    }
}

/// What a client says, as the wire has it.
pub fn barring_to_wire(barring: Barring) -> pb::DoNotCallEntry {
    let Barring { whom, scope, until, note } = barring;
    let whom = match whom {
        Barred::Number(number) => WireWhom::Number(number.expose().to_owned()),
        Barred::Prefix(prefix) => WireWhom::Prefix(prefix),
    };
    let scope = match scope {
        DoNotCallScope::Tenant => None,
        DoNotCallScope::Client(client) => Some(WireScope::Client(client.to_string())),
        DoNotCallScope::Campaign(campaign) => Some(WireScope::Campaign(campaign.to_string())),
    };
    pb::DoNotCallEntry {
        whom: Some(whom),
        scope,
        since: None,
        until: until.map(moment),
        source: String::new(),
        note,
    }
}

/// Reads what a client says. Since when and the source are the server's and not looked at.
pub fn barring_from_wire(wire: pb::DoNotCallEntry) -> Result<Barring, FieldError> {
    let pb::DoNotCallEntry { whom, scope, since: _, until, source: _, note } = wire;
    if note.chars().count() > limits::NOTE_MAX {
        let remedy = format!("use at most {} characters", limits::NOTE_MAX);
        return Err(FieldError::new("entry.note", cut(&note), remedy));
    }
    Ok(Barring {
        whom: whom_from_wire(whom)?,
        scope: scope_from_wire(scope)?,
        until: read_moment("entry.until", until)?,
        note,
    })
}

/// Reads an entry of `tenant` as it is kept.
pub fn from_wire(
    tenant: &TenantId,
    wire: pb::DoNotCallEntry,
) -> Result<DoNotCallEntry, FieldError> {
    let since = read_moment("entry.since", wire.since)?.unwrap_or(Civil::from_micros(0));
    let source = id("entry.source", &wire.source, Slug::parse)?;
    let Barring { whom, scope, until, note } = barring_from_wire(wire)?;
    Ok(DoNotCallEntry { tenant: tenant.clone(), whom, scope, since, until, source, note })
}

fn whom_from_wire(whom: Option<WireWhom>) -> Result<Barred, FieldError> {
    match whom {
        Some(WireWhom::Number(text)) => {
            let remedy = "write + and 4 to 15 digits, with the country code";
            let read = PhoneNumber::parse(&text);
            read.map(Barred::Number).map_err(|_| FieldError::new("entry.number", "", remedy))
        }
        Some(WireWhom::Prefix(text)) => {
            let digits = text.strip_prefix('+').unwrap_or("");
            let sound = digits.bytes().all(|it| it.is_ascii_digit())
                && !digits.starts_with('0')
                && PREFIX_DIGITS.contains(&digits.len());
            let remedy = "write + and 1 to 14 digits, with the country code, such as +34803";
            if sound {
                Ok(Barred::Prefix(text))
            } else {
                Err(FieldError::new("entry.prefix", cut(&text), remedy))
            }
        }
        None => Err(FieldError::new("entry.number", "", "give a number or a prefix")),
    }
}

fn scope_from_wire(scope: Option<WireScope>) -> Result<DoNotCallScope, FieldError> {
    Ok(match scope {
        None => DoNotCallScope::Tenant,
        Some(WireScope::Client(text)) => {
            DoNotCallScope::Client(id("entry.client", &text, ClientId::parse)?)
        }
        Some(WireScope::Campaign(text)) => {
            DoNotCallScope::Campaign(id("entry.campaign", &text, CampaignId::parse)?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_says_reads_back_and_nonsense_does_not() {
        let slug = |text| ClientId::parse(text).expect("an id");
        let number = PhoneNumber::parse("+34600000001").expect("a number");
        for (whom, scope) in [
            (Barred::Number(number), DoNotCallScope::Tenant),
            (Barred::Prefix("+34803".to_owned()), DoNotCallScope::Client(slug("luz"))),
        ] {
            let until = Some(Civil::from_micros(7_000_000));
            let barring = Barring { whom, scope, until, note: "asked".to_owned() };
            assert_eq!(barring_from_wire(barring_to_wire(barring.clone())), Ok(barring));
        }
        for bad in ["", "+", "34803", "+0", "+34 803", "+123456789012345"] {
            let wire = pb::DoNotCallEntry {
                whom: Some(WireWhom::Prefix(bad.to_owned())),
                ..pb::DoNotCallEntry::default()
            };
            assert_eq!(barring_from_wire(wire).expect_err(bad).field, "entry.prefix");
        }
        let nobody = barring_from_wire(pb::DoNotCallEntry::default());
        assert_eq!(nobody.expect_err("nobody").field, "entry.number");
    }
}
