//! Where a callee is, as far as number, region and postcode tell.

use timbre_compliance::{Catalog, Location, locate};
use timbre_model::{LeadNumber, PhoneNumber, Place};

use super::number;

/// A number of which nothing else is known: one that an agent enters. One of no country is in `ZZ`, which has no rules.
pub fn located(number: &PhoneNumber) -> LeadNumber {
    let country = number::country_of(number).unwrap_or_else(|| "ZZ".to_owned());
    let Location { place, zones } = find(&country, number, "", "");
    LeadNumber { number: number.clone(), label: String::new(), place, zones }
}

/// The place, and every zone in which the callee may be; a region or a postcode that is empty is not known. No zones: the
/// country's rules are not known, and no call there is permitted.
pub fn find(country: &str, number: &PhoneNumber, region: &str, postcode: &str) -> Location {
    let postcode = Some(postcode.trim()).filter(|it| !it.is_empty());
    let unknown = || Location {
        place: Place { country: country.to_owned(), region: None },
        zones: Vec::new(),
    };
    let mut found = locate(number, postcode).unwrap_or_else(unknown);
    let told = Some(region.trim()).filter(|it| !it.is_empty());
    if let Some(region) = told {
        // Which zones a region has nobody knows here: those of the number stay in question.
        found.place.region = Some(region.to_ascii_uppercase());
    }
    found
}

/// Whether the callee may be in `zone`, as far as the country's rules know it.
pub fn may_be_in(country: &str, zone: &str) -> bool {
    let zones = Catalog::shipped().jurisdiction(country).map(|it| it.zones.as_slice());
    zones.is_some_and(|zones| zones.iter().any(|it| it == zone))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_postcode_and_region_narrow_the_zones_of_spain() {
        let both = ["Europe/Madrid", "Atlantic/Canary"];
        for (number, postcode, region, zones, known) in [
            ("+34600000001", "", "", &both[..], None),
            ("+34600000001", "38001", "", &both[1..], Some("CN")),
            ("+34928000001", "", "", &both[1..], Some("CN")),
            ("+34600000001", "", "md", &both[..], Some("MD")),
        ] {
            let number = PhoneNumber::parse(number).expect("a number");
            let found = find("ES", &number, region, postcode);
            assert_eq!(found.zones, zones, "{number:?} {postcode} {region}");
            assert_eq!(found.place.region.as_deref(), known);
        }
        assert!(may_be_in("ES", "Atlantic/Canary") && !may_be_in("ES", "Europe/Paris"));
    }

    #[test]
    fn a_number_alone_has_its_country() {
        for (text, country, zones) in [
            ("+34910000001", "ES", true),
            ("+12125552368", "US", true),
            ("+8613800138000", "CN", false),
        ] {
            let found = located(&PhoneNumber::parse(text).expect("a number"));
            assert_eq!((found.place.country.as_str(), !found.zones.is_empty()), (country, zones));
        }
    }
}
