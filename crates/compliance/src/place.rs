//! Where a number rings: its country, its region where the digits or the postcode say so, and every zone it may be in.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;
use timbre_model::{PhoneNumber, Place};

use crate::catalog::Catalog;

/// Where somebody may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Country and, where certain, region.
    pub place: Place,
    /// Every zone that comes into question. Empty for a country without rules.
    pub zones: Vec<String>,
}

/// One line of the numbering plans; see `data/places.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    calling: String,
    country: String,
    #[serde(default)]
    zones: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    prefixes: BTreeMap<String, String>,
    #[serde(default)]
    narrow: BTreeMap<String, String>,
    #[serde(default)]
    anywhere: String,
    #[serde(default)]
    elsewhere: BTreeMap<String, String>,
    #[serde(default)]
    postcodes: BTreeMap<String, String>,
    #[serde(default)]
    narrow_postcodes: BTreeMap<String, String>,
}

/// What a prefix says.
#[derive(Debug, Clone, Default)]
struct Spot {
    country: String,
    region: Option<String>,
    /// Empty: every zone of the country.
    zones: Vec<String>,
}

/// The plans, indexed.
#[derive(Debug, Default)]
struct Atlas {
    /// By digits with the calling code.
    numbers: BTreeMap<String, Spot>,
    /// By country and the postcode's beginning.
    postcodes: BTreeMap<(String, String), Spot>,
}

/// Longest prefix in the plans, calling code included, in digits.
const PREFIX_MAX: usize = 10;

/// Places a number, with the callee's postcode where it is known. `None`: a calling code without a plan here.
///
/// A number that rings at a place and a postcode elsewhere leave the region open, and the zones of both in question.
pub fn locate(number: &PhoneNumber, postcode: Option<&str>) -> Option<Location> {
    let atlas = atlas();
    let rings = atlas.number(number)?;
    let lives = postcode.and_then(|code| atlas.postcode(&rings.country, code));
    let (region, zones) = match lives {
        None => (rings.region.clone(), rings.zones.clone()),
        Some(lives) if rings.zones.is_empty() => (lives.region.clone(), lives.zones.clone()),
        Some(lives) => {
            let agree = rings.region.is_none() || rings.region == lives.region;
            let mut zones = rings.zones.clone();
            zones.extend(lives.zones.iter().filter(|it| !rings.zones.contains(it)).cloned());
            (lives.region.clone().filter(|_| agree), zones)
        }
    };
    let country = rings.country.clone();
    let everywhere = || {
        let jurisdiction = Catalog::shipped().jurisdiction(&country);
        jurisdiction.map_or_else(Vec::new, |it| it.zones.clone())
    };
    let zones = if zones.is_empty() { everywhere() } else { zones };
    Some(Location { place: Place { country, region }, zones })
}

fn atlas() -> &'static Atlas {
    static ATLAS: OnceLock<Atlas> = OnceLock::new();
    ATLAS.get_or_init(|| {
        let plans: Vec<Plan> = serde_saphyr::from_str(include_str!("../data/places.yaml"))
            .unwrap_or_else(|why| panic!("the shipped numbering plans are unsound: {why}"));
        Atlas::of(&plans)
    })
}

impl Atlas {
    fn of(plans: &[Plan]) -> Self {
        let mut atlas = Self::default();
        for plan in plans {
            atlas.add_numbers(plan);
            atlas.add_postcodes(plan);
        }
        atlas
    }

    fn add_numbers(&mut self, plan: &Plan) {
        let Plan { calling, country, .. } = plan;
        let bare = Spot { country: country.clone(), ..Spot::default() };
        self.numbers.entry(calling.clone()).or_insert_with(|| bare.clone());
        for (region, prefixes) in &plan.prefixes {
            for prefix in every(prefixes) {
                let spot = plan.spot(region);
                self.numbers.insert(format!("{calling}{prefix}"), spot);
            }
        }
        for (zone, prefixes) in &plan.narrow {
            for prefix in every(prefixes) {
                let key = format!("{calling}{prefix}");
                let spot = self.numbers.entry(key).or_insert_with(|| bare.clone());
                spot.zones = vec![zone.clone()];
            }
        }
        for prefix in every(&plan.anywhere).filter(|it| !it.is_empty()) {
            self.numbers.insert(format!("{calling}{prefix}"), bare.clone());
        }
        for (other, prefixes) in &plan.elsewhere {
            for prefix in every(prefixes) {
                let spot = Spot { country: other.clone(), ..Spot::default() };
                self.numbers.insert(format!("{calling}{prefix}"), spot);
            }
        }
    }

    fn add_postcodes(&mut self, plan: &Plan) {
        for (region, prefixes) in &plan.postcodes {
            for prefix in every(prefixes) {
                self.postcodes.insert((plan.country.clone(), prefix), plan.spot(region));
            }
        }
        for (zone, prefixes) in &plan.narrow_postcodes {
            for prefix in every(prefixes) {
                let country = plan.country.clone();
                let spot = Spot { country, region: None, zones: vec![zone.clone()] };
                self.postcodes.insert((plan.country.clone(), prefix), spot);
            }
        }
    }

    fn number(&self, number: &PhoneNumber) -> Option<&Spot> {
        let digits = number.expose().get(1..)?;
        let longest = digits.len().min(PREFIX_MAX);
        (1..=longest).rev().find_map(|length| self.numbers.get(digits.get(..length)?))
    }

    fn postcode(&self, country: &str, code: &str) -> Option<&Spot> {
        let code: String = code.chars().filter(char::is_ascii_alphanumeric).take(3).collect();
        let code = code.to_ascii_uppercase();
        (1..=code.len()).rev().find_map(|length| {
            self.postcodes.get(&(country.to_owned(), code.get(..length)?.to_owned()))
        })
    }
}

impl Plan {
    fn spot(&self, region: &str) -> Spot {
        let zones = self.zones.get(region).cloned().unwrap_or_default();
        Spot { country: self.country.clone(), region: Some(region.to_owned()), zones }
    }
}

/// The prefixes of a list: `350-369` is twenty of three digits. An empty list is the empty prefix.
fn every(list: &str) -> impl Iterator<Item = String> {
    let parts: Vec<&str> = if list.is_empty() { vec![""] } else { list.split(' ').collect() };
    let spread = |part: &str| -> Vec<String> {
        let range = part.split_once('-').and_then(|(from, to)| {
            Some((from.parse::<u32>().ok()?, to.parse::<u32>().ok()?, from.len()))
        });
        match range {
            Some((from, to, width)) => (from..=to).map(|it| format!("{it:0width$}")).collect(),
            None => vec![part.to_owned()],
        }
    };
    parts.into_iter().flat_map(spread).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(number: &str, postcode: Option<&str>) -> (String, Option<String>, String) {
        let number = PhoneNumber::parse(number).expect("a number");
        let found = locate(&number, postcode).expect("a plan");
        (found.place.country, found.place.region, found.zones.join(" "))
    }

    #[test]
    fn numbers_and_postcodes_are_placed() {
        let both = "Europe/Madrid Atlantic/Canary";
        let cases = [
            ("+34928123456", None, "ES", Some("CN"), "Atlantic/Canary"),
            ("+34822123456", None, "ES", Some("CN"), "Atlantic/Canary"),
            ("+34915551234", None, "ES", Some("MD"), "Europe/Madrid"),
            ("+34956511234", None, "ES", None, "Europe/Madrid"),
            ("+34612345678", None, "ES", None, both),
            ("+34612345678", Some("35001"), "ES", Some("CN"), "Atlantic/Canary"),
            ("+34612345678", Some("28013"), "ES", Some("MD"), "Europe/Madrid"),
            ("+34915551234", Some("38001"), "ES", None, both),
            ("+12125550123", None, "US", Some("NY"), "America/New_York"),
            ("+18505550123", None, "US", Some("FL"), "America/New_York America/Chicago"),
            ("+19155550123", None, "US", Some("TX"), "America/Denver"),
            ("+13055550123", Some("90210"), "US", None, "America/New_York America/Los_Angeles"),
            ("+14165550123", None, "CA", Some("ON"), "America/Toronto"),
            ("+19025550123", None, "CA", None, "America/Halifax"),
            ("+15065550123", Some("E1C 1A1"), "CA", Some("NB"), "America/Moncton"),
            ("+18095550123", None, "DO", None, ""),
            ("+5521998765432", None, "BR", Some("RJ"), "America/Sao_Paulo"),
            ("+5568998765432", None, "BR", Some("AC"), "America/Rio_Branco"),
            ("+56612345678", None, "CL", Some("MA"), "America/Punta_Arenas"),
            ("+56322123456", None, "CL", None, "America/Santiago"),
            (
                "+56321001234",
                None,
                "CL",
                None,
                "America/Santiago America/Punta_Arenas America/Coyhaique Pacific/Easter",
            ),
            ("+59322345678", None, "EC", None, "America/Guayaquil"),
            ("+593991234567", None, "EC", None, "America/Guayaquil Pacific/Galapagos"),
            ("+351291123456", None, "PT", Some("30"), "Atlantic/Madeira"),
            ("+351912345678", Some("9500-100"), "PT", Some("20"), "Atlantic/Azores"),
            ("+33123456789", None, "FR", None, "Europe/Paris"),
            ("+590590123456", None, "FR", Some("971"), "America/Guadeloupe"),
            ("+61292345678", None, "AU", None, "Australia/Sydney"),
            ("+526641234567", None, "MX", Some("BCN"), "America/Tijuana"),
        ];
        for (number, postcode, country, region, zones) in cases {
            let expected = (country.to_owned(), region.map(str::to_owned), zones.to_owned());
            assert_eq!(at(number, postcode), expected, "{number} {postcode:?}");
        }
    }

    #[test]
    fn a_number_that_cannot_be_placed_has_every_zone_of_its_country() {
        let us = Catalog::shipped().jurisdiction("US").expect("US").zones.join(" ");
        assert_eq!(at("+18005550123", None), ("US".to_owned(), None, us));
        assert_eq!(locate(&PhoneNumber::parse("+999123456").expect("a number"), None), None);
    }

    #[test]
    fn every_zone_of_the_plans_exists_and_every_prefix_stands_once() {
        let plans: Vec<Plan> =
            serde_saphyr::from_str(include_str!("../data/places.yaml")).expect("plans");
        let mut seen = std::collections::BTreeSet::new();
        for plan in &plans {
            let zones = plan.zones.values().flatten().chain(plan.narrow.keys());
            for zone in zones.chain(plan.narrow_postcodes.keys()) {
                assert!(jiff::tz::TimeZoneDatabase::bundled().get(zone).is_ok(), "{zone}");
            }
            for list in plan.prefixes.values().chain(plan.elsewhere.values()) {
                for prefix in every(list) {
                    let key = format!("{}{prefix}", plan.calling);
                    assert!(key.len() <= PREFIX_MAX, "{key} is longer than any that is sought");
                    assert!(seen.insert(key.clone()), "{key} stands twice");
                }
            }
        }
    }
}
