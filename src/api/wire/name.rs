//! Resource names: `tenants/{tenant}`, and below it `/floor`, `/agents/{agent}`, `/queues/{queue}`, `/calls/{call}`.

use timbre_casework::CustomerId;
use timbre_model::{
    AgentId, AgentRef, CallId, CampaignId, CampaignRef, FieldError, InvalidSlug, LeadId, ListId,
    QueueId, QueueRef, Slug, TenantId, TrunkId, TrunkRef,
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

/// `tenants/{tenant}/campaigns/{campaign}`.
pub fn campaign(it: &CampaignRef) -> String {
    format!("tenants/{}/campaigns/{}", it.tenant, it.campaign)
}

/// `tenants/{tenant}/lists/{list}`.
pub fn list(tenant: &TenantId, list: &ListId) -> String {
    format!("tenants/{tenant}/lists/{list}")
}

/// `tenants/{tenant}/leads/{lead}`.
pub fn lead(tenant: &TenantId, lead: LeadId) -> String {
    format!("tenants/{tenant}/leads/{lead}")
}

/// `tenants/{tenant}/attempts/{attempt}`.
pub fn attempt(tenant: &TenantId, attempt: CallId) -> String {
    format!("tenants/{tenant}/attempts/{attempt}")
}

/// `tenants/{tenant}/trunks/{trunk}`.
pub fn trunk(it: &TrunkRef) -> String {
    format!("tenants/{}/trunks/{}", it.tenant, it.trunk)
}

/// `tenants/{tenant}/registries/{registry}`.
pub fn registry(tenant: &TenantId, registry: &str) -> String {
    format!("tenants/{tenant}/registries/{registry}")
}

/// `tenants/{tenant}/customers/{customer}`.
pub fn customer(tenant: &TenantId, customer: CustomerId) -> String {
    format!("tenants/{tenant}/customers/{customer}")
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

/// Reads `tenants/{tenant}/campaigns/{campaign}`.
pub fn read_campaign(field: &str, text: &str) -> Result<CampaignRef, FieldError> {
    child(text, "campaigns")
        .and_then(|(tenant, id)| {
            Some(CampaignRef { tenant, campaign: CampaignId::parse(id).ok()? })
        })
        .ok_or_else(|| fault(field, text, "tenants/{tenant}/campaigns/{campaign}"))
}

/// Reads `tenants/{tenant}/lists/{list}`.
pub fn read_list(field: &str, text: &str) -> Result<(TenantId, ListId), FieldError> {
    child(text, "lists")
        .and_then(|(tenant, id)| Some((tenant, ListId::parse(id).ok()?)))
        .ok_or_else(|| fault(field, text, "tenants/{tenant}/lists/{list}"))
}

/// Reads `tenants/{tenant}/leads/{lead}`.
pub fn read_lead(field: &str, text: &str) -> Result<(TenantId, LeadId), FieldError> {
    child(text, "leads")
        .and_then(|(tenant, id)| Some((tenant, LeadId::from_u64(id.parse().ok()?))))
        .ok_or_else(|| fault(field, text, "tenants/{tenant}/leads/{number}"))
}

/// Reads `tenants/{tenant}/attempts/{attempt}`.
pub fn read_attempt(field: &str, text: &str) -> Result<(TenantId, CallId), FieldError> {
    child(text, "attempts")
        .and_then(|(tenant, id)| Some((tenant, CallId::parse(id)?)))
        .ok_or_else(|| fault(field, text, "tenants/{tenant}/attempts/{attempt}"))
}

/// Reads `tenants/{tenant}/trunks/{trunk}`.
pub fn read_trunk(field: &str, text: &str) -> Result<TrunkRef, FieldError> {
    child(text, "trunks")
        .and_then(|(tenant, id)| Some(TrunkRef { tenant, trunk: TrunkId::parse(id).ok()? }))
        .ok_or_else(|| fault(field, text, "tenants/{tenant}/trunks/{trunk}"))
}

/// Reads `tenants/{tenant}/registries/{registry}`.
pub fn read_registry(field: &str, text: &str) -> Result<(TenantId, Slug), FieldError> {
    child(text, "registries")
        .and_then(|(tenant, id)| Some((tenant, Slug::parse(id).ok()?)))
        .ok_or_else(|| fault(field, text, "tenants/{tenant}/registries/{registry}"))
}

/// Reads `tenants/{tenant}/customers/{customer}`.
pub fn read_customer(field: &str, text: &str) -> Result<(TenantId, CustomerId), FieldError> {
    child(text, "customers")
        .and_then(|(tenant, id)| Some((tenant, CustomerId::parse(id)?)))
        .ok_or_else(|| fault(field, text, "tenants/{tenant}/customers/{customer}"))
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
pub fn cut(value: &str) -> String {
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
        let slug = |text| Slug::parse(text).expect("a slug");
        let spring =
            CampaignRef { tenant: t(), campaign: CampaignId::parse("spring").expect("an id") };
        let carrier = TrunkRef { tenant: t(), trunk: TrunkId::parse("carrier").expect("an id") };
        let lugo = ListId::parse("lugo").expect("an id");
        assert_eq!(read_campaign("f", &campaign(&spring)), Ok(spring));
        assert_eq!(read_trunk("f", &trunk(&carrier)), Ok(carrier));
        assert_eq!(read_list("f", &list(&t(), &lugo)), Ok((t(), lugo)));
        assert_eq!(read_attempt("f", &attempt(&t(), id)), Ok((t(), id)));
        let seven = LeadId::from_u64(7);
        assert_eq!(read_lead("f", &lead(&t(), seven)), Ok((t(), seven)));
        let robinson = registry(&t(), "es-robinson");
        assert_eq!(read_registry("f", &robinson), Ok((t(), slug("es-robinson"))));
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
