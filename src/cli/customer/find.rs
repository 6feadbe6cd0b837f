//! Who is meant: a number, a key or an id.

use anyhow::bail;
use clap::Args;
use timbre_casework::{Customer, CustomerId};
use timbre_model::{ClientId, PhoneNumber, TenantId};
use timbre_store::CustomerQuery;

use crate::api::client::Client;
use crate::cli::ids;

/// Most customers of one number or key that are looked at.
const MOST: i32 = 20;

/// Who is meant.
#[derive(Debug, Clone, Args)]
pub(super) struct Whom {
    /// +NUMBER, the client company's key, or the customer's id
    #[arg(value_name = "NUMBER|KEY|ID")]
    pub(super) whom: String,

    /// The client company, where several know the number or the key
    #[arg(long, value_parser = ids::client, value_name = "ID")]
    pub(super) client: Option<ClientId>,
}

impl Whom {
    /// Everybody who may be meant.
    pub(super) async fn all(&self, client: &Client) -> anyhow::Result<Vec<(TenantId, CustomerId)>> {
        let Self { whom, client: of } = self;
        if let Some(id) = CustomerId::parse(whom) {
            return Ok(vec![(client.tenant().await?, id)]);
        }
        let mut queries = vec![CustomerQuery::Key(whom.clone())];
        if let Ok(number) = PhoneNumber::parse(whom) {
            queries.insert(0, CustomerQuery::Number(number));
        }
        for query in queries {
            let (found, _) =
                client.search_customers(of.as_ref(), &query, (MOST, String::new())).await?;
            if !found.is_empty() {
                return Ok(found.into_iter().map(|it| (it.tenant, it.id)).collect());
            }
        }
        bail!(
            "{whom}: no customer has this number or key: `timbre customer search NAME` finds by name"
        )
    }

    /// The one who is meant.
    pub(super) async fn one(&self, client: &Client) -> anyhow::Result<(TenantId, CustomerId)> {
        let mut all = self.all(client).await?;
        match (all.pop(), all.as_slice()) {
            (Some(only), []) => Ok(only),
            (last, others) => {
                let ids = others.iter().chain(&last).map(|(_, id)| id.to_string());
                let ids: Vec<_> = ids.collect();
                bail!("{}: several customers: name one by its id: {}", self.whom, ids.join(", "))
            }
        }
    }
}

/// `Ana Gil (company)`.
pub(super) fn called(customer: &Customer) -> String {
    match customer.kind {
        timbre_casework::CustomerKind::Person => customer.name.clone(),
        timbre_casework::CustomerKind::Company => format!("{} (company)", customer.name),
    }
}
