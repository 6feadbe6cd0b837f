//! What the network said, as an attempt's outcome. The only place that reads its codes.

use std::time::Duration;

use timbre_model::{AttemptOutcome, ReleasedBy};

use crate::port::LegEnd;

/// Without a 180, a phone that was called for this long is taken to have rung: many networks send no 180, or late.
const TAKEN_TO_RING: Duration = Duration::from_secs(10);

/// How long a call was in set-up, and whether ringing was reported.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SetUp {
    pub(crate) lasted: Duration,
    pub(crate) rang: bool,
}

/// What an attempt came to that was never answered.
pub(crate) fn unanswered(how: LegEnd, set_up: SetUp) -> AttemptOutcome {
    match how {
        LegEnd::Failed { status, cause } => failed(status, cause, set_up),
        LegEnd::NoAnswer => AttemptOutcome::NoAnswer,
        LegEnd::Declined => AttemptOutcome::Rejected,
        LegEnd::Unreachable => AttemptOutcome::Unreachable,
        LegEnd::FarEnd | LegEnd::Lost => AttemptOutcome::CarrierFault,
        LegEnd::Ours => AttemptOutcome::Cancelled,
    }
}

/// Whose hand ended an attempt that was never answered.
pub(crate) fn hand(outcome: AttemptOutcome) -> ReleasedBy {
    match outcome {
        AttemptOutcome::Busy | AttemptOutcome::Rejected => ReleasedBy::Customer,
        AttemptOutcome::NoAnswer | AttemptOutcome::Cancelled | AttemptOutcome::OurFault => {
            ReleasedBy::System
        }
        _ => ReleasedBy::Network,
    }
}

/// The exchange that knows why tells it as a cause; a gateway's translation of it into a status is coarser.
fn failed(status: u16, cause: Option<u8>, set_up: SetUp) -> AttemptOutcome {
    cause.and_then(by_cause).unwrap_or_else(|| by_status(status, set_up))
}

/// By ITU-T Q.850 cause, as RFC 3398 §8.2.6.1 groups them; `None` where it says nothing that the status does not.
fn by_cause(cause: u8) -> Option<AttemptOutcome> {
    use AttemptOutcome as O;
    Some(match cause {
        // Unallocated; special information tone; number changed; incomplete.
        1 | 4 | 22 | 23 | 28 => O::Unallocated,
        17 => O::Busy,
        18 | 19 => O::NoAnswer,
        // Call rejected, by the callee or a feature of theirs; incoming calls barred; not a member of their group.
        21 | 24 | 54 | 55 | 87 => O::Rejected,
        // No route to the destination; absent; not selected; out of order.
        3 | 20 | 26 | 27 => O::Unreachable,
        34 | 42 | 44 | 46 | 47 | 58 => O::Congestion,
        // A wrong prefix, a facility or a bearer that we have not, an incompatible medium, a malformed message.
        5 | 50 | 52 | 53 | 57 | 62 | 65..=79 | 88 | 95..=101 => O::OurFault,
        2 | 6..=15 | 25 | 29 | 30 | 32..=126 => O::CarrierFault,
        // Normal clearing, normal unspecified, interworking.
        0 | 16 | 31 | 127.. => return None,
    })
}

/// By the final SIP status (RFC 3261 §21 and its extensions).
fn by_status(status: u16, set_up: SetUp) -> AttemptOutcome {
    use AttemptOutcome as O;
    let rang = set_up.rang || set_up.lasted >= TAKEN_TO_RING;
    match status {
        404 | 410 | 484 | 485 | 604 => O::Unallocated,
        486 | 600 => O::Busy,
        // In time there was none, the callee is away, or the request was ended: by its time-out, as what we take back
        // ourselves is over before it says so.
        408 | 480 | 487 if rang => O::NoAnswer,
        480 => O::Unreachable,
        // Redirected, which is not followed: who knows whom that would call.
        300..=399 => O::Unreachable,
        // Nothing came back at all, a loop, a transaction that got lost.
        408 | 481 | 482 | 483 | 487 => O::CarrierFault,
        603 | 607 | 608 => O::Rejected,
        503 => O::Congestion,
        505 | 513 | 580 | 606 => O::OurFault,
        400..=499 => O::OurFault,
        600..=699 => O::Rejected,
        _ => O::CarrierFault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use AttemptOutcome as O;

    const RANG: SetUp = SetUp { lasted: Duration::from_secs(20), rang: true };
    const SILENT: SetUp = SetUp { lasted: Duration::from_secs(2), rang: false };

    fn status(status: u16, set_up: SetUp) -> O {
        unanswered(LegEnd::Failed { status, cause: None }, set_up)
    }

    fn cause(status: u16, cause: u8) -> O {
        unanswered(LegEnd::Failed { status, cause: Some(cause) }, RANG)
    }

    #[test]
    fn every_status_has_its_outcome() {
        for (code, rang, silent) in [
            (302, O::Unreachable, O::Unreachable),
            (400, O::OurFault, O::OurFault),
            (403, O::OurFault, O::OurFault),
            (404, O::Unallocated, O::Unallocated),
            (407, O::OurFault, O::OurFault),
            (408, O::NoAnswer, O::CarrierFault),
            (410, O::Unallocated, O::Unallocated),
            (480, O::NoAnswer, O::Unreachable),
            (484, O::Unallocated, O::Unallocated),
            (486, O::Busy, O::Busy),
            (487, O::NoAnswer, O::CarrierFault),
            (488, O::OurFault, O::OurFault),
            (500, O::CarrierFault, O::CarrierFault),
            (502, O::CarrierFault, O::CarrierFault),
            (503, O::Congestion, O::Congestion),
            (504, O::CarrierFault, O::CarrierFault),
            (600, O::Busy, O::Busy),
            (603, O::Rejected, O::Rejected),
            (604, O::Unallocated, O::Unallocated),
            (606, O::OurFault, O::OurFault),
            (607, O::Rejected, O::Rejected),
            (608, O::Rejected, O::Rejected),
        ] {
            assert_eq!((status(code, RANG), status(code, SILENT)), (rang, silent), "{code}");
        }
        let answers = [O::Connected, O::Abandoned, O::Machine, O::Indeterminate, O::Cancelled];
        for code in 300..700 {
            assert!(!answers.contains(&status(code, RANG)), "{code}");
            assert!(!answers.contains(&status(code, SILENT)), "{code}");
        }
    }

    #[test]
    fn a_cause_outweighs_the_status_it_was_translated_into() {
        for (of, expected) in [
            (1, O::Unallocated),
            (3, O::Unreachable),
            (17, O::Busy),
            (18, O::NoAnswer),
            (19, O::NoAnswer),
            (20, O::Unreachable),
            (21, O::Rejected),
            (22, O::Unallocated),
            (27, O::Unreachable),
            (28, O::Unallocated),
            (34, O::Congestion),
            (38, O::CarrierFault),
            (41, O::CarrierFault),
            (42, O::Congestion),
            (50, O::OurFault),
            (55, O::Rejected),
            (88, O::OurFault),
            (102, O::CarrierFault),
        ] {
            assert_eq!(cause(503, of), expected, "{of}");
        }
        for of in [0, 16, 31, 127, 200] {
            assert_eq!(cause(486, of), O::Busy, "{of} says nothing");
        }
        assert!((1..=127).all(|of| (300..700).all(|code| cause(code, of) != O::Cancelled)));
    }

    #[test]
    fn without_180_a_long_wait_counts_as_ringing() {
        let patient = SetUp { lasted: Duration::from_secs(24), rang: false };
        assert_eq!(status(408, patient), O::NoAnswer);
        assert_eq!(unanswered(LegEnd::Ours, patient), O::Cancelled);
    }
}
