//! The auditor's own calendar: days counted one by one from 1970, with no library and no code of the workflows.

use timbre_casework::Matter;

use crate::casework::scene::Place;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// The last microsecond of the term of a complaint, and the rule it comes from.
pub(super) fn due(place: &Place, matter: Matter, since: i64) -> (i64, &'static str) {
    let today = day_at(place, since);
    match (place.country, matter) {
        ("ES", Matter::Continuity) => (since + 2 * 3_600 * SECOND, "es.continuity"),
        ("ES", Matter::Billing) => (end_of(place, today + 5), "es.billing"),
        ("ES", Matter::Finance) => (end_of(place, a_month_after(today)), "es.finance"),
        ("ES", Matter::General) => (end_of(place, working_after(place, today, 15)), "es.general"),
        ("PT", _) => (end_of(place, working_after(place, today, 15)), "pt.book"),
        ("BR", _) => (end_of(place, today + 7), "br.sac"),
        (_, _) => (end_of(place, working_after(place, today, 15)), "house.general"),
    }
}

fn working_after(place: &Place, from: i64, count: u32) -> i64 {
    let mut day = from;
    let mut left = count;
    while left > 0 {
        day += 1;
        // 1970-01-01 was a Thursday.
        let weekday = (day + 3).rem_euclid(7);
        let holiday = place.holidays.contains(&written(day).as_str());
        if weekday < 5 && !holiday {
            left -= 1;
        }
    }
    day
}

fn a_month_after(day: i64) -> i64 {
    let (year, month, of_month) = date(day);
    let (next_year, next_month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    // The same day, or the last one that the next month has.
    let days = (1..=of_month).filter_map(|it| day_of(next_year, next_month, it));
    days.max().unwrap_or(day + 30)
}

/// The local day of a moment.
fn day_at(place: &Place, at: i64) -> i64 {
    (at + offset(place, at)).div_euclid(DAY)
}

/// The moment before the next local day begins.
fn end_of(place: &Place, day: i64) -> i64 {
    let midnight = (day + 1) * DAY;
    let winter = midnight - place.offset * SECOND;
    let summer = winter - 3_600 * SECOND;
    let begins = if midnight - offset(place, summer) == summer { summer } else { winter };
    begins - 1
}

/// Microseconds east of Greenwich. In the European Union summer time begins on the last Sunday of March and ends on that
/// of October, at 01:00 UTC (Directive 2000/84/EC).
fn offset(place: &Place, at: i64) -> i64 {
    let (year, _, _) = date(at.div_euclid(DAY));
    let change = |month| last_sunday(year, month) * DAY + 3_600 * SECOND;
    let summer = place.summer && at >= change(3) && at < change(10);
    (place.offset + if summer { 3_600 } else { 0 }) * SECOND
}

fn last_sunday(year: i64, month: i64) -> i64 {
    let last = day_of(year, month, length(year, month)).unwrap_or(0);
    (0..7).map(|less| last - less).find(|it| (it + 3).rem_euclid(7) == 6).unwrap_or(last)
}

fn length(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

fn year_length(year: i64) -> i64 {
    337 + length(year, 2)
}

/// A day since 1970 as year, month and day.
fn date(day: i64) -> (i64, i64, i64) {
    let (mut year, mut month, mut left) = (1970, 1, day);
    while left >= year_length(year) {
        left -= year_length(year);
        year += 1;
    }
    while left >= length(year, month) {
        left -= length(year, month);
        month += 1;
    }
    (year, month, left + 1)
}

/// `None`: that month has no such day.
fn day_of(year: i64, month: i64, of_month: i64) -> Option<i64> {
    if of_month > length(year, month) {
        return None;
    }
    let years: i64 = (1970..year).map(year_length).sum();
    let months: i64 = (1..month).map(|month| length(year, month)).sum();
    Some(years + months + of_month - 1)
}

fn written(day: i64) -> String {
    let (year, month, of_month) = date(day);
    format!("{year:04}-{month:02}-{of_month:02}")
}
