//! What is measured, one after the other.

use std::time::Duration;

use timbre::driver::clock::{self, Stopwatch};
use timbre_model::AgentStateKind;

use crate::Options;
use crate::carrier::Carrier;
use crate::node::{Node, tenant};
use crate::probe;
use crate::report::{Backlog, Memory, Report, Step};
use crate::staff::Staff;

/// Before a figure is taken, a load runs so long.
const WARM_UP: Duration = Duration::from_secs(5);
/// A finished transaction stays this long in the SIP stack (RFC 3261 §17, 64 × T1), and a little more.
const TRANSACTIONS_GONE: Duration = Duration::from_secs(40);
/// At this rate calls are brought up whose memory is measured, so that few transactions are there at once.
const MEMORY_RATE: u32 = 50;
/// The backlog of the issue: more calls than the agents can take.
const BACKLOG_AGENTS: usize = 50;
const BACKLOG_RATE: u32 = 25;

pub async fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let node = Node::start(options, options.agents).await?;
    let watch = Stopwatch::start();
    let mut staff = Staff::begin(&node, options.agents).await?;
    println!("{} agents at work after {:.1?}", options.agents, watch.elapsed());
    if !options.no_memory {
        let memory = memory(&node, options).await?;
        println!("{memory}");
        report.memory = Some(memory);
    }
    for &rate in &options.rates {
        // Another program that takes the core for a moment spoils a step: each has a second try.
        let held = try_rate(&node, options, rate, report).await?
            || try_rate(&node, options, rate, report).await?;
        staff.all_at_work()?;
        if !held {
            break;
        }
    }
    drop((staff, node));
    if !options.no_backlog {
        let backlog = backlog(options).await?;
        println!("{backlog}");
        report.backlog = Some(backlog);
    }
    Ok(())
}

async fn try_rate(
    node: &Node,
    options: &Options,
    rate: u32,
    report: &mut Report,
) -> anyhow::Result<bool> {
    let step = step(node, options, rate).await?;
    println!("{step}");
    let held = step.holds();
    report.steps.push(step);
    Ok(held)
}

/// What a call in progress takes: the growth of resident memory by calls that stay, once the transactions are gone.
async fn memory(node: &Node, options: &Options) -> anyhow::Result<Memory> {
    clock::sleep(TRANSACTIONS_GONE).await;
    let before = node.usage().await?;
    let calls = u32::try_from(options.agents)?.min(2_000) * 9 / 10;
    let rising = Duration::from_secs(u64::from(calls / MEMORY_RATE));
    let stay = rising + TRANSACTIONS_GONE + Duration::from_secs(10);
    let carrier = Carrier::offer(node, MEMORY_RATE, calls, u32::try_from(stay.as_millis())?)?;
    clock::sleep(rising + TRANSACTIONS_GONE).await;
    let after = node.usage().await?;
    let up = after.calls - before.calls;
    let counted = carrier.finish().await?;
    anyhow::ensure!(counted.failed == 0 && up > 0.0, "calls failed: {counted:?}");
    let grown = after.resident_bytes.saturating_sub(before.resident_bytes);
    Ok(Memory { calls: up, bytes_per_call: grown as f64 / up, before: before.resident_bytes })
}

async fn step(node: &Node, options: &Options, rate: u32) -> anyhow::Result<Step> {
    let span = WARM_UP + Duration::from_secs(u64::from(options.seconds));
    let calls = rate * u32::try_from(span.as_secs())?;
    let again = node.metric("timbre_sip_retransmissions_received_total").await?;
    let carrier = Carrier::offer(node, rate, calls, options.talk)?;
    // The first calls end after their talk: from then on as many end as begin.
    let talk = Duration::from_millis(u64::from(options.talk));
    clock::sleep(WARM_UP.max(talk)).await;
    let (before, watch) = (node.usage().await?, Stopwatch::start());
    let measured = Duration::from_secs(u64::from(options.seconds));
    let probed = probe::run(node, measured.saturating_sub(talk), talk).await?;
    let (after, span) = (node.usage().await?, watch.elapsed());
    let counted = carrier.finish().await?;
    let again = node.metric("timbre_sip_retransmissions_received_total").await? - again;
    let (cpu, done) = (after.cpu - before.cpu, after.calls - before.calls);
    Ok(Step {
        rate,
        reached: done / span.as_secs_f64(),
        failed: u64::from(calls).saturating_sub(counted.successful),
        retransmissions: counted.retransmissions + again as u64,
        cpu_ms_per_call: cpu.as_secs_f64() * 1e3 / done.max(1.0),
        core: cpu.as_secs_f64() / span.as_secs_f64(),
        p50: probe::quantile(&probed, 0.50),
        p99: probe::quantile(&probed, 0.99),
        longest: probe::quantile(&probed, 1.0),
        resident: after.resident_bytes,
    })
}

/// How busy agents are kept where calls wait.
async fn backlog(options: &Options) -> anyhow::Result<Backlog> {
    let node = Node::start(options, BACKLOG_AGENTS).await?;
    let _staff = Staff::begin(&node, BACKLOG_AGENTS).await?;
    let span = WARM_UP + Duration::from_secs(u64::from(options.seconds));
    let calls = BACKLOG_RATE * u32::try_from(span.as_secs())?;
    let carrier = Carrier::offer(&node, BACKLOG_RATE, calls, options.talk)?;
    clock::sleep(WARM_UP).await;
    let from = clock::civil();
    clock::sleep(Duration::from_secs(u64::from(options.seconds))).await;
    let to = clock::civil();
    let counted = carrier.finish().await?;
    let store = node.store().await?;
    let times = store.state_times(&tenant(), None, from, to).await?;
    let of = |state: Option<AgentStateKind>| -> f64 {
        let times = times.iter().filter(|it| state.is_none_or(|state| it.state == state));
        times.map(|it| it.total.as_secs_f64()).sum()
    };
    Ok(Backlog {
        agents: BACKLOG_AGENTS,
        rate: BACKLOG_RATE,
        busy: of(Some(AgentStateKind::Talking)) / of(None),
        failed: counted.failed,
        longest_wait: counted.answer_times.last().copied().unwrap_or_default(),
    })
}
