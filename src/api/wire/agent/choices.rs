//! What an agent may say of a call's end.

use std::borrow::Cow;

use timbre_model::{
    AgentId, CampaignId, DispositionSpec, DispositionTree, FieldError, FloorSpec, QueueId, Slug,
};

use super::optional;
use crate::api::pb;
use crate::api::wire::name;

/// What an agent may say of a call's end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Choices {
    /// Of calls whose campaign and queue have no tree.
    pub flat: Vec<Slug>,
    /// Of the others: each with all that is asked.
    pub trees: Vec<DispositionTree>,
    /// Which calls have which tree; `None`: the flat ones.
    pub uses: Vec<(CallsOf, Option<Slug>)>,
}

/// Calls of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallsOf {
    /// Those of a queue.
    Queue(QueueId),
    /// Those that were placed for a campaign.
    Campaign(CampaignId),
}

impl Choices {
    /// Those of an agent's calls.
    pub fn of(floor: &FloorSpec, agent: &AgentId) -> Self {
        let flat = floor.dispositions.iter().cloned().collect();
        let Some(agent) = floor.agents.iter().find(|it| it.id == *agent) else {
            return Self { flat, ..Self::default() };
        };
        let named = |tree: Option<&DispositionTree>| tree.map(|it| it.id.clone());
        let queues: Vec<&QueueId> = floor.queues_of(agent).map(|it| &it.id).collect();
        let campaigns = floor.campaigns.iter().filter(|it| queues.contains(&&it.queue));
        let of_campaigns = campaigns
            .map(|it| (CallsOf::Campaign(it.id.clone()), named(floor.tree(None, Some(&it.id)))));
        let of_queues = queues
            .iter()
            .map(|id| (CallsOf::Queue((*id).clone()), named(floor.tree(Some(id), None))));
        let uses = of_queues.chain(of_campaigns).collect();
        let (trees, _) = floor.trees_of(agent);
        Self { flat, trees: trees.into_iter().map(asking).collect(), uses }
    }

    /// What can be said of a call of this queue, or of this campaign: the first level.
    pub fn level(
        &self,
        queue: &QueueId,
        campaign: Option<&CampaignId>,
    ) -> Vec<Cow<'_, DispositionSpec>> {
        let of = |calls: &CallsOf| match (calls, campaign) {
            (CallsOf::Campaign(one), Some(campaign)) => one == campaign,
            (CallsOf::Queue(one), None) => one == queue,
            _ => false,
        };
        let named = self.uses.iter().find(|(calls, _)| of(calls)).and_then(|(_, it)| it.as_ref());
        match named.and_then(|id| self.trees.iter().find(|it| it.id == *id)) {
            Some(tree) => tree.dispositions.iter().map(Cow::Borrowed).collect(),
            None => self.flat.iter().cloned().map(DispositionSpec::plain).map(Cow::Owned).collect(),
        }
    }

    /// Every disposition that can be chosen for a call of this queue, or of this campaign.
    pub fn leaves(&self, queue: &QueueId, campaign: Option<&CampaignId>) -> Vec<DispositionSpec> {
        let dispositions = self.level(queue, campaign).into_iter().map(Cow::into_owned).collect();
        let id = Slug::parse("level").expect("a slug by its letters");
        DispositionTree { id, dispositions }.leaves().cloned().collect()
    }
}

/// The tree with the fields that its effects ask for.
fn asking(tree: &DispositionTree) -> DispositionTree {
    fn one(it: &DispositionSpec) -> DispositionSpec {
        let children = it.children.iter().map(one).collect();
        DispositionSpec { fields: it.asked(), children, ..it.clone() }
    }
    let dispositions = tree.dispositions.iter().map(one).collect();
    DispositionTree { id: tree.id.clone(), dispositions }
}

pub(super) fn use_to_wire((calls, tree): &(CallsOf, Option<Slug>)) -> pb::TreeUse {
    let (queue, campaign) = match calls {
        CallsOf::Queue(queue) => (queue.to_string(), String::new()),
        CallsOf::Campaign(campaign) => (String::new(), campaign.to_string()),
    };
    let tree = tree.as_ref().map(ToString::to_string).unwrap_or_default();
    pb::TreeUse { queue, campaign, tree }
}

pub(super) fn use_from_wire(wire: &pb::TreeUse) -> Result<(CallsOf, Option<Slug>), FieldError> {
    let pb::TreeUse { queue, campaign, tree } = wire;
    let calls = match campaign.as_str() {
        "" => CallsOf::Queue(name::id("welcome.tree_uses.queue", queue, QueueId::parse)?),
        _ => {
            CallsOf::Campaign(name::id("welcome.tree_uses.campaign", campaign, CampaignId::parse)?)
        }
    };
    Ok((calls, optional("welcome.tree_uses.tree", tree, |text| Slug::parse(text).ok())?))
}
