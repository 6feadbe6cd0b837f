//! `timbre serve`: runs a node until it is told to stop.

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::Settings;
use crate::server::Node;

/// Runs a node until SIGTERM or SIGINT; a second signal stops it at once.
pub async fn run(settings: Settings) -> anyhow::Result<()> {
    log_to_stderr();
    raise_file_limit();
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let mut node = Node::start(&settings).await?;
    tracing::info!(grpc = %node.grpc, metrics = %node.metrics, sip = ?node.sip, "ready");
    tokio::select! {
        ended = node.ended() => {
            ended.context("the node must not go on: what happens could no longer be kept")?;
        }
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("draining; a second signal stops at once");
    tokio::select! {
        () = node.stop() => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Lets the process open as many files as the system allows it: each call needs two for voice.
pub fn raise_file_limit() {
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%error, "the open-file limit stays as it is");
    }
}

/// Logs to standard error; `RUST_LOG` filters, `TIMBRE_LOG=json` writes JSON.
pub fn log_to_stderr() {
    use std::io::IsTerminal as _;
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,rsipstack=error,h2=warn,tonic=warn"));
    let colours = std::io::stderr().is_terminal();
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours);
    let logs = logs.with_writer(std::io::stderr);
    let json = std::env::var("TIMBRE_LOG").is_ok_and(|it| it == "json");
    // A second initialisation, as in a demo that already logs, changes nothing.
    let _ = if json { logs.json().try_init() } else { logs.try_init() };
}
