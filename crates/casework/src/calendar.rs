//! Working days, as an argument: who keeps which holiday is another crate's knowledge.

use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The working days of one place.
pub trait WorkingDays {
    /// Whether that day is one. Saturdays are not (Ley 39/2015 art. 30.2, by which Spain counts "días hábiles").
    fn is_working(&self, day: Date) -> bool;

    /// In which time zone its days begin and end.
    fn zone(&self) -> &TimeZone;
}
