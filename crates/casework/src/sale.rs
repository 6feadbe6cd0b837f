//! Sales, and what was promised in them.

use serde::{Deserialize, Serialize};
use serde_json::json;
use timbre_model::{
    AgentId, CallId, CampaignId, Civil, ClientId, FieldError, FollowUpPolicy, PhoneNumber, Slug,
    TenantId,
};

use crate::follow_up::{self, FollowUp};
use crate::{
    Act, By, CustomerId, FollowUpId, Interaction, InteractionKind, NewEvent, Record, Refusal,
    SaleId, Work,
};

/// A sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sale {
    /// Its id. Of a sale that a disposition brought: that of its call.
    pub id: SaleId,
    /// Whose.
    pub tenant: TenantId,
    /// The client company that sold.
    pub client: ClientId,
    /// Counts its changes from 1.
    pub version: u64,
    /// When.
    pub at: Civil,
    /// The call in which it was made.
    pub call: Option<CallId>,
    /// The campaign of that call.
    pub campaign: Option<CampaignId>,
    /// Who sold.
    pub agent: Option<AgentId>,
    /// Who bought.
    pub customer: Option<CustomerId>,
    /// Their name.
    pub customer_name: String,
    /// Where they can be reached.
    pub number: PhoneNumber,
    /// What was bought.
    pub product: String,
    /// What was promised.
    pub promises: Vec<Promise>,
    /// By which policy it is looked after.
    pub policy: Slug,
    /// Its follow-ups.
    pub follow_ups: Vec<FollowUpId>,
}

/// Something that was promised in a sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// What.
    pub text: String,
    /// Whether it was kept; `None`: the customer was not asked yet.
    pub kept: Option<bool>,
    /// What the customer said.
    pub note: String,
    /// When they were asked.
    pub checked_at: Option<Civil>,
}

/// A sale to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSale {
    /// Its id. Of a sale that a disposition brought: that of its call, so that it is kept once.
    pub id: SaleId,
    /// Whose.
    pub tenant: TenantId,
    /// The client company that sold.
    pub client: ClientId,
    /// When, where that is not now.
    pub at: Option<Civil>,
    /// The call in which it was made.
    pub call: Option<CallId>,
    /// The campaign of that call.
    pub campaign: Option<CampaignId>,
    /// Who sold, where that is not who writes it down.
    pub agent: Option<AgentId>,
    /// Who bought.
    pub customer: Option<CustomerId>,
    /// Their name.
    pub customer_name: String,
    /// Where they can be reached.
    pub number: PhoneNumber,
    /// What was bought.
    pub product: String,
    /// What was promised, beside what the policy promises.
    pub promises: Vec<String>,
}

/// What a customer said of a promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Which: counts the sale's promises from 1.
    pub promise: u32,
    /// Whether it was kept.
    pub kept: bool,
    /// In their words.
    pub note: String,
}

impl Sale {
    /// Most promises of a sale.
    pub const PROMISES_MAX: usize = 50;
    /// Longest promise, product, name and note, in characters.
    pub const TEXT_MAX: usize = 2_000;

    /// What the next agent must know of it, in a few words.
    pub fn summary(&self) -> String {
        let promises: Vec<&str> = self.promises.iter().map(|it| it.text.as_str()).collect();
        match (self.product.is_empty(), promises.is_empty()) {
            (true, true) => String::new(),
            (false, true) => self.product.clone(),
            (true, false) => promises.join("; "),
            (false, false) => format!("{}: {}", self.product, promises.join("; ")),
        }
    }

    /// The promises as they stand after these checks.
    pub(crate) fn checked(&self, checks: &[Check], at: Civil) -> Result<Self, FieldError> {
        let mut sale = self.clone();
        for (index, check) in checks.iter().enumerate() {
            let field = |name: &str| format!("checks[{index}].{name}");
            let known = check.promise.checked_sub(1).and_then(|it| usize::try_from(it).ok());
            let promise = known.and_then(|it| sale.promises.get_mut(it)).ok_or_else(|| {
                let remedy = format!("number one of the {} promises, from 1", self.promises.len());
                FieldError::new(field("promise"), check.promise, remedy)
            })?;
            fits(&field("note"), &check.note)?;
            promise.kept = Some(check.kept);
            promise.note.clone_from(&check.note);
            promise.checked_at = Some(at);
        }
        Ok(sale)
    }
}

/// Keeps a sale, and plans its follow-ups by `policy`, counted from the sale. `ids` gives an id for each of them.
pub fn record(
    new: NewSale,
    policy: &FollowUpPolicy,
    mut ids: impl FnMut() -> FollowUpId,
    act: &Act,
) -> Result<Work, Refusal> {
    let mut sale = blank(new, policy, act)?;
    let plan = (1..).zip(&policy.after);
    let planned: Vec<FollowUp> = plan
        .map(|(number, after)| follow_up::plan(ids(), &sale, (number, *after), policy))
        .collect();
    sale.follow_ups = planned.iter().map(|it| it.id).collect();
    let mut work = work(sale, "recorded", act.at);
    for it in planned {
        work.join(follow_up::work(it, "planned", act.at));
    }
    Ok(work)
}

fn blank(new: NewSale, policy: &FollowUpPolicy, act: &Act) -> Result<Sale, FieldError> {
    let promises = new.promises.iter().map(|it| it.trim()).filter(|it| !it.is_empty());
    let mut texts: Vec<&str> = Vec::new();
    for text in promises.chain(policy.promises.iter().map(String::as_str)) {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    if texts.len() > Sale::PROMISES_MAX {
        let remedy = format!("give at most {}", Sale::PROMISES_MAX);
        return Err(FieldError::new("promises", texts.len(), remedy));
    }
    texts.iter().try_for_each(|text| fits("promises", text))?;
    fits("product", &new.product)?;
    fits("customer_name", &new.customer_name)?;
    if new.at.is_some_and(|at| at > act.at) {
        return Err(FieldError::new("time", "", "give a moment that has passed, or nothing"));
    }
    let promises = texts.into_iter().map(|text| Promise {
        text: text.to_owned(),
        kept: None,
        note: String::new(),
        checked_at: None,
    });
    let by = match &act.by {
        By::Agent(agent) => Some(agent.clone()),
        By::Desk(_) | By::System => None,
    };
    Ok(Sale {
        id: new.id,
        tenant: new.tenant,
        client: new.client,
        version: 1,
        at: new.at.unwrap_or(act.at),
        call: new.call,
        campaign: new.campaign,
        agent: new.agent.or(by),
        customer: new.customer,
        customer_name: new.customer_name,
        number: new.number,
        product: new.product,
        promises: promises.collect(),
        policy: policy.id.clone(),
        follow_ups: Vec::new(),
    })
}

pub(crate) fn fits(field: &str, text: &str) -> Result<(), FieldError> {
    if text.chars().count() <= Sale::TEXT_MAX {
        return Ok(());
    }
    Err(FieldError::new(field, "", format!("write at most {} characters", Sale::TEXT_MAX)))
}

/// Writes down what the customer says of a promise.
pub fn check(sale: &Sale, check: Check, act: &Act) -> Result<Work, Refusal> {
    let kept = sale.checked(std::slice::from_ref(&check), act.at)?;
    Ok(work(next(kept), "promise_checked", act.at))
}

pub(crate) fn next(sale: Sale) -> Sale {
    Sale { version: sale.version + 1, ..sale }
}

/// The record, the event that tells it, and of a new one the contact.
pub(crate) fn work(it: Sale, verb: &str, at: Civil) -> Work {
    let kept = |kept: bool| it.promises.iter().filter(|one| one.kept == Some(kept)).count();
    let event = NewEvent {
        id: format!("sale-{}-{}", it.id, it.version),
        kind: format!("timbre.sale.{verb}.v1"),
        subject: format!("sales/{}", it.id),
        client: Some(it.client.clone()),
        at,
        data: json!({
            "sale": it.id, "call": it.call, "campaign": it.campaign, "agent": it.agent, "policy": it.policy,
            "customer": it.customer, "product": it.product, "promises": it.promises.len(),
            "kept": kept(true), "broken": kept(false), "follow_ups": it.follow_ups,
        }),
    };
    let first = it.customer.filter(|_| it.version == 1);
    let contact = first.map(|customer| Interaction {
        tenant: it.tenant.clone(),
        customer,
        at: it.at,
        kind: InteractionKind::Sale,
        subject: it.id.as_u128(),
        agent: it.agent.clone(),
        summary: it.product.clone(),
    });
    Work {
        records: vec![Record::Sale(Box::new(it))],
        interactions: contact.into_iter().collect(),
        events: vec![event],
    }
}

#[cfg(test)]
pub(crate) mod tests;
