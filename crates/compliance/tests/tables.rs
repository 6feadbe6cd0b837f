//! What each jurisdiction says to dated cases. `cases/ES.txt` holds those of Spain, one a line:
//!
//!     2026-11-21T10:15 · +34915551234 · refuse ES-window-96.2 2026-11-23T09:00
//!
//! When, by the callee's clock; whom and how; what is expected. Lines that begin with `with` set words for all the cases
//! below them, `zone` the zone in which times are written.

mod support;

use std::collections::BTreeSet;

use support::{Case, Expected};
use timbre_compliance::{Catalog, Verdict, decide};

macro_rules! tables {
    ($($name:ident: $code:literal,)*) => {$(
        #[test]
        fn $name() {
            table($code, include_str!(concat!("cases/", $code, ".txt")));
        }
    )*};
}

tables! {
    argentina: "AR", australia: "AU", brazil: "BR", canada: "CA", chile: "CL", colombia: "CO",
    germany: "DE", ecuador: "EC", spain: "ES", france: "FR", united_kingdom: "GB", italy: "IT",
    mexico: "MX", peru: "PE", portugal: "PT", united_states: "US", uruguay: "UY", house: "house",
}

fn table(code: &str, text: &str) {
    let cases = support::cases(text);
    assert!(cases.len() >= 10, "{code}: {} cases", cases.len());
    let faults: Vec<_> = cases.iter().filter_map(fault).collect();
    assert!(faults.is_empty(), "{code}:\n{}", faults.join("\n"));
    let refusing: BTreeSet<_> = cases.iter().filter_map(|case| case.expected.rule()).collect();
    assert!(refusing.len() >= 2, "{code}: only {refusing:?} refuses anything");
}

/// What differs from what is expected.
fn fault(case: &Case) -> Option<String> {
    let Case { line, attempt, history, lists, now, .. } = case;
    let decision = decide(Catalog::shipped(), attempt, history, lists, *now);
    let found = match &decision.verdict {
        Verdict::Permit(_) => Expected::Permit,
        Verdict::Refuse { rule, earliest, .. } => {
            Expected::Refuse { rule: rule.to_string(), earliest: *earliest }
        }
    };
    if found == case.expected {
        return None;
    }
    Some(format!(
        "  {line}\n    found {}\n      {}",
        case.words(&found),
        decision.explain().join("\n      ")
    ))
}
