//! Counts every RPC and how long it took to be answered; streams until they are open.

use std::task::{Context, Poll};

use tonic::Code;
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service, http};

use crate::driver::clock::Stopwatch;
use crate::metrics::Metrics;

/// Counts before every service.
#[derive(Clone)]
pub struct ObserveLayer(pub Metrics);

impl<S> tower::Layer<S> for ObserveLayer {
    type Service = Observed<S>;
    fn layer(&self, inner: S) -> Observed<S> {
        Observed { inner, metrics: self.0.clone() }
    }
}

/// A service behind [`ObserveLayer`].
#[derive(Clone)]
pub struct Observed<S> {
    inner: S,
    metrics: Metrics,
}

impl<S> Service<http::Request<Body>> for Observed<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let (metrics, watch) = (self.metrics.clone(), Stopwatch::start());
        let method = request.uri().path().trim_start_matches('/').to_owned();
        let answering = self.inner.call(request);
        Box::pin(async move {
            let answer = answering.await?;
            let code = code(&answer);
            // A method that is not served has a name that a stranger chose.
            let method = if code == Code::Unimplemented { "unknown" } else { &method };
            metrics.rpc(method, word(code), watch.elapsed());
            Ok(answer)
        })
    }
}

/// The code of an answer: an error stands in its head, success in its trailers.
fn code(answer: &http::Response<Body>) -> Code {
    let status = answer.headers().get("grpc-status");
    status.map_or(Code::Ok, |code| Code::from_bytes(code.as_bytes()))
}

/// A code as gRPC spells it.
const fn word(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
