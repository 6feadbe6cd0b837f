//! What is mailed of a case: receipts to customers, warnings and escalations to those who answer for it.

use jiff::tz::TimeZone;
use timbre_model::Civil;

use super::deadline::CaseRules;
use super::text::same_language;
use crate::{Case, calendar::written};

/// A mail to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Unique within the tenant, and the same however often the same letter is written.
    pub id: String,
    /// To whom.
    pub to: String,
    /// About what.
    pub subject: String,
    /// What it says.
    pub text: String,
}

impl Letter {
    /// The receipt of a case that was taken down (Ley 10/2025 art. 11): key, content, date and time. In Spanish where
    /// the customer speaks it, else in English.
    pub fn receipt(case: &Case, to: &str, rules: &CaseRules<'_>) -> Self {
        let zone = rules.days.zone();
        let due = case.deadline.as_ref().map(|it| it.due_at);
        let spanish = same_language(&case.language, "es");
        let (subject, text) = if spanish {
            (format!("Justificante {}", case.key), receipt_es(case, due, zone))
        } else {
            (format!("Receipt {}", case.key), receipt_en(case, due, zone))
        };
        Self {
            id: format!("case/{}/{}/receipt", case.id, case.version),
            to: to.to_owned(),
            subject,
            text,
        }
    }

    /// What somebody is told who answers for a case: `what` says why now. No customer's name, no statement: mail boxes of
    /// roles are read by many.
    pub(super) fn alarm(case: &Case, number: usize, to: &str, what: &str, zone: &TimeZone) -> Self {
        let due = case.deadline.as_ref().map(|it| (written(it.due_at, zone), it.rule.clone()));
        let (due, rule) = due.unwrap_or_default();
        let owner = case.owner.as_ref().map_or_else(|| "nobody".to_owned(), ToString::to_string);
        let text = format!(
            "{kind} {key} of client {client} {what}.\n\nState: {state}\nOwner: {owner}\nReceived: {received}\nDue: \
             {due} ({zone}, {rule})\n\ntimbre case show {digits}\n",
            kind = case.kind,
            key = case.key,
            client = case.client,
            state = case.state,
            received = written(case.received_at, zone),
            zone = zone.iana_name().unwrap_or("local time"),
            digits = case.key.digits(),
        );
        Self {
            id: format!("case/{}/{}/{number}", case.id, case.version),
            to: to.to_owned(),
            subject: format!("{} {} {what}", case.kind, case.key),
            text,
        }
    }
}

fn receipt_es(case: &Case, due: Option<Civil>, zone: &TimeZone) -> String {
    let due = due.map(|at| format!("Le responderemos a más tardar el {}.\n", written(at, zone)));
    format!(
        "Estimado/a {name}:\n\nHemos registrado su comunicación el {at}.\nSu clave de identificación es {key}.\n{due}\n\
         Contenido:\n\n{statement}\n",
        name = case.customer_name,
        at = written(case.received_at, zone),
        key = case.key,
        due = due.unwrap_or_default(),
        statement = case.statement,
    )
}

fn receipt_en(case: &Case, due: Option<Civil>, zone: &TimeZone) -> String {
    let due = due.map(|at| format!("We will answer by {} at the latest.\n", written(at, zone)));
    format!(
        "Dear {name},\n\nWe have taken down what you told us on {at}.\nYour key is {key}.\n{due}\nContent:\n\n\
         {statement}\n",
        name = case.customer_name,
        at = written(case.received_at, zone),
        key = case.key,
        due = due.unwrap_or_default(),
        statement = case.statement,
    )
}
