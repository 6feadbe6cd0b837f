//! `timbre demo`: a whole node on loopback, with customers who call and agents who answer.

use std::time::Duration;

use clap::Args;

use super::{serve, top};
use crate::demo::{Demo, Pace};
use crate::driver::clock;

/// Show a node at work: a sample Spanish floor, customers who call over SIP and agents who take their calls over gRPC,
/// all through the node's real ports. Nothing is kept.
#[derive(Debug, Args)]
pub struct Demonstration {
    /// Calls that come, per minute
    #[arg(long, default_value_t = 18., value_parser = rate, value_name = "CALLS")]
    calls_per_minute: f64,
    /// How long agents and customers talk, on average
    #[arg(long, default_value_t = 25., value_parser = rate, value_name = "SECONDS")]
    talk: f64,
    /// Leave the wallboard out: run for so many seconds, print one snapshot and stop
    #[arg(long, value_name = "SECONDS")]
    seconds: Option<u64>,
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "give a number".to_owned())?;
    if (0.1..=6_000.).contains(&rate) { Ok(rate) } else { Err("give 0.1 to 6000".to_owned()) }
}

impl Demonstration {
    /// Runs the command.
    pub async fn run(self) -> anyhow::Result<()> {
        serve::raise_file_limit();
        let pace = Pace { calls_per_minute: self.calls_per_minute, talk_seconds: self.talk };
        let demo = Demo::start(pace).await?;
        let watched = match self.seconds {
            Some(seconds) => {
                notes(&demo).iter().for_each(|it| eprintln!("{it}"));
                clock::sleep(Duration::from_secs(seconds)).await;
                top::watch(demo.supervisor.clone(), true, Vec::new()).await
            }
            None => top::watch(demo.supervisor.clone(), false, notes(&demo)).await,
        };
        demo.stop().await;
        watched
    }
}

/// How to look at the demo from another terminal.
fn notes(demo: &Demo) -> Vec<String> {
    let sip = demo.node.sip.udp.map(|it| format!(", SIP {it}")).unwrap_or_default();
    [
        format!(" metrics http://{}/metrics{sip}; from another terminal:", demo.node.metrics),
        format!(" export TIMBRE_SERVER=http://{}", demo.node.grpc),
        format!(" export TIMBRE_TOKEN={}", demo.supervisor.token),
        " timbre case list; timbre sale list; timbre follow-up list; timbre report cases"
            .to_owned(),
    ]
    .into()
}
