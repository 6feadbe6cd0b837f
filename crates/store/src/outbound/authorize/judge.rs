//! The same look at leads as [`Store::authorize`] takes, without effect: for those who ask why, or what would happen.

use std::collections::BTreeSet;

use timbre_compliance::{History, Lists};
use timbre_model::{Lead, LeadId, ListId, PhoneNumber};

use super::ask::{Ask, Candidate};
use super::evidence::Evidence;
use super::round::places;
use crate::database::{Transaction, apart};
use crate::outbound::leads::{self, COLUMNS, KeptLead, key};
use crate::outbound::lists::FINISHED;
use crate::{LeadPage, Store, StoreError};

/// Which leads are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhichLeads {
    /// One, wherever it stands.
    Lead(LeadId),
    /// Those of a list by their numbers, behind `after`, at most `size`.
    Page {
        /// Of which list.
        list: ListId,
        /// The last that was seen.
        after: Option<LeadId>,
        /// At most [`LeadPage::SIZE_MAX`].
        size: u32,
    },
}

/// A lead and what was found about each of its numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedLead<V> {
    /// The lead.
    pub lead: Lead,
    /// What was said when it was last refused, where that still holds.
    pub because: Option<String>,
    /// In the lead's own order.
    pub numbers: Vec<JudgedNumber<V>>,
}

/// What was found about a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedNumber<V> {
    /// The number.
    pub number: PhoneNumber,
    /// It, or its lead, was tried as often as the campaign allows.
    pub given_up: bool,
    /// What `judge` said.
    pub verdict: V,
}

impl Store {
    /// Has each number of some leads judged with all that is known of it. Writes nothing.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn judge<V, D>(
        &self,
        ask: Ask,
        looked: WhichLeads,
        mut judge: D,
    ) -> Result<Vec<JudgedLead<V>>, StoreError>
    where
        V: Send + 'static,
        D: FnMut(&Candidate, &History, &Lists) -> V + Send + 'static,
    {
        let database = self.database.clone();
        apart(async move {
            let mut transaction = database.begin().await?;
            let found = read(&mut transaction, &ask, &looked).await?;
            let evidence = evidence(&mut transaction, &ask, &found).await?;
            Ok(found.into_iter().map(|kept| one(&ask, kept, &evidence, &mut judge)).collect())
        })
        .await
    }

    /// Has a number judged that is no lead's.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn judge_number<V, D>(
        &self,
        ask: Ask,
        number: PhoneNumber,
        judge: D,
    ) -> Result<V, StoreError>
    where
        V: Send + 'static,
        D: FnOnce(&Candidate, &History, &Lists) -> V + Send + 'static,
    {
        let database = self.database.clone();
        apart(async move {
            let mut transaction = database.begin().await?;
            let numbers = BTreeSet::from([number.clone()]);
            let (persons, leads) = (BTreeSet::new(), BTreeSet::new());
            let read = Evidence::read(&mut transaction, &ask, &numbers, &persons, &leads);
            let evidence = read.await?;
            let candidate = Candidate { lead: None, index: 0, number, agent: None };
            let history = evidence.history(&candidate.number, None);
            Ok(judge(&candidate, &history, &evidence.lists(&ask, &candidate.number)))
        })
        .await
    }
}

async fn read(
    transaction: &mut Transaction,
    ask: &Ask,
    looked: &WhichLeads,
) -> Result<Vec<KeptLead>, StoreError> {
    let statement = match looked {
        WhichLeads::Lead(id) => {
            let text =
                format!("SELECT {COLUMNS} FROM leads WHERE tenant = $1 AND id = $2 AND {FINISHED}");
            transaction.statement(text, |args| {
                args.text(ask.tenant.as_str()).int(key(*id));
            })
        }
        WhichLeads::Page { list, after, size } => {
            let text = format!(
                "SELECT {COLUMNS} FROM leads WHERE tenant = $1 AND list = $2 AND id > $3 AND {FINISHED} \
                 ORDER BY id LIMIT $4"
            );
            transaction.statement(text, |args| {
                args.text(ask.tenant.as_str()).text(list.as_str()).int(after.map_or(-1, key));
                args.int(i64::from((*size).clamp(1, LeadPage::SIZE_MAX)));
            })
        }
    };
    transaction.rows(statement).await?.iter().map(leads::read).collect()
}

async fn evidence(
    transaction: &mut Transaction,
    ask: &Ask,
    found: &[KeptLead],
) -> Result<Evidence, StoreError> {
    let people = || found.iter().map(|it| &it.lead);
    let numbers = people().flat_map(|it| &it.person.numbers).map(|it| it.number.clone()).collect();
    let persons = people().filter_map(|it| it.person.person.clone()).collect();
    let tried = people().filter(|it| it.attempts > 0).map(|it| it.id).collect();
    Evidence::read(transaction, ask, &numbers, &persons, &tried).await
}

fn one<V>(
    ask: &Ask,
    kept: KeptLead,
    evidence: &Evidence,
    judge: &mut impl FnMut(&Candidate, &History, &Lists) -> V,
) -> JudgedLead<V> {
    let left = places(ask, &kept, evidence);
    let person = kept.lead.person.person.as_deref();
    let judged = kept.lead.person.numbers.iter().enumerate().map(|(index, it)| {
        let number = it.number.clone();
        let history = evidence.history(&number, person);
        let lists = evidence.lists(ask, &number);
        let lead = Some(kept.lead.clone());
        let candidate = Candidate { lead, index, number: number.clone(), agent: None };
        let verdict = judge(&candidate, &history, &lists);
        JudgedNumber { number, given_up: !left.contains(&index), verdict }
    });
    let numbers = judged.collect();
    let because = kept.because.clone();
    JudgedLead { lead: kept.shown(), because, numbers }
}
