//! What is known of a number and a person, as the law asks for it.

use std::collections::BTreeMap;

use timbre_compliance::{Charge, History, Hit, Lists, Refusal, RegistryState};
use timbre_model::{
    AttemptOutcome, AttemptRecord, Barred, CampaignSpec, Civil, DoNotCallEntry, Lead, PhoneNumber,
    Recycle,
};

use super::Book;

impl Book {
    /// The charged attempts at a number and at a person's other numbers.
    pub(super) fn history(&self, number: &PhoneNumber, person: Option<&str>) -> History {
        let here = self.of_number.get(number).into_iter().flatten();
        let theirs = person.and_then(|it| self.of_person.get(it)).into_iter().flatten();
        let elsewhere = theirs.filter(|id| self.attempts[*id].number != *number);
        let records = here.chain(elsewhere).map(|id| &self.attempts[id]);
        History { charges: records.filter(|it| !never_dialed(it)).map(charge).collect() }
    }

    pub(super) fn lists(&self, spec: &CampaignSpec, number: &PhoneNumber, at: Civil) -> Lists {
        let holds = |it: &&DoNotCallEntry| {
            let now = it.since <= at && it.until.is_none_or(|until| at < until);
            now && it.whom.holds(number) && it.scope.covers(&spec.client, &spec.id)
        };
        let internal = self.barred.iter().find(holds).map(|it| Hit {
            list: "do-not-call".to_owned(),
            scope: match &it.whom {
                Barred::Number(_) => "number".to_owned(),
                Barred::Prefix(prefix) => format!("prefix {prefix}"),
            },
            since: it.since,
        });
        let registries = self.registries.iter().map(|it| RegistryState {
            name: it.name.clone(),
            imported_version: "1".to_owned(),
            imported_at: it.imported_at,
            listed: it.listed.contains(number),
        });
        Lists { internal, registries: registries.collect() }
    }

    /// A lead's numbers that may still be tried: those tried least first, then in the lead's own order.
    pub(super) fn places(&self, recycle: &Recycle, lead: &Lead) -> Vec<usize> {
        if lead.attempts >= recycle.per_lead {
            return Vec::new();
        }
        let tried: Vec<&AttemptRecord> = self.tried_of(lead).collect();
        let mut places = Vec::new();
        for (index, it) in lead.person.numbers.iter().enumerate() {
            let here = || tried.iter().filter(|record| record.number == it.number);
            let mut ended: BTreeMap<AttemptOutcome, u32> = BTreeMap::new();
            for outcome in here().filter_map(|it| it.outcome) {
                *ended.entry(outcome).or_default() += 1;
            }
            ended.remove(&AttemptOutcome::Connected);
            let given_up = ended.iter().any(|(of, count)| *count >= recycle.rule(*of).max);
            let count = here().count();
            if !given_up && count < recycle.per_number as usize {
                places.push((count, index));
            }
        }
        places.sort_unstable();
        places.into_iter().map(|(_, index)| index).collect()
    }

    fn tried_of(&self, lead: &Lead) -> impl Iterator<Item = &AttemptRecord> {
        let ids = self.tried.get(&lead.id).into_iter().flatten();
        ids.map(|id| &self.attempts[id]).filter(|it| !never_dialed(it))
    }
}

/// Taken back before its INVITE was asked for: nothing rang anywhere, and it does not count.
fn never_dialed(it: &AttemptRecord) -> bool {
    it.outcome == Some(AttemptOutcome::Cancelled) && it.dialed_at.is_none()
}

fn charge(it: &AttemptRecord) -> Charge {
    let code = it.disposition.as_ref().map(|it| it.code.as_str());
    Charge {
        at: it.intent_at,
        number: it.number.clone(),
        person: it.person.clone(),
        client: Some(it.client.clone()),
        campaign: it.campaign.clone(),
        answered: it.answered_at.is_some(),
        conversation: it.connected_at.is_some(),
        abandoned: it.outcome == Some(AttemptOutcome::Abandoned),
        refused: code.and_then(refusal),
    }
}

/// What a callee refuses, by the codes that stand for it.
fn refusal(code: &str) -> Option<Refusal> {
    match code {
        "not-interested" | "no-interesa" => Some(Refusal::Offer),
        "do-not-call" | "no-llamar" => Some(Refusal::OptOut),
        _ => None,
    }
}
