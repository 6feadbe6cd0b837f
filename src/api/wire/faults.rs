//! Faults of a definition, gathered while it is read.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use timbre_model::{Cadence, FieldError, InvalidSlug, PhoneNumber, SkillId};

use super::agent::optional;
use super::name::{cut, id};
use super::time::read_span;

/// Gathers faults, so that all of them are reported together.
pub(super) struct Faults(pub(super) Vec<FieldError>);

impl Faults {
    pub(super) fn keep<T>(&mut self, read: Result<T, FieldError>) -> Option<T> {
        read.map_err(|fault| self.0.push(fault)).ok()
    }

    pub(super) fn each<W, T>(
        &mut self,
        field: &str,
        wire: Vec<W>,
        read: impl Fn(&mut Self, &str, W) -> Option<T>,
    ) -> Vec<T> {
        let items = wire.into_iter().enumerate();
        items.filter_map(|(at, it)| read(self, &format!("{field}[{at}]"), it)).collect()
    }

    pub(super) fn ids<T: Ord>(
        &mut self,
        field: &str,
        wire: Vec<String>,
        parse: impl Fn(&str) -> Result<T, InvalidSlug>,
    ) -> BTreeSet<T> {
        let read = |faults: &mut Self, at: &str, text: String| faults.keep(id(at, &text, &parse));
        self.each(field, wire, read).into_iter().collect()
    }

    pub(super) fn skills(
        &mut self,
        field: &str,
        wire: BTreeMap<String, u32>,
    ) -> BTreeMap<SkillId, u8> {
        let read = |(skill, level): (String, u32)| {
            let skill = self.keep(id(field, &skill, SkillId::parse))?;
            let level = self.keep(small(&format!("{field}.{skill}"), level, "give 1 to 10"))?;
            Some((skill, level))
        };
        wire.into_iter().filter_map(read).collect()
    }

    pub(super) fn cadence(&mut self, field: &str, text: &str) -> Option<Cadence> {
        if text.is_empty() {
            return None;
        }
        let remedy = "write a country's code such as ES, or TONE/SILENCE in milliseconds";
        self.keep(Cadence::parse(text).ok_or_else(|| FieldError::new(field, cut(text), remedy)))
    }

    /// The id at `at`, unless it is empty.
    pub(super) fn optional_id<T>(
        &mut self,
        at: &str,
        text: &str,
        parse: impl Fn(&str) -> Result<T, InvalidSlug>,
    ) -> Option<T> {
        (!text.is_empty()).then(|| self.keep(id(at, text, parse))).flatten()
    }

    /// A word of a closed list; the list's first where it is empty. `None` is a fault.
    pub(super) fn word<T: Default>(
        &mut self,
        at: &str,
        text: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        self.keep(optional(at, text, parse)).map(Option::unwrap_or_default)
    }

    /// A span, `absent` where there is none.
    pub(super) fn span(
        &mut self,
        at: &str,
        wire: Option<prost_types::Duration>,
        absent: Duration,
    ) -> Option<Duration> {
        self.keep(read_span(at, wire)).map(|it| it.unwrap_or(absent))
    }

    pub(super) fn maybe_span(
        &mut self,
        at: &str,
        wire: Option<prost_types::Duration>,
    ) -> Option<Option<Duration>> {
        self.keep(read_span(at, wire))
    }

    /// A number in E.164 form.
    pub(super) fn number(&mut self, at: &str, text: &str) -> Option<PhoneNumber> {
        let remedy = "write + and 4 to 15 digits, with the country code";
        self.keep(PhoneNumber::parse(text).map_err(|_| FieldError::new(at, cut(text), remedy)))
    }
}

pub(super) fn small(field: &str, value: u32, remedy: &str) -> Result<u8, FieldError> {
    u8::try_from(value).map_err(|_| FieldError::new(field, value, remedy))
}
