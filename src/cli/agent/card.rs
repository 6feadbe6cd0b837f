//! Who a call is with, in words: as one line for scripts, and in lines for the screen.

use timbre_casework::RecordKind;
use timbre_casework::customer::{Brief, File};

use crate::api::wire::customer::CustomerCard;
use crate::cli::words::moment;

/// Contacts and records of a customer on the screen.
const SHOWN: usize = 4;

/// `customer offer=… known=1 customer=… name="…" style=… tags=…`.
pub fn line(card: &CustomerCard) -> String {
    let CustomerCard { offer, customers, sale } = card;
    let mut line = format!("customer offer={offer} known={}", customers.len());
    for File { customer, interactions, records } in customers {
        line.push_str(&format!(" customer={} name={:?}", customer.id, customer.name));
        if let Some(style) = customer.style {
            line.push_str(&format!(" style={style}"));
        }
        if !customer.tags.is_empty() {
            let tags: Vec<_> = customer.tags.iter().map(timbre_model::Slug::as_str).collect();
            line.push_str(&format!(" tags={}", tags.join(",")));
        }
        line.push_str(&format!(" contacts={} records={}", interactions.len(), records.len()));
        for it in records {
            line.push_str(&format!(" {}={:?}", it.kind, words(it)));
        }
    }
    if let Some(sale) = sale {
        line.push_str(&format!(" follows_up={:?}", words(sale)));
    }
    line
}

/// What the agent should know before the first word.
pub fn lines(card: &CustomerCard) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(sale) = &card.sale {
        lines.push(format!("follows up: {}", words(sale)));
    }
    if card.customers.is_empty() {
        lines.push("nobody is known by this number".to_owned());
    }
    if card.customers.len() > 1 {
        lines.push(format!("{} customers share this number: ask who calls", card.customers.len()));
    }
    for file in &card.customers {
        lines.extend(known(file));
    }
    lines
}

fn known(file: &File) -> Vec<String> {
    let File { customer, interactions, records } = file;
    let mut hints = vec![customer.name.clone()];
    hints.extend(customer.key.iter().map(|it| format!("key {it}")));
    hints.extend(customer.style.iter().map(|it| format!("wants {it}")));
    hints.extend(customer.tags.iter().map(ToString::to_string));
    hints.extend(customer.language.clone());
    let mut lines = vec![hints.join(" · ")];
    if let Some(consent) = customer.consents.last() {
        let basis = consent.basis.map_or("withdrawn", timbre_model::ConsentBasis::as_str);
        lines.push(format!("  consent: {basis}, {} since {}", consent.purpose, moment(consent.at)));
    }
    lines.extend(records.iter().take(SHOWN).map(|it| format!("  {}: {}", it.kind, words(it))));
    let contact = |it: &timbre_casework::Interaction| {
        format!("  {} {}: {}", moment(it.at), it.kind, it.summary)
    };
    lines.extend(interactions.iter().take(SHOWN).map(contact));
    lines
}

/// `482 193 057 4 investigating, due …: complaint: the bill`.
fn words(it: &Brief) -> String {
    let mut parts = Vec::new();
    parts.extend(it.key.map(|key| key.to_string()));
    parts.extend(Some(it.state.clone()).filter(|state| !state.is_empty()));
    parts.extend(it.due_at.map(|at| format!("due {}", moment(at))));
    let mut words = parts.join(" ");
    if !words.is_empty() {
        words.push_str(": ");
    }
    words.push_str(&it.summary);
    if it.kind == RecordKind::Sale {
        let promises = it.promises.iter().map(|promise| match promise.kept {
            None => promise.text.clone(),
            Some(true) => format!("{} (kept)", promise.text),
            Some(false) => format!("{} (broken)", promise.text),
        });
        let promises: Vec<_> = promises.collect();
        if !promises.is_empty() {
            words.push_str(&format!("; promised {}", promises.join(", ")));
        }
    }
    words
}
