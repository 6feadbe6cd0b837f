//! Authorize, then dial: one transaction takes the leads, locks their numbers, has each decided with all that is known,
//! charges the ledger and writes the intent. What it gave is durable; a permit that was lost on the way is counted and
//! never sent again.

mod ask;
mod evidence;
mod judge;
mod memory;
mod more;
mod pick;
mod round;

use std::collections::BTreeSet;

use timbre_compliance::{History, Lists};

pub use ask::{
    Ask, AskedList, Candidate, MoreLeads, Outcome, Permitted, RefusedLead, Ruling, Wanted,
};
pub use judge::{JudgedLead, JudgedNumber, WhichLeads};
pub(crate) use memory::Memory;

use crate::database::apart;
use crate::{Store, StoreError};
use round::Round;

/// Leads that are looked at beyond four for each attempt that is wanted.
const LOOKED_MORE: usize = 64;

/// Leads looked at beyond those that are wanted.
const SPARE: usize = 4;

impl Store {
    /// Has attempts decided by `decide`, and writes what it permits: the attempt as an intent, charged; the lead as claimed;
    /// the entry of the audit trail. A lead whose numbers are all refused is blocked. All of it is durable when it is
    /// given back. Cancelling the future does not cancel the work.
    ///
    /// `decide` is called for one number after the other, and sees with each what it permitted before. It looks at most at four
    /// leads for each attempt that is wanted, and 64 more; the rest is for the next request.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`]: nothing may be dialed. What was permitted meanwhile is counted, and is ended as
    /// indeterminate by the next recovery. See [`Store`].
    pub async fn authorize<E, D>(&self, ask: Ask, decide: D) -> Result<Outcome<E>, StoreError>
    where
        E: Send + 'static,
        D: FnMut(&Candidate, &History, &Lists) -> Ruling<E> + Send + 'static,
    {
        let store = self.clone();
        apart(async move { store.authorize_here(ask, decide).await }).await
    }

    async fn authorize_here<E, D>(&self, ask: Ask, mut decide: D) -> Result<Outcome<E>, StoreError>
    where
        E: Send,
        D: FnMut(&Candidate, &History, &Lists) -> Ruling<E> + Send,
    {
        let (mut outcome, mut skipped, mut looked) = (Outcome::default(), BTreeSet::new(), 0);
        let wanted = ask.want.most();
        let looked_most = 4 * wanted + LOOKED_MORE;
        // A few more than are wanted: some will be refused. One that is asked for alone is seldom.
        let mut spare = wanted.min(SPARE);
        loop {
            let left = wanted - outcome.permits.len();
            let most = (left + left / 4 + spare).min(looked_most - looked);
            spare = SPARE;
            let round = Round {
                store: self,
                ask: &ask,
                decide: &mut decide,
                outcome: &mut outcome,
                skipped: &mut skipped,
            };
            match round.run(most).await {
                Ok(Some(seen)) => looked += seen,
                Ok(None) => return Ok(outcome),
                // What former rounds permitted is durable and must not be lost.
                Err(_) if !outcome.permits.is_empty() => return Ok(outcome),
                Err(fault) => return Err(fault),
            }
            let done = outcome.permits.len() >= wanted || outcome.reserved.is_some();
            if done || outcome.withheld.is_some() || looked >= looked_most {
                return Ok(outcome);
            }
        }
    }
}

impl Wanted {
    /// Most attempts.
    fn most(&self) -> usize {
        match self {
            Self::Next { most, .. } => *most as usize,
            Self::Reserve { .. } | Self::Lead { .. } | Self::Number(_) => 1,
        }
    }
}
