//! Hours of the day and days of the week.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use timbre_model::DaySpan;

/// Minutes in a day by the clock on the wall.
const DAY_MINUTES: u16 = 24 * 60;

/// Stretches of one day, in order, none touching another. Written
/// `10:00-13:00 14:00-20:00`, or `none`, or `all`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hours(Vec<DaySpan>);

/// Hours for every day of a week. Written as a map of days and ranges of days: `{mon-fri: "09:00-21:00", sat:
/// "10:00-14:00", holiday: none}`; a day that is not named is closed, `daily` is all seven.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Hours>", into = "BTreeMap<String, Hours>")]
pub struct Week {
    days: [Hours; 7],
    /// On a holiday also only within these. `None`: a holiday is a day like another.
    pub holiday: Option<Hours>,
    /// On the eve of a holiday also only within these.
    pub eve: Option<Hours>,
}

/// Why a text is not hours or not a week.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not hours: write 09:00-21:00, several apart by a blank, `none` or `all`, under mon..sun, mon-fri, daily, holiday or eve"
)]
pub struct InvalidHours(pub String);

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl Weekday {
    /// Monday first.
    pub const ALL: [Self; 7] =
        [Self::Mon, Self::Tue, Self::Wed, Self::Thu, Self::Fri, Self::Sat, Self::Sun];

    /// `mon`.
    pub fn as_str(self) -> &'static str {
        ["mon", "tue", "wed", "thu", "fri", "sat", "sun"][self as usize]
    }

    pub(crate) fn into_jiff(self) -> jiff::civil::Weekday {
        use jiff::civil::Weekday as Day;
        match self {
            Self::Mon => Day::Monday,
            Self::Tue => Day::Tuesday,
            Self::Wed => Day::Wednesday,
            Self::Thu => Day::Thursday,
            Self::Fri => Day::Friday,
            Self::Sat => Day::Saturday,
            Self::Sun => Day::Sunday,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|day| day.as_str() == text)
    }
}

impl From<jiff::civil::Weekday> for Weekday {
    fn from(day: jiff::civil::Weekday) -> Self {
        Self::ALL[usize::from(day.to_monday_zero_offset().unsigned_abs()) % 7]
    }
}

impl Hours {
    /// The whole day.
    pub fn all() -> Self {
        Self(DaySpan::new(0, DAY_MINUTES).into_iter().collect())
    }

    /// Stretches in order, none touching another.
    pub(crate) fn of(spans: &[DaySpan]) -> Self {
        Self(spans.to_vec())
    }

    /// Checks `text`.
    pub fn parse(text: &str) -> Result<Self, InvalidHours> {
        match text.trim() {
            "none" => return Ok(Self::default()),
            "all" => return Ok(Self::all()),
            _ => {}
        }
        let parts = text.split_whitespace().map(|part| DaySpan::try_from(part.to_owned()));
        let spans: Result<Vec<_>, _> = parts.collect();
        let spans = spans.map_err(|_| InvalidHours(text.to_owned()))?;
        let apart = spans.windows(2).all(|pair| pair[0].to() < pair[1].from());
        if spans.is_empty() || !apart {
            Err(InvalidHours(text.to_owned()))
        } else {
            Ok(Self(spans))
        }
    }

    /// The stretches.
    pub fn spans(&self) -> &[DaySpan] {
        &self.0
    }

    /// Whether the minute is inside.
    pub fn holds(&self, minute: u16) -> bool {
        self.0.iter().any(|span| span.holds(minute))
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        for (index, span) in self.0.iter().enumerate() {
            let gap = if index == 0 { "" } else { " " };
            write!(f, "{gap}{}", String::from(*span))?;
        }
        Ok(())
    }
}

impl TryFrom<String> for Hours {
    type Error = InvalidHours;
    fn try_from(text: String) -> Result<Self, InvalidHours> {
        Self::parse(&text)
    }
}

impl From<Hours> for String {
    fn from(hours: Hours) -> Self {
        hours.to_string()
    }
}

impl Week {
    /// The same hours on every day.
    pub fn daily(hours: Hours) -> Self {
        Self { days: std::array::from_fn(|_| hours.clone()), holiday: None, eve: None }
    }

    /// The hours of a day that is neither holiday nor eve.
    pub fn on(&self, day: Weekday) -> &Hours {
        &self.days[day as usize]
    }

    /// The same week with other hours on one day.
    pub fn with(mut self, day: Weekday, hours: Hours) -> Self {
        self.days[day as usize] = hours;
        self
    }
}

impl fmt::Display for Week {
    /// `mon-fri 09:00-21:00, sat none, holiday none`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut from = 0;
        while from < 7 {
            let same = (from..7).take_while(|day| self.days[*day] == self.days[from]).count();
            let (first, last) =
                (Weekday::ALL[from].as_str(), Weekday::ALL[from + same - 1].as_str());
            let gap = if from == 0 { "" } else { ", " };
            match same {
                1 => write!(f, "{gap}{first} {}", self.days[from])?,
                7 => write!(f, "daily {}", self.days[from])?,
                _ => write!(f, "{gap}{first}-{last} {}", self.days[from])?,
            }
            from += same;
        }
        for (word, hours) in [("holidays", &self.holiday), ("eves of holidays", &self.eve)] {
            if let Some(hours) = hours {
                write!(f, ", {word} {hours}")?;
            }
        }
        Ok(())
    }
}

impl TryFrom<BTreeMap<String, Hours>> for Week {
    type Error = InvalidHours;
    fn try_from(map: BTreeMap<String, Hours>) -> Result<Self, InvalidHours> {
        let mut week = Self::daily(Hours::default());
        // A single day is said later and louder than a range.
        let (ranges, single): (Vec<_>, Vec<_>) =
            map.into_iter().partition(|(key, _)| key == "daily" || key.contains('-'));
        for (key, hours) in ranges.into_iter().chain(single) {
            match key.as_str() {
                "holiday" => week.holiday = Some(hours),
                "eve" => week.eve = Some(hours),
                _ => {
                    let (from, to) = days(&key).ok_or(InvalidHours(key))?;
                    for day in from as usize..=to as usize {
                        week.days[day] = hours.clone();
                    }
                }
            }
        }
        Ok(week)
    }
}

fn days(key: &str) -> Option<(Weekday, Weekday)> {
    if key == "daily" {
        return Some((Weekday::Mon, Weekday::Sun));
    }
    let (from, to) = key.split_once('-').unwrap_or((key, key));
    let (from, to) = (Weekday::parse(from)?, Weekday::parse(to)?);
    (from <= to).then_some((from, to))
}

impl From<Week> for BTreeMap<String, Hours> {
    fn from(week: Week) -> Self {
        let days = Weekday::ALL.into_iter().map(|day| day.as_str().to_owned()).zip(week.days);
        let holiday = week.holiday.map(|hours| ("holiday".to_owned(), hours));
        let eve = week.eve.map(|hours| ("eve".to_owned(), hours));
        days.chain(holiday).chain(eve).collect()
    }
}
