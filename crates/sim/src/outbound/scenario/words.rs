//! A scenario, as an operator writes it in TOML.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use jiff::civil::{Date, Time};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use timbre_model::{
    AgentId, ConsentBasis, DaySpan, FieldError, FloorSpec, ListId, Party, PhoneNumber, SkillId,
    Slug, TrunkId,
};

/// One day of a floor's campaigns, and the people who are called.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScenarioSpec {
    /// What it shows, for people.
    pub title: String,
    /// The day.
    pub date: Date,
    /// The floor's time zone (IANA).
    pub zone: String,
    /// When it opens, by the floor's clock.
    pub from: Time,
    /// When it closes.
    pub to: Time,
    /// How many such days are lived, each with other chances; the spread gives the confidence intervals.
    #[serde(default = "eight")]
    pub seeds: u64,
    /// The floor: a table in the words of `timbre apply`, or the path of a file.
    pub floor: FloorSource,
    /// Agents beside those of the floor.
    #[serde(default)]
    pub crew: Vec<CrewSpec>,
    /// Who is called.
    #[serde(default)]
    pub people: Vec<PeopleSpec>,
    /// Who calls in.
    #[serde(default)]
    pub callers: Vec<CallersSpec>,
    /// Registries that were imported.
    #[serde(default)]
    pub registries: Vec<RegistrySpec>,
}

/// Where the floor is.
#[derive(Debug, Clone)]
pub enum FloorSource {
    /// In this file, beside the scenario's.
    File(String),
    /// Here.
    Given(Box<FloorSpec>),
}

/// Agents who work alike.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrewSpec {
    /// Their ids begin so.
    pub name: AgentId,
    /// How many.
    pub agents: u32,
    /// What they can do.
    #[serde(default)]
    pub skills: BTreeMap<SkillId, u8>,
    /// When they work, where not the whole day.
    #[serde(default)]
    pub shift: Option<DaySpan>,
    /// When they rest.
    #[serde(default)]
    pub breaks: Vec<DaySpan>,
}

/// People of a list who are alike.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeopleSpec {
    /// In which list.
    pub list: ListId,
    /// How many.
    pub count: u32,
    /// The number of the first; the others' follow.
    pub number: PhoneNumber,
    /// Their postcode, where the number does not say where they are.
    #[serde(default)]
    pub postcode: Option<String>,
    /// Chance that one of them answers, by spans of their day; outside of these nobody does. `"all"`: at any time.
    pub answer: BTreeMap<String, f64>,
    /// Share of the calls which none of them answers that a machine takes.
    #[serde(default)]
    pub machine: f64,
    /// How long they talk, on average.
    #[serde(deserialize_with = "span")]
    pub talk: Duration,
    /// How long the agent works on it afterwards, on average.
    #[serde(default = "twenty_seconds", deserialize_with = "span")]
    pub wrap: Duration,
    /// Consumers or businesses.
    #[serde(default, deserialize_with = "word")]
    pub party: Option<Party>,
    /// On what ground they may be called.
    #[serde(default)]
    pub consent: Option<ConsentSpec>,
    /// Share of them whom an internal list bars.
    #[serde(default)]
    pub barred: f64,
    /// How conversations are classified, by share; the rest as the first.
    #[serde(default)]
    pub dispositions: BTreeMap<Slug, f64>,
    /// Share of conversations after which another call is promised.
    #[serde(default)]
    pub callback: f64,
}

/// A ground.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentSpec {
    /// Which.
    #[serde(deserialize_with = "basis")]
    pub basis: ConsentBasis,
    /// How long ago it was given, in days.
    pub days_ago: u32,
}

/// People who call in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallersSpec {
    /// The number that they dial, one of the floor's entry points.
    pub number: PhoneNumber,
    /// The trunk that brings them.
    pub trunk: TrunkId,
    /// How many in an hour.
    pub per_hour: f64,
    /// How long they talk, on average.
    #[serde(deserialize_with = "span")]
    pub talk: Duration,
    /// How long they wait, on average.
    #[serde(default = "two_minutes", deserialize_with = "span")]
    pub patience: Duration,
}

/// A registry that was imported.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrySpec {
    /// Its name in the rules: `es-robinson`.
    pub name: String,
    /// How long ago it was issued, in days.
    #[serde(default)]
    pub days_ago: u32,
    /// Share of all people who are on it.
    #[serde(default)]
    pub listed: f64,
}

fn eight() -> u64 {
    8
}

fn twenty_seconds() -> Duration {
    Duration::from_secs(20)
}

fn two_minutes() -> Duration {
    Duration::from_secs(120)
}

/// Why a scenario cannot be lived.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// The text is no scenario; where and why.
    #[error("{0}")]
    Unreadable(String),
    /// Values that are readable and make no sense, each with its remedy.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Faults(Vec<FieldError>),
}

impl ScenarioSpec {
    /// Reads a scenario.
    ///
    /// # Errors
    ///
    /// [`ScenarioError::Unreadable`] with line, column, and what was expected there.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        toml::from_str(text)
            .map_err(|why| ScenarioError::Unreadable(why.to_string().trim_end().to_owned()))
    }

    /// Reads a floor of its own file in TOML.
    ///
    /// # Errors
    ///
    /// [`ScenarioError::Unreadable`] with line, column, and what was expected there.
    pub fn parse_floor(text: &str) -> Result<FloorSpec, ScenarioError> {
        toml::from_str(text)
            .map_err(|why| ScenarioError::Unreadable(why.to_string().trim_end().to_owned()))
    }
}

impl<'de> Deserialize<'de> for FloorSource {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = FloorSource;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a floor as a table, or the path of its file")
            }

            fn visit_str<E>(self, path: &str) -> Result<FloorSource, E> {
                Ok(FloorSource::File(path.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FloorSource, A::Error> {
                let spec = FloorSpec::deserialize(MapAccessDeserializer::new(map))?;
                Ok(FloorSource::Given(Box::new(spec)))
            }
        }
        from.deserialize_any(Either)
    }
}

/// Spans of time as people write them: `20s`, `1m 30s`.
fn span<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    let parsed = text.parse::<jiff::SignedDuration>().ok();
    parsed.and_then(|it| Duration::try_from(it).ok()).ok_or_else(|| {
        D::Error::custom(format!("{text:?} is no span of time: write 20s or 1m 30s"))
    })
}

fn word<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Party>, D::Error> {
    let text = String::deserialize(from)?;
    let known = Party::parse(&text);
    known.map(Some).ok_or_else(|| D::Error::custom(format!("{text:?}: write consumer or business")))
}

fn basis<'de, D: Deserializer<'de>>(from: D) -> Result<ConsentBasis, D::Error> {
    let text = String::deserialize(from)?;
    let known =
        "express, written, requested, contract, existing_customer, legitimate_interest or presumed";
    ConsentBasis::parse(&text).ok_or_else(|| D::Error::custom(format!("{text:?}: write {known}")))
}
