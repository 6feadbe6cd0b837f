//! The port that Prometheus scrapes.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::Metrics;

/// Connections at once. A Prometheus needs one; more than these wait in the kernel.
const CONNECTIONS_MAX: usize = 32;
/// How long a client may take to send its request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How often observations are folded where nobody scrapes.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// Binds `at` and serves until the runtime ends.
pub(super) fn serve(at: SocketAddr, metrics: Metrics) -> io::Result<SocketAddr> {
    let listener = std::net::TcpListener::bind(at)?;
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let at = listener.local_addr()?;
    tokio::spawn(keep_up(metrics.clone()));
    tokio::spawn(accept(listener, metrics));
    Ok(at)
}

async fn keep_up(metrics: Metrics) {
    let mut due = tokio::time::interval(UPKEEP_EVERY);
    loop {
        due.tick().await;
        metrics.upkeep();
    }
}

async fn accept(listener: TcpListener, metrics: Metrics) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let slot = slots.clone().acquire_owned().await;
        match listener.accept().await {
            Ok((stream, _)) => {
                let metrics = metrics.clone();
                tokio::spawn(async move {
                    converse(stream, metrics).await;
                    drop(slot);
                });
            }
            // Out of descriptors: some must end first, and asking again at once would burn the processor.
            Err(error) => {
                tracing::warn!(%error, "cannot accept a scrape");
                pause().await;
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "no event tells that descriptors are free again")]
async fn pause() {
    tokio::time::sleep(Duration::from_secs(1)).await;
}

async fn converse(stream: TcpStream, metrics: Metrics) {
    let service = service_fn(move |request| answer(request, metrics.clone()));
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a scrape's connection ended");
    }
}

async fn answer(
    request: Request<Incoming>,
    metrics: Metrics,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (status, kind, body) = match (request.method(), request.uri().path()) {
        (&Method::GET, "/metrics") => {
            // Writing tens of thousands of lines would hold up a thread that serves calls.
            match tokio::task::spawn_blocking(move || metrics.render()).await {
                Ok(text) => (StatusCode::OK, "text/plain; version=0.0.4", text),
                Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, "text/plain", String::new()),
            }
        }
        _ => (StatusCode::NOT_FOUND, "text/plain", "metrics are at /metrics\n".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    Ok(response)
}
