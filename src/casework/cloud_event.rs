//! CloudEvents 1.0: how events are told outside. The structured mode of its JSON format.

use serde_json::json;
use timbre_model::{Civil, TenantId};
use timbre_store::StoredEvent;

/// Of the specification.
pub const VERSION: &str = "1.0";

/// The media type of the data.
pub const DATA: &str = "application/json";

/// The media type of an event in JSON.
pub const STRUCTURED: &str = "application/cloudevents+json";

/// Where a tenant's events come from.
pub fn source(tenant: &TenantId) -> String {
    format!("/tenants/{tenant}")
}

/// An event in JSON. Its sequence is of the extension "Sequence": a text that sorts as the number does.
pub fn json(tenant: &TenantId, it: &StoredEvent) -> serde_json::Value {
    let StoredEvent { seq, event } = it;
    let mut json = json!({
        "specversion": VERSION,
        "id": event.id,
        "source": source(tenant),
        "type": event.kind,
        "subject": event.subject,
        "time": rfc3339(event.at),
        "datacontenttype": DATA,
        "data": event.data,
        "sequence": format!("{seq:020}"),
    });
    if let Some(client) = &event.client {
        json["client"] = client.as_str().into();
    }
    json
}

fn rfc3339(at: Civil) -> String {
    jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or(jiff::Timestamp::MAX).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use timbre_casework::NewEvent;
    use timbre_model::ClientId;

    #[test]
    fn an_event_in_json_has_the_attributes_that_the_specification_demands() {
        let event = NewEvent {
            id: "cases/0a/1/received".to_owned(),
            kind: "timbre.case.received.v1".to_owned(),
            subject: "cases/0a".to_owned(),
            client: Some(ClientId::parse("luz").expect("an id")),
            at: Civil::from_micros(1_796_169_600_250_000),
            data: json!({"key": "4821930574"}),
        };
        let it = StoredEvent { seq: 12, event };
        let tenant = TenantId::parse("acme").expect("an id");
        let expected = json!({
            "specversion": "1.0", "id": "cases/0a/1/received", "source": "/tenants/acme",
            "type": "timbre.case.received.v1", "subject": "cases/0a",
            "time": "2026-12-02T00:00:00.25Z", "datacontenttype": "application/json",
            "data": {"key": "4821930574"}, "sequence": "00000000000000000012", "client": "luz",
        });
        assert_eq!(json(&tenant, &it), expected);
    }
}
