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
        eprintln!(
            "gRPC {}, metrics http://{}/metrics, SIP {:?}",
            demo.node.grpc, demo.node.metrics, demo.node.sip.udp
        );
        eprintln!(
            "With TIMBRE_SERVER=http://{} and TIMBRE_TOKEN={}, see what follows the calls:\n\
             timbre case list; timbre follow-up list; timbre report cases; timbre report surveys --html surveys.html",
            demo.node.grpc, demo.supervisor.token
        );
        let watched = match self.seconds {
            Some(seconds) => {
                clock::sleep(Duration::from_secs(seconds)).await;
                top::watch(demo.supervisor.clone(), true).await
            }
            None => top::watch(demo.supervisor.clone(), false).await,
        };
        demo.stop().await;
        watched
    }
}
