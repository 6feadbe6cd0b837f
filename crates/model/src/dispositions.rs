//! Which dispositions a call may get, and whose customers an agent may see.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::{
    AgentId, AgentSpec, CampaignId, ClientId, DispositionSpec, DispositionTree, Effect, FieldKind,
    FieldSpec, FloorSpec, QueueId, QueueSpec, Slug,
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
    /// A code without effects, named as it is.
    pub fn plain(code: Slug) -> Self {
        Self {
            name: code.to_string(),
            code,
            key: None,
            vicidial: None,
            effects: Vec::new(),
            fields: Vec::new(),
            children: Vec::new(),
        }
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
                field("callback_at", FieldKind::Time, false),
                field(
                    "callback_personal",
                    FieldKind::Choice(vec!["yes".into(), "no".into()]),
                    true,
                ),
            ],
            Self::Sale { .. } => {
                ["product", "promises"].map(|id| field(id, FieldKind::Text, true)).into()
            }
            Self::Complaint => vec![field("statement", FieldKind::Text, true)],
            Self::FollowUp(_) => vec![field("note", FieldKind::Text, true)],
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
}
