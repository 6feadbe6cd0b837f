//! Clients of the API, in our own types.

mod agent;
mod case;
mod customers;
mod error;
mod events;
mod follow_ups;
mod messages;
mod outbound;
mod reads;
mod reports;
mod watch;

use std::path::PathBuf;
use std::time::Duration;

use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Status};

pub use agent::AgentStream;
pub use case::CaseStep;
pub use customers::CustomerImport;
pub use error::ClientError;
pub use events::EventWatch;
pub use follow_ups::{Listed as ListedDisposition, SaleQuery};
pub use messages::Listed;
pub use outbound::{
    AuditExport, CampaignWatch, LeadImport, Paged, RegistryImport, RegistryVersion, Source, Unsent,
};
pub use reads::PresentFloor;
pub use watch::FloorWatch;

/// Longest wait for a connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How often a quiet connection is asked whether it still lives, and how long the answer may take.
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_WITHIN: Duration = Duration::from_secs(10);

/// Which server, and as whom.
#[derive(Clone)]
pub struct Target {
    /// `http://HOST:PORT` or `https://HOST:PORT`.
    pub server: String,
    /// The bearer token.
    pub token: String,
    /// Certificates that vouch for the server (PEM); `None`: those that the public web trusts.
    pub tls_ca: Option<PathBuf>,
}

/// A connection to a server.
#[derive(Clone)]
pub struct Client {
    server: String,
    channel: InterceptedService<Channel, Bearer>,
}

/// Shows the token with every request.
#[derive(Clone)]
struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

impl Client {
    /// Connects.
    pub async fn connect(target: &Target) -> Result<Self, ClientError> {
        let Target { server, token, tls_ca } = target;
        let wrong = |remedy: &str| ClientError::Setup(remedy.to_owned());
        let mut endpoint = Endpoint::from_shared(server.clone())
            .map_err(|_| wrong("--server must be http://HOST:PORT or https://HOST:PORT"))?
            .connect_timeout(CONNECT_WITHIN)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_WITHIN)
            .keep_alive_while_idle(true);
        if server.starts_with("https://") {
            let tls = tls(tls_ca.as_ref()).await?;
            endpoint = endpoint.tls_config(tls).map_err(|it| ClientError::Setup(it.to_string()))?;
        }
        let mut bearer: MetadataValue<Ascii> = format!("Bearer {token}")
            .parse()
            .map_err(|_| wrong("the token holds characters that no token has: copy it again"))?;
        bearer.set_sensitive(true);
        let channel =
            endpoint.connect().await.map_err(|it| ClientError::unreachable(server, &it))?;
        let channel = InterceptedService::new(channel, Bearer(bearer));
        Ok(Self { server: server.clone(), channel })
    }

    fn refused(&self, status: Status) -> ClientError {
        ClientError::refused(&self.server, &status)
    }
}

async fn tls(ca: Option<&PathBuf>) -> Result<ClientTlsConfig, ClientError> {
    let Some(file) = ca else { return Ok(ClientTlsConfig::new().with_enabled_roots()) };
    let pem = tokio::fs::read(file).await;
    let pem = pem.map_err(|it| ClientError::Setup(format!("--tls-ca {}: {it}", file.display())))?;
    Ok(ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)))
}
