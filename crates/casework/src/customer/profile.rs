//! Who a customer is: made once, amended since.

use std::collections::{BTreeMap, BTreeSet};

use timbre_model::{ClientId, FieldError, Slug, TenantId};

use super::{Customer, CustomerKind, CustomerNumber, Style};
use crate::{Act, CustomerId, Record, Refusal, Work};

const NAME_MAX: usize = 200;
const LABEL_MAX: usize = 32;
/// RFC 5321 §4.5.3.1.3, without the angle brackets.
const MAIL_MAX: usize = 254;
/// RFC 5646 §4.4.1.
const LANGUAGE_MAX: usize = 35;
const TAGS_MAX: usize = 32;
const NOTE_MAX: usize = 10_000;
const ATTRIBUTES_MAX: usize = 100;
const ATTRIBUTE_MAX: usize = 2_000;

/// What somebody may say of who a customer is. All else of a [`Customer`] comes about by verbs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Person or company.
    pub kind: CustomerKind,
    /// At most 200 characters.
    pub name: String,
    /// The client company's own key of them, at most 200 characters.
    pub key: Option<String>,
    /// At most [`Customer::NUMBERS_MAX`], each once.
    pub numbers: Vec<CustomerNumber>,
    /// At most 254 characters.
    pub mail: Option<String>,
    /// BCP 47.
    pub language: Option<String>,
    /// What convinces them.
    pub style: Option<Style>,
    /// At most 32.
    pub tags: BTreeSet<Slug>,
    /// At most 10,000 characters.
    pub note: String,
    /// At most 100, of at most 2,000 characters.
    pub attributes: BTreeMap<String, String>,
}

impl Profile {
    /// Of somebody of whom nothing is known.
    pub fn unknown() -> Self {
        Self {
            kind: CustomerKind::Person,
            name: String::new(),
            key: None,
            numbers: Vec::new(),
            mail: None,
            language: None,
            style: None,
            tags: BTreeSet::new(),
            note: String::new(),
            attributes: BTreeMap::new(),
        }
    }

    /// As a customer now stands, to amend some of it.
    pub fn of(customer: &Customer) -> Self {
        Self {
            kind: customer.kind,
            name: customer.name.clone(),
            key: customer.key.clone(),
            numbers: customer.numbers.clone(),
            mail: customer.mail.clone(),
            language: customer.language.clone(),
            style: customer.style,
            tags: customer.tags.clone(),
            note: customer.note.clone(),
            attributes: customer.attributes.clone(),
        }
    }

    /// The first fault, of the paths `customer.…`.
    fn checked(mut self) -> Result<Self, FieldError> {
        let mut seen = BTreeSet::new();
        self.numbers.retain(|it| seen.insert(it.number.clone()));
        if self.name.trim().is_empty() && self.key.is_none() && self.numbers.is_empty() {
            let remedy = "give a name, a number or a key";
            return Err(FieldError::new("customer.display_name", "", remedy));
        }
        most("customer.display_name", &self.name, NAME_MAX)?;
        most("customer.key", self.key.as_deref().unwrap_or_default(), NAME_MAX)?;
        most("customer.note", &self.note, NOTE_MAX)?;
        count("customer.numbers", self.numbers.len(), Customer::NUMBERS_MAX)?;
        count("customer.tags", self.tags.len(), TAGS_MAX)?;
        count("customer.attributes", self.attributes.len(), ATTRIBUTES_MAX)?;
        for (at, number) in self.numbers.iter().enumerate() {
            most(&format!("customer.numbers[{at}].label"), &number.label, LABEL_MAX)?;
            most(&format!("customer.numbers[{at}].display_name"), &number.name, NAME_MAX)?;
        }
        for (name, value) in &self.attributes {
            most("customer.attributes", name, LABEL_MAX * 2)?;
            most("customer.attributes", value, ATTRIBUTE_MAX)?;
        }
        if let Some(mail) = &self.mail {
            check_mail(mail)?;
        }
        if let Some(language) = &self.language {
            check_language(language)?;
        }
        Ok(self)
    }

    fn onto(self, customer: Customer) -> Customer {
        let Self { kind, name, key, numbers, mail, language, style, tags, note, attributes } = self;
        Customer {
            kind,
            name,
            key,
            numbers,
            mail,
            language,
            style,
            tags,
            note,
            attributes,
            ..customer
        }
    }
}

/// The fault does not repeat what it is about: it is somebody's.
fn most(field: &str, text: &str, most: usize) -> Result<(), FieldError> {
    let fits = text.chars().count() <= most;
    let fault = || FieldError::new(field, "", format!("write at most {most} characters"));
    if fits { Ok(()) } else { Err(fault()) }
}

fn count(field: &str, count: usize, most: usize) -> Result<(), FieldError> {
    let fault = || FieldError::new(field, count, format!("give at most {most}"));
    if count <= most { Ok(()) } else { Err(fault()) }
}

fn check_mail(mail: &str) -> Result<(), FieldError> {
    let plain = !mail.chars().any(|it| it.is_whitespace() || it.is_control());
    let parts = mail.rsplit_once('@');
    let whole = parts.is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'));
    let fault = || FieldError::new("customer.mail", "", "write an address: name@example.com");
    if plain && whole && mail.len() <= MAIL_MAX { Ok(()) } else { Err(fault()) }
}

fn check_language(language: &str) -> Result<(), FieldError> {
    let sound = language.len() <= LANGUAGE_MAX
        && language.split('-').all(|it| {
            (1..=8).contains(&it.len()) && it.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
    let remedy = "write a language of BCP 47: es, ca, en-GB";
    let fault = || FieldError::new("customer.language", "", remedy);
    if sound { Ok(()) } else { Err(fault()) }
}

/// A new customer.
///
/// # Errors
///
/// A fault of the profile.
pub fn create(
    id: CustomerId,
    (tenant, client): (&TenantId, &ClientId),
    profile: Profile,
    act: &Act,
) -> Result<Work, Refusal> {
    let customer = profile.checked()?.onto(blank(id, (tenant, client), act));
    Ok(Work { records: vec![Record::Customer(Box::new(customer))], ..Work::default() })
}

/// A customer of whom nothing is known.
pub(super) fn blank(
    id: CustomerId,
    (tenant, client): (&TenantId, &ClientId),
    act: &Act,
) -> Customer {
    Customer {
        id,
        tenant: tenant.clone(),
        client: client.clone(),
        version: 1,
        kind: CustomerKind::Person,
        name: String::new(),
        key: None,
        numbers: Vec::new(),
        mail: None,
        language: None,
        style: None,
        tags: BTreeSet::new(),
        consents: Vec::new(),
        note: String::new(),
        attributes: BTreeMap::new(),
        known_since: act.at,
        merged_into: None,
        erased_at: None,
    }
}

/// Replaces what is said of who a customer is.
///
/// # Errors
///
/// A fault of the profile; a customer that was merged or erased.
pub fn amend(customer: &Customer, profile: Profile) -> Result<Work, Refusal> {
    customer.known("amended")?;
    let customer = profile.checked()?.onto(customer.next());
    Ok(Work { records: vec![Record::Customer(Box::new(customer))], ..Work::default() })
}
