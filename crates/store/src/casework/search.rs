//! Customers searched by number, by the beginning of a name, by the client company's key.

use std::fmt::{self, Write as _};

use timbre_casework::{Customer, CustomerId};
use timbre_model::{ClientId, PhoneNumber, TenantId};

use super::records::{json_clients, read_customer};
use super::{fold, id, key};
use crate::calls::without_nul;
use crate::outbound::attempts::digits;
use crate::row::{Columns, Row};
use crate::sql::Statement;
use crate::{PageRequest, Store, StoreError};

/// Whom to search for. Nobody who was merged into another or erased is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustomerQuery {
    /// Who has this number.
    Number(PhoneNumber),
    /// Whose name, or the rest of it from one of its words on, begins so: `garcia lo` finds `Inés García López`. Case and
    /// accents do not count. Empty: everybody, by name.
    Name(String),
    /// Whom a client company knows by this key.
    Key(String),
}

/// A part of what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerPage {
    /// The customers: by name where that was searched, else by client company. One of whom two words begin as was searched
    /// may come on two pages.
    pub customers: Vec<Customer>,
    /// Where the next page begins; `None` where there is none. Only a search by name has more than one page.
    pub next: Option<CustomerCursor>,
}

/// The last name of a page. Printed `ID-NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerCursor {
    name: String,
    customer: CustomerId,
}

impl CustomerCursor {
    /// Reads `ID-NAME`.
    pub fn parse(text: &str) -> Option<Self> {
        let (customer, name) = text.split_once('-')?;
        let name = without_nul(name).into_owned();
        Some(Self { name, customer: CustomerId::parse(customer)? })
    }
}

impl fmt::Display for CustomerCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.customer, self.name)
    }
}

/// Client companies that one statement asks about.
const CLIENTS: usize = 100;

/// A name that was found, and whose it is.
type Found = (String, CustomerId, Customer);

impl Store {
    /// Customers of a tenant, of `clients` where that is given, whom `query` finds.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn search_customers(
        &self,
        tenant: &TenantId,
        clients: Option<&[ClientId]>,
        query: &CustomerQuery,
        size: u32,
        after: Option<&CustomerCursor>,
    ) -> Result<CustomerPage, StoreError> {
        let size = size.clamp(1, PageRequest::SIZE_MAX) as usize;
        let clients = match clients {
            Some(clients) => clients.to_vec(),
            None => self.clients_of_customers(tenant).await?,
        };
        let customers = match query {
            CustomerQuery::Number(number) => {
                self.customers_by_number(tenant, &clients, number, size).await?
            }
            CustomerQuery::Key(text) => self.customers_by_key(tenant, &clients, text, size).await?,
            CustomerQuery::Name(name) => {
                return self
                    .customers_by_name(tenant, &clients, &fold::fold(name), size, after)
                    .await;
            }
        };
        Ok(CustomerPage { customers, next: None })
    }

    pub(super) async fn customers_by_number(
        &self,
        tenant: &TenantId,
        clients: &[ClientId],
        number: &PhoneNumber,
        size: usize,
    ) -> Result<Vec<Customer>, StoreError> {
        let among = self.database.dialect().among("n.client", 3);
        let text = format!(
            "SELECT c.id, c.record FROM customer_numbers n JOIN customers c ON c.tenant = $1 AND c.id = n.customer \
             WHERE n.tenant = $1 AND n.number = $2 AND {among} ORDER BY n.client, n.customer LIMIT {size}"
        );
        let rows = self.generated_rows(text, |args| {
            args.text(tenant.as_str()).int(digits(number)).text(&*json_clients(clients));
        });
        rows.await?.iter().map(read_customer).collect()
    }

    async fn customers_by_key(
        &self,
        tenant: &TenantId,
        clients: &[ClientId],
        text: &str,
        size: usize,
    ) -> Result<Vec<Customer>, StoreError> {
        let dialect = self.database.dialect();
        let (indexed, among) = (dialect.indexed("customers_by_key"), dialect.among("client", 3));
        let query = format!(
            "SELECT id, record FROM customers{indexed} WHERE tenant = $1 AND key = $2 AND {among} \
             ORDER BY client LIMIT {size}"
        );
        let rows = self.generated_rows(query, |args| {
            args.text(tenant.as_str()).text(&*without_nul(text)).text(&*json_clients(clients));
        });
        rows.await?.iter().map(read_customer).collect()
    }

    async fn customers_by_name(
        &self,
        tenant: &TenantId,
        clients: &[ClientId],
        prefix: &str,
        size: usize,
        after: Option<&CustomerCursor>,
    ) -> Result<CustomerPage, StoreError> {
        let mut found: Vec<Found> = Vec::new();
        for clients in clients.chunks(CLIENTS) {
            let statement = self.names_statement(tenant, clients, prefix, size + 1, after);
            let rows = self.database.read(statement).await?;
            found.extend(rows.iter().map(read).collect::<Result<Vec<_>, _>>()?);
        }
        found.sort_by(|one, other| (&one.0, one.1).cmp(&(&other.0, other.1)));
        let more = found.len() > size;
        found.truncate(size);
        let last = found.last().filter(|_| more);
        let next = last
            .map(|(name, customer, _)| CustomerCursor { name: name.clone(), customer: *customer });
        let mut customers: Vec<Customer> = Vec::with_capacity(found.len());
        for (_, _, customer) in found {
            if !customers.iter().any(|it| it.id == customer.id) {
                customers.push(customer);
            }
        }
        Ok(CustomerPage { customers, next })
    }

    /// Of each client company the names of a page, in their order; of these the first ones, with their customers.
    fn names_statement(
        &self,
        tenant: &TenantId,
        clients: &[ClientId],
        prefix: &str,
        most: usize,
        after: Option<&CustomerCursor>,
    ) -> Statement {
        let mut args = self.database.args();
        // No name begins with the last letter of all.
        let end = format!("{prefix}\u{10ffff}");
        args.text(tenant.as_str()).text(prefix).text(&*end);
        let mut values = 3;
        let mut behind = String::new();
        if let Some(CustomerCursor { name, customer }) = after {
            args.text(name.as_str()).bytes(&key(customer.as_u128())[..]);
            values += 2;
            behind.push_str(" AND (name, customer) > ($4, $5)");
        }
        // Whoever asks for everybody wants each once.
        let whole = if prefix.is_empty() { " AND word = 0" } else { "" };
        let mut text = "SELECT n.name, n.customer, c.record FROM (SELECT * FROM (".to_owned();
        for (at, client) in clients.iter().enumerate() {
            args.text(client.as_str());
            values += 1;
            let union = if at == 0 { "" } else { " UNION ALL " };
            let _ = write!(
                text,
                "{union}SELECT * FROM (SELECT name, customer FROM customer_names WHERE tenant = $1 AND client = ${values} \
                 AND name >= $2 AND name < $3{behind}{whole} ORDER BY name, customer LIMIT {most}) AS p{at}"
            );
        }
        let _ = write!(
            text,
            ") AS u ORDER BY name, customer LIMIT {most}) AS n \
             JOIN customers c ON c.tenant = $1 AND c.id = n.customer ORDER BY n.name, n.customer"
        );
        Statement::generated(text.into(), args)
    }
}

fn read(row: &Row) -> Result<Found, StoreError> {
    let mut from = Columns::new(row, "customer_names", 1);
    let name = from.text("name")?.to_owned();
    let customer = id(from.bytes("customer")?).ok_or_else(|| from.corrupt("customer"))?;
    let record = from.parsed("record", |it| serde_json::from_str(it).ok())?;
    Ok((name, CustomerId::from_u128(customer), record))
}
