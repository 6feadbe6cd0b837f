//! Working days of a place, by the holidays that `timbre_compliance` knows.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use timbre_casework::WorkingDays;
use timbre_compliance::Catalog;
use timbre_model::{CaseworkSpec, PhoneNumber};

/// The working days of a place: no Saturday, no Sunday, no holiday of its country, nor of its region where that is known.
///
/// A holiday of some region only does not count where the region is not known: a term that ends too early harms nobody.
#[derive(Debug, Clone)]
pub struct Calendar {
    country: Option<String>,
    region: Option<String>,
    zone: TimeZone,
}

impl Calendar {
    /// The calendar of a tenant; where it names no country, that of the customer's number.
    pub fn of(spec: &CaseworkSpec, number: Option<&PhoneNumber>) -> Self {
        let (country, region, zones) = match (&spec.country, number) {
            (Some(country), _) => (Some(country.clone()), spec.region.clone(), Vec::new()),
            (None, Some(number)) => match timbre_compliance::locate(number, None) {
                Some(there) => (Some(there.place.country), there.place.region, there.zones),
                None => (None, None, Vec::new()),
            },
            (None, None) => (None, None, Vec::new()),
        };
        let catalog = Catalog::shipped();
        let of_country = country.as_deref().and_then(|it| catalog.jurisdiction(it));
        let of_country = of_country.and_then(|it| it.zones.first());
        let named = spec.zone.as_ref().or(zones.first()).or(of_country);
        let zone = named.and_then(|it| catalog.time_zone(it)).unwrap_or(TimeZone::UTC);
        Self { country, region, zone }
    }

    /// Its country (ISO 3166-1 alpha-2).
    pub fn country(&self) -> Option<&str> {
        self.country.as_deref()
    }
}

impl WorkingDays for Calendar {
    fn is_working(&self, day: Date) -> bool {
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        let holiday = self.country.as_deref().and_then(|country| {
            Catalog::shipped().holiday_on(country, self.region.as_deref(), day)
        });
        !weekend && holiday.is_none()
    }

    fn zone(&self) -> &TimeZone {
        &self.zone
    }
}

#[cfg(test)]
mod tests;
