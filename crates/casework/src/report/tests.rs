//! Figures against cases worked out by hand.

use std::time::Duration;

use timbre_model::{CallId, Civil, ClientId, PhoneNumber, QueueId};

use super::*;

fn at(days: u64) -> Civil {
    Civil::from_micros(1_700_000_000_000_000) + Duration::from_secs(days * 86_400)
}

fn contact(call: u128, number: Option<&str>, days: u64, connected: bool) -> Contact {
    Contact {
        call: CallId::from_u128(call),
        client: ClientId::parse("c").expect("a slug"),
        queue: QueueId::parse("q").expect("a slug"),
        number: number.map(|it| PhoneNumber::parse(it).expect("a number")),
        at: at(days),
        connected,
    }
}

#[test]
fn who_calls_again_within_seven_days_was_not_helped_even_where_nobody_answered() {
    let (ana, bea, eva) = ("+34600000001", "+34600000002", "+34600000003");
    let mut contacts = Contacts::default();
    contacts.reopened(CallId::from_u128(6));
    // Newest first. The period ends with day 30; the last looks reach seven days beyond it.
    for it in [
        contact(1, Some(bea), 33, false), // after the period: spoils call 2
        contact(2, Some(bea), 29, true),
        contact(3, None, 20, true),
        contact(4, Some(ana), 18, true), // nobody since: resolved
        contact(5, Some(ana), 11, true), // exactly seven days before call 4: not resolved
        contact(6, Some(eva), 9, true),  // its case was taken up again
        contact(7, Some(ana), 3, true),  // eight days before call 5: resolved
        contact(8, Some(eva), 1, false), // no conversation
    ] {
        contacts.add(it, at(30), at(60));
    }
    let q = QueueId::parse("q").expect("a slug");
    assert_eq!(contacts.queues[&q], (5, 2));
    assert_eq!((contacts.withheld, contacts.open), (1, 0));
    let mut early = Contacts::default();
    early.add(contact(2, Some(bea), 29, true), at(30), at(31));
    assert_eq!(early.open, 1, "its seven days are not over");
}

#[test]
fn only_seven_days_of_callers_are_remembered() {
    let mut contacts = Contacts::default();
    for day in (0..100_u64).rev() {
        let number = format!("+346000001{day:02}");
        contacts.add(contact(u128::from(day), Some(&number), day, true), at(100), at(200));
        assert!(contacts.next.len() <= 8 && contacts.order.len() <= 8, "day {day}");
    }
}

#[test]
fn shares_are_rounded_down_so_that_what_is_missed_is_not_shown_as_reached() {
    assert_eq!(percent(9_499, 10_000), "94.9 %");
    assert_eq!(percent(19, 20), "95.0 %");
    assert_eq!((percent(0, 0), mean(0, 0)), ("-".to_owned(), "-".to_owned()));
    assert_eq!(mean(7, 3), "2.33");
}

#[test]
fn every_row_of_every_table_is_as_long_as_its_columns() {
    let tables = [
        CaseCounts::default().tables(),
        FollowUpCounts::default().tables(),
        Contacts::default().tables(),
        Scores::default().tables(),
        Evaluation::default().tables(),
    ];
    for table in tables.concat() {
        assert!(!table.note.is_empty(), "{}: no formula", table.title);
        assert!(table.rows.iter().all(|it| it.len() == table.columns.len()), "{}", table.title);
    }
}
