//! Who of a list is called: a small typed language over what a lead says of itself, such as
//! `province == "Lugo" and age >= 30 and not tags contains "deaf"`.
//!
//! A name is `name`, `person`, `role`, `party`, `attempts`, `tags` or else an attribute of the import; one that is no plain
//! word stands in backquotes. Values are texts in quotes, numbers, and days (`2026-11-22`); an attribute is read as what it
//! is compared with, and a comparison with one that is absent or is not such a value does not hold, nor does its `!=`.
//! `==`, `!=`, `<`, `<=`, `>`, `>=`, `in ("a", "b")`, `contains`, `starts_with`, `is empty`; `not` binds closest, then `and`,
//! then `or`.

mod lex;
mod parse;

use std::cmp::Ordering;

use timbre_model::Lead;

/// A filter that was checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    source: String,
    expression: Expression,
}

/// Why a text is not a filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at character {at}: {why}")]
pub struct FilterError {
    /// Where, counted in characters from 1.
    pub at: usize,
    /// What is wrong, and what to write.
    pub why: String,
}

#[derive(Debug, Clone, PartialEq)]
enum Expression {
    Or(Vec<Expression>),
    And(Vec<Expression>),
    Not(Box<Expression>),
    Compare(Field, Operator, Value),
    In(Field, Vec<Value>),
    Contains(Field, String),
    StartsWith(Field, String),
    Empty(Field),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Field {
    Name,
    Person,
    Role,
    Party,
    Attempts,
    Tags,
    Attribute(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
}

#[derive(Debug, Clone, PartialEq)]
enum Value {
    Text(String),
    Number(f64),
    /// Year, month, day: compares as days do.
    Day(i16, u8, u8),
}

impl Filter {
    /// Longest filter, in bytes.
    pub const BYTES_MAX: usize = 4_000;

    /// Reads a filter.
    ///
    /// # Errors
    ///
    /// The place and the remedy.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let expression = parse::parse(text)?;
        Ok(Self { source: text.to_owned(), expression })
    }

    /// The text that was read.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether the lead is called.
    pub fn passes(&self, lead: &Lead) -> bool {
        self.expression.holds(lead)
    }
}

impl Expression {
    fn holds(&self, lead: &Lead) -> bool {
        match self {
            Self::Or(all) => all.iter().any(|it| it.holds(lead)),
            Self::And(all) => all.iter().all(|it| it.holds(lead)),
            Self::Not(it) => !it.holds(lead),
            Self::Compare(field, operator, value) => {
                field.compare(lead, value).is_some_and(|it| operator.holds(it))
            }
            Self::In(field, values) => {
                values.iter().any(|value| field.compare(lead, value) == Some(Ordering::Equal))
            }
            Self::Contains(Field::Tags, tag) => {
                lead.person.tags.iter().any(|it| it.as_str() == tag)
            }
            Self::Contains(field, part) => field.text(lead).is_some_and(|it| it.contains(part)),
            Self::StartsWith(field, part) => {
                field.text(lead).is_some_and(|it| it.starts_with(part))
            }
            Self::Empty(Field::Tags) => lead.person.tags.is_empty(),
            Self::Empty(field) => field.text(lead).is_none_or(|it| it.trim().is_empty()),
        }
    }
}

impl Operator {
    fn holds(self, it: Ordering) -> bool {
        match self {
            Self::Equal => it.is_eq(),
            Self::Unequal => it.is_ne(),
            Self::Less => it.is_lt(),
            Self::AtMost => it.is_le(),
            Self::More => it.is_gt(),
            Self::AtLeast => it.is_ge(),
        }
    }
}

impl Field {
    /// As a text; tags and the count of attempts have none.
    fn text<'a>(&self, lead: &'a Lead) -> Option<&'a str> {
        let person = &lead.person;
        match self {
            Self::Name => Some(&person.name),
            Self::Person => person.person.as_deref(),
            Self::Role => Some(person.role.as_str()),
            Self::Party => Some(person.party.as_str()),
            Self::Attribute(name) => person.attributes.get(name).map(String::as_str),
            Self::Attempts | Self::Tags => None,
        }
    }

    fn compare(&self, lead: &Lead, value: &Value) -> Option<Ordering> {
        if let (Self::Attempts, Value::Number(number)) = (self, value) {
            return f64::from(lead.attempts).partial_cmp(number);
        }
        let text = self.text(lead)?;
        match value {
            Value::Text(other) => Some(text.cmp(other)),
            Value::Number(number) => text.trim().parse::<f64>().ok()?.partial_cmp(number),
            Value::Day(year, month, day) => {
                Some(parse::day(text.trim())?.cmp(&(*year, *month, *day)))
            }
        }
    }
}

#[cfg(test)]
mod tests;
