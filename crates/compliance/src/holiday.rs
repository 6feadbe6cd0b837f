//! Holidays as rules from which the days of each year follow.

use jiff::Span;
use jiff::civil::{Date, Weekday as JiffWeekday};
use serde::{Deserialize, Serialize};

use crate::hours::Weekday;

/// A holiday of a country or of some of its regions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holiday {
    /// Its name in the country's language.
    pub name: String,
    /// On which day.
    pub on: HolidayRule,
    /// Only there (ISO 3166-2 without the country). Empty: everywhere.
    #[serde(default)]
    pub regions: Vec<String>,
    /// First year.
    #[serde(default)]
    pub from: Option<i16>,
    /// Last year.
    #[serde(default)]
    pub until: Option<i16>,
    /// Where it goes when it falls on another day than it likes.
    #[serde(default)]
    pub moves: Moves,
}

/// On which day of a year a holiday falls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HolidayRule {
    /// Month and day, `12-25`.
    Fixed(String),
    /// Days after Easter Sunday of the Gregorian calendar; before it, negative.
    Easter(i16),
    /// The nth such day of a month: `{n: 3, day: mon, month: 1}`; the last is -1.
    Nth {
        /// Which.
        n: i8,
        /// Of these days.
        day: Weekday,
        /// In this month.
        month: i8,
    },
    /// The last such day on or before a day, `{day: mon, date: 05-24}`.
    OnOrBefore {
        /// This day of the week.
        day: Weekday,
        /// Month and day.
        date: String,
    },
    /// Once, on these days, where no rule is known (moon calendars, decrees).
    Dates(Vec<Date>),
}

/// Where a holiday goes when it falls on a day it does not like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moves {
    /// Nowhere.
    #[default]
    No,
    /// To the next Monday unless it is one (Colombia, Ley 51 de 1983, "Ley Emiliani").
    NextMonday,
    /// Observed also on the Friday before a Saturday, and on the Monday after a Sunday (5 USC 6103(b)).
    NearestWeekday,
    /// Observed also on the Monday after a Saturday or a Sunday; on the Tuesday where another holiday has taken it.
    Substitute,
    /// Tuesday and Wednesday to the Monday before, Thursday and Friday to the Monday after (Argentina, Ley 27.399).
    Argentine,
    /// Tuesday to Thursday to the Monday before, Friday to the Monday after (Chile, Ley 19.668).
    Chilean,
    /// Tuesday to the Friday before, Wednesday to the Friday after (Chile, Ley 20.299).
    ChileanFriday,
    /// Tuesday to the Monday before, Wednesday and Thursday to the Friday after, Saturday to the Friday before, Sunday
    /// to the Monday after (Ecuador, LOSEP and Código del Trabajo as of 2016).
    Ecuadorian,
}

/// Easter Sunday of the Gregorian calendar (the anonymous algorithm, Meeus/Jones/Butcher).
fn easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * month + 19) % 32;
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// `12-25` in a year.
fn month_day(text: &str, year: i16) -> Option<Date> {
    let (month, day) = text.split_once('-')?;
    Date::new(year, month.parse().ok()?, day.parse().ok()?).ok()
}

fn shift(day: Date, days: i32) -> Option<Date> {
    day.checked_add(Span::new().try_days(days).ok()?).ok()
}

impl HolidayRule {
    /// The days in a year before any of them moves. Empty where the rule names none that exists.
    fn in_year(&self, year: i16) -> Vec<Date> {
        match self {
            Self::Fixed(text) => month_day(text, year).into_iter().collect(),
            Self::Easter(days) => {
                easter(year).and_then(|it| shift(it, i32::from(*days))).into_iter().collect()
            }
            Self::Nth { n, day, month } => Date::new(year, *month, 1)
                .and_then(|first| first.nth_weekday_of_month(*n, day.into_jiff()))
                .ok()
                .into_iter()
                .collect(),
            Self::OnOrBefore { day, date } => {
                let back = |it: Date| {
                    let days = it.weekday().since(day.into_jiff());
                    shift(it, -i32::from(days))
                };
                month_day(date, year).and_then(back).into_iter().collect()
            }
            Self::Dates(dates) => dates.iter().copied().filter(|it| it.year() == year).collect(),
        }
    }

    /// Whether it names days that exist.
    pub(crate) fn is_sound(&self) -> bool {
        match self {
            Self::Dates(dates) => !dates.is_empty(),
            // A leap year, so that 02-29 is one.
            _ => !self.in_year(2028).is_empty(),
        }
    }
}

impl Moves {
    /// The days on which a holiday of `day` is kept.
    fn observed(self, day: Date) -> (Option<Date>, Option<Date>) {
        use jiff::civil::Weekday::{
            Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday,
        };
        let weekday = day.weekday();
        let moved = |days: i32| (shift(day, days), None);
        let stays = (Some(day), None);
        match (self, weekday) {
            (Self::NextMonday, _) => moved(i32::from(Monday.since(weekday))),
            (Self::NearestWeekday, Saturday) => (Some(day), shift(day, -1)),
            (Self::NearestWeekday, Sunday) => (Some(day), shift(day, 1)),
            (Self::Argentine | Self::Chilean | Self::Ecuadorian, Tuesday) => moved(-1),
            (Self::Argentine | Self::Chilean, Wednesday) => moved(-2),
            (Self::Argentine, Thursday) => moved(4),
            (Self::Chilean, Thursday) => moved(-3),
            (Self::Argentine | Self::Chilean, Friday) => moved(3),
            (Self::ChileanFriday, Tuesday) => moved(-4),
            (Self::ChileanFriday | Self::Ecuadorian, Wednesday) => moved(2),
            (Self::Ecuadorian, Thursday) => moved(1),
            (Self::Ecuadorian, Saturday) => moved(-1),
            (Self::Ecuadorian, Sunday) => moved(1),
            (
                Self::No
                | Self::NearestWeekday
                | Self::Substitute
                | Self::Argentine
                | Self::Chilean
                | Self::ChileanFriday
                | Self::Ecuadorian,
                _,
            ) => stays,
        }
    }
}

/// The days of one year on which somebody keeps a holiday: the day, and which of `holidays`.
pub(crate) fn days(holidays: &[Holiday], year: i16) -> Vec<(Date, usize)> {
    let mut kept = Vec::new();
    let mut waiting = Vec::new();
    for (index, holiday) in holidays.iter().enumerate() {
        if !holiday.held_in(year) {
            continue;
        }
        for day in holiday.on.in_year(year) {
            let (first, second) = holiday.moves.observed(day);
            kept.extend([first, second].into_iter().flatten().map(|it| (it, index)));
            let weekend = matches!(day.weekday(), JiffWeekday::Saturday | JiffWeekday::Sunday);
            if holiday.moves == Moves::Substitute && weekend {
                waiting.push((day, index));
            }
        }
    }
    waiting.sort();
    for (day, index) in waiting {
        kept.extend(free_after(day, &kept).map(|it| (it, index)));
    }
    kept
}

/// The first day after `day` that is neither weekend nor taken.
fn free_after(day: Date, kept: &[(Date, usize)]) -> Option<Date> {
    let weekend = |it: &Date| matches!(it.weekday(), JiffWeekday::Saturday | JiffWeekday::Sunday);
    (1..10)
        .filter_map(|days| shift(day, days))
        .find(|it| !weekend(it) && kept.iter().all(|(taken, _)| taken != it))
}

impl Holiday {
    fn held_in(&self, year: i16) -> bool {
        self.from.is_none_or(|from| from <= year) && self.until.is_none_or(|until| year <= until)
    }
}
