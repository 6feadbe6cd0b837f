//! What an agent is shown of a customer.

use timbre_casework::customer::{Brief, File};
use timbre_casework::{Customer, Record, RecordKind, SaleId};
use timbre_model::{ClientId, Lead, PhoneNumber, TenantId};
use timbre_store::{KnownCustomer, PageRequest, RecordFilter, StoreError};

use super::KINDS;
use crate::casework::{Desk, Fault};

/// Contacts on a card, and in a file.
const CARD_CONTACTS: u32 = 10;
const FILE_CONTACTS: u32 = 50;
/// Records of each kind in a file.
const FILE_RECORDS: u32 = 50;
/// Sales on a card.
const CARD_SALES: u32 = 5;
/// Customers of one number on a card.
const CUSTOMERS_MAX: usize = 5;

/// Who calls or is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pop {
    /// Everybody known by the number.
    pub customers: Vec<File>,
    /// The sale that the call follows up.
    pub sale: Option<Brief>,
}

/// Who a number belongs to, and what a call to `lead` follows up.
pub async fn pop(
    desk: &Desk,
    (tenant, client): (&TenantId, &ClientId),
    number: Option<&PhoneNumber>,
    lead: Option<&Lead>,
) -> Result<Pop, StoreError> {
    let known = async {
        let Some(number) = number else { return Ok(Vec::new()) };
        let clients = std::slice::from_ref(client);
        let found = desk.store.screen_pop(tenant, clients, number, CARD_CONTACTS).await?;
        let mut files = Vec::new();
        for it in found.customers.into_iter().take(CUSTOMERS_MAX) {
            files.push(card(desk, tenant, it).await?);
        }
        Ok(files)
    };
    let (customers, sale) = tokio::try_join!(known, followed_up(desk, tenant, lead))?;
    Ok(Pop { customers, sale })
}

async fn card(desk: &Desk, tenant: &TenantId, known: KnownCustomer) -> Result<File, StoreError> {
    let KnownCustomer { customer, interactions, open } = known;
    let mut records: Vec<Brief> = open.iter().map(Brief::from).collect();
    // A sale is never open, and what it promised is.
    let filter = RecordFilter { customer: Some(customer.id), ..RecordFilter::of(RecordKind::Sale) };
    let page = PageRequest { size: CARD_SALES, after: None };
    let sales = desk.store.records(tenant, &filter, &page).await?.records;
    let sales = sales.iter().map(Brief::from);
    records.extend(sales.filter(|it| it.promises.iter().any(|promise| promise.kept.is_none())));
    records.sort_by_key(|it| std::cmp::Reverse(it.at));
    Ok(File { customer, interactions, records })
}

/// The lead of a follow-up names its sale.
async fn followed_up(
    desk: &Desk,
    tenant: &TenantId,
    lead: Option<&Lead>,
) -> Result<Option<Brief>, StoreError> {
    let sale = lead.and_then(|it| it.person.attributes.get("sale"));
    let Some(sale) = sale.and_then(|it| SaleId::parse(it)) else { return Ok(None) };
    let found = desk.store.sale(tenant, sale).await?;
    Ok(found.map(|it| Brief::from(&Record::Sale(Box::new(it)))))
}

/// All that there is of a customer, the newest of each kind.
pub async fn file(desk: &Desk, customer: Customer) -> Result<File, Fault> {
    let tenant = &customer.tenant;
    let page = PageRequest { size: FILE_CONTACTS, after: None };
    let mut interactions = desk.store.interactions(tenant, customer.id, &page).await?.interactions;
    interactions.truncate(FILE_CONTACTS as usize);
    let mut records = Vec::new();
    for kind in KINDS {
        let filter = RecordFilter { customer: Some(customer.id), ..RecordFilter::of(kind) };
        let page = PageRequest { size: FILE_RECORDS, after: None };
        let found = desk.store.records(tenant, &filter, &page).await?.records;
        records.extend(found.iter().map(Brief::from));
    }
    records.sort_by_key(|it| std::cmp::Reverse(it.at));
    Ok(File { customer, interactions, records })
}
