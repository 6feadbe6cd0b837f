//! What can be wrong with a floor's dispositions and casework.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use crate::floor::twice;
use crate::outbound_faults::country_fault;
use crate::{
    AgentId, CaseworkSpec, DispositionSpec, DispositionTree, Effect, FieldError, FieldKind,
    FloorSpec, FollowUpPolicy, ListId, MailSpec, WebhookSpec,
};

const DAY: Duration = Duration::from_secs(86_400);
/// Most dispositions of a tree.
const LEAVES_MAX: usize = 500;
const DEPTH_MAX: usize = 6;

struct At<'a> {
    field: String,
    faults: &'a mut Vec<FieldError>,
}

impl At<'_> {
    fn below(&mut self, name: &str) -> At<'_> {
        At { field: format!("{}.{name}", self.field), faults: self.faults }
    }

    fn fault(&mut self, name: &str, value: impl fmt::Display, remedy: &str) {
        self.faults.push(FieldError::new(format!("{}.{name}", self.field), value, remedy));
    }

    fn need(&mut self, good: bool, name: &str, value: impl fmt::Display, remedy: &str) {
        if !good {
            self.fault(name, value, remedy);
        }
    }

    fn sized(&mut self, name: &str, holds: usize, most: usize) {
        self.need(holds <= most, name, holds, &format!("give at most {most}"));
    }

    fn text(&mut self, name: &str, text: &str, most: usize) {
        let good = !text.trim().is_empty() && text.chars().count() <= most;
        self.need(good, name, text, &format!("write 1 to {most} characters"));
    }

    fn mail(&mut self, name: &str, address: &str) {
        self.need(is_mail(address), name, address, "write a mail address such as ana@example.com");
    }
}

impl FloorSpec {
    pub(crate) fn disposition_faults(&self, faults: &mut Vec<FieldError>) {
        let trees = &self.disposition_trees;
        twice("disposition_trees", trees.iter().map(|it| it.id.as_str()), faults);
        for (at, tree) in trees.iter().enumerate() {
            self.tree_faults(At { field: format!("disposition_trees[{at}]"), faults }, tree);
        }
        let of_queues = self.queues.iter().enumerate();
        let of_queues = of_queues.map(|(at, it)| (format!("queues[{at}]"), &it.dispositions));
        let of_campaigns = self.campaigns.iter().enumerate();
        let of_campaigns =
            of_campaigns.map(|(at, it)| (format!("campaigns[{at}]"), &it.dispositions));
        for (field, named) in of_queues.chain(of_campaigns) {
            let Some(named) = named else { continue };
            let known = trees.iter().any(|it| it.id == *named);
            At { field, faults }.need(known, "dispositions", named, "name a disposition tree");
        }
    }

    fn tree_faults(&self, mut at: At<'_>, tree: &DispositionTree) {
        let leaves: Vec<_> = tree.leaves().collect();
        at.need(!leaves.is_empty(), "dispositions", "", "give at least one disposition");
        at.sized("dispositions", leaves.len(), LEAVES_MAX);
        let vicidial = leaves.iter().filter_map(|it| it.vicidial.as_deref());
        twice(&format!("{}.vicidial", at.field), vicidial, at.faults);
        let mut codes = BTreeSet::new();
        self.level_faults(at.below("dispositions"), &tree.dispositions, &mut codes, 1);
    }

    fn level_faults<'a>(
        &self,
        at: At<'_>,
        level: &'a [DispositionSpec],
        codes: &mut BTreeSet<&'a str>,
        depth: usize,
    ) {
        let At { field, faults } = at;
        let mut keys = BTreeSet::new();
        for (index, it) in level.iter().enumerate() {
            let mut at = At { field: format!("{field}[{index}]"), faults };
            at.need(
                codes.insert(it.code.as_str()),
                "code",
                &it.code,
                "name each only once in a tree",
            );
            at.text("name", &it.name, 100);
            if let Some(key) = it.key {
                let good = key.is_ascii_digit() || key.is_ascii_lowercase();
                at.need(good, "key", key, "give a digit or a small letter");
                at.need(keys.insert(key), "key", key, "give each key once in a level");
            }
            if it.children.is_empty() {
                self.leaf_faults(&mut at, it);
                continue;
            }
            let bare = it.effects.is_empty() && it.fields.is_empty() && it.vicidial.is_none();
            at.need(bare, "children", &it.code, "give effects, fields and codes to the children");
            if depth == DEPTH_MAX {
                at.fault("children", depth, "give at most 6 levels");
                continue;
            }
            self.level_faults(at.below("children"), &it.children, codes, depth + 1);
        }
    }

    fn leaf_faults(&self, at: &mut At<'_>, it: &DispositionSpec) {
        if let Some(code) = &it.vicidial {
            let word = |b: u8| b.is_ascii_alphanumeric() || b"_-".contains(&b);
            let good = (1..=6).contains(&code.len()) && code.bytes().all(word);
            at.need(good, "vicidial", code, "write 1 to 6 letters and digits");
        }
        let places =
            |it: &Effect| matches!(it, Effect::Final | Effect::Retry { .. } | Effect::Callback);
        let placing = it.effects.iter().filter(|it| places(it)).count();
        at.need(placing <= 1, "effects", placing, "give one of final, retry and callback");
        at.sized("effects", it.effects.len(), 10);
        for (index, effect) in it.effects.iter().enumerate() {
            let name = format!("effects[{index}]");
            match effect {
                Effect::Retry { after } => {
                    let good = (Duration::from_secs(1)..=365 * DAY).contains(after);
                    let shown = format!("{}s", after.as_secs_f64());
                    at.need(good, &format!("{name}.retry.after"), shown, "give 1s to a year");
                }
                Effect::Sale { policy } => {
                    let known = self.casework.follow_ups.iter().any(|it| it.id == *policy);
                    let field = format!("{name}.sale.policy");
                    at.need(known, &field, policy, "name one of casework.follow_ups");
                }
                Effect::Final
                | Effect::Callback
                | Effect::DoNotCall { .. }
                | Effect::Refused
                | Effect::Complaint
                | Effect::WrongNumber
                | Effect::Deceased
                | Effect::FollowUp(_) => {}
            }
        }
        asked_faults(at, it);
    }

    pub(crate) fn casework_faults(&self, faults: &mut Vec<FieldError>) {
        let it = &self.casework;
        let mut at = At { field: "casework".to_owned(), faults };
        place_faults(&mut at, it);
        let warned = it.warnings.windows(2).all(|pair| pair[0] > pair[1]);
        at.need(warned, "warnings", it.warnings.len(), "give the longest first, each once");
        at.sized("warnings", it.warnings.len(), 10);
        at.need(
            it.warnings.iter().all(|it| *it <= 365 * DAY),
            "warnings",
            "",
            "give a year at most",
        );
        self.department_faults(&mut at);
        self.escalation_faults(&mut at);
        twice("casework.follow_ups", it.follow_ups.iter().map(|it| it.id.as_str()), at.faults);
        at.sized("follow_ups", it.follow_ups.len(), 200);
        for (index, policy) in it.follow_ups.iter().enumerate() {
            self.policy_faults(at.below(&format!("follow_ups[{index}]")), policy);
        }
        if let Some(list) = &it.callbacks {
            at.need(self.has_list(list), "callbacks", list, "name a list of this floor");
        }
        if let Some(mail) = &it.mail {
            mail_faults(at.below("mail"), mail);
        }
        twice("casework.webhooks", it.webhooks.iter().map(|it| it.id.as_str()), at.faults);
        at.sized("webhooks", it.webhooks.len(), 50);
        for (index, hook) in it.webhooks.iter().enumerate() {
            self.webhook_faults(at.below(&format!("webhooks[{index}]")), hook);
        }
    }

    fn department_faults(&self, at: &mut At<'_>) {
        let all = &self.casework.departments;
        twice("casework.departments", all.iter().map(|it| it.id.as_str()), at.faults);
        at.sized("departments", all.len(), 500);
        for (index, it) in all.iter().enumerate() {
            let mut at = at.below(&format!("departments[{index}]"));
            at.text("name", &it.name, 100);
            it.mail.iter().for_each(|mail| at.mail("mail", mail));
            self.agent_faults(&mut at, &it.agents);
        }
    }

    fn escalation_faults(&self, at: &mut At<'_>) {
        let all = &self.casework.escalation;
        twice("casework.escalation", all.iter().map(|it| it.role.as_str()), at.faults);
        at.sized("escalation", all.len(), 20);
        let ordered = all.windows(2).all(|pair| pair[0].after <= pair[1].after);
        at.need(ordered, "escalation", all.len(), "give the roles in the order of escalation");
        for (index, it) in all.iter().enumerate() {
            let mut at = at.below(&format!("escalation[{index}]"));
            let shown = format!("{}s", it.after.as_secs_f64());
            at.need(it.after <= 365 * DAY, "after", shown, "give a year at most");
            it.mail.iter().for_each(|mail| at.mail("mail", mail));
            self.agent_faults(&mut at, &it.agents);
        }
    }

    fn agent_faults(&self, at: &mut At<'_>, agents: &BTreeSet<AgentId>) {
        for agent in agents {
            let known = self.agents.iter().any(|it| it.id == *agent);
            at.need(known, "agents", agent, "name an agent of this floor");
        }
    }

    fn policy_faults(&self, mut at: At<'_>, it: &FollowUpPolicy) {
        at.need((1..=24).contains(&it.after.len()), "after", it.after.len(), "give 1 to 24 spans");
        let rising = it.after.windows(2).all(|pair| pair[0] < pair[1]);
        at.need(rising, "after", it.after.len(), "give the shortest first, each once");
        let fits = |it: &Duration| (Duration::from_secs(1)..=5 * 365 * DAY).contains(it);
        at.need(it.after.iter().all(fits), "after", "", "give 1s to five years");
        at.need(self.has_list(&it.list), "list", &it.list, "name a list of this floor");
        at.need((1..=100).contains(&it.tries), "tries", it.tries, "give 1 to 100");
        at.sized("promises", it.promises.len(), 50);
        for (index, promise) in it.promises.iter().enumerate() {
            at.text(&format!("promises[{index}]"), promise, 500);
        }
    }

    fn has_list(&self, list: &ListId) -> bool {
        self.lists.iter().any(|it| it.id == *list)
    }

    fn webhook_faults(&self, mut at: At<'_>, it: &WebhookSpec) {
        let remedy = "write https://…, or http://… to this machine or a private address";
        at.need(it.url.len() <= 2_000 && is_webhook(&it.url), "url", &it.url, remedy);
        let secret = it.secret.expose().chars().count();
        at.need((16..=256).contains(&secret), "secret", "", "give 16 to 256 characters");
        at.sized("types", it.types.len(), 50);
        if let Some(client) = &it.client {
            let known = self.clients.iter().any(|one| one.id == *client);
            at.need(known, "client", client, "name a client of this floor");
        }
    }
}

fn asked_faults(at: &mut At<'_>, it: &DispositionSpec) {
    twice(&format!("{}.fields", at.field), it.fields.iter().map(|it| it.id.as_str()), at.faults);
    at.sized("fields", it.fields.len(), 30);
    for (index, field) in it.fields.iter().enumerate() {
        let mut at = at.below(&format!("fields[{index}]"));
        at.text("name", &field.name, 100);
        if let FieldKind::Choice(choices) = &field.kind {
            at.need(
                (1..=100).contains(&choices.len()),
                "kind",
                choices.len(),
                "give 1 to 100 choices",
            );
            choices.iter().for_each(|it| at.text("kind", it, 200));
        }
    }
}

fn place_faults(at: &mut At<'_>, it: &CaseworkSpec) {
    if let Some(country) = &it.country {
        country_fault("casework.country", country, at.faults);
    }
    if let Some(region) = &it.region {
        let good =
            (1..=3).contains(&region.len()) && region.bytes().all(|b| b.is_ascii_alphanumeric());
        at.need(
            good,
            "region",
            region,
            "write the region's code (ISO 3166-2) without its country: GA",
        );
    }
    if let Some(zone) = &it.zone {
        let word = |b: u8| b.is_ascii_alphanumeric() || b"/_+-".contains(&b);
        let good = (1..=64).contains(&zone.len()) && zone.bytes().all(word);
        at.need(good, "zone", zone, "name a time zone such as Europe/Madrid");
    }
}

fn mail_faults(mut at: At<'_>, it: &MailSpec) {
    let rest = ["smtp://", "smtps://"].iter().find_map(|scheme| it.server.strip_prefix(scheme));
    let good = rest.and_then(|it| it.rsplit_once(':')).is_some_and(|(host, port)| {
        is_host(host) && port.parse::<u16>().is_ok_and(|port| port > 0)
    });
    at.need(good, "server", &it.server, "write smtp://HOST:PORT or smtps://HOST:PORT");
    at.mail("from", &it.from);
    let both = it.username.is_some() == it.password.is_some();
    at.need(both, "password", "", "give both a user name and a password, or neither");
}

fn is_mail(text: &str) -> bool {
    let clean = text.len() <= 254 && !text.chars().any(|it| it.is_whitespace() || it.is_control());
    let parts = text.rsplit_once('@');
    clean
        && parts.is_some_and(|(local, domain)| {
            (1..=64).contains(&local.len())
                && !local.contains(['@', '<', '>', ',', ';', '"', '(', ')'])
                && is_host(domain)
        })
}

/// A name of DNS, or an IP address.
fn is_host(text: &str) -> bool {
    let word = |it: char| it.is_alphanumeric() || "-._".contains(it);
    let name = (1..=253).contains(&text.len())
        && text.chars().all(word)
        && !text.starts_with(['.', '-'])
        && !text.contains("..");
    name || text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok()
}

/// Clear text only goes where nobody else listens: to this machine or into a private network. Whoever posts looks at the
/// address again, for a name can lead anywhere.
fn is_webhook(url: &str) -> bool {
    let (secure, rest) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => (true, rest),
        (None, Some(rest)) => (false, rest),
        (None, None) => return false,
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if url.chars().any(|it| it.is_whitespace() || it.is_control()) || authority.contains('@') {
        return false;
    }
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            if port.parse::<u16>().is_err() {
                return false;
            }
            host
        }
        _ => authority,
    };
    is_host(host) && (secure || is_private(host))
}

fn is_private(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    match address {
        Ok(IpAddr::V4(it)) => it.is_loopback() || it.is_private(),
        Ok(IpAddr::V6(it)) => it.is_loopback() || it.is_unique_local(),
        Err(_) => host == "localhost",
    }
}

#[cfg(test)]
mod tests;
