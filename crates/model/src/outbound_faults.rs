//! What can be wrong with a floor's lists, campaigns and outbound trunks.

use std::fmt;
use std::time::Duration;

use crate::floor::twice;
use crate::{CampaignSpec, DialMode, FieldError, FloorSpec, OutboundSpec, TrunkSpec};

impl FloorSpec {
    pub(crate) fn outbound_faults(&self, faults: &mut Vec<FieldError>) {
        twice("lists", self.lists.iter().map(|it| it.id.as_str()), faults);
        twice("campaigns", self.campaigns.iter().map(|it| it.id.as_str()), faults);
        for (at, list) in self.lists.iter().enumerate() {
            if !self.clients.iter().any(|client| client.id == list.client) {
                let field = format!("lists[{at}].client");
                faults.push(FieldError::new(field, &list.client, "name a client of this floor"));
            }
            country_fault(&format!("lists[{at}].country"), &list.country, faults);
        }
        for (at, trunk) in self.trunks.iter().enumerate() {
            outbound_trunk_faults(&format!("trunks[{at}].outbound"), trunk, faults);
        }
        for (at, campaign) in self.campaigns.iter().enumerate() {
            self.campaign_faults(&format!("campaigns[{at}]"), campaign, faults);
        }
    }

    fn campaign_faults(&self, field: &str, it: &CampaignSpec, faults: &mut Vec<FieldError>) {
        let mut fault = |name: &str, value: &dyn fmt::Display, remedy: &str| {
            faults.push(FieldError::new(format!("{field}.{name}"), value, remedy));
        };
        if !self.clients.iter().any(|client| client.id == it.client) {
            fault("client", &it.client, "name a client of this floor");
        }
        if !self.queues.iter().any(|queue| queue.id == it.queue) {
            fault("queue", &it.queue, "name a queue of this floor");
        }
        for list in &it.lists {
            match self.lists.iter().find(|one| one.id == list.list) {
                None => fault("lists", &list.list, "name a list of this floor"),
                Some(one) if one.client != it.client => {
                    fault("lists", &list.list, "name a list of the campaign's own client");
                }
                Some(_) => {}
            }
            if list.weight == 0 || list.weight > 1_000 {
                fault("lists.weight", &list.weight, "give 1 to 1000");
            }
        }
        for trunk in &it.trunks {
            let places = self.trunks.iter().any(|one| one.id == *trunk && one.outbound.is_some());
            if !places {
                fault("trunks", trunk, "name a trunk of this floor that has outbound set");
            }
        }
        if it.trunks.is_empty() {
            fault("trunks", &"", "name at least one trunk");
        }
        if it.caller_ids.numbers.is_empty() {
            fault("caller_ids.numbers", &"", "give at least one number to show");
        }
        if !(it.abandonment_cap > 0.0 && it.abandonment_cap <= 0.1) {
            fault("abandonment_cap", &it.abandonment_cap, "give a share above 0 and up to 0.1");
        }
        if !(1.0..=100.0).contains(&it.lines_per_agent_max) {
            fault("lines_per_agent_max", &it.lines_per_agent_max, "give 1 to 100");
        }
        if it.weight == 0 || it.weight > 1_000 {
            fault("weight", &it.weight, "give 1 to 1000");
        }
        let preview = match it.mode {
            DialMode::Preview { timeout } => timeout,
            DialMode::Power { ratio } if !(1.0..=10.0).contains(&ratio) => {
                fault("mode.power.ratio", &ratio, "give 1 to 10");
                Duration::from_secs(30)
            }
            _ => Duration::from_secs(30),
        };
        for (name, value, least, most) in [
            ("ring_timeout", it.ring_timeout, 10, 120),
            ("answer_to_agent", it.answer_to_agent, 0, 30),
            ("connect_within", it.connect_within.unwrap_or_default(), 0, 30),
            ("callback_fallback", it.callback_fallback, 0, 7 * 86_400),
            ("mode.preview.timeout", preview, 3, 3_600),
        ] {
            if value < Duration::from_secs(least) || value > Duration::from_secs(most) {
                let shown = format!("{}s", value.as_secs_f64());
                fault(name, &shown, &format!("give {least}s to {most}s"));
            }
        }
    }
}

fn outbound_trunk_faults(field: &str, trunk: &TrunkSpec, faults: &mut Vec<FieldError>) {
    let Some(it) = &trunk.outbound else { return };
    let mut fault = |name: &str, value: &dyn fmt::Display, remedy: &str| {
        faults.push(FieldError::new(format!("{field}.{name}"), value, remedy));
    };
    if it.to.is_empty() || it.to.len() > 8 {
        fault("to", &it.to.len(), "give 1 to 8 addresses such as 198.51.100.7:5060");
    }
    for text in it.to.iter().filter(|text| OutboundSpec::address(text).is_none()) {
        fault("to", text, "write an address such as 198.51.100.7:5060");
    }
    let dialable = |c: char| c.is_ascii_digit() || "+*#".contains(c);
    if it.prefix.len() > 16 || !it.prefix.chars().all(dialable) {
        fault("prefix", &it.prefix, "give up to 16 of 0-9, +, * and #");
    }
    if it.username.is_some() != it.password.is_some() {
        fault("password", &"", "give both a user name and a password, or neither");
    }
    if !(1..=10_000).contains(&it.setup_max) {
        fault("setup_max", &it.setup_max, "give 1 to 10000");
    }
    if !(it.calls_per_second > 0.0 && it.calls_per_second <= 1_000.0) {
        fault("calls_per_second", &it.calls_per_second, "give a rate above 0 and up to 1000");
    }
    if let Some((country, rate)) = it.rates.iter().find(|(_, rate)| !(0.0..1e6).contains(*rate)) {
        fault(&format!("rates.{country}"), rate, "give a price of 0 or more");
    }
    if let Some(spend) = it.spend_per_day_max.filter(|spend| !(0.0..1e12).contains(spend)) {
        fault("spend_per_day_max", &spend, "give an amount of 0 or more");
    }
    for country in &it.countries {
        country_fault(&format!("{field}.countries"), country, faults);
    }
}

pub(crate) fn country_fault(field: &str, country: &str, faults: &mut Vec<FieldError>) {
    let two_letters = country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase());
    if !two_letters {
        faults.push(FieldError::new(field, country, "give two capital letters (ISO 3166): ES, MX"));
    }
}
