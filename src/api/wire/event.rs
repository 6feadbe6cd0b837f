//! Events as CloudEvents, how far webhooks are, and dead letters.

use timbre_casework::NewEvent;
use timbre_model::{Civil, ClientId, FieldError, Slug, TenantId};
use timbre_store::{DeadLetter, LetterChannel, Mail, StoredEvent, WebhookState};

use super::{name, time};
use crate::api::pb;
use crate::casework::cloud_event;

/// An event as the wire has it.
pub fn to_wire(tenant: &TenantId, it: &StoredEvent) -> pb::Event {
    let StoredEvent { seq, event: NewEvent { id, kind, subject, client, at, data } } = it;
    pb::Event {
        specversion: cloud_event::VERSION.to_owned(),
        id: id.clone(),
        source: cloud_event::source(tenant),
        r#type: kind.clone(),
        subject: subject.clone(),
        time: Some(time::moment(*at)),
        datacontenttype: cloud_event::DATA.to_owned(),
        data: data.to_string(),
        sequence: *seq,
        client: client.as_ref().map(ToString::to_string).unwrap_or_default(),
    }
}

/// Reads an event.
pub fn from_wire(wire: pb::Event) -> Result<StoredEvent, FieldError> {
    let pb::Event {
        specversion: _,
        id,
        source: _,
        r#type: kind,
        subject,
        time: at,
        datacontenttype: _,
        data,
        sequence: seq,
        client,
    } = wire;
    let at = time::need_moment("time", at)?;
    let data = serde_json::from_str(&data);
    let data = data.map_err(|it| FieldError::new("data", it, "give JSON"))?;
    let client = (!client.is_empty()).then(|| name::id("client", &client, ClientId::parse));
    let client = client.transpose()?;
    Ok(StoredEvent { seq, event: NewEvent { id, kind, subject, client, at, data } })
}

/// How far a webhook is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookProgress {
    /// Its id.
    pub id: Slug,
    /// Where it is told.
    pub url: String,
    /// How far.
    pub state: WebhookState,
    /// The number of the latest event.
    pub latest: u64,
    /// Events that are held back.
    pub held: u64,
}

/// How far a webhook is, as the wire has it.
pub fn progress_to_wire(tenant: &TenantId, it: &WebhookProgress) -> pb::WebhookProgress {
    let WebhookProgress { id, url, state, latest, held } = it;
    pb::WebhookProgress {
        name: format!("tenants/{tenant}/webhooks/{id}"),
        url: url.clone(),
        settled_sequence: state.settled,
        latest_sequence: *latest,
        held: *held,
        failing_since: state.failing_since.map(time::moment),
        error: state.error.clone(),
    }
}

/// Reads how far a webhook is. How often it failed, and when it is tried again, the wire does not say.
pub fn progress_from_wire(wire: pb::WebhookProgress) -> Result<WebhookProgress, FieldError> {
    let pb::WebhookProgress {
        name,
        url,
        settled_sequence: settled,
        latest_sequence: latest,
        held,
        failing_since,
        error,
    } = wire;
    let id = name.rsplit('/').next().unwrap_or_default();
    let id = name::id("name", id, Slug::parse)?;
    let failing_since = time::read_moment("failing_since", failing_since)?;
    let state = WebhookState { settled, failing_since, error, ..WebhookState::default() };
    Ok(WebhookProgress { id, url, state, latest, held })
}

/// Which dead letter of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterName {
    /// Through what it could not be told.
    pub channel: LetterChannel,
    /// The webhook's id; empty for mail.
    pub target: String,
    /// The id of the event or of the mail.
    pub id: String,
}

/// A dead letter in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterLine {
    /// Its name, `tenants/{tenant}/deadLetters/…`.
    pub name: String,
    /// The event's type or the mail's subject.
    pub title: String,
    /// Since when it is one.
    pub at: Civil,
    /// How often it was tried.
    pub attempts: u32,
    /// Why the last try failed.
    pub error: String,
}

fn letter_name(tenant: &TenantId, it: &DeadLetter) -> String {
    let DeadLetter { channel, target, id, .. } = it;
    match channel {
        LetterChannel::Webhook => format!("tenants/{tenant}/deadLetters/webhook/{target}/{id}"),
        LetterChannel::Mail => format!("tenants/{tenant}/deadLetters/mail/{id}"),
    }
}

/// Reads the name of a dead letter.
pub fn read_letter(field: &str, text: &str) -> Result<(TenantId, LetterName), FieldError> {
    let parsed = || {
        let (tenant, rest) = text.strip_prefix("tenants/")?.split_once('/')?;
        let (channel, rest) = rest.strip_prefix("deadLetters/")?.split_once('/')?;
        let channel = LetterChannel::parse(channel)?;
        let (target, id) = match channel {
            LetterChannel::Webhook => rest.split_once('/')?,
            LetterChannel::Mail => ("", rest),
        };
        let letter = LetterName { channel, target: target.to_owned(), id: id.to_owned() };
        Some((TenantId::parse(tenant).ok()?, letter))
    };
    let remedy = "give a name as ListDeadLetters does";
    parsed().ok_or_else(|| FieldError::new(field, name::cut(text), remedy))
}

/// A dead letter as the wire has it.
pub fn letter_to_wire(tenant: &TenantId, it: &DeadLetter) -> pb::DeadLetter {
    let DeadLetter { channel, target, id, at, attempts, error, letter } = it;
    let (channel, title) = match channel {
        LetterChannel::Webhook => (
            pb::DeadLetterChannel::Webhook,
            serde_json::from_str::<StoredEvent>(letter).map(|it| it.event.kind),
        ),
        LetterChannel::Mail => {
            (pb::DeadLetterChannel::Mail, serde_json::from_str::<Mail>(letter).map(|it| it.subject))
        }
    };
    pb::DeadLetter {
        name: letter_name(tenant, it),
        channel: channel.into(),
        webhook: target.clone(),
        id: id.clone(),
        // What it was cannot be read; that it is there is said all the same.
        title: title.unwrap_or_default(),
        time: Some(time::moment(*at)),
        attempts: *attempts,
        error: error.clone(),
    }
}

/// Reads a dead letter.
pub fn letter_from_wire(wire: pb::DeadLetter) -> Result<LetterLine, FieldError> {
    let pb::DeadLetter { name, channel: _, webhook: _, id: _, title, time: at, attempts, error } =
        wire;
    let at = time::need_moment("time", at)?;
    Ok(LetterLine { name, title, at, attempts, error })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn tenant() -> TenantId {
        TenantId::parse("acme").expect("an id")
    }

    proptest! {
        #[test]
        fn events_round_trip(
            seq: u64,
            text in "[a-z/0-9.]{1,40}",
            of_client: bool,
            micros in 0..4_000_000_000_000_000_i64,
        ) {
            let client = of_client.then(|| ClientId::parse("luz").expect("an id"));
            let (kind, subject, at) = (text.clone(), text.clone(), Civil::from_micros(micros));
            let event =
                NewEvent { id: text, kind, subject, client, at, data: json!({"seq": seq, "of": [1]}) };
            let it = StoredEvent { seq, event };
            prop_assert_eq!(from_wire(to_wire(&tenant(), &it)), Ok(it));
        }

        #[test]
        fn any_name_of_a_letter_is_read_or_refused(text in ".{0,60}") {
            let _ = read_letter("name", &text);
        }
    }

    #[test]
    fn the_name_of_a_letter_leads_back_to_it() {
        for (channel, target) in [(LetterChannel::Webhook, "crm"), (LetterChannel::Mail, "")] {
            let letter = DeadLetter {
                channel,
                target: target.to_owned(),
                id: "calls/0a/ended".to_owned(),
                at: Civil::from_micros(7),
                attempts: 3,
                error: "refused".to_owned(),
                letter: "{}".to_owned(),
            };
            let wire = letter_to_wire(&tenant(), &letter);
            let read = read_letter("name", &wire.name).expect("a name");
            let (target, id) = (target.to_owned(), letter.id);
            assert_eq!(read, (tenant(), LetterName { channel, target, id }));
        }
        for bad in ["", "tenants/acme/deadLetters/fax/x", "tenants/acme/deadLetters/webhook/crm"] {
            assert!(read_letter("name", bad).is_err(), "{bad}");
        }
    }
}
