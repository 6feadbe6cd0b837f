//! Resource names: `tenants/{tenant}`, and below it `/floor`, `/agents/{agent}`, `/queues/{queue}`, `/calls/{call}`.

use timbre_model::{
    AgentId, AgentRef, CallId, FieldError, InvalidSlug, QueueId, QueueRef, TenantId,
};

/// `tenants/{tenant}`.
pub fn tenant(tenant: &TenantId) -> String {
    format!("tenants/{tenant}")
}

/// `tenants/{tenant}/floor`.
pub fn floor(tenant: &TenantId) -> String {
    format!("tenants/{tenant}/floor")
}

/// `tenants/{tenant}/agents/{agent}`.
pub fn agent(it: &AgentRef) -> String {
    format!("tenants/{}/agents/{}", it.tenant, it.agent)
}

/// `tenants/{tenant}/queues/{queue}`.
pub fn queue(it: &QueueRef) -> String {
    format!("tenants/{}/queues/{}", it.tenant, it.queue)
}

/// `tenants/{tenant}/calls/{call}`.
pub fn call(tenant: &TenantId, call: CallId) -> String {
    format!("tenants/{tenant}/calls/{call}")
}

/// Reads `tenants/{tenant}`; empty: `own`, the credential's.
pub fn read_tenant(field: &str, text: &str, own: &TenantId) -> Result<TenantId, FieldError> {
    if text.is_empty() {
        return Ok(own.clone());
    }
    let id = text.strip_prefix("tenants/").and_then(|id| TenantId::parse(id).ok());
    id.ok_or_else(|| fault(field, text, "tenants/{tenant}"))
}

/// Reads `tenants/{tenant}/floor`; empty: the floor of `own`, the credential's tenant.
pub fn read_floor(field: &str, text: &str, own: &TenantId) -> Result<TenantId, FieldError> {
    if text.is_empty() {
        return Ok(own.clone());
    }
    let id = text.strip_prefix("tenants/").and_then(|rest| rest.strip_suffix("/floor"));
    id.and_then(|id| TenantId::parse(id).ok())
        .ok_or_else(|| fault(field, text, "tenants/{tenant}/floor"))
}

/// Reads `tenants/{tenant}/agents/{agent}`.
pub fn read_agent(field: &str, text: &str) -> Result<AgentRef, FieldError> {
    child(text, "agents")
        .and_then(|(tenant, id)| Some(AgentRef { tenant, agent: AgentId::parse(id).ok()? }))
        .ok_or_else(|| fault(field, text, "tenants/{tenant}/agents/{agent}"))
}

/// Reads `tenants/{tenant}/queues/{queue}`.
pub fn read_queue(field: &str, text: &str) -> Result<QueueRef, FieldError> {
    child(text, "queues")
        .and_then(|(tenant, id)| Some(QueueRef { tenant, queue: QueueId::parse(id).ok()? }))
        .ok_or_else(|| fault(field, text, "tenants/{tenant}/queues/{queue}"))
}

/// Reads `tenants/{tenant}/calls/{call}`.
pub fn read_call(field: &str, text: &str) -> Result<(TenantId, CallId), FieldError> {
    child(text, "calls")
        .and_then(|(tenant, id)| Some((tenant, CallId::parse(id)?)))
        .ok_or_else(|| fault(field, text, "tenants/{tenant}/calls/{call}"))
}

/// Reads a bare id, as [`AgentId::parse`] and its like do.
pub(super) fn id<T>(
    field: &str,
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, InvalidSlug>,
) -> Result<T, FieldError> {
    let remedy = "use 1 to 64 of a-z, 0-9, '-', '_' and '.', beginning with a letter or a digit";
    parse(text).map_err(|InvalidSlug { value }| FieldError::new(field, value, remedy))
}

/// A field's value as far as an error may repeat it.
pub(super) fn cut(value: &str) -> String {
    value.chars().take(64).collect()
}

fn child<'a>(text: &'a str, kind: &str) -> Option<(TenantId, &'a str)> {
    let (tenant, rest) = text.strip_prefix("tenants/")?.split_once('/')?;
    let id = rest.strip_prefix(kind)?.strip_prefix('/')?;
    Some((TenantId::parse(tenant).ok()?, id))
}

fn fault(field: &str, text: &str, form: &str) -> FieldError {
    FieldError::new(field, cut(text), format!("give a name of the form {form}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t() -> TenantId {
        TenantId::parse("acme").expect("an id")
    }

    #[test]
    fn names_read_back() {
        let (agent_id, queue_id) = (AgentId::parse("ana"), QueueId::parse("ventas"));
        let ana = AgentRef { tenant: t(), agent: agent_id.expect("an id") };
        let ventas = QueueRef { tenant: t(), queue: queue_id.expect("an id") };
        let id = CallId::from_u128(7);
        assert_eq!(read_agent("f", &agent(&ana)), Ok(ana));
        assert_eq!(read_queue("f", &queue(&ventas)), Ok(ventas));
        assert_eq!(read_call("f", &call(&t(), id)), Ok((t(), id)));
        let own = TenantId::parse("own").expect("an id");
        assert_eq!(read_tenant("f", &tenant(&t()), &own), Ok(t()));
        assert_eq!(read_floor("f", &floor(&t()), &own), Ok(t()));
        assert_eq!(read_tenant("f", "", &own), Ok(own.clone()));
        assert_eq!(read_floor("f", "", &own), Ok(own));
    }

    #[test]
    fn what_is_no_name_is_refused_with_field_value_and_form() {
        for bad in ["", "ana", "tenants/acme", "tenants/acme/queues/ana", "tenants//agents/ana"] {
            assert!(read_agent("agent", bad).is_err(), "{bad}");
        }
        for bad in ["tenants/acme/agents/ana/", "tenants/ACME/agents/ana", "/tenants/a/agents/b"] {
            assert!(read_agent("agent", bad).is_err(), "{bad}");
        }
        let fault = read_call("call", "tenants/acme/calls/7").expect_err("too short an id");
        assert_eq!((fault.field.as_str(), fault.value.as_str()), ("call", "tenants/acme/calls/7"));
        assert!(fault.remedy.contains("tenants/{tenant}/calls/{call}"), "{fault}");
        assert!(read_floor("name", "tenants/acme", &t()).is_err());
    }
}
