//! The gRPC server: services behind limits, TLS and authentication.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::transport::{Identity, Server, ServerTlsConfig};
use tonic_health::server::HealthReporter;

use super::agenda::Agendas;
use super::agent::Agents;
use super::attempt::Attempts;
use super::auth::{AuthLayer, Authority};
use super::call::Calls;
use super::campaign::Campaigns;
use super::case::Cases;
use super::compliance::Laws;
use super::customer::Customers;
use super::disposition::Dispositions;
use super::do_not_call::DoNotCalls;
use super::event::Events;
use super::floor::Floors;
use super::follow_up::FollowUps;
use super::lead::Leads;
use super::message::Messages;
use super::observe::ObserveLayer;
use super::report::Reports;
use super::supervisor::Supervisors;
use super::{Context, limits, pb};
use crate::config::Settings;
use connection::Admitted;

mod connection;

/// Why gRPC cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be bound.
    #[error("cannot listen on {address}: {why}: choose another with --grpc")]
    Bind {
        /// Where.
        address: SocketAddr,
        /// Why.
        why: std::io::Error,
    },
    /// Tokens would cross a network in the clear.
    #[error(
        "{0} is not loopback and there is no TLS: give --grpc-tls-cert and --grpc-tls-key, or --grpc-insecure where \
         something else encrypts"
    )]
    PlainText(SocketAddr),
    /// A certificate or a key cannot be read.
    #[error("cannot read {path}: {why}", path = .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        why: std::io::Error,
    },
    /// A certificate or a key cannot be used, or a service is wrong.
    #[error(transparent)]
    Transport(#[from] tonic::transport::Error),
    /// The compiled protos cannot be reflected.
    #[error(transparent)]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// A server that runs.
pub struct Running {
    /// Where.
    pub address: SocketAddr,
    health: HealthReporter,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

impl Running {
    /// Tells who asks for health that new work is not taken.
    pub async fn not_serving(&self) {
        self.health.set_service_status("", tonic_health::ServingStatus::NotServing).await;
    }

    /// Ends every stream and stops.
    pub async fn stop(self) {
        self.stop.cancel();
        // Streams end by their own cancellation; what hangs is cut.
        if tokio::time::timeout(Duration::from_secs(2), self.serving).await.is_err() {
            tracing::warn!("gRPC connections were cut");
        }
    }
}

/// Serves gRPC.
pub async fn serve(settings: &Settings, context: Context) -> Result<Running, ServeError> {
    let tls = tls(settings)?;
    if tls.is_none() && !settings.grpc.ip().is_loopback() && !settings.grpc_insecure {
        return Err(ServeError::PlainText(settings.grpc));
    }
    let bind = |why| ServeError::Bind { address: settings.grpc, why };
    let listener = TcpListener::bind(settings.grpc).await.map_err(bind)?;
    let address = listener.local_addr().map_err(bind)?;
    let (health, routes, stop) = routes(context.clone())?;
    let mut server = server();
    if let Some(tls) = tls {
        server = server.tls_config(tls)?;
    }
    let router = server
        .layer(ObserveLayer(context.metrics))
        .layer(AuthLayer(Authority::new(context.store)))
        .add_routes(routes);
    let stopped = stop.clone();
    let incoming = accept(listener);
    let serving = tokio::spawn(async move {
        let signal = stopped.cancelled_owned();
        if let Err(error) = router.serve_with_incoming_shutdown(incoming, signal).await {
            tracing::error!(%error, "gRPC ended");
        }
    });
    Ok(Running { address, health, stop, serving })
}

/// The limits; each is explicit because tonic's defaults leave streams, ages and time-outs open.
fn server() -> Server {
    Server::builder()
        .max_concurrent_streams(limits::STREAMS_PER_CONNECTION)
        .concurrency_limit_per_connection(limits::STREAMS_PER_CONNECTION as usize)
        .load_shed(true)
        .timeout(limits::ANSWER_WITHIN)
        .http2_keepalive_interval(Some(limits::KEEPALIVE_EVERY))
        .http2_keepalive_timeout(Some(limits::KEEPALIVE_WITHIN))
        .http2_max_pending_accept_reset_streams(Some(limits::PENDING_RESETS_MAX))
        .http2_max_header_list_size(limits::HEADERS_MAX)
        .max_connection_age(limits::CONNECTION_AGE)
        .tcp_nodelay(true)
}

type Parts = (HealthReporter, Routes, CancellationToken);

fn routes(context: Context) -> Result<Parts, ServeError> {
    let stop = CancellationToken::new();
    let agents = pb::agent_service_server::AgentServiceServer::new(Agents::new(
        context.clone(),
        Authority::new(context.store.clone()),
        stop.clone(),
    ));
    let floors = pb::floor_service_server::FloorServiceServer::new(Floors(context.clone()));
    let calls = pb::call_service_server::CallServiceServer::new(Calls(context.clone()));
    let messages = pb::message_service_server::MessageServiceServer::new(Messages(context.clone()));
    let agendas = pb::agenda_service_server::AgendaServiceServer::new(Agendas(context.clone()));
    let leads = Leads(context.clone(), stop.clone());
    let leads = pb::lead_service_server::LeadServiceServer::new(leads);
    let cases = pb::case_service_server::CaseServiceServer::new(Cases(context.clone()));
    let campaigns = Campaigns(context.clone(), stop.clone());
    let campaigns = pb::campaign_service_server::CampaignServiceServer::new(campaigns);
    let barred = DoNotCalls(context.clone(), stop.clone());
    let barred = pb::do_not_call_service_server::DoNotCallServiceServer::new(barred);
    let attempts = Attempts(context.clone(), stop.clone());
    let attempts = pb::attempt_service_server::AttemptServiceServer::new(attempts);
    let dispositions = Dispositions(context.clone());
    let dispositions = pb::disposition_service_server::DispositionServiceServer::new(dispositions);
    let follow_ups = FollowUps(context.clone());
    let follow_ups = pb::follow_up_service_server::FollowUpServiceServer::new(follow_ups);
    let laws = pb::compliance_service_server::ComplianceServiceServer::new(Laws(context.clone()));
    let customers = Customers(context.clone(), stop.clone());
    let customers = pb::customer_service_server::CustomerServiceServer::new(customers);
    let reports = Reports(context.clone());
    let reports = pb::report_service_server::ReportServiceServer::new(reports);
    let events = Events(context.clone(), stop.clone());
    let events = pb::event_service_server::EventServiceServer::new(events);
    let watch = Supervisors(context, stop.clone());
    let supervisors = pb::supervisor_service_server::SupervisorServiceServer::new(watch);
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(pb::DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()?;
    let (reporter, health) = tonic_health::server::health_reporter();
    let mut routes = Routes::builder();
    routes
        .add_service(health)
        .add_service(reflection)
        .add_service(agents.max_decoding_message_size(limits::AGENT_MESSAGE_MAX))
        .add_service(floors.max_decoding_message_size(limits::FLOOR_MESSAGE_MAX))
        .add_service(calls.max_decoding_message_size(limits::MESSAGE_MAX))
        .add_service(supervisors.max_decoding_message_size(limits::MESSAGE_MAX))
        .add_service(messages.max_decoding_message_size(limits::MESSAGE_MAX))
        .add_service(agendas.max_decoding_message_size(limits::MESSAGE_MAX))
        .add_service(leads.max_decoding_message_size(limits::IMPORT_MESSAGE_MAX))
        .add_service(campaigns.max_decoding_message_size(limits::MESSAGE_MAX))
        .add_service(barred.max_decoding_message_size(limits::IMPORT_MESSAGE_MAX))
        .add_service(cases.max_decoding_message_size(limits::MESSAGE_MAX))
        .add_service(attempts.max_decoding_message_size(limits::MESSAGE_MAX))
        .add_service(customers.max_decoding_message_size(limits::IMPORT_MESSAGE_MAX))
        .add_service(dispositions.max_decoding_message_size(limits::MESSAGE_MAX))
        .add_service(follow_ups.max_decoding_message_size(limits::MESSAGE_MAX))
        .add_service(reports.max_decoding_message_size(limits::MESSAGE_MAX))
        .add_service(events.max_decoding_message_size(limits::MESSAGE_MAX))
        .add_service(laws.max_decoding_message_size(limits::MESSAGE_MAX));
    Ok((reporter, routes.routes(), stop))
}

fn tls(settings: &Settings) -> Result<Option<ServerTlsConfig>, ServeError> {
    let (Some(cert), Some(key)) = (&settings.grpc_tls_cert, &settings.grpc_tls_key) else {
        return Ok(None);
    };
    let identity = Identity::from_pem(read(cert)?, read(key)?);
    Ok(Some(ServerTlsConfig::new().identity(identity)))
}

fn read(path: &Path) -> Result<Vec<u8>, ServeError> {
    std::fs::read(path).map_err(|why| ServeError::File { path: path.to_owned(), why })
}

/// Accepts connections, at most [`limits::CONNECTIONS_MAX`] at once. A failed accept is logged and never ends the server.
fn accept(listener: TcpListener) -> ReceiverStream<Result<Admitted, std::io::Error>> {
    let (accepted, stream) = mpsc::channel(16);
    let room = Arc::new(Semaphore::new(limits::CONNECTIONS_MAX));
    tokio::spawn(async move {
        while !accepted.is_closed() {
            let Some(admitted) = accept_one(&listener, &room).await else { continue };
            if accepted.send(Ok(admitted)).await.is_err() {
                return;
            }
        }
    });
    ReceiverStream::new(stream)
}

async fn accept_one(listener: &TcpListener, room: &Arc<Semaphore>) -> Option<Admitted> {
    let permit: OwnedSemaphorePermit = room.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some(admit(stream, permit)),
        Err(error) => {
            tracing::warn!(%error, "a gRPC connection could not be accepted");
            // Out of file descriptors: at once again would only spin.
            crate::driver::clock::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}

fn admit(stream: TcpStream, permit: OwnedSemaphorePermit) -> Admitted {
    // A socket without TCP_NODELAY is slower, not wrong.
    let _ = stream.set_nodelay(true);
    Admitted::new(stream, permit)
}
