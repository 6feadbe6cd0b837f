//! What records of casework have in common on the wire: names, etags, and who did something.

use timbre_casework::{By, RecordKind};
use timbre_model::{AgentId, FieldError, TenantId};

use super::name::cut;

/// `tenants/{tenant}/messages/{message}`, and its like.
pub fn name(tenant: &TenantId, kind: RecordKind, id: u128) -> String {
    format!("tenants/{tenant}/{}/{id:032x}", collection(kind))
}

/// Reads the name of a record of `kind`.
pub fn read_name(
    field: &str,
    text: &str,
    kind: RecordKind,
) -> Result<(TenantId, u128), FieldError> {
    let collection = collection(kind);
    let read = || {
        let (tenant, rest) = text.strip_prefix("tenants/")?.split_once('/')?;
        let id = rest.strip_prefix(collection)?.strip_prefix('/')?;
        Some((TenantId::parse(tenant).ok()?, hex(id)?))
    };
    let remedy = format!("give a name of the form tenants/{{tenant}}/{collection}/{{id}}");
    read().ok_or_else(|| FieldError::new(field, cut(text), remedy))
}

/// The same, or a bare id: a record of `own`, the credential's tenant.
pub fn read_own(
    field: &str,
    text: &str,
    kind: RecordKind,
    own: &TenantId,
) -> Result<(TenantId, u128), FieldError> {
    match hex(text) {
        Some(id) => Ok((own.clone(), id)),
        None => read_name(field, text, kind),
    }
}

/// Reads a bare id: 32 hexadecimal digits.
pub fn read_id(field: &str, text: &str) -> Result<u128, FieldError> {
    let remedy = "give the id as the server sent it: 32 hexadecimal digits";
    hex(text).ok_or_else(|| FieldError::new(field, cut(text), remedy))
}

/// The same, where an empty text is none.
pub fn read_id_or_none(field: &str, text: &str) -> Result<Option<u128>, FieldError> {
    if text.is_empty() { Ok(None) } else { read_id(field, text).map(Some) }
}

fn hex(text: &str) -> Option<u128> {
    let hex = text.len() == 32 && text.bytes().all(|it| it.is_ascii_hexdigit());
    hex.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

const fn collection(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::Case => "cases",
        RecordKind::Sale => "sales",
        RecordKind::FollowUp => "follow-ups",
        RecordKind::Message => "messages",
        RecordKind::Callback => "callbacks",
        RecordKind::Survey => "surveys",
        RecordKind::Trouble => "troubles",
        RecordKind::Customer => "customers",
    }
}

/// Reads the version that an etag stands for; `None` where it is empty.
pub fn read_etag(field: &str, text: &str) -> Result<Option<u64>, FieldError> {
    let fault = |_| FieldError::new(field, cut(text), "give the etag as it was read, or none");
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(fault) }
}

/// `agent:{agent}`, `desk:{token}` or `system`.
pub fn by_to_wire(by: &By) -> String {
    match by {
        By::Agent(agent) => format!("agent:{agent}"),
        By::Desk(token) => format!("desk:{token}"),
        By::System => "system".to_owned(),
    }
}

/// Reads who did something.
pub fn by_from_wire(field: &str, text: &str) -> Result<By, FieldError> {
    let fault = || FieldError::new(field, cut(text), "give agent:{agent}, desk:{token} or system");
    match text.split_once(':') {
        None if text == "system" => Ok(By::System),
        Some(("agent", it)) => AgentId::parse(it).map(By::Agent).map_err(|_| fault()),
        Some(("desk", it)) => Ok(By::Desk(it.to_owned())),
        _ => Err(fault()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_authors_read_back_and_nothing_else_is_taken_for_one() {
        let tenant = TenantId::parse("acme").expect("an id");
        for &kind in RecordKind::ALL {
            let text = name(&tenant, kind, 7);
            assert_eq!(read_name("name", &text, kind), Ok((tenant.clone(), 7)), "{text}");
        }
        let case = name(&tenant, RecordKind::Case, 7);
        for text in ["", "acme", "tenants/acme/messages/7", case.as_str()] {
            assert!(read_name("name", text, RecordKind::Message).is_err(), "{text}");
        }
        let ana = By::Agent(AgentId::parse("ana").expect("an id"));
        for by in [ana, By::Desk("t:1".to_owned()), By::System] {
            assert_eq!(by_from_wire("by", &by_to_wire(&by)), Ok(by));
        }
        assert!(by_from_wire("by", "somebody").is_err());
    }
}
