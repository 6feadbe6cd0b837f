//! Jurisdictions, read once and indexed for quick decisions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

use crate::holiday::{self, Holiday};
use crate::rule::{Rule, RuleKind, Source, Strength};

/// Years for which holidays are laid out. Outside of them a window with holidays is shut.
const YEARS: std::ops::RangeInclusive<i16> = 2010..=2050;

/// Code of the file that holds our own advice.
pub(crate) const HOUSE: &str = "house";

/// The rules of a country, or of the house.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jurisdiction {
    /// ISO 3166-1 alpha-2, or `house`.
    pub code: String,
    /// Its name in English.
    pub name: String,
    /// Country calling code without the plus (ITU-T E.164).
    #[serde(default)]
    pub calling_code: String,
    /// Every zone of the country (IANA).
    #[serde(default)]
    pub zones: Vec<String>,
    /// What else one should know: what was looked for and not found, what sources disagree about.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Its rules.
    pub rules: Vec<Rule>,
    /// Its holidays.
    #[serde(default)]
    pub holidays: Vec<Holiday>,
    /// Where the values come from, by key.
    pub sources: BTreeMap<String, Source>,
}

/// Every jurisdiction that is known.
#[derive(Debug, Clone)]
pub struct Catalog {
    jurisdictions: BTreeMap<String, Indexed>,
    zones: BTreeMap<String, Zone>,
}

/// A zone by its name.
#[derive(Debug, Clone)]
pub(crate) struct Zone {
    pub(crate) name: Arc<str>,
    pub(crate) tz: TimeZone,
}

/// A jurisdiction and what was worked out from it.
#[derive(Debug, Clone)]
pub(crate) struct Indexed {
    pub(crate) spec: Jurisdiction,
    /// The holidays of each day, as indices.
    days: BTreeMap<Date, Vec<usize>>,
    names: Vec<Arc<str>>,
}

/// Why a file of rules is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogError {
    /// The text is not what a jurisdiction looks like.
    #[error("{file}: {why}")]
    Unreadable {
        /// The file, as the caller named it.
        file: String,
        /// Where and why.
        why: String,
    },
    /// Two files are about the same place.
    #[error("{file}: {code} has been read before")]
    Twice {
        /// The file.
        file: String,
        /// The jurisdiction.
        code: String,
    },
    /// A value is readable and makes no sense.
    #[error("{code}: {what}")]
    Unsound {
        /// The jurisdiction.
        code: String,
        /// What.
        what: String,
    },
}

macro_rules! shipped {
    ($($file:literal),* $(,)?) => {
        const SHIPPED: &[(&str, &str)] = &[$(($file, include_str!(concat!("../data/", $file)))),*];
    };
}

shipped![
    "AR.yaml",
    "AU.yaml",
    "BR.yaml",
    "CA.yaml",
    "CL.yaml",
    "CO.yaml",
    "DE.yaml",
    "EC.yaml",
    "ES.yaml",
    "FR.yaml",
    "GB.yaml",
    "IT.yaml",
    "MX.yaml",
    "PE.yaml",
    "PT.yaml",
    "US.yaml",
    "UY.yaml",
    "house.yaml",
];

impl Catalog {
    /// The jurisdictions that come with the program. Their files are checked by a test.
    ///
    /// # Panics
    /// Never, with the data that was tested.
    pub fn shipped() -> &'static Self {
        static CATALOG: OnceLock<Catalog> = OnceLock::new();
        CATALOG.get_or_init(|| {
            Self::parse(SHIPPED.iter().copied())
                .unwrap_or_else(|why| panic!("the shipped rules are unsound: {why}"))
        })
    }

    /// Reads the shipped files and then others (`(file name, YAML)`). A file about a place that ships replaces it.
    pub fn overlaid<'a>(
        texts: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, CatalogError> {
        let mut catalog = Self::shipped().clone();
        let own = Self::parse(texts)?;
        catalog.jurisdictions.extend(own.jurisdictions);
        catalog.zones.extend(own.zones);
        Ok(catalog)
    }

    /// Takes jurisdictions as they are.
    pub fn of(all: impl IntoIterator<Item = Jurisdiction>) -> Result<Self, CatalogError> {
        let mut catalog = Self { jurisdictions: BTreeMap::new(), zones: BTreeMap::new() };
        all.into_iter().try_for_each(|one| catalog.add(one)).map(|()| catalog)
    }

    /// Reads files (`(file name, YAML)`), one jurisdiction each.
    pub fn parse<'a>(
        texts: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, CatalogError> {
        let mut catalog = Self { jurisdictions: BTreeMap::new(), zones: BTreeMap::new() };
        for (file, text) in texts {
            let spec: Jurisdiction = serde_saphyr::from_str(text).map_err(|why| {
                CatalogError::Unreadable { file: file.to_owned(), why: why.to_string() }
            })?;
            if catalog.jurisdictions.contains_key(&spec.code) {
                return Err(CatalogError::Twice { file: file.to_owned(), code: spec.code });
            }
            catalog.add(spec)?;
        }
        Ok(catalog)
    }

    fn add(&mut self, spec: Jurisdiction) -> Result<(), CatalogError> {
        let code = spec.code.clone();
        let unsound = |what: String| CatalogError::Unsound { code: code.clone(), what };
        for name in &spec.zones {
            let tz = TimeZoneDatabase::bundled()
                .get(name)
                .map_err(|_| unsound(format!("{name} is no time zone")))?;
            self.zones.insert(name.clone(), Zone { name: name.as_str().into(), tz });
        }
        spec.check().map_err(unsound)?;
        self.jurisdictions.insert(spec.code.clone(), Indexed::of(spec));
        Ok(())
    }

    /// The rules of a country: `ES`.
    pub fn jurisdiction(&self, code: &str) -> Option<&Jurisdiction> {
        self.indexed(code).map(|it| &it.spec)
    }

    /// The countries whose rules are known, in order; the house is not one.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.jurisdictions.keys().map(String::as_str).filter(|code| *code != HOUSE)
    }

    /// For how many days back the ledger must be read, so that no count and no rest of any rule is missed. Periods that
    /// span a campaign, and rests that end with a guaranteed agent only, reach further: read abandoned calls from the
    /// beginning.
    pub fn look_back_days(&self) -> u32 {
        let rules = self.jurisdictions.values().flat_map(|it| &it.spec.rules);
        rules.map(|rule| rule.kind.look_back_days()).max().unwrap_or(0)
    }

    /// The holiday that is kept on `day` in the whole country, or in the region where one is given.
    pub fn holiday_on(&self, code: &str, region: Option<&str>, day: Date) -> Option<&str> {
        let there = self.indexed(code)?;
        let kept = |index: &&usize| {
            let regions = &there.spec.holidays[**index].regions;
            regions.is_empty() || regions.iter().any(|it| Some(it.as_str()) == region)
        };
        let index = there.days.get(&day)?.iter().find(kept)?;
        there.names.get(*index).map(|name| &**name)
    }

    /// A time zone by its IANA name, as it travels with the program.
    pub fn time_zone(&self, name: &str) -> Option<TimeZone> {
        self.zone(name).map(|it| it.tz)
    }

    pub(crate) fn indexed(&self, code: &str) -> Option<&Indexed> {
        self.jurisdictions.get(code)
    }

    /// A zone by its name; those of no shipped country are looked up.
    pub(crate) fn zone(&self, name: &str) -> Option<Zone> {
        self.zones.get(name).cloned().or_else(|| {
            let tz = TimeZoneDatabase::bundled().get(name).ok()?;
            Some(Zone { name: name.into(), tz })
        })
    }
}

impl Jurisdiction {
    /// The days of a year on which a holiday is kept, in order; some of them in some regions only.
    pub fn holidays_in(&self, year: i16) -> Vec<(Date, &Holiday)> {
        // A New Year on a Saturday may be kept on the last day of the old year.
        let near = [year.saturating_sub(1), year, year.saturating_add(1)];
        let days = near.into_iter().flat_map(|year| holiday::days(&self.holidays, year));
        let mut days: Vec<_> = days.filter(|(day, _)| day.year() == year).collect();
        days.sort();
        days.into_iter().filter_map(|(day, index)| Some((day, self.holidays.get(index)?))).collect()
    }

    /// What makes no sense, if anything.
    fn check(&self) -> Result<(), String> {
        let country = self.code.len() == 2 && self.code.bytes().all(|b| b.is_ascii_uppercase());
        if !country && self.code != HOUSE {
            return Err("a code is two capital letters or `house`".to_owned());
        }
        if country && self.zones.is_empty() {
            return Err("a country has a zone".to_owned());
        }
        let mut ids = BTreeSet::new();
        for rule in &self.rules {
            if !ids.insert(&rule.id) {
                return Err(format!("{} stands twice", rule.id));
            }
            self.check_rule(rule).map_err(|what| format!("{}: {what}", rule.id))?;
        }
        let faulty = self.holidays.iter().find(|it| !it.on.is_sound());
        faulty.map_or(Ok(()), |it| Err(format!("{} is on no day", it.name)))
    }

    fn check_rule(&self, rule: &Rule) -> Result<(), String> {
        if let Some(key) = rule.sources.iter().find(|key| !self.sources.contains_key(*key)) {
            return Err(format!("no source {key}"));
        }
        if rule.sources.is_empty() || rule.text.is_empty() {
            return Err("a rule has a source and a text".to_owned());
        }
        if (rule.strength == Strength::Law) != rule.selector.code.is_none() {
            return Err("a code binds those who adhere to it, and the law everybody".to_owned());
        }
        if let (Some(from), Some(to)) = (rule.from, rule.to)
            && from >= to
        {
            return Err("it ends before it begins".to_owned());
        }
        match &rule.kind {
            RuleKind::CountLimit(limit) if limit.period.is_empty() => {
                Err("a period of nothing".to_owned())
            }
            RuleKind::LegalBasis(it) if it.accepts.is_empty() => {
                Err("no basis is accepted: write a prohibition".to_owned())
            }
            _ => Ok(()),
        }
    }
}

impl Indexed {
    fn of(spec: Jurisdiction) -> Self {
        let mut days: BTreeMap<Date, Vec<usize>> = BTreeMap::new();
        for year in YEARS {
            for (day, index) in holiday::days(&spec.holidays, year) {
                days.entry(day).or_default().push(index);
            }
        }
        let names = spec.holidays.iter().map(|it| it.name.as_str().into()).collect();
        Self { spec, days, names }
    }

    /// The holiday that is kept on `day` in the region, or anywhere if the region is not known.
    pub(crate) fn holiday(&self, day: Date, region: Option<&str>) -> Option<&Arc<str>> {
        let kept = |index: &&usize| {
            let regions = &self.spec.holidays[**index].regions;
            let there = |it: &str| regions.iter().any(|region| region == it);
            regions.is_empty() || region.is_none_or(there)
        };
        let index = self.days.get(&day)?.iter().find(kept)?;
        self.names.get(*index)
    }

    /// Whether the holidays of `day`'s year are laid out.
    pub(crate) fn knows(&self, day: Date) -> bool {
        YEARS.contains(&day.year())
    }
}
