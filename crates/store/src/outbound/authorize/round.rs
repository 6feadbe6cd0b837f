//! One transaction of a request.

use std::collections::{BTreeMap, BTreeSet};

use timbre_compliance::{History, Lists};
use timbre_model::{AttemptOutcome, Civil, Lead, LeadChange, LeadId, LeadState, PhoneNumber, Slug};

use super::ask::{Ask, Candidate, MoreLeads, Outcome, Permitted, RefusedLead, Ruling, Wanted};
use super::evidence::Evidence;
use super::pick::{Look, Picked};
use super::{more, pick};
use crate::database::Transaction;
use crate::outbound::attempts::{self, ATTEMPTS};
use crate::outbound::chain::{self, NewEntry};
use crate::outbound::gate;
use crate::outbound::leads::{self, CLAIMS, COLUMNS, Claim, KeptLead, STATES};
use crate::sql::{Args, Statement};
use crate::{Store, StoreError};

/// What becomes of a lead that was tried as often as the campaign allows.
pub(crate) const EXHAUSTED: &str = "exhausted";

pub(super) struct Round<'a, E, D> {
    pub(super) store: &'a Store,
    pub(super) ask: &'a Ask,
    pub(super) decide: &'a mut D,
    pub(super) outcome: &'a mut Outcome<E>,
    pub(super) skipped: &'a mut BTreeSet<LeadId>,
}

/// What a round writes.
struct Written<E> {
    permits: Vec<Permitted<E>>,
    /// A lead that is reserved, and for whom.
    reserved: Option<Lead>,
    moved: Vec<(LeadChange, String)>,
    refused: Vec<RefusedLead>,
    withheld: Option<(String, String)>,
}

impl<E> Written<E> {
    fn refuse(&mut self, lead: Option<LeadId>, rule: &str, because: String, until: Option<Civil>) {
        self.refused.push(RefusedLead { lead, rule: rule.to_owned(), because, until });
    }
}

/// What was decided about one lead.
enum Verdict {
    Go,
    /// It is not wanted now, or was taken care of.
    Next,
    /// No other is looked at.
    Stop,
}

impl<E, D> Round<'_, E, D>
where
    E: Send,
    D: FnMut(&Candidate, &History, &Lists) -> Ruling<E> + Send,
{
    /// Looks at `most` leads; how many there were. `None`: that was the end of them, and the outcome says so.
    pub(super) async fn run(mut self, most: usize) -> Result<Option<usize>, StoreError> {
        let mut transaction = self.store.database.begin().await?;
        gate::pass(&mut transaction, &self.ask.tenant).await?;
        let mut memory = self.store.memory.of(&self.ask.tenant, &self.ask.campaign);
        let mut written = Written {
            permits: Vec::new(),
            reserved: None,
            moved: Vec::new(),
            refused: Vec::new(),
            withheld: None,
        };
        let by_list = matches!(self.ask.want, Wanted::Next { .. } | Wanted::Reserve { .. });
        let (picked, partly) = match &self.ask.want {
            Wanted::Next { personal_most, ready, .. } => {
                let personal = self.outcome.permits.iter().filter(|it| it.agent.is_some()).count();
                let personal_most = (*personal_most as usize).saturating_sub(personal);
                let mut look = self.look(&mut transaction, &mut memory);
                (look.pick(most, personal_most, ready).await?, look.partly)
            }
            Wanted::Reserve { agent } => {
                let mut look = self.look(&mut transaction, &mut memory);
                (look.pick(most, 1, std::slice::from_ref(agent)).await?, look.partly)
            }
            Wanted::Lead { lead, .. } => {
                (self.one(&mut transaction, *lead, &mut written).await?, false)
            }
            Wanted::Number(_) => (Vec::new(), false),
        };
        let looked = picked.len();
        let seen = self.decide_all(&mut transaction, picked, &mut written).await?;
        for list in written.permits.iter().filter_map(|it| it.lead.as_ref()).map(|it| &it.list) {
            let lists = self.ask.lists.iter().map(|it| (&it.list, it.weight));
            memory.turns.serve(list, lists);
        }
        let ended = !by_list || looked < most;
        let mut changed = self.write(&mut transaction, &mut written).await?;
        let mut more = MoreLeads::Now;
        let left = partly || seen < looked || !self.skipped.is_empty();
        if by_list && ended && !left && written.withheld.is_none() {
            more = more::after(&mut transaction, self.ask, &memory).await?;
            // An import that was woken.
            changed |= more == MoreLeads::Now;
        }
        if changed {
            transaction.commit().await?;
        }
        self.store.memory.keep(&self.ask.tenant, &self.ask.campaign, memory);
        self.outcome.permits.append(&mut written.permits);
        self.outcome.refused.append(&mut written.refused);
        self.outcome.reserved = written.reserved;
        self.outcome.withheld = written.withheld;
        self.outcome.more = more;
        Ok((!ended).then_some(looked))
    }

    /// How many of them were decided about.
    async fn decide_all(
        &mut self,
        transaction: &mut Transaction,
        picked: Vec<Picked>,
        written: &mut Written<E>,
    ) -> Result<usize, StoreError> {
        let mut evidence = self.evidence(transaction, &picked).await?;
        let mut seen = 0;
        for it in picked {
            let permits = self.outcome.permits.len() + written.permits.len();
            if permits >= self.ask.want.most() || written.reserved.is_some() {
                break;
            }
            seen += 1;
            if matches!(self.lead(it, &mut evidence, written), Verdict::Stop) {
                break;
            }
        }
        if let Wanted::Number(number) = &self.ask.want {
            let number = number.clone();
            let candidate = Candidate { lead: None, index: 0, number, agent: None };
            self.number(candidate, &evidence, written);
        }
        Ok(seen)
    }

    fn look<'t>(
        &'t self,
        transaction: &'t mut Transaction,
        memory: &'t mut super::memory::CampaignMemory,
    ) -> Look<'t> {
        Look { transaction, ask: self.ask, memory, skipped: self.skipped, partly: false }
    }

    /// The lead that an agent has looked at.
    async fn one(
        &mut self,
        transaction: &mut Transaction,
        id: LeadId,
        written: &mut Written<E>,
    ) -> Result<Vec<Picked>, StoreError> {
        let Wanted::Lead { agent, .. } = &self.ask.want else { return Ok(Vec::new()) };
        let lock = pick::skip_locked(transaction.dialect());
        let text = format!("SELECT {COLUMNS} FROM leads WHERE tenant = $1 AND id = $2{lock}");
        let statement = transaction.statement(text, |args| {
            args.text(self.ask.tenant.as_str()).int(leads::key(id));
        });
        let rows = transaction.rows(statement).await?;
        let kept = rows.first().map(leads::read).transpose()?;
        let listed = |it: &KeptLead| self.ask.lists.iter().any(|one| one.list == it.lead.list);
        let fault = match &kept {
            None => Some(("unknown", "there is no such lead, or another request looks at it")),
            Some(it) if !listed(it) => Some(("unknown", "the lead is in no list of the campaign")),
            Some(KeptLead { claim: Some(Claim::Attempt(_)), .. }) => {
                Some(("claimed", "the lead is being called"))
            }
            Some(KeptLead { claim: Some(Claim::Agent(Some(other))), .. }) if other != agent => {
                Some(("claimed", "another agent looks at the lead"))
            }
            Some(it) if matches!(it.lead.state, LeadState::Finished { .. }) => {
                Some(("finished", "the lead is finished"))
            }
            Some(_) => None,
        };
        if let Some((rule, because)) = fault {
            written.refuse(Some(id), rule, because.to_owned(), None);
            return Ok(Vec::new());
        }
        Ok(kept.into_iter().map(|kept| Picked { kept, agent: None }).collect())
    }

    async fn evidence(
        &mut self,
        transaction: &mut Transaction,
        picked: &[Picked],
    ) -> Result<Evidence, StoreError> {
        let people = || picked.iter().map(|it| &it.kept.lead);
        let mut numbers: BTreeSet<PhoneNumber> =
            people().flat_map(|it| &it.person.numbers).map(|it| it.number.clone()).collect();
        if let Wanted::Number(number) = &self.ask.want {
            numbers.insert(number.clone());
        }
        let persons: BTreeSet<String> =
            people().filter_map(|it| it.person.person.clone()).collect();
        let tried = people().filter(|it| it.attempts > 0).map(|it| it.id).collect();
        let of_numbers = numbers.iter().map(|it| format!("n{}", it.expose()));
        let keys = of_numbers.chain(persons.iter().map(|it| format!("p{it}"))).collect();
        gate::lock(transaction, &self.ask.tenant, &keys).await?;
        Evidence::read(transaction, self.ask, &numbers, &persons, &tried).await
    }

    /// Tries a lead's numbers, one after the other.
    fn lead(&mut self, it: Picked, evidence: &mut Evidence, written: &mut Written<E>) -> Verdict {
        let Picked { kept, agent } = it;
        let lead = &kept.lead;
        let promised = matches!(lead.state, LeadState::Callback { .. });
        let places = if promised {
            (0..lead.person.numbers.len()).collect()
        } else {
            places(self.ask, &kept, evidence)
        };
        if places.is_empty() {
            let disposition = Slug::parse(EXHAUSTED).expect("a fixed identifier");
            let because = "tried as often as the campaign allows".to_owned();
            written
                .moved
                .push((self.change(lead.id, LeadState::Finished { disposition }), because.clone()));
            written.refuse(Some(lead.id), EXHAUSTED, because, None);
            return Verdict::Next;
        }
        let mut blocked: Option<RefusedLead> = None;
        for index in places {
            let number = lead.person.numbers[index].number.clone();
            let candidate =
                Candidate { lead: Some(lead.clone()), index, number, agent: agent.clone() };
            match self.rule(&candidate, evidence) {
                Ruling::Permit(attempt, extra) => {
                    if matches!(self.ask.want, Wanted::Reserve { .. }) {
                        written.reserved = Some(kept.lead);
                    } else {
                        evidence.charge(attempts::charge_of(&attempt));
                        let lead = Some(kept.lead);
                        written.permits.push(Permitted { attempt, lead, agent, extra });
                    }
                    return Verdict::Go;
                }
                Ruling::Refuse { rule, because, until } => {
                    let refused = RefusedLead { lead: Some(lead.id), rule, because, until };
                    blocked = Some(sooner(blocked, refused));
                }
                Ruling::Skip => {
                    self.skipped.insert(lead.id);
                    return Verdict::Next;
                }
                Ruling::Withhold { rule, because } => {
                    written.withheld = Some((rule, because));
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
            written.moved.push((self.change(lead.id, state), refused.because.clone()));
            written.refused.push(refused);
        }
        Verdict::Next
    }

    fn number(&mut self, candidate: Candidate, evidence: &Evidence, written: &mut Written<E>) {
        match self.rule(&candidate, evidence) {
            Ruling::Permit(attempt, extra) => {
                written.permits.push(Permitted { attempt, lead: None, agent: None, extra });
            }
            Ruling::Refuse { rule, because, until } => written.refuse(None, &rule, because, until),
            Ruling::Skip => {}
            Ruling::Withhold { rule, because } => written.withheld = Some((rule, because)),
        }
    }

    fn rule(&mut self, candidate: &Candidate, evidence: &Evidence) -> Ruling<E> {
        let person = candidate.lead.as_ref().and_then(|it| it.person.person.as_deref());
        let history = evidence.history(&candidate.number, person);
        let lists = evidence.lists(self.ask, &candidate.number);
        (self.decide)(candidate, &history, &lists)
    }

    fn change(&self, lead: LeadId, state: LeadState) -> LeadChange {
        LeadChange { tenant: self.ask.tenant.clone(), lead, state }
    }

    /// Whether there was anything to write.
    async fn write(
        &mut self,
        transaction: &mut Transaction,
        written: &mut Written<E>,
    ) -> Result<bool, StoreError> {
        let statements = self.statements(transaction, written);
        let entry = |it: &Permitted<E>| {
            let (tenant, subject) = (&self.ask.tenant, attempts::subject(it.attempt.id));
            NewEntry::new(tenant, it.attempt.intent_at, "attempt_intent", subject, &it.attempt)
        };
        let entries: Vec<_> = written.permits.iter().map(entry).collect();
        let changed = !statements.is_empty();
        for statement in statements {
            transaction.run(statement).await?;
        }
        chain::append(transaction, entries, false).await?;
        Ok(changed)
    }

    fn statements(&self, transaction: &Transaction, written: &Written<E>) -> Vec<Statement> {
        let Written { permits, reserved, moved, .. } = written;
        let dialect = transaction.dialect();
        let tenant = &self.ask.tenant;
        let attempts: Vec<_> = permits.iter().map(|it| it.attempt.as_ref()).collect();
        let mut statements: Vec<_> =
            ATTEMPTS.upsert(dialect, &attempts, |it, to| attempts::write(it, to)).collect();
        let claims: Vec<(&Lead, String)> = permits
            .iter()
            .filter_map(|it| it.lead.as_ref().map(|lead| (lead, it.attempt.id)))
            .map(|(lead, id)| (lead, String::from(&Claim::Attempt(id))))
            .collect();
        let claim = |(lead, claim): &(&Lead, String), to: &mut Args| {
            to.text(tenant.as_str()).int(leads::key(lead.id)).text(claim.as_str());
            to.int(i64::from(lead.attempts) + 1).int(self.ask.at.as_micros());
        };
        statements.extend(CLAIMS.update(dialect, &claims, claim));
        let state = |(change, because): &(LeadChange, String), to: &mut Args| {
            leads::write(change, Some(because), to);
        };
        statements.extend(STATES.update(dialect, moved, state));
        if let (Some(lead), Wanted::Reserve { agent }) = (reserved, &self.ask.want) {
            let claim = String::from(&Claim::Agent(Some(agent.clone())));
            let text = "UPDATE leads SET claim = $3 WHERE tenant = $1 AND id = $2";
            statements.push(transaction.statement(text, |args| {
                args.text(tenant.as_str()).int(leads::key(lead.id)).text(&*claim);
            }));
        }
        statements
    }
}

/// Of two refusals of one lead, that of the number that may be tried sooner.
fn sooner(former: Option<RefusedLead>, other: RefusedLead) -> RefusedLead {
    let Some(former) = former else { return other };
    let when = |it: &RefusedLead| (it.until.is_none(), it.until);
    if when(&other) < when(&former) { other } else { former }
}

/// A lead's numbers that may still be tried: those tried least first, then in the lead's own order. Empty where the lead or
/// each of its numbers was tried as often as the campaign allows.
pub(super) fn places(ask: &Ask, kept: &KeptLead, evidence: &Evidence) -> Vec<usize> {
    let lead = &kept.lead;
    if lead.attempts >= ask.recycle.per_lead {
        return Vec::new();
    }
    let tried: Vec<_> = evidence.tried(lead.id, kept.reset_at).collect();
    let mut places: Vec<(usize, usize)> = Vec::with_capacity(lead.person.numbers.len());
    for (index, it) in lead.person.numbers.iter().enumerate() {
        let here = || tried.iter().filter(|(number, _)| **number == it.number);
        let mut ended: BTreeMap<AttemptOutcome, u32> = BTreeMap::new();
        for outcome in here().filter_map(|(_, outcome)| *outcome) {
            *ended.entry(outcome).or_default() += 1;
        }
        // A conversation has no limit of its own: where it left the lead decides.
        ended.remove(&AttemptOutcome::Connected);
        let given_up =
            ended.iter().any(|(outcome, count)| *count >= ask.recycle.rule(*outcome).max);
        let count = here().count();
        if !given_up && count < ask.recycle.per_number as usize {
            places.push((count, index));
        }
    }
    places.sort_unstable();
    places.into_iter().map(|(_, index)| index).collect()
}
