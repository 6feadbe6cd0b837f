//! Single calls between the others, timed to the microsecond: sipp's own clock has steps of several milliseconds.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::bail;
use timbre_phone::{Call, Endpoint};

use crate::floor;
use crate::node::Node;

/// Between two probes.
const EVERY: Duration = Duration::from_millis(25);
/// A call that is not answered within this has failed.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Places a call every so often for `span`, each of `talk`; the times from INVITE to 200, sorted.
pub async fn run(node: &Node, span: Duration, talk: Duration) -> anyhow::Result<Vec<Duration>> {
    let phone = Endpoint::open(floor::CARRIER.parse()?, node.sip).await?;
    let mut ticks = tokio::time::interval(EVERY);
    let mut calls: VecDeque<Call> = VecDeque::new();
    let mut times = Vec::new();
    let last = usize::try_from(talk.as_millis() / EVERY.as_millis())?;
    for number in 0..span.as_millis() / EVERY.as_millis() {
        ticks.tick().await;
        calls.push_back(phone.dial(&format!("+3469{number:07}"), floor::NUMBER, None));
        if calls.len() > last {
            times.extend(end(calls.pop_front()).await?);
        }
    }
    while !calls.is_empty() {
        ticks.tick().await;
        times.extend(end(calls.pop_front()).await?);
    }
    times.sort_unstable();
    Ok(times)
}

/// Hangs up a call that was answered; how long that took.
async fn end(call: Option<Call>) -> anyhow::Result<Option<Duration>> {
    let Some(call) = call else { return Ok(None) };
    let answered = call.until(ANSWER_WITHIN, |it| it.answered.is_some()).await;
    call.hang_up();
    // Its BYE must find its answer here, or it would be sent again.
    let _ = call.until(ANSWER_WITHIN, |it| it.ended.is_some()).await;
    match answered {
        Ok(progress) if progress.sent_again == 0 => Ok(progress.answered_after()),
        other => bail!("a probe failed: {other:?}"),
    }
}

/// The time within which a share of the sorted `times` lies.
pub fn quantile(times: &[Duration], share: f64) -> Duration {
    let at = (times.len().saturating_sub(1) as f64 * share).round() as usize;
    times.get(at).copied().unwrap_or_default()
}
