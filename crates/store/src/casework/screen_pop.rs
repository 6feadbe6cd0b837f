//! What an agent is shown of whoever calls, in two round trips.

use std::fmt::Write as _;

use timbre_casework::{Customer, CustomerId, Interaction, Record};
use timbre_model::{ClientId, PhoneNumber, TenantId};

use super::records;
use super::{interactions, key};
use crate::sql::Statement;
use crate::{Store, StoreError};

/// Customers of one number that are shown.
const CUSTOMERS_MAX: usize = 8;
/// Open records of one customer that are shown.
const OPEN_MAX: usize = 50;
/// Interactions of one customer that are shown at most.
const INTERACTIONS_MAX: usize = 100;

/// Whom a number belongs to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScreenPop {
    /// At most 8; several may share a number.
    pub customers: Vec<KnownCustomer>,
}

/// A customer, and what happened lately.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownCustomer {
    /// The customer.
    pub customer: Customer,
    /// The last contacts, newest first.
    pub interactions: Vec<Interaction>,
    /// What is open: cases, follow-ups, messages, callbacks; newest first, at most 50.
    pub open: Vec<Record>,
}

impl Store {
    /// The customers of `clients` who have the number, each with at most `interactions_max` (and never more than 100) of the
    /// last contacts and what is open.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn screen_pop(
        &self,
        tenant: &TenantId,
        clients: &[ClientId],
        number: &PhoneNumber,
        interactions_max: u32,
    ) -> Result<ScreenPop, StoreError> {
        let customers = self.customers_by_number(tenant, clients, number, CUSTOMERS_MAX).await?;
        self.known(tenant, customers, interactions_max).await
    }

    /// The same of one customer; empty where the tenant has none of this id.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn known_customer(
        &self,
        tenant: &TenantId,
        customer: CustomerId,
        interactions_max: u32,
    ) -> Result<Option<KnownCustomer>, StoreError> {
        let customer = self.customer(tenant, customer).await?;
        let known = self.known(tenant, customer.into_iter().collect(), interactions_max).await?;
        Ok(known.customers.into_iter().next())
    }

    async fn known(
        &self,
        tenant: &TenantId,
        customers: Vec<Customer>,
        interactions_max: u32,
    ) -> Result<ScreenPop, StoreError> {
        if customers.is_empty() {
            return Ok(ScreenPop::default());
        }
        let interactions_max = (interactions_max as usize).min(INTERACTIONS_MAX);
        let ids: Vec<CustomerId> = customers.iter().map(|it| it.id).collect();
        let contacts = format!("SELECT {} FROM interactions", interactions::COLUMNS);
        let contacts = (&*contacts, "", "at DESC, subject DESC, kind DESC", interactions_max);
        let indexed = self.database.dialect().indexed("records_open_of_customer");
        let open = format!("SELECT tenant, kind, id, record, customer, at FROM records{indexed}");
        let open = (&*open, " AND open = 1", "at DESC, kind DESC, id DESC", OPEN_MAX);
        let (contacts, open) = tokio::try_join!(
            self.database.read(self.of_each(tenant, &ids, contacts)),
            self.database.read(self.of_each(tenant, &ids, open)),
        )?;
        let contacts = contacts.iter().map(interactions::read).collect::<Result<Vec<_>, _>>()?;
        let open = open.iter().map(records::read).collect::<Result<Vec<_>, _>>()?;
        let known = |customer: Customer| {
            let id = customer.id;
            let interactions = contacts.iter().filter(|it| it.customer == id).cloned().collect();
            let open = open.iter().filter(|it| it.index().customer == Some(id)).cloned().collect();
            KnownCustomer { customer, interactions, open }
        };
        Ok(ScreenPop { customers: customers.into_iter().map(known).collect() })
    }

    /// The first rows of each customer, in one statement.
    fn of_each(
        &self,
        tenant: &TenantId,
        customers: &[CustomerId],
        (select, and, order, most): (&str, &str, &str, usize),
    ) -> Statement {
        let mut args = self.database.args();
        args.text(tenant.as_str());
        let mut text = String::new();
        for (at, customer) in customers.iter().enumerate() {
            args.bytes(&key(customer.as_u128())[..]);
            let union = if at == 0 { "" } else { " UNION ALL " };
            let place = at + 2;
            let _ = write!(
                text,
                "{union}SELECT * FROM ({select} WHERE tenant = $1 AND customer = ${place}{and} \
                 ORDER BY {order} LIMIT {most}) AS p{at}"
            );
        }
        Statement::generated(text.into(), args)
    }
}
