//! How casework is done, as an operator defines it.

use std::time::Duration;

use timbre_model::{
    AgentId, CaseworkSpec, ClientId, DepartmentSpec, EscalationRole, FieldError, FollowUpPolicy,
    ListId, MailSpec, Secret, Slug, SurveyKind, SurveySpec, WebhookSpec,
};

use super::faults::Faults;
use super::floor::Passwords;
use super::name::{cut, id};
use super::time::span;
use crate::api::pb;

fn filled(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn secret_to_wire(secret: Option<&Secret>, passwords: Passwords) -> String {
    match passwords {
        Passwords::Send => secret.map(|it| it.expose().to_owned()).unwrap_or_default(),
        Passwords::Omit => String::new(),
    }
}

pub(super) fn to_wire(spec: &CaseworkSpec, passwords: Passwords) -> pb::Casework {
    let CaseworkSpec {
        country,
        region,
        zone,
        departments,
        escalation,
        warnings,
        follow_ups,
        callbacks,
        mail,
        webhooks,
    } = spec;
    pb::Casework {
        country: country.clone().unwrap_or_default(),
        region: region.clone().unwrap_or_default(),
        zone: zone.clone().unwrap_or_default(),
        departments: departments.iter().map(department_to_wire).collect(),
        escalation: escalation.iter().map(role_to_wire).collect(),
        warnings: warnings.iter().map(|it| span(*it)).collect(),
        follow_ups: follow_ups.iter().map(policy_to_wire).collect(),
        callbacks: callbacks.as_ref().map(ToString::to_string).unwrap_or_default(),
        mail: mail.as_ref().map(|it| mail_to_wire(it, passwords)),
        webhooks: webhooks.iter().map(|it| webhook_to_wire(it, passwords)).collect(),
    }
}

pub(super) fn from_wire(faults: &mut Faults, at: &str, wire: pb::Casework) -> CaseworkSpec {
    let pb::Casework {
        country,
        region,
        zone,
        departments,
        escalation,
        warnings,
        follow_ups,
        callbacks,
        mail,
        webhooks,
    } = wire;
    let field = |name: &str| format!("{at}.{name}");
    CaseworkSpec {
        country: filled(country),
        region: filled(region),
        zone: filled(zone),
        departments: faults.each(&field("departments"), departments, department_from_wire),
        escalation: faults.each(&field("escalation"), escalation, role_from_wire),
        warnings: faults.each(&field("warnings"), warnings, span_from_wire),
        follow_ups: faults.each(&field("follow_ups"), follow_ups, policy_from_wire),
        callbacks: faults.optional_id(&field("callbacks"), &callbacks, ListId::parse),
        mail: mail.map(mail_from_wire),
        webhooks: faults.each(&field("webhooks"), webhooks, webhook_from_wire),
    }
}

fn span_from_wire(faults: &mut Faults, at: &str, wire: prost_types::Duration) -> Option<Duration> {
    faults.span(at, Some(wire), Duration::ZERO)
}

fn department_to_wire(it: &DepartmentSpec) -> pb::Department {
    let DepartmentSpec { id, name, mail, agents } = it;
    pb::Department {
        id: id.to_string(),
        display_name: name.clone(),
        mail: mail.clone().unwrap_or_default(),
        agents: agents.iter().map(ToString::to_string).collect(),
    }
}

fn department_from_wire(
    faults: &mut Faults,
    at: &str,
    wire: pb::Department,
) -> Option<DepartmentSpec> {
    let pb::Department { id: department, display_name, mail, agents } = wire;
    let department = faults.keep(id(&format!("{at}.id"), &department, Slug::parse));
    let agents = faults.ids(&format!("{at}.agents"), agents, AgentId::parse);
    Some(DepartmentSpec { id: department?, name: display_name, mail: filled(mail), agents })
}

fn role_to_wire(
    EscalationRole { role, after, agents, mail }: &EscalationRole,
) -> pb::EscalationRole {
    pb::EscalationRole {
        role: role.to_string(),
        after: Some(span(*after)),
        agents: agents.iter().map(ToString::to_string).collect(),
        mail: mail.clone().unwrap_or_default(),
    }
}

fn role_from_wire(
    faults: &mut Faults,
    at: &str,
    wire: pb::EscalationRole,
) -> Option<EscalationRole> {
    let pb::EscalationRole { role, after, agents, mail } = wire;
    let role = faults.keep(id(&format!("{at}.role"), &role, Slug::parse));
    let after = faults.span(&format!("{at}.after"), after, Duration::ZERO);
    let agents = faults.ids(&format!("{at}.agents"), agents, AgentId::parse);
    Some(EscalationRole { role: role?, after: after?, agents, mail: filled(mail) })
}

fn policy_to_wire(it: &FollowUpPolicy) -> pb::FollowUpPolicy {
    let FollowUpPolicy { id, after, list, tries, promises } = it;
    pb::FollowUpPolicy {
        id: id.to_string(),
        after: after.iter().map(|it| span(*it)).collect(),
        list: list.to_string(),
        tries: *tries,
        promises: promises.clone(),
    }
}

/// Tries of 0 count as absent.
fn policy_from_wire(
    faults: &mut Faults,
    at: &str,
    wire: pb::FollowUpPolicy,
) -> Option<FollowUpPolicy> {
    let pb::FollowUpPolicy { id: policy, after, list, tries, promises } = wire;
    let policy = faults.keep(id(&format!("{at}.id"), &policy, Slug::parse));
    let after = faults.each(&format!("{at}.after"), after, span_from_wire);
    let list = faults.keep(id(&format!("{at}.list"), &list, ListId::parse));
    let tries = if tries == 0 { FollowUpPolicy::TRIES } else { tries };
    Some(FollowUpPolicy { id: policy?, after, list: list?, tries, promises })
}

fn mail_to_wire(it: &MailSpec, passwords: Passwords) -> pb::MailServer {
    let MailSpec { server, from, username, password } = it;
    pb::MailServer {
        server: server.clone(),
        from: from.clone(),
        username: username.clone().unwrap_or_default(),
        password: secret_to_wire(password.as_ref(), passwords),
    }
}

fn mail_from_wire(wire: pb::MailServer) -> MailSpec {
    let pb::MailServer { server, from, username, password } = wire;
    MailSpec {
        server,
        from,
        username: filled(username),
        password: filled(password).map(Secret::new),
    }
}

fn webhook_to_wire(it: &WebhookSpec, passwords: Passwords) -> pb::Webhook {
    let WebhookSpec { id, url, secret, types, client } = it;
    pb::Webhook {
        id: id.to_string(),
        url: url.clone(),
        secret: secret_to_wire(Some(secret), passwords),
        types: types.iter().cloned().collect(),
        client: client.as_ref().map(ToString::to_string).unwrap_or_default(),
    }
}

fn webhook_from_wire(faults: &mut Faults, at: &str, wire: pb::Webhook) -> Option<WebhookSpec> {
    let pb::Webhook { id: hook, url, secret, types, client } = wire;
    let hook = faults.keep(id(&format!("{at}.id"), &hook, Slug::parse));
    let client = faults.optional_id(&format!("{at}.client"), &client, ClientId::parse);
    Some(WebhookSpec {
        id: hook?,
        url,
        secret: Secret::new(secret),
        types: types.into_iter().collect(),
        client,
    })
}

pub(super) fn survey_to_wire(SurveySpec { kind, period }: SurveySpec) -> pb::SurveyQuestion {
    pb::SurveyQuestion { kind: kind.to_string(), period: Some(span(period)) }
}

pub(super) fn survey_from_wire(
    faults: &mut Faults,
    at: &str,
    wire: pb::SurveyQuestion,
) -> Option<SurveySpec> {
    let pb::SurveyQuestion { kind: word, period } = wire;
    let fault = || FieldError::new(format!("{at}.kind"), cut(&word), "give csat, nps or effort");
    let kind = faults.keep(SurveyKind::parse(&word).ok_or_else(fault));
    let period = faults.span(&format!("{at}.period"), period, SurveySpec::PERIOD);
    Some(SurveySpec { kind: kind?, period: period? })
}
