//! Who comes next: promised callbacks, then each list's share of those whose next try is due and of those never tried.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use timbre_engine::{CampaignPlan, More};
use timbre_model::{AgentId, CampaignList, Civil, LeadOrder, LeadState, ListId};

use super::Book;

/// When to ask again where leads are with somebody: what they become is not known yet.
const UNSETTLED: Duration = Duration::from_secs(30);

/// A lead that comes next, and who promised to call where nobody else may.
pub(super) type Picked = (usize, Option<AgentId>);

impl Book {
    /// At most `most` leads; fewer only where the lists hold no more.
    pub(super) fn pick(
        &mut self,
        plan: &CampaignPlan,
        (most, personal_most): (usize, usize),
        ready: &[AgentId],
        at: Civil,
    ) -> Vec<Picked> {
        let mut picked = self.callbacks(plan, (most, personal_most), ready, at);
        let left = most - picked.len();
        let lists = &plan.spec.lists;
        let mut feeds: Vec<(&CampaignList, VecDeque<usize>)> =
            lists.iter().map(|list| (list, self.feed(plan, &list.list, left, at))).collect();
        while picked.len() < most {
            feeds.retain(|(_, feed)| !feed.is_empty());
            let share = |list: &ListId| {
                let key = (plan.spec.id.clone(), list.clone());
                self.served.get(&key).copied().unwrap_or(0.0)
            };
            let next =
                feeds.iter_mut().min_by(|(a, _), (b, _)| share(&a.list).total_cmp(&share(&b.list)));
            let Some((list, feed)) = next else { break };
            let key = (plan.spec.id.clone(), list.list.clone());
            picked.extend(feed.pop_front().map(|at| (at, None)));
            *self.served.entry(key).or_default() += 1.0 / f64::from(list.weight.max(1));
        }
        picked
    }

    /// Callbacks that are due.
    fn callbacks(
        &self,
        plan: &CampaignPlan,
        (most, personal_most): (usize, usize),
        ready: &[AgentId],
        at: Civil,
    ) -> Vec<Picked> {
        let fallback = at.before(plan.spec.callback_fallback);
        let (mut picked, mut busy) = (Vec::new(), BTreeSet::new());
        for &(due, n) in self.promised.range(..=(at, usize::MAX)) {
            let lead = &self.people[n].lead;
            let LeadState::Callback { agent, .. } = &lead.state else { continue };
            if picked.len() == most || !plan.spec.lists.iter().any(|it| it.list == lead.list) {
                continue;
            }
            let agent = agent.clone().filter(|_| due > fallback);
            let takes = agent.as_ref().is_none_or(|it| {
                ready.contains(it) && busy.len() < personal_most && busy.insert(it.clone())
            });
            if takes {
                picked.push((n, agent));
            }
        }
        picked
    }

    fn feed(&self, plan: &CampaignPlan, list: &ListId, most: usize, at: Civil) -> VecDeque<usize> {
        let fresh = || self.ready.get(list).into_iter().flatten().map(|(_, n)| *n);
        let due = || {
            let until = (at, i64::MAX, usize::MAX);
            self.waits.get(list).into_iter().flat_map(move |it| it.range(..=until)).map(|it| it.2)
        };
        let fewest =
            plan.lists.iter().any(|it| it.id == *list && it.order == LeadOrder::FewestAttempts);
        match fewest {
            true => fresh().chain(due()).take(most).collect(),
            false => due().chain(fresh()).take(most).collect(),
        }
    }

    /// Whether asking again makes sense, once the lists gave fewer than was asked for.
    pub(super) fn more(&self, plan: &CampaignPlan, at: Civil) -> More {
        let lists = || plan.spec.lists.iter().map(|it| &it.list);
        let ours = |n: &usize| lists().any(|it| *it == self.people[*n].lead.list);
        let claimed = self
            .people
            .iter()
            .any(|it| it.claim.is_some() && lists().any(|list| *list == it.lead.list));
        let unsettled = claimed.then(|| at + UNSETTLED);
        let due = lists().filter_map(|list| {
            let after = (at, i64::MAX, usize::MAX);
            self.waits.get(list)?.range(after..).next().map(|it| it.0)
        });
        let fallback = plan.spec.callback_fallback;
        let promised =
            self.promised.iter().filter(|(_, n)| ours(n)).map(|(due, _)| match *due > at {
                true => *due,
                false => *due + fallback,
            });
        let moments = unsettled.into_iter().chain(due).chain(promised.filter(|it| *it > at));
        moments.min().map_or(More::Exhausted, More::Later)
    }
}
