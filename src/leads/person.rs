//! One lead, read.

use std::collections::{BTreeMap, BTreeSet};

use timbre_compliance::Location;
use timbre_model::{LeadNumber, LeadRole, NewLead, Party, Slug};

use super::number::Numbered;
use super::place;
use super::words::{clean, plain};
use super::{Fault, Import, RawLead, RawNumber, Read, consent, number};

/// Most characters of a name, a key and a label.
const NAME_MAX: usize = 200;
const LABEL_MAX: usize = 32;
/// Most tags of a lead.
const TAGS_MAX: usize = 32;
/// Most attributes of a lead, and most characters of one.
const ATTRIBUTES_MAX: usize = 100;
const ATTRIBUTE_MAX: usize = 2_000;

/// Reads a lead. A lead of several numbers is taken without those that cannot be called; one without any is refused.
///
/// # Errors
///
/// Every fault of the lead.
pub fn read(raw: RawLead, import: &Import) -> Result<Read, Vec<Fault>> {
    let RawLead { numbers, name, key, role, party, consent, tags, attributes } = raw;
    let mut faults = Vec::new();
    let (numbers, left_out) = read_numbers(numbers, &import.country);
    if numbers.is_empty() {
        faults.extend(none_left(&left_out));
    }
    let name = keep(&mut faults, text("display_name", &name, NAME_MAX));
    let key = keep(&mut faults, text("key", &key, NAME_MAX));
    let role = keep(&mut faults, read_role(&role));
    let party = keep(&mut faults, read_party(&party));
    let consent = consent.map(|it| keep(&mut faults, consent::read(&it, import.now)));
    let tags = keep(&mut faults, read_tags(&tags));
    let attributes = keep(&mut faults, read_attributes(attributes));
    match (name, key, role, party, tags, attributes) {
        (Some(name), Some(key), Some(role), Some(party), Some(tags), Some(attributes))
            if faults.is_empty() =>
        {
            let person = (!key.is_empty()).then_some(key);
            let consent = consent.flatten();
            let lead = NewLead { numbers, name, person, role, party, consent, tags, attributes };
            Ok(Read { lead, left_out })
        }
        _ => Err(faults),
    }
}

fn keep<T>(faults: &mut Vec<Fault>, read: Result<T, Fault>) -> Option<T> {
    read.map_err(|fault| faults.push(fault)).ok()
}

/// A lead that cannot be called has the faults of its numbers, or has no number.
fn none_left(left_out: &[Fault]) -> Vec<Fault> {
    if left_out.is_empty() {
        let remedy = "give at least one number";
        return vec![Fault::new("numbers", "", "nobody can be called without a number", remedy)];
    }
    left_out.to_vec()
}

/// The numbers that can be called, each once, and what is wrong with the others.
fn read_numbers(raw: Vec<RawNumber>, country: &str) -> (Vec<LeadNumber>, Vec<Fault>) {
    let (mut read, mut faults): (Vec<LeadNumber>, _) = (Vec::new(), Vec::new());
    let given = raw.into_iter().enumerate().filter(|(_, it)| !it.number.trim().is_empty());
    for (count, (at, raw)) in given.enumerate() {
        if count >= NewLead::NUMBERS_MAX {
            let remedy = format!("give at most {} numbers", NewLead::NUMBERS_MAX);
            let field = format!("numbers[{at}].number");
            faults.push(Fault::new(field, &raw.number, "there are too many numbers", remedy));
            break;
        }
        match read_number(at, &raw, country) {
            Ok(it) if read.iter().any(|former| former.number == it.number) => {}
            Ok(it) => read.push(it),
            Err(fault) => faults.push(fault),
        }
    }
    (read, faults)
}

fn read_number(at: usize, raw: &RawNumber, home: &str) -> Result<LeadNumber, Fault> {
    let RawNumber { number: written, label, region, zones, postcode } = raw;
    let field = |name: &str| format!("numbers[{at}].{name}");
    let fault = |reason: &str, remedy: &str| Fault::new(field("number"), written, reason, remedy);
    let Numbered { number, country } =
        number::read(written, home).map_err(|(reason, remedy)| fault(reason, remedy))?;
    let country = country.ok_or_else(|| fault("it belongs to no country", "leave it out"))?;
    let label = text(&field("label"), label, LABEL_MAX)?;
    let region_given = text(&field("region"), region, 3)?;
    let Location { place, zones: possible } =
        place::find(&country, &number, &region_given, postcode);
    if let Some(zone) = zones.iter().find(|it| !place::may_be_in(&place.country, it)) {
        let reason = format!("it is no time zone of {}", place.country);
        let remedy = "write one of the country's, such as Europe/Madrid, or none";
        return Err(Fault::new(field("zones"), zone, reason, remedy));
    }
    let zones = if zones.is_empty() { possible } else { zones.clone() };
    Ok(LeadNumber { number, label, place, zones })
}

fn text(field: &str, value: &str, most: usize) -> Result<String, Fault> {
    clean(value, most).ok_or_else(|| {
        Fault::new(field, value, "it is too long", format!("write at most {most} characters"))
    })
}

fn read_role(text: &str) -> Result<LeadRole, Fault> {
    Ok(match plain(text).as_str() {
        "" | "unknown" | "desconocido" => LeadRole::Unknown,
        "decision_maker" | "decisor" | "decisora" | "decide" | "si" | "yes" => {
            LeadRole::DecisionMaker
        }
        "interlocutor" | "interlocutora" | "contacto" | "contact" | "no" => LeadRole::Interlocutor,
        _ => {
            let remedy = "write decision_maker (decisor), interlocutor or nothing";
            return Err(Fault::new("role", text, "it is no role", remedy));
        }
    })
}

fn read_party(text: &str) -> Result<Party, Fault> {
    Ok(match plain(text).as_str() {
        "" | "consumer" | "consumidor" | "particular" | "residencial" | "b2c" | "persona" => {
            Party::Consumer
        }
        "business" | "empresa" | "autonomo" | "pyme" | "company" | "b2b" | "profesional" => {
            Party::Business
        }
        _ => {
            let remedy = "write consumer (particular) or business (empresa), or nothing";
            return Err(Fault::new("party", text, "it is no kind of person", remedy));
        }
    })
}

fn read_tags(tags: &[String]) -> Result<BTreeSet<Slug>, Fault> {
    let words = tags.iter().map(|it| plain(it)).filter(|it| !it.is_empty());
    let read = words.map(|word| {
        Slug::parse(&word)
            .map_err(|_| Fault::new("tags", &word, "it is too long", "write at most 64 characters"))
    });
    let tags: BTreeSet<_> = read.collect::<Result<_, _>>()?;
    if tags.len() > TAGS_MAX {
        let remedy = format!("give at most {TAGS_MAX}");
        return Err(Fault::new("tags", &tags.len().to_string(), "there are too many", remedy));
    }
    Ok(tags)
}

/// Names are brought to the form that filters can name: `Código de oferta` is `codigo_de_oferta`.
fn read_attributes(raw: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Fault> {
    if raw.len() > ATTRIBUTES_MAX {
        let remedy = format!("give at most {ATTRIBUTES_MAX}");
        let count = raw.len().to_string();
        return Err(Fault::new("attributes", &count, "there are too many", remedy));
    }
    let mut read = BTreeMap::new();
    for (name, value) in raw {
        let word = plain(&name);
        if word.is_empty() || word.len() > 64 {
            let remedy = "use 1 to 64 letters and digits";
            return Err(Fault::new("attributes", &name, "an attribute needs a name", remedy));
        }
        let value = text(&format!("attributes.{word}"), &value, ATTRIBUTE_MAX)?;
        if !value.is_empty() {
            read.insert(word, value);
        }
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use timbre_model::Civil;

    fn import() -> Import {
        Import { country: "ES".to_owned(), now: Civil::from_micros(1_000_000) }
    }

    fn raw(numbers: &[&str]) -> RawLead {
        let number = |text: &&str| RawNumber { number: (*text).to_owned(), ..RawNumber::default() };
        RawLead { numbers: numbers.iter().map(number).collect(), ..RawLead::default() }
    }

    #[test]
    fn a_lead_is_taken_without_the_numbers_that_cannot_be_called() {
        let read = read(raw(&["600000001", "", "+34 600 000 001", "91"]), &import());
        let Read { lead, left_out } = read.expect("one number will do");
        let numbers: Vec<_> = lead.numbers.iter().map(|it| it.number.expose()).collect();
        assert_eq!(numbers, ["+34600000001"]);
        let fields: Vec<_> = left_out.iter().map(|it| it.field.as_str()).collect();
        assert_eq!(fields, ["numbers[3].number"]);
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let lead = RawLead {
            name: "x".repeat(201),
            role: "jefe".to_owned(),
            party: "marciano".to_owned(),
            ..raw(&["12"])
        };
        let faults = read(lead, &import()).expect_err("a lead full of faults");
        let fields: Vec<_> = faults.iter().map(|it| it.field.as_str()).collect();
        assert_eq!(fields, ["numbers[0].number", "display_name", "role", "party"]);
        let nobody = read(RawLead::default(), &import()).expect_err("nobody to call");
        assert_eq!(nobody[0].field, "numbers");
    }

    #[test]
    fn zones_are_those_of_the_number_unless_the_source_knows_better() {
        let zones = |given: &[&str]| {
            let mut lead = raw(&["600000001"]);
            lead.numbers[0].zones = given.iter().map(|it| (*it).to_owned()).collect();
            read(lead, &import()).map(|it| it.lead.numbers[0].zones.clone())
        };
        assert_eq!(zones(&[]).expect("zones").len(), 2);
        assert_eq!(zones(&["Atlantic/Canary"]).expect("a zone"), ["Atlantic/Canary"]);
        assert_eq!(zones(&["Mars/Olympus"]).expect_err("no zone")[0].field, "numbers[0].zones");
    }

    #[test]
    fn attributes_and_tags_are_brought_to_one_form() {
        let mut lead = raw(&["600000001"]);
        lead.tags = vec!["Muy VIP".to_owned(), String::new()];
        lead.attributes = BTreeMap::from([
            ("Código Oferta".to_owned(), " A\u{0}1 ".to_owned()),
            ("vacío".to_owned(), String::new()),
        ]);
        let lead = read(lead, &import()).expect("a lead").lead;
        assert_eq!(lead.attributes, BTreeMap::from([("codigo_oferta".into(), "A 1".into())]));
        assert!(lead.tags.iter().map(Slug::as_str).eq(["muy_vip"]));
    }
}
