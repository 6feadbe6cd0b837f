//! A case to keep.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use timbre_casework::case::{self, Amendment, CaseRules, Taking};
use timbre_casework::{CaseId, CaseKey, CaseKind, Channel, Terms, Work, WorkingDays};
use timbre_model::CaseworkSpec;

use super::casework::{act, client};
use super::lists::NOW;
use super::world::tenant;

/// Every day is one.
struct EveryDay;

impl WorkingDays for EveryDay {
    fn is_working(&self, _: Date) -> bool {
        true
    }

    fn zone(&self) -> &TimeZone {
        const { &TimeZone::UTC }
    }
}

/// A complaint, with the key that `chance` gives.
pub fn case(id: u128, chance: u64) -> Work {
    let taking = Taking {
        id: CaseId::from_u128(id),
        key: CaseKey::from_chance(chance),
        tenant: tenant("t"),
        client: client("acme"),
        kind: CaseKind::Complaint,
        channel: Channel::Phone,
        received_at: None,
        call: None,
        queue: None,
        customer_name: "Uxía".to_owned(),
        language: "es".to_owned(),
        statement: "Two were charged and one came".to_owned(),
        follow_up: None,
        more: Amendment::default(),
        checklist: Vec::new(),
    };
    let spec = CaseworkSpec::default();
    let rules =
        CaseRules { spec: &spec, terms: Terms::shipped(), country: Some("ES"), days: &EveryDay };
    case::take(taking, &act(NOW), &rules).expect("a case")
}
