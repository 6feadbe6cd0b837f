//! gRPC: the only module that sees protobuf.

mod agenda;
mod agent;
mod attempt;
mod auth;
mod call;
mod campaign;
mod case;
pub mod client;
mod compliance;
mod customer;
mod disposition;
mod do_not_call;
mod event;
mod floor;
mod follow_up;
mod intake;
mod judge;
mod lead;
pub mod limits;
mod message;
mod observe;
pub mod pb;
mod report;
mod requests;
mod serve;
pub mod status;
mod supervisor;
pub mod token;
mod verdict;
pub mod wire;

use timbre_engine::{Command, Reply};
use timbre_store::Store;
use tonic::Status;

use crate::casework::Desk;
use crate::driver::Handle;
use crate::feed::Feed;
use crate::metrics::Metrics;
use crate::telephony::Lines;

pub use serve::{Running, ServeError, serve};

/// What every service needs. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// Reaches the loop.
    pub driver: Handle,
    /// What happens.
    pub feed: Feed,
    /// What is kept.
    pub store: Store,
    /// Counts.
    pub metrics: Metrics,
    /// Where casework is done.
    pub desk: Desk,
    /// What the switch measures.
    pub lines: Lines,
}

impl Context {
    async fn command(&self, command: Command) -> Result<Reply, Status> {
        let verdict = self.driver.command(command).await.map_err(status::stopped)?;
        verdict.map_err(|rejection| status::rejected(&rejection).to_status())
    }
}
