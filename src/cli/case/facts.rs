//! What is known of a case, on the command line.

use clap::Args;
use timbre_casework::case::Amendment;
use timbre_casework::{Cause, CustomerId, Matter, SaleId, Severity};
use timbre_model::{AgentId, CallId, PhoneNumber, Slug};

use crate::cli::ids;

/// Fields that may be given when a case is taken, or later.
#[derive(Debug, Args)]
pub(super) struct Facts {
    /// Where they can be reached
    #[arg(long, value_parser = ids::number, value_name = "+NUMBER")]
    number: Option<PhoneNumber>,

    /// Where they can be written to
    #[arg(long, value_name = "ADDRESS")]
    mail: Option<String>,

    /// In which language they are answered, such as es or en-GB
    #[arg(long, value_name = "TAG")]
    language: Option<String>,

    /// The department concerned
    #[arg(long, value_parser = ids::slug, value_name = "ID")]
    department: Option<Slug>,

    /// Why it came to this: below_expectations, inflexibility, errors, external_communication, internal_communication,
    /// delays, conduct, undue_charge, continuity, other
    #[arg(long, value_parser = word(Cause::parse, Cause::ALL), value_name = "CAUSE")]
    cause: Option<Cause>,

    /// What it has done to them
    #[arg(long, value_name = "TEXT")]
    consequences: Option<String>,

    /// What they ask for
    #[arg(long, value_name = "TEXT")]
    remedy: Option<String>,

    /// What is done about it
    #[arg(long, value_name = "TEXT")]
    solution: Option<String>,

    /// How grave it is: low, normal, high, safety
    #[arg(long, value_parser = word(Severity::parse, Severity::ALL), value_name = "SEVERITY")]
    severity: Option<Severity>,

    /// The product or service
    #[arg(long, value_name = "TEXT")]
    product: Option<String>,

    /// What it is about, where a law sets another term: general, billing, continuity, finance
    #[arg(long, value_parser = word(Matter::parse, Matter::ALL), value_name = "MATTER")]
    matter: Option<Matter>,

    /// Whether they agreed to be recorded: true, false
    #[arg(long, value_name = "BOOL")]
    recording_consent: Option<bool>,

    /// The customer's id
    #[arg(long, value_parser = customer, value_name = "ID")]
    customer: Option<CustomerId>,

    /// The sale it is about
    #[arg(long, value_parser = sale, value_name = "ID")]
    sale: Option<SaleId>,
}

impl Facts {
    pub(super) fn amendment(self) -> Amendment {
        let Self {
            number,
            mail,
            language,
            department,
            cause,
            consequences,
            remedy,
            solution,
            severity,
            product,
            matter,
            recording_consent,
            customer,
            sale,
        } = self;
        Amendment {
            customer,
            customer_name: None,
            number,
            mail,
            language,
            statement: None,
            department,
            cause,
            consequences,
            remedy_sought: remedy,
            solution,
            severity,
            product,
            matter,
            recording_consent,
            sale,
        }
    }
}

/// Reads one word of a closed list.
pub(super) fn word<T: Copy + std::fmt::Display + Send + Sync + 'static>(
    parse: fn(&str) -> Option<T>,
    all: &'static [T],
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync {
    move |text| {
        parse(text).ok_or_else(|| {
            let words: Vec<_> = all.iter().map(ToString::to_string).collect();
            format!("write one of {}", words.join(", "))
        })
    }
}

/// An agent's id.
pub(super) fn agent(text: &str) -> Result<AgentId, String> {
    AgentId::parse(text).map_err(|it| it.to_string())
}

/// A call's id.
pub(super) fn call(text: &str) -> Result<CallId, String> {
    let id = text.rsplit('/').next().unwrap_or(text);
    CallId::parse(id)
        .ok_or_else(|| "give 32 hexadecimal digits, as `timbre calls` lists them".into())
}

/// A customer's id.
pub(super) fn customer(text: &str) -> Result<CustomerId, String> {
    let id = text.rsplit('/').next().unwrap_or(text);
    CustomerId::parse(id)
        .ok_or_else(|| "give 32 hexadecimal digits, as `timbre customer` shows them".into())
}

fn sale(text: &str) -> Result<SaleId, String> {
    let id = text.rsplit('/').next().unwrap_or(text);
    SaleId::parse(id)
        .ok_or_else(|| "give 32 hexadecimal digits, as `timbre sale` shows them".into())
}
