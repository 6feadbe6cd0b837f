//! Rings: what the caller hears, and when we answer.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::FieldError;

/// The ringing tone of a network: one tone, then silence, repeated (ITU-T E.180 annex; double-tone cadences count as one
/// ring). A *ring* is one whole cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "CadenceText", into = "CadenceText")]
pub struct Cadence {
    tone: Duration,
    cycle: Duration,
}

/// Cadences by country (ISO 3166 code), tone and silence in milliseconds, after the annex to ITU-T Operational Bulletin
/// 781 on E.180. For double tones (GB, AU) the tone lasts from the first sound to the last.
const NATIONAL: &[(&str, u64, u64)] = &[
    ("ES", 1500, 3000),
    ("MX", 1000, 4000),
    ("CO", 1000, 4000),
    ("AR", 1000, 4000),
    ("CL", 1000, 3000),
    ("PE", 1000, 4000),
    ("BR", 1000, 4000),
    ("EC", 1200, 4650),
    ("UY", 1000, 4000),
    ("US", 2000, 4000),
    ("CA", 2000, 4000),
    ("GB", 1000, 2000),
    ("FR", 1500, 3500),
    ("DE", 1000, 4000),
    ("IT", 1000, 4000),
    ("PT", 1000, 5000),
    ("AU", 1000, 2000),
];

impl Cadence {
    /// `tone` of sound, then `silence`. `None` where either is zero or a cycle exceeds a minute.
    pub fn new(tone: Duration, silence: Duration) -> Option<Self> {
        let cycle = tone.checked_add(silence)?;
        let sane = !tone.is_zero() && !silence.is_zero() && cycle <= Duration::from_secs(60);
        sane.then_some(Self { tone, cycle })
    }

    /// The cadence of a country, by its ISO 3166 two-letter code in any case.
    pub fn of_country(code: &str) -> Option<Self> {
        let (_, tone, silence) =
            NATIONAL.iter().find(|(country, ..)| country.eq_ignore_ascii_case(code))?;
        Self::new(Duration::from_millis(*tone), Duration::from_millis(*silence))
    }

    /// How long a ring sounds.
    pub const fn tone(self) -> Duration {
        self.tone
    }

    /// From the start of one ring to the start of the next.
    pub const fn cycle(self) -> Duration {
        self.cycle
    }

    /// Which ring the caller is in, `elapsed` after the first began. Counts from 1.
    pub fn ring_at(self, elapsed: Duration) -> u32 {
        let whole = elapsed.as_micros() / self.cycle.as_micros();
        u32::try_from(whole).unwrap_or(u32::MAX - 1).saturating_add(1)
    }

    /// When the sound of the `n`-th ring (from 1) ends; zero for `n` = 0.
    pub fn end_of_tone(self, n: u32) -> Duration {
        match n.checked_sub(1) {
            Some(before) => self.cycle * before + self.tone,
            None => Duration::ZERO,
        }
    }
}

/// A cadence as people write it: a country's code, or `tone/silence` in milliseconds.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct CadenceText(String);

impl TryFrom<CadenceText> for Cadence {
    type Error = String;
    fn try_from(CadenceText(text): CadenceText) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| {
            format!("cadence {text:?} is unknown: write a country's code such as ES, or TONE/SILENCE in milliseconds such as 1500/3000")
        })
    }
}

impl From<Cadence> for CadenceText {
    fn from(cadence: Cadence) -> Self {
        Self(cadence.to_string())
    }
}

impl Cadence {
    /// Reads a country's code, or `tone/silence` in milliseconds.
    pub fn parse(text: &str) -> Option<Self> {
        Self::of_country(text).or_else(|| {
            let (tone, silence) = text.split_once('/')?;
            let millis = |t: &str| t.trim().parse().ok().map(Duration::from_millis);
            Self::new(millis(tone)?, millis(silence)?)
        })
    }
}

impl fmt::Display for Cadence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.tone.as_millis(), (self.cycle - self.tone).as_millis())
    }
}

/// When a queue's calls are answered, counted in rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RingPolicy {
    /// What the caller hears. Where absent, the trunk's cadence holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cadence: Option<Cadence>,
    /// An agent is connected no sooner than the end of this ring's tone. 0 connects at once.
    pub answer_after_rings: u32,
    /// With no agent by the end of this ring's tone, the greeting answers. At most 8.
    pub answer_by_rings: u32,
}

/// A ring policy in time since the INVITE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RingWindow {
    /// No answer before this.
    pub earliest: Duration,
    /// The greeting answers here.
    pub latest: Duration,
}

impl Default for RingPolicy {
    /// Two rings are heard, and the third does not end unanswered.
    fn default() -> Self {
        Self { cadence: None, answer_after_rings: 2, answer_by_rings: 3 }
    }
}

impl RingPolicy {
    /// The window under this policy, `trunk` being the cadence of the trunk the call came over.
    pub fn window(&self, trunk: Cadence) -> RingWindow {
        let cadence = self.cadence.unwrap_or(trunk);
        RingWindow {
            earliest: cadence.end_of_tone(self.answer_after_rings),
            latest: cadence.end_of_tone(self.answer_by_rings),
        }
    }

    /// Faults of the policy, each under `field`.
    pub fn faults(&self, field: &str) -> Vec<FieldError> {
        let mut faults = Vec::new();
        if !(1..=8).contains(&self.answer_by_rings) {
            faults.push(FieldError::new(
                format!("{field}.answer_by_rings"),
                self.answer_by_rings,
                "give a ring from 1 to 8: a caller gives up after that",
            ));
        }
        if self.answer_after_rings > self.answer_by_rings {
            faults.push(FieldError::new(
                format!("{field}.answer_after_rings"),
                self.answer_after_rings,
                "give at most answer_by_rings",
            ));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spanish_call_is_answered_in_its_second_or_third_ring() {
        let spain = Cadence::of_country("es").expect("Spain has a cadence");
        let window = RingPolicy::default().window(spain);
        assert_eq!(window.earliest, Duration::from_millis(6_000));
        assert_eq!(window.latest, Duration::from_millis(10_500));
        assert_eq!((spain.ring_at(window.earliest), spain.ring_at(window.latest)), (2, 3));
    }

    #[test]
    fn rings_are_counted_from_one_and_turn_with_the_cycle() {
        let spain = Cadence::of_country("ES").expect("Spain has a cadence");
        let at = |ms| spain.ring_at(Duration::from_millis(ms));
        assert_eq!((at(0), at(4_499), at(4_500), at(8_999), at(9_000)), (1, 1, 2, 2, 3));
        assert_eq!(spain.ring_at(Duration::MAX), u32::MAX);
    }

    #[test]
    fn cadences_are_read_as_countries_or_figures_and_print_as_figures() {
        assert_eq!(Cadence::parse("1500/3000"), Cadence::of_country("ES"));
        assert_eq!(Cadence::of_country("ES").map(|c| c.to_string()).as_deref(), Some("1500/3000"));
        for bad in ["", "ZZ", "0/3000", "1500/0", "1500", "99999/99999", "-1/2"] {
            assert_eq!(Cadence::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn every_national_cadence_is_sane() {
        assert!(NATIONAL.iter().all(|(code, ..)| Cadence::of_country(code).is_some()));
    }
}
