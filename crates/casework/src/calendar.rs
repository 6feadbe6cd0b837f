//! Working days, as an argument: who keeps which holiday is another crate's knowledge.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use timbre_model::Civil;

/// The working days of one place.
pub trait WorkingDays {
    /// Whether that day is one. Saturdays are not (Ley 39/2015 art. 30.2, by which Spain counts "días hábiles").
    fn is_working(&self, day: Date) -> bool;

    /// In which time zone its days begin and end.
    fn zone(&self) -> &TimeZone;
}

/// The day of a moment in a zone. `None` outside the years that a calendar has.
pub(crate) fn day_of(at: Civil, zone: &TimeZone) -> Option<Date> {
    let at = Timestamp::from_microsecond(at.as_micros()).ok()?;
    Some(at.to_zoned(zone.clone()).date())
}

/// The last microsecond of a day in a zone: the one before the next day begins, wherever its clock stands then.
pub(crate) fn end_of_day(day: Date, zone: &TimeZone) -> Option<Civil> {
    let next = day.tomorrow().ok()?.to_zoned(zone.clone()).ok()?;
    Some(Civil::from_micros(next.timestamp().as_microsecond() - 1))
}

/// A moment as people of that zone write it: `2026-11-21 09:30`.
pub(crate) fn written(at: Civil, zone: &TimeZone) -> String {
    let Ok(at) = Timestamp::from_microsecond(at.as_micros()) else { return "?".to_owned() };
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
}
