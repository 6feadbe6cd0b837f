//! What is known of the numbers and persons that are about to be called.

use std::collections::{BTreeMap, BTreeSet};

use timbre_compliance::{Charge, History, Hit, Lists, Refusal, RegistryState};
use timbre_model::{
    AttemptOutcome, Barred, Civil, DoNotCallEntry, DoNotCallScope, LeadId, PhoneNumber,
};

use super::ask::Ask;
use crate::StoreError;
use crate::database::Transaction;
use crate::outbound::attempts::{self, CHARGE, Charged, digits};
use crate::outbound::do_not_call;
use crate::outbound::leads;
use crate::outbound::registry::{self, Registry};
use crate::sql::{Args, json_ints, json_texts};

/// Rows of the ledger that one look reads. The newest come first: what is cut off is older than more attempts than any rule
/// allows.
const CHARGES_MAX: i64 = 20_000;

/// What was read.
pub(super) struct Evidence {
    charges: Vec<Charge>,
    /// By lead, number and outcome; `None` while it is open.
    tried: BTreeMap<LeadId, Vec<(PhoneNumber, Civil, Option<AttemptOutcome>)>>,
    barred: Vec<DoNotCallEntry>,
    registries: Vec<(Registry, BTreeSet<String>)>,
}

impl Evidence {
    /// Reads what is kept of `numbers`, of `persons` and of `leads`, which were tried before.
    pub(super) async fn read(
        transaction: &mut Transaction,
        ask: &Ask,
        numbers: &BTreeSet<PhoneNumber>,
        persons: &BTreeSet<String>,
        leads: &BTreeSet<LeadId>,
    ) -> Result<Self, StoreError> {
        let mut read = Read { transaction, ask };
        let dialect = read.transaction.dialect();
        let keys = json_ints(numbers.iter().map(digits));
        let mut charges = read
            .charges("attempts_by_number", &dialect.among_ints("number", 2), &keys, true)
            .await?;
        if !persons.is_empty() {
            let keys = json_texts(persons.iter().map(String::as_str));
            let of_persons = read
                .charges("attempts_by_person", &dialect.among("person", 2), &keys, true)
                .await?;
            // Those at the numbers are there already.
            charges
                .extend(of_persons.into_iter().filter(|it| !numbers.contains(&it.charge.number)));
        }
        let mut tried: BTreeMap<LeadId, Vec<_>> = BTreeMap::new();
        if !leads.is_empty() {
            let keys = json_ints(leads.iter().copied().map(leads::key));
            for it in read
                .charges("attempts_by_lead", &dialect.among_ints("lead", 2), &keys, false)
                .await?
            {
                let attempt = (it.charge.number, it.charge.at, it.outcome);
                it.lead
                    .into_iter()
                    .for_each(|lead| tried.entry(lead).or_default().push(attempt.clone()));
            }
        }
        let barred = read.barred(numbers).await?;
        let registries = read.registries(numbers).await?;
        Ok(Self {
            charges: charges.into_iter().map(|it| it.charge).collect(),
            tried,
            barred,
            registries,
        })
    }

    /// What was permitted just now counts for those who come after it in the batch.
    pub(super) fn charge(&mut self, charge: Charge) {
        self.charges.push(charge);
    }

    pub(super) fn history(&self, number: &PhoneNumber, person: Option<&str>) -> History {
        let concerns = |it: &&Charge| {
            it.number == *number || (person.is_some() && it.person.as_deref() == person)
        };
        History { charges: self.charges.iter().filter(concerns).cloned().collect() }
    }

    pub(super) fn lists(&self, ask: &Ask, number: &PhoneNumber) -> Lists {
        let holds = |it: &&DoNotCallEntry| {
            let now = it.since <= ask.at && it.until.is_none_or(|until| ask.at < until);
            now && it.whom.holds(number) && it.scope.covers(&ask.client, &ask.campaign)
        };
        let widest = self.barred.iter().filter(holds).min_by_key(|it| (&it.scope, &it.whom));
        let registries = self.registries.iter().map(|(registry, listed)| RegistryState {
            name: registry.name.clone(),
            imported_version: registry.version.clone(),
            imported_at: registry.as_of,
            listed: listed.contains(&registry.entry(number)),
        });
        Lists { internal: widest.map(hit), registries: registries.collect() }
    }

    /// A lead's attempts since `since`: at which number, and how each ended.
    pub(super) fn tried(
        &self,
        lead: LeadId,
        since: Option<i64>,
    ) -> impl Iterator<Item = (&PhoneNumber, Option<AttemptOutcome>)> {
        let all = self.tried.get(&lead).into_iter().flatten();
        let counts =
            all.filter(move |(_, at, _)| since.is_none_or(|since| at.as_micros() >= since));
        counts.map(|(number, _, outcome)| (number, *outcome))
    }
}

fn hit(it: &DoNotCallEntry) -> Hit {
    let reach = match &it.scope {
        DoNotCallScope::Tenant => "tenant".to_owned(),
        DoNotCallScope::Client(client) => format!("client {client}"),
        DoNotCallScope::Campaign(campaign) => format!("campaign {campaign}"),
    };
    let scope = match &it.whom {
        Barred::Number(_) => reach,
        Barred::Prefix(prefix) => format!("{reach}, prefix {prefix}"),
    };
    Hit { list: "do-not-call".to_owned(), scope, since: it.since }
}

struct Read<'a> {
    transaction: &'a mut Transaction,
    ask: &'a Ask,
}

impl Read<'_> {
    async fn charges(
        &mut self,
        index: &str,
        condition: &str,
        keys: &str,
        looked_back: bool,
    ) -> Result<Vec<Charged>, StoreError> {
        let back = i64::try_from(self.ask.look_back.as_micros()).unwrap_or(i64::MAX);
        let from =
            if looked_back { self.ask.at.as_micros().saturating_sub(back) } else { i64::MIN };
        let indexed = self.transaction.dialect().indexed(index);
        let text = format!(
            "SELECT {CHARGE} FROM attempts{indexed} WHERE tenant = $1 AND {condition} AND intent_at >= $3 \
             ORDER BY intent_at DESC LIMIT $4"
        );
        let tenant = self.ask.tenant.as_str();
        let statement = self.transaction.statement(text, |args| {
            args.text(tenant).text(keys).int(from).int(CHARGES_MAX);
        });
        let refusals = &self.ask.refusals;
        let refusal = |code: &str| -> Option<Refusal> { refusals.get(code).copied() };
        let rows = self.transaction.rows(statement).await?;
        let charges: Result<Vec<_>, _> =
            rows.iter().map(|row| attempts::read_charge(row, refusal)).collect();
        let mut charges = charges?;
        charges.retain(|it| !it.never_dialed);
        Ok(charges)
    }

    /// The house's own entries on the numbers and on what they begin with.
    async fn barred(
        &mut self,
        numbers: &BTreeSet<PhoneNumber>,
    ) -> Result<Vec<DoNotCallEntry>, StoreError> {
        let whole = numbers.iter().map(PhoneNumber::expose);
        let beginnings = whole.flat_map(|it| (1..=it.len()).map(move |end| &it[..end]));
        let values: BTreeSet<&str> = beginnings.collect();
        let columns = do_not_call::COLUMNS;
        let among = self.transaction.dialect().among("value", 2);
        let text = format!("SELECT {columns} FROM do_not_call WHERE tenant = $1 AND {among}");
        let rows = self.rows(text, |args, tenant| {
            args.text(tenant).text(&*json_texts(values));
        });
        rows.await?.iter().map(do_not_call::read).collect()
    }

    /// Each registry that was imported, with those of its entries that are among the numbers.
    async fn registries(
        &mut self,
        numbers: &BTreeSet<PhoneNumber>,
    ) -> Result<Vec<(Registry, BTreeSet<String>)>, StoreError> {
        let in_force = registry::in_force(self.transaction, &self.ask.tenant).await?;
        let mut all = Vec::with_capacity(in_force.len());
        for registry in in_force {
            let entries: Vec<String> = numbers.iter().map(|it| registry.entry(it)).collect();
            let listed = registry::listed(self.transaction, &self.ask.tenant, &registry, &entries);
            let listed = listed.await?;
            all.push((registry, listed));
        }
        Ok(all)
    }

    async fn rows(
        &mut self,
        text: String,
        bind: impl FnOnce(&mut Args, &str),
    ) -> Result<Vec<crate::row::Row>, StoreError> {
        let tenant = self.ask.tenant.as_str();
        let statement = self.transaction.statement(text, |args| bind(args, tenant));
        self.transaction.rows(statement).await
    }
}
