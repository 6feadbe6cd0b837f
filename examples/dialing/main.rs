//! How many attempts a node authorizes and dials in a second, from SQLite with every transaction synced, while inbound
//! calls come too: `cargo run --release --example dialing`.
//!
//! The node, its carrier, phones and callers share the machine. Most callees are busy, so that attempts and not
//! conversations are what is measured.

mod floor;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::Parser;
use timbre::config::Settings;
use timbre::driver::clock::{Stopwatch, sleep};
use timbre::server::Node;
use timbre_engine::Command;
use timbre_model::{AgentRef, NewLead, TenantId};
use timbre_phone::carrier::{self, Carrier, Habits, Population, Shares};
use timbre_phone::{Call, Credentials, Endpoint};
use tokio::task::JoinSet;

/// Measures how fast a node dials.
#[derive(Debug, Parser)]
struct Options {
    /// Attempts per second that the trunk allows
    #[arg(long, default_value_t = 300)]
    rate: u32,
    /// Agents of the campaign, and as many who take inbound calls
    #[arg(long, default_value_t = 150)]
    agents: usize,
    /// Inbound calls per second
    #[arg(long, default_value_t = 10)]
    inbound: u32,
    /// How long it is measured, in seconds
    #[arg(long, default_value_t = 30)]
    seconds: u64,
}

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let directory = tempfile::tempdir()?;
    let carrier = Carrier::start(carrier::Config {
        bind: "127.0.0.2:0".parse()?,
        lines: 20_000,
        population: population(),
        voice: false,
        ..carrier::Config::default()
    })
    .await?;
    let node = Node::start(&Settings {
        database: format!("sqlite://{}", directory.path().join("timbre.db").display()),
        spool: directory.path().join("spool"),
        grpc: "127.0.0.1:0".parse()?,
        metrics: "127.0.0.1:0".parse()?,
        sip: "127.0.0.1:0".parse()?,
        rtp_ports: 0..=0,
        ..Settings::default()
    })
    .await?;
    let spec = floor::spec(options.agents, options.rate, carrier.at)?;
    let (tenant, campaign) = (TenantId::parse(floor::TENANT)?, floor::campaign()?);
    let command = Command::ApplyFloor {
        tenant: tenant.clone(),
        spec: Box::new(spec.clone()),
        expected_version: None,
    };
    node.driver.command(command).await??;
    import(&node, &tenant, &spec, u64::from(options.rate) * (options.seconds + 30)).await?;
    let shifts = staff(&node, &tenant, options.agents * 2).await?;
    let stop = Arc::new(AtomicBool::new(false));
    let answered = Arc::new(AtomicU64::new(0));
    let callers = callers(&node, options.inbound, stop.clone(), answered.clone()).await?;
    node.driver.command(Command::StartCampaign { campaign: campaign.clone() }).await??;
    sleep(Duration::from_secs(5)).await;

    let (watch, before) = (Stopwatch::start(), carrier.stats().calls);
    let inbound_before = answered.load(Ordering::Relaxed);
    sleep(Duration::from_secs(options.seconds)).await;
    let dialed = carrier.stats().calls - before;
    let inbound = answered.load(Ordering::Relaxed) - inbound_before;
    let seconds = watch.elapsed().as_secs_f64();
    node.driver.command(Command::StopCampaign { campaign }).await??;
    stop.store(true, Ordering::Relaxed);
    println!(
        "attempts authorized and dialed: {:.1}/s over {seconds:.0} s",
        dialed as f64 / seconds
    );
    println!("inbound calls answered by an agent: {:.1}/s", inbound as f64 / seconds);
    drop((shifts, callers));
    node.stop().await;
    Ok(())
}

/// Most are busy at once; a few talk. Nobody hangs up at once, for which the trunk would be slowed down.
fn population() -> Population {
    let shares = Shares { busy: 0.9, person: 0.02, ..Shares::NONE };
    Population {
        shares,
        habits: Habits { talks_mean: 10., hangs_up: 1.0, impatient: 0.0, ..Habits::default() },
        ..Population::default()
    }
}

async fn import(
    node: &Node,
    tenant: &TenantId,
    spec: &timbre_model::FloorSpec,
    leads: u64,
) -> anyhow::Result<()> {
    let list = spec.lists.first().context("the floor has a list")?;
    let all: Vec<u64> = (0..leads).collect();
    for (chunk, of_chunk) in all.chunks(5_000).enumerate() {
        let leads: Vec<NewLead> = of_chunk.iter().map(|at| floor::lead(*at)).collect();
        let chunk = u64::try_from(chunk)?;
        let done = node.store.import_leads(tenant, list, "all", chunk, leads).await?;
        ensure!(done.rejected.is_empty(), "{:?}", done.rejected.first());
    }
    node.store.finish_import(tenant, list, "all", timbre::driver::clock::civil()).await?;
    Ok(())
}

/// Brings agents to work, each with a leg that stays up.
async fn staff(
    node: &Node,
    tenant: &TenantId,
    count: usize,
) -> anyhow::Result<(Endpoint, Vec<Call>)> {
    let server = node.sip.udp.context("SIP over UDP is served")?;
    let phones = Endpoint::open("127.0.0.3".parse()?, server).await?;
    let mut shifts = Vec::new();
    for at in 0..count {
        let agent = AgentRef { tenant: tenant.clone(), agent: floor::agent(at)? };
        let who = Credentials::new(format!("{tenant}~{}", agent.agent), floor::PASSWORD.to_owned());
        let shift = phones.call_in(&who, None);
        let up = shift.until(PATIENCE, |it| it.answered.is_some() || it.ended.is_some()).await;
        ensure!(up.is_ok_and(|it| it.answered.is_some()), "{}'s phone cannot call in", agent.agent);
        let sign_in = Command::SignIn { agent: agent.clone(), auto_accept: true, take_over: true };
        node.driver.command(sign_in).await??;
        node.driver.command(Command::SetReady { agent }).await??;
        shifts.push(shift);
    }
    Ok((phones, shifts))
}

/// Callers of the inbound queue, each for three seconds.
async fn callers(
    node: &Node,
    rate: u32,
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
) -> anyhow::Result<JoinSet<()>> {
    let server = node.sip.udp.context("SIP over UDP is served")?;
    let line = Endpoint::open("127.0.0.2".parse()?, server).await?;
    let mut all = JoinSet::new();
    all.spawn(async move {
        let mut calls = JoinSet::new();
        let mut at = 0_u64;
        while !stop.load(Ordering::Relaxed) && rate > 0 {
            at += 1;
            let call = line.dial(&format!("+3460{at:07}"), floor::NUMBER, None);
            let answered = answered.clone();
            calls.spawn(async move {
                let up =
                    call.until(PATIENCE, |it| it.answered.is_some() || it.ended.is_some()).await;
                if up.is_ok_and(|it| it.answered.is_some()) {
                    answered.fetch_add(1, Ordering::Relaxed);
                    sleep(Duration::from_secs(3)).await;
                    call.hang_up();
                }
            });
            sleep(Duration::from_secs_f64(1. / f64::from(rate))).await;
        }
    });
    Ok(all)
}
