//! The campaign: leads nobody has, a carrier that only calls itself, and the sample floor's campaign over both.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context as _;
use timbre_model::{
    AttemptOutcome, CampaignRef, Consent, ConsentBasis, FloorSpec, LeadNumber, LeadRole, ListId,
    ListSpec, NewLead, Party, PhoneNumber, Place, RecycleRule, TenantId,
};
use timbre_phone::carrier::{Carrier, Config, Habits, Population, Shares};
use timbre_store::Store;

use super::chance::Chance;
use crate::api::client::Client;
use crate::driver::clock;

/// How many leads there are: hours of work.
const LEADS: u32 = 4_000;
/// Leads that are handed to the store at once.
const CHUNK: usize = 500;
/// How much faster than people the demo's callees are: something shall happen every second.
const TIME_SCALE: f64 = 0.35;
/// How long a call may ring here, for the same reason: the least that a campaign may say.
const RING_TIMEOUT: Duration = Duration::from_secs(10);
/// How long until a lead whom a call did not reach is called again; outside the demo that is hours.
const RETRY_AFTER: Duration = Duration::from_secs(90);

/// How long after a sale its follow-ups fall due here; outside the demo that is days.
const FOLLOW_UPS_AFTER: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(240)];

/// Starts the far side of the trunk.
pub(super) async fn carrier(chance: &mut Chance) -> anyhow::Result<Carrier> {
    let population = Population {
        seed: chance.seed(),
        // No answering machines: until they are detected, agents take them as they take people.
        shares: Shares { machine: 0., ..Shares::default() },
        habits: Habits { hangs_up: 0.3, presses_nine: 0.02, ..Habits::default() },
        time_scale: TIME_SCALE,
        ..Population::default()
    };
    let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let config = Config { bind, population, ..Config::default() };
    Carrier::start(config).await.context("the demo's carrier")
}

/// Leads the sample floor's trunks to `carrier`, and lets its campaigns call at any hour and again soon.
pub(super) fn adapt(floor: &mut FloorSpec, carrier: SocketAddr) {
    for outbound in floor.trunks.iter_mut().filter_map(|it| it.outbound.as_mut()) {
        outbound.to = vec![carrier.to_string()];
    }
    for policy in &mut floor.casework.follow_ups {
        policy.after = FOLLOW_UPS_AFTER.to_vec();
    }
    for campaign in &mut floor.campaigns {
        campaign.hours = None;
        campaign.codes.clear();
        campaign.ring_timeout = RING_TIMEOUT;
        for outcome in AttemptOutcome::ALL {
            let max = campaign.recycle.rule(*outcome).max;
            let rule = RecycleRule { delay: RETRY_AFTER, max };
            campaign.recycle.after.insert(*outcome, rule);
        }
    }
}

/// What falls due is laid into this list while the demo runs.
pub(super) fn is_laid(floor: &FloorSpec, list: &ListId) -> bool {
    let policies = floor.casework.follow_ups.iter().map(|it| &it.list);
    policies.chain(&floor.casework.callbacks).any(|it| it == list)
}

/// Imports leads into every list that is called from the beginning, and starts every campaign.
pub(super) async fn start(
    store: &Store,
    client: &Client,
    tenant: &TenantId,
    floor: &FloorSpec,
) -> anyhow::Result<()> {
    for list in floor.lists.iter().filter(|it| !is_laid(floor, &it.id)) {
        import(store, tenant, list).await.with_context(|| format!("leads of list {}", list.id))?;
    }
    for campaign in &floor.campaigns {
        let campaign = CampaignRef { tenant: tenant.clone(), campaign: campaign.id.clone() };
        client.start_campaign(&campaign).await.context("the sample campaign")?;
    }
    Ok(())
}

async fn import(store: &Store, tenant: &TenantId, list: &ListSpec) -> anyhow::Result<()> {
    let leads = (0..LEADS).map(lead).collect::<Result<Vec<_>, _>>()?;
    for (at, chunk) in (0..).zip(leads.chunks(CHUNK)) {
        store.import_leads(tenant, list, "demo", at, chunk.to_vec()).await?;
    }
    store.finish_import(tenant, list, "demo", clock::civil()).await?;
    Ok(())
}

/// A customer of a number in the range that the demo's callers use, too. No such call leaves the machine.
fn lead(at: u32) -> anyhow::Result<NewLead> {
    let number = LeadNumber {
        number: PhoneNumber::parse(&format!("+3460000{at:04}"))?,
        label: "mobile".to_owned(),
        place: Place { country: "ES".to_owned(), region: None },
        zones: vec!["Europe/Madrid".to_owned()],
    };
    Ok(NewLead {
        numbers: vec![number],
        name: format!("Cliente {at}"),
        person: None,
        role: LeadRole::default(),
        party: Party::default(),
        consent: Some(Consent { basis: ConsentBasis::Contract, given_at: clock::civil() }),
        tags: BTreeSet::new(),
        attributes: BTreeMap::new(),
    })
}
