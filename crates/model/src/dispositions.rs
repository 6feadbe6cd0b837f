//! Which dispositions a call may get, and whose customers an agent may see.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::{
    AgentId, AgentSpec, CampaignId, CaseworkSpec, Civil, ClientId, DispositionSpec,
    DispositionTree, Effect, FieldError, FieldKind, FieldSpec, FloorSpec, FollowUpOutcome, ListId,
    QueueId, QueueSpec, Reach, Slug,
};

impl DispositionTree {
    /// The disposition of `code` that can be chosen; `None` for a group, too.
    pub fn leaf(&self, code: &str) -> Option<&DispositionSpec> {
        self.leaves().find(|it| it.code.as_str() == code)
    }

    /// Every disposition that can be chosen, in the tree's order.
    pub fn leaves(&self) -> impl Iterator<Item = &DispositionSpec> {
        let mut waiting: Vec<&DispositionSpec> = self.dispositions.iter().rev().collect();
        std::iter::from_fn(move || {
            loop {
                let it = waiting.pop()?;
                if it.children.is_empty() {
                    return Some(it);
                }
                waiting.extend(it.children.iter().rev());
            }
        })
    }
}

impl DispositionSpec {
    /// A code of the flat set: named as it is, without effects, but for those words that no floor means otherwise.
    pub fn plain(code: Slug) -> Self {
        let effects = match code.as_str() {
            "do-not-call" | "no-llamar" => vec![Effect::DoNotCall { reach: Reach::Client }],
            "not-interested" | "no-interesa" => vec![Effect::Refused],
            _ => Vec::new(),
        };
        Self {
            name: code.to_string(),
            code,
            key: None,
            vicidial: None,
            effects,
            fields: Vec::new(),
            children: Vec::new(),
        }
    }

    /// Faults of what an agent wrote down: the first field that is missing, unknown or unreadable.
    pub fn check(&self, fields: &BTreeMap<String, String>) -> Result<(), FieldError> {
        let asked = self.asked();
        for id in fields.keys() {
            if !asked.iter().any(|it| it.id.as_str() == id) {
                let remedy = format!("disposition {} has no such field", self.code);
                return Err(FieldError::new(id.chars().take(64).collect::<String>(), "", remedy));
            }
        }
        asked.iter().try_for_each(|it| it.check(fields.get(it.id.as_str()).map_or("", |it| it)))
    }

    /// The call that the fields of a disposition with [`Effect::Callback`] promise: when, and whether by the same agent.
    pub fn callback(fields: &BTreeMap<String, String>) -> Option<(Civil, bool)> {
        let at = moment(fields.get(CALLBACK_AT)?)?;
        Some((at, fields.get(CALLBACK_PERSONAL).is_some_and(|it| it == "yes")))
    }

    /// What the agent is asked: its own fields, and those that its effects work with where it does not name them itself.
    /// Of those only `callback_at` must be filled in.
    pub fn asked(&self) -> Vec<FieldSpec> {
        let own = self.fields.iter().cloned();
        let of_effects = self.effects.iter().flat_map(Effect::fields);
        let missing = of_effects.filter(|it| !self.fields.iter().any(|own| own.id == it.id));
        own.chain(missing).collect()
    }
}

impl CaseworkSpec {
    /// Whether promised calls or follow-ups are laid into this list when they fall due.
    pub fn feeds(&self, list: &ListId) -> bool {
        let promised = self.callbacks.as_ref() == Some(list);
        promised || self.follow_ups.iter().any(|it| it.list == *list)
    }
}

impl FieldSpec {
    /// Longest text of a field, in characters.
    pub const TEXT_MAX: usize = 2_000;

    fn check(&self, text: &str) -> Result<(), FieldError> {
        let fault = |remedy: &str| FieldError::new(self.id.as_str(), "", remedy);
        if text.trim().is_empty() {
            return if self.optional { Ok(()) } else { Err(fault("write something down")) };
        }
        if text.chars().count() > Self::TEXT_MAX {
            return Err(fault("write at most 2000 characters"));
        }
        let is_date = |text: &str| text.parse::<jiff::civil::Date>().is_ok();
        let (good, remedy) = match &self.kind {
            FieldKind::Text => (true, ""),
            FieldKind::Number => {
                (text.trim().parse::<f64>().is_ok_and(f64::is_finite), "write a number")
            }
            FieldKind::Time if self.id.as_str() == CALLBACK_AT => {
                (moment(text).is_some(), "write a moment such as 2026-11-21T16:30:00+01:00")
            }
            FieldKind::Time => (
                moment(text).is_some() || is_date(text),
                "write a date or a moment such as 2026-11-21T16:30:00+01:00",
            ),
            FieldKind::Choice(choices) => {
                (choices.iter().any(|it| it == text), "choose one of those that there are")
            }
        };
        if good { Ok(()) } else { Err(fault(remedy)) }
    }
}

const CALLBACK_AT: &str = "callback_at";
const CALLBACK_PERSONAL: &str = "callback_personal";

/// A moment in RFC 3339 form.
fn moment(text: &str) -> Option<Civil> {
    let at: jiff::Timestamp = text.trim().parse().ok()?;
    Some(Civil::from_micros(at.as_microsecond()))
}

impl Effect {
    fn fields(&self) -> Vec<FieldSpec> {
        let field = |id: &str, kind: FieldKind, optional: bool| FieldSpec {
            id: Slug::parse(id).expect("a slug by its letters"),
            name: id.replace('_', " "),
            kind,
            optional,
        };
        match self {
            Self::Callback => vec![
                field(CALLBACK_AT, FieldKind::Time, false),
                field(CALLBACK_PERSONAL, FieldKind::Choice(vec!["yes".into(), "no".into()]), true),
            ],
            Self::Sale { .. } => {
                ["product", "promises"].map(|id| field(id, FieldKind::Text, true)).into()
            }
            Self::Complaint => vec![field("statement", FieldKind::Text, true)],
            Self::FollowUp(FollowUpOutcome::Confirmed) => {
                vec![field("note", FieldKind::Text, true)]
            }
            Self::FollowUp(FollowUpOutcome::Incident) => {
                ["note", "broken"].map(|id| field(id, FieldKind::Text, true)).into()
            }
            Self::Final
            | Self::Retry { .. }
            | Self::DoNotCall { .. }
            | Self::Refused
            | Self::WrongNumber
            | Self::Deceased => Vec::new(),
        }
    }
}

impl FloorSpec {
    /// The tree of the calls of a campaign, or else of a queue; `None`: the flat set.
    pub fn tree(
        &self,
        queue: Option<&QueueId>,
        campaign: Option<&CampaignId>,
    ) -> Option<&DispositionTree> {
        let campaign = campaign.and_then(|id| self.campaigns.iter().find(|it| it.id == *id));
        let queue = campaign.map(|it| &it.queue).or(queue);
        let queue = queue.and_then(|id| self.queues.iter().find(|it| it.id == *id));
        let named = campaign.and_then(|it| it.dispositions.as_ref());
        let named = named.or_else(|| queue.and_then(|it| it.dispositions.as_ref()))?;
        self.disposition_trees.iter().find(|it| it.id == *named)
    }

    /// The disposition of `code` that a call of this queue or campaign may get.
    pub fn disposition(
        &self,
        code: &Slug,
        queue: Option<&QueueId>,
        campaign: Option<&CampaignId>,
    ) -> Option<Cow<'_, DispositionSpec>> {
        match self.tree(queue, campaign) {
            Some(tree) => tree.leaf(code.as_str()).map(Cow::Borrowed),
            None => {
                let flat = self.dispositions.contains(code);
                flat.then(|| Cow::Owned(DispositionSpec::plain(code.clone())))
            }
        }
    }

    /// Every disposition of the floor that can be chosen somewhere.
    pub fn every_disposition(&self) -> impl Iterator<Item = Cow<'_, DispositionSpec>> {
        let flat = self.dispositions.iter().cloned();
        let flat = flat.map(|code| Cow::Owned(DispositionSpec::plain(code)));
        let trees = self.disposition_trees.iter().flat_map(DispositionTree::leaves);
        trees.map(Cow::Borrowed).chain(flat)
    }

    /// The trees of the calls that an agent can take, and whether the flat set is among them.
    pub fn trees_of(&self, agent: &AgentSpec) -> (Vec<&DispositionTree>, bool) {
        let queues: BTreeSet<&QueueId> = self.queues_of(agent).map(|it| &it.id).collect();
        let campaigns = self.campaigns.iter().filter(|it| queues.contains(&it.queue));
        let of_campaigns = campaigns.map(|it| self.tree(None, Some(&it.id)));
        let of_queues = queues.iter().map(|id| self.tree(Some(id), None));
        let (mut trees, mut flat) = (Vec::<&DispositionTree>::new(), false);
        for tree in of_queues.chain(of_campaigns) {
            match tree {
                Some(tree) if !trees.iter().any(|it| it.id == tree.id) => trees.push(tree),
                Some(_) => {}
                None => flat = true,
            }
        }
        (trees, flat)
    }

    /// The queues whose calls an agent can take.
    pub fn queues_of(&self, agent: &AgentSpec) -> impl Iterator<Item = &QueueSpec> {
        self.queues.iter().filter(|queue| {
            let mut skills = queue.skills.iter();
            skills.all(|(skill, least)| agent.skills.get(skill).is_some_and(|has| has >= least))
        })
    }

    /// The client companies whose customers an agent may see: none for somebody who is no agent of this floor.
    pub fn clients_of(&self, agent: &AgentId) -> BTreeSet<ClientId> {
        let Some(agent) = self.agents.iter().find(|it| it.id == *agent) else {
            return BTreeSet::new();
        };
        if !agent.clients.is_empty() {
            return agent.clients.clone();
        }
        let queues: Vec<&QueueSpec> = self.queues_of(agent).collect();
        let of_campaigns =
            self.campaigns.iter().filter(|it| queues.iter().any(|q| q.id == it.queue));
        let of_campaigns = of_campaigns.map(|it| it.client.clone());
        queues.iter().map(|it| it.client.clone()).chain(of_campaigns).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floor() -> FloorSpec {
        serde_json::from_str(include_str!("dispositions_floor.json")).expect("a floor")
    }

    fn agent(id: &str) -> AgentId {
        AgentId::parse(id).expect("a slug")
    }

    fn clients(floor: &FloorSpec, id: &str) -> Vec<String> {
        floor.clients_of(&agent(id)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_agent_sees_the_clients_of_the_calls_they_can_take_or_those_they_are_given() {
        let floor = floor();
        assert_eq!(floor.faults(), []);
        assert_eq!(clients(&floor, "ana"), ["alba", "luz", "mar"], "by the queue and its campaign");
        assert_eq!(clients(&floor, "bruno"), ["mar"], "too little skill for the others");
        assert_eq!(clients(&floor, "carla"), ["alba"], "as given");
        assert_eq!(clients(&floor, "nobody"), [""; 0]);
    }

    #[test]
    fn only_a_leaf_of_the_calls_own_tree_can_be_chosen() {
        let floor = floor();
        let slug = |text| Slug::parse(text).expect("a slug");
        let queue = |text| QueueId::parse(text).expect("a slug");
        let campaign = CampaignId::parse("regreso").expect("a slug");
        let chosen = |code, at: &QueueId| {
            floor.disposition(&slug(code), Some(at), None).map(|it| it.name.clone())
        };
        assert_eq!(chosen("sold", &queue("ventas")).as_deref(), Some("Sold"));
        assert_eq!(chosen("good", &queue("ventas")), None, "a group");
        assert_eq!(chosen("plain", &queue("ventas")), None, "of the flat set");
        assert_eq!(chosen("plain", &queue("mar")).as_deref(), Some("plain"));
        assert_eq!(chosen("sold", &queue("mar")), None, "of a tree");
        let of_campaign = floor.disposition(&slug("fine"), None, Some(&campaign));
        assert!(of_campaign.is_some(), "the campaign's own tree comes before its queue's");
        let of_agent = |id| {
            let it = floor.agents.iter().find(|it| it.id == agent(id)).expect("an agent");
            let (trees, flat) = floor.trees_of(it);
            (trees.iter().map(|it| it.id.to_string()).collect::<Vec<_>>(), flat)
        };
        assert_eq!(of_agent("ana"), (vec!["sales".into(), "after".into()], true));
        assert_eq!(of_agent("bruno"), (vec![], true));
    }

    #[test]
    fn an_effect_asks_for_what_it_needs_unless_the_disposition_does() {
        let mut later = DispositionSpec::plain(Slug::parse("later").expect("a slug"));
        later.effects = vec![Effect::Callback];
        let asked = later.asked();
        let ids: Vec<_> = asked.iter().map(|it| (it.id.as_str(), it.optional)).collect();
        assert_eq!(ids, [("callback_at", false), ("callback_personal", true)]);
        later.fields = vec![FieldSpec { name: "¿Cuándo?".to_owned(), ..asked[0].clone() }];
        assert_eq!(later.asked()[0].name, "¿Cuándo?");
        assert_eq!(later.asked().len(), 2);
    }

    #[test]
    fn what_an_agent_writes_down_is_checked_field_by_field() {
        let spec: DispositionSpec = serde_json::from_str(
            r#"{"code": "x", "name": "X", "effects": ["callback"], "fields": [
                {"id": "amount", "name": "Amount", "kind": "number"},
                {"id": "day", "name": "Day", "kind": "time", "optional": true},
                {"id": "how", "name": "How", "kind": {"choice": ["card", "cash"]}, "optional": true}]}"#,
        )
        .expect("a disposition");
        let fault = |fields: &[(&str, &str)]| {
            let whole = [("amount", "9.5"), ("callback_at", "2026-11-21T16:30:00+01:00")];
            let mut all: BTreeMap<String, String> =
                whole.iter().map(|(id, it)| ((*id).to_owned(), (*it).to_owned())).collect();
            all.extend(fields.iter().map(|(id, it)| ((*id).to_owned(), (*it).to_owned())));
            spec.check(&all).err().map(|it| it.field)
        };
        let field = |it: &str| Some(it.to_owned());
        assert_eq!(fault(&[]), None);
        assert_eq!(
            fault(&[("day", "2026-11-21"), ("how", "cash"), ("callback_personal", "yes")]),
            None
        );
        assert_eq!(fault(&[("amount", "")]), field("amount"));
        assert_eq!(fault(&[("amount", "much")]), field("amount"));
        assert_eq!(fault(&[("day", "tomorrow")]), field("day"));
        assert_eq!(fault(&[("how", "gold")]), field("how"));
        assert_eq!(fault(&[("callback_at", "2026-11-21")]), field("callback_at"));
        assert_eq!(fault(&[("other", "x")]), field("other"));
        assert_eq!(fault(&[("amount", &"9".repeat(2_001))]), field("amount"));
        let promised = [("callback_at".to_owned(), "2026-11-21T16:30:00+01:00".to_owned())].into();
        let at = Civil::from_micros(1_795_275_000_000_000);
        assert_eq!(DispositionSpec::callback(&promised), Some((at, false)));
    }
}
