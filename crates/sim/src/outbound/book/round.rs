//! One request, decided in one transaction.

use std::sync::Arc;
use std::time::Duration;

use timbre_compliance::{Attempt, Catalog, Decision, Reading, decide_reading, locate};
use timbre_engine::gate::{self, Callee, Granted, Ruled};
use timbre_engine::{AuthorizeRequest, Permit, Refused, Verdicts, Want, Withheld};
use timbre_model::{
    AgentId, AttemptRecord, CallId, Civil, LeadId, LeadNumber, LeadState, PhoneNumber, Place, Slug,
};

use super::pick::Picked;
use super::{Book, Claim};

/// Most looks at the lists for one request.
const ROUNDS_MAX: usize = 50;

/// Whoever decides: the law, and what is counted over all requests.
#[derive(Debug)]
pub(crate) struct Clerk {
    /// Questions asked so far, for the rotation of caller ids.
    pub(crate) turns: u64,
    minted: u128,
    /// A fault for the auditor to find: the law is not asked.
    pub(crate) lawless: bool,
}

impl Clerk {
    pub(crate) fn new() -> Self {
        Self { turns: 0, minted: 0, lawless: false }
    }

    /// The id of a new attempt.
    pub(crate) fn mint(&mut self) -> CallId {
        self.minted += 1;
        CallId::from_u128(self.minted << 64)
    }
}

/// A request at its moment.
pub(super) struct Round<'a> {
    pub(super) request: &'a AuthorizeRequest,
    pub(super) reading: &'a Reading,
    pub(super) at: Civil,
}

/// What was decided about one lead.
enum Verdict {
    Next,
    /// No other is looked at.
    Stop,
}

impl Book {
    /// Decides a request, charges what it permits, and claims the leads.
    pub(crate) fn authorize(
        &mut self,
        request: &AuthorizeRequest,
        reading: &Reading,
        clerk: &mut Clerk,
    ) -> Result<Verdicts, Withheld> {
        // As the node does: what is charged is charged at the latest that it may be.
        let latest = reading.instants.iter().max().copied().filter(|_| reading.settled);
        let at = latest.ok_or(Withheld::ClockUntrusted)?;
        let round = Round { request, reading, at };
        let mut verdicts = Verdicts::default();
        let mut withheld = None;
        match &request.want {
            Want::Leads { most, bindable, ready } => {
                let most = (*most as usize, *bindable as usize);
                self.next(&round, clerk, most, ready, &mut verdicts, &mut withheld);
            }
            Want::ForAgent { agent } | Want::Reserve { agent } => {
                let ready = std::slice::from_ref(agent);
                self.next(&round, clerk, (1, 1), ready, &mut verdicts, &mut withheld);
            }
            Want::Lead { lead, agent } => {
                self.one(&round, clerk, (*lead, agent), &mut verdicts, &mut withheld);
            }
            Want::Number { number, .. } => {
                self.entered(&round, clerk, number, &mut verdicts, &mut withheld);
            }
        }
        match withheld {
            Some((rule, _)) if verdicts.permits.is_empty() && rule == "clock" => {
                Err(Withheld::ClockUntrusted)
            }
            Some((_, list)) if verdicts.permits.is_empty() => Err(Withheld::StaleList { list }),
            _ => Ok(verdicts),
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one transaction's accounts, all of them written"
    )]
    fn next(
        &mut self,
        round: &Round<'_>,
        clerk: &mut Clerk,
        (most, bindable): (usize, usize),
        ready: &[AgentId],
        verdicts: &mut Verdicts,
        withheld: &mut Option<(String, String)>,
    ) {
        let plan = &round.request.plan;
        for _ in 0..ROUNDS_MAX {
            let left = most - verdicts.permits.len();
            let personal = verdicts.permits.iter().filter(|it| it.agent.is_some()).count();
            let picked =
                self.pick(plan, (left, bindable.saturating_sub(personal)), ready, round.at);
            let looked = picked.len();
            for it in picked {
                let bound = verdicts.permits.iter().filter(|it| it.bound).count();
                let may_bind = bound < bindable;
                if let Verdict::Stop = self.lead(round, clerk, (it, may_bind), verdicts, withheld) {
                    return;
                }
            }
            if verdicts.permits.len() == most || verdicts.reserved.is_some() {
                return;
            }
            if looked < left {
                verdicts.more = self.more(plan, round.at);
                return;
            }
        }
    }

    /// Tries a lead's numbers, one after the other.
    fn lead(
        &mut self,
        round: &Round<'_>,
        clerk: &mut Clerk,
        ((n, agent), may_bind): (Picked, bool),
        verdicts: &mut Verdicts,
        withheld: &mut Option<(String, String)>,
    ) -> Verdict {
        let lead = self.people[n].lead.clone();
        let promised = matches!(lead.state, LeadState::Callback { .. });
        let recycle = &round.request.plan.spec.recycle;
        let places = match promised {
            true => (0..lead.person.numbers.len()).collect(),
            false => self.places(recycle, &lead),
        };
        if places.is_empty() {
            let disposition = Slug::parse("exhausted").expect("a slug by its letters");
            self.change(n, |it| it.lead.state = LeadState::Finished { disposition });
            let because = "tried as often as the campaign allows".to_owned();
            let rule = "exhausted".to_owned();
            verdicts.refused.push(Refused { lead: Some(lead.id), rule, because, until: None });
            return Verdict::Next;
        }
        let mut blocked: Option<Refused> = None;
        for index in places {
            let number = &lead.person.numbers[index];
            let person = Some(&lead.person);
            let callee = Callee { number, person, lead: Some((lead.id, &lead.list)) };
            match self.rule(round, clerk, callee, may_bind) {
                Ruled::Permit(_) if matches!(round.request.want, Want::Reserve { .. }) => {
                    let Want::Reserve { agent } = &round.request.want else { continue };
                    self.change(n, |it| it.claim = Some(Claim::Agent(Some(agent.clone()))));
                    verdicts.reserved = Some(Arc::new(lead));
                    return Verdict::Stop;
                }
                Ruled::Permit(granted) => {
                    let attempt = self.charge(round, clerk, callee, &granted);
                    let id = attempt.id;
                    self.change(n, |it| {
                        it.claim = Some(Claim::Attempt(id));
                        it.lead.attempts += 1;
                        it.lead.last_attempt_at = Some(round.at);
                    });
                    let asked_for = super::super::authorizer::agent_of(&round.request.want);
                    let agent = asked_for.or(agent);
                    let permit = permit(attempt, number, *granted);
                    verdicts.permits.push(Permit { agent, lead: Some(Arc::new(lead)), ..permit });
                    return Verdict::Next;
                }
                Ruled::Refuse { rule, because, until } => {
                    let refused = Refused { lead: Some(lead.id), rule, because, until };
                    blocked = Some(sooner(blocked, refused));
                }
                Ruled::Withhold { rule, because } => {
                    *withheld = Some((rule, because));
                    return Verdict::Stop;
                }
            }
        }
        if let Some(refused) = blocked {
            let state = match (&lead.state, refused.until) {
                // The promise stands.
                (LeadState::Callback { agent, .. }, Some(at)) => {
                    LeadState::Callback { at, agent: agent.clone() }
                }
                (_, until) => LeadState::Blocked { rule: refused.rule.clone(), until },
            };
            self.change(n, |it| (it.lead.state, it.claim) = (state, None));
            verdicts.refused.push(refused);
        }
        Verdict::Next
    }

    /// The lead that an agent has looked at.
    fn one(
        &mut self,
        round: &Round<'_>,
        clerk: &mut Clerk,
        (id, agent): (LeadId, &AgentId),
        verdicts: &mut Verdicts,
        withheld: &mut Option<(String, String)>,
    ) {
        let kept = self.index.get(&id).map(|&n| (n, &self.people[n]));
        let fault = match kept {
            None => Some("unknown"),
            Some((_, it)) => match &it.claim {
                Some(Claim::Attempt(_)) => Some("claimed"),
                Some(Claim::Agent(Some(other))) if other != agent => Some("claimed"),
                _ if matches!(it.lead.state, LeadState::Finished { .. }) => Some("finished"),
                _ => None,
            },
        };
        let until = None;
        match (fault, kept) {
            (None, Some((n, _))) => {
                _ = self.lead(round, clerk, ((n, None), true), verdicts, withheld);
            }
            (fault, _) => {
                let rule = fault.unwrap_or("unknown").to_owned();
                let because = "the lead is not to be had".to_owned();
                verdicts.refused.push(Refused { lead: Some(id), rule, because, until });
            }
        }
    }

    /// A number that an agent entered.
    fn entered(
        &mut self,
        round: &Round<'_>,
        clerk: &mut Clerk,
        number: &PhoneNumber,
        verdicts: &mut Verdicts,
        withheld: &mut Option<(String, String)>,
    ) {
        let number = located(number);
        let callee = Callee { number: &number, person: None, lead: None };
        match self.rule(round, clerk, callee, true) {
            Ruled::Permit(granted) => {
                let attempt = self.charge(round, clerk, callee, &granted);
                let agent = super::super::authorizer::agent_of(&round.request.want);
                verdicts.permits.push(Permit { agent, ..permit(attempt, &number, *granted) });
            }
            Ruled::Refuse { rule, because, until } => {
                verdicts.refused.push(Refused { lead: None, rule, because, until });
            }
            Ruled::Withhold { rule, because } => *withheld = Some((rule, because)),
        }
    }

    /// The attempt as it is written.
    fn charge(
        &mut self,
        round: &Round<'_>,
        clerk: &mut Clerk,
        callee: Callee<'_>,
        granted: &Granted,
    ) -> Box<AttemptRecord> {
        let attempt = gate::intent(round.request, callee, granted, (clerk.mint(), round.at));
        self.keep_attempt(&attempt);
        Box::new(attempt)
    }

    pub(super) fn rule(
        &self,
        round: &Round<'_>,
        clerk: &mut Clerk,
        callee: Callee<'_>,
        may_bind: bool,
    ) -> Ruled {
        clerk.turns += 1;
        let number = &callee.number.number;
        let history = self.history(number, callee.person.and_then(|it| it.person.as_deref()));
        let lists = self.lists(&round.request.plan.spec, number, round.at);
        let lawless = clerk.lawless;
        let decide = |attempt: &Attempt| match lawless {
            true => permitted(),
            false => decide_reading(Catalog::shipped(), attempt, &history, &lists, round.reading),
        };
        gate::rule(round.request, callee, (clerk.turns, may_bind), round.at, decide)
    }
}

fn permitted() -> Decision {
    let verdict = timbre_compliance::Verdict::Permit(Default::default());
    Decision { verdict, trace: Vec::new() }
}

/// A permit, for whichever agent.
pub(crate) fn permit(attempt: Box<AttemptRecord>, number: &LeadNumber, granted: Granted) -> Permit {
    let millis = |ms: u32| Duration::from_millis(ms.into());
    let duties = granted.obligations;
    Permit {
        attempt,
        lead: None,
        country: number.place.country.clone(),
        agent: None,
        bound: granted.bound,
        ring_min: duties.min_ring_ms.map(millis).unwrap_or_default(),
        answer_to_agent_max: duties.answer_to_agent.map(|it| millis(it.max_ms)),
        disclosures: duties.disclosures,
    }
}

/// A number and where it rings; nowhere, where no plan has it.
pub(crate) fn located(number: &PhoneNumber) -> LeadNumber {
    let nowhere = Place { country: String::new(), region: None };
    let found = locate(number, None);
    let zones = found.as_ref().map(|it| it.zones.clone()).unwrap_or_default();
    let place = found.map_or(nowhere, |it| it.place);
    LeadNumber { number: number.clone(), label: String::new(), place, zones }
}

/// Of two refusals of one lead, that of the number that may be tried sooner.
fn sooner(former: Option<Refused>, other: Refused) -> Refused {
    let Some(former) = former else { return other };
    let when = |it: &Refused| (it.until.is_none(), it.until);
    if when(&other) < when(&former) { other } else { former }
}
