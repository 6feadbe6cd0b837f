//! Who calls: bearer tokens, tenants and roles. A method that is not in the table is refused.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use timbre_casework::By;
use timbre_model::{AgentRef, Role, TenantId, TokenRecord};
use timbre_store::{Store, StoreError};
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::{Code, Request, Status};

use crate::api::status::{self, reasons};
use crate::api::token;
use crate::casework::{Desk, Fault, Scope};
use crate::driver::clock::{self, Stopwatch};

/// How long a token that was read counts without being read again: so long a revoked one may still open a call.
const TRUSTED_FOR: Duration = Duration::from_secs(5);

/// Tokens remembered at once, so that strangers cannot grow the memory.
const REMEMBERED_MAX: usize = 50_000;

/// Who calls. Made from the credential only, never from the request.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Whose floor.
    pub tenant: TenantId,
    /// What they may do.
    pub role: Role,
    /// The agent, for [`Role::Agent`].
    pub agent: Option<AgentRef>,
    /// The token's id.
    token: String,
    hash: [u8; 32],
}

/// Who may call a method.
enum Needs {
    Nothing,
    Agent,
    /// Agents, and from supervisors up.
    Person,
    AtLeast(Role),
}

fn needs(path: &str) -> Option<Needs> {
    let (service, method) = path.strip_prefix('/')?.split_once('/')?;
    Some(match (service, method) {
        ("grpc.health.v1.Health" | "grpc.reflection.v1.ServerReflection", _) => Needs::Nothing,
        ("timbre.v1.AgentService", _) => Needs::Agent,
        ("timbre.v1.EventService", "ReplayDeadLetter") => Needs::AtLeast(Role::Operator),
        ("timbre.v1.EventService", _) => Needs::AtLeast(Role::Supervisor),
        ("timbre.v1.CustomerService", "EraseCustomer" | "ImportCustomers") => {
            Needs::AtLeast(Role::Operator)
        }
        ("timbre.v1.CustomerService", "MergeCustomers" | "ExportCustomer") => {
            Needs::AtLeast(Role::Supervisor)
        }
        ("timbre.v1.CustomerService", _) => Needs::Person,
        ("timbre.v1.CaseService", "AssignCase" | "RejectCase" | "ReopenCase") => {
            Needs::AtLeast(Role::Supervisor)
        }
        ("timbre.v1.CaseService", _) => Needs::Person,
        ("timbre.v1.FollowUpService", "RecordSale") => Needs::AtLeast(Role::Supervisor),
        ("timbre.v1.FollowUpService", _) => Needs::Person,
        ("timbre.v1.DispositionService" | "timbre.v1.ReportService", _) => {
            Needs::AtLeast(Role::Supervisor)
        }
        ("timbre.v1.MessageService", "DecideMessage") => Needs::AtLeast(Role::Supervisor),
        ("timbre.v1.MessageService" | "timbre.v1.AgendaService", _) => Needs::Person,
        ("timbre.v1.FloorService", "ApplyFloor") => Needs::AtLeast(Role::Operator),
        ("timbre.v1.FloorService" | "timbre.v1.CallService" | "timbre.v1.SupervisorService", _) => {
            Needs::AtLeast(Role::Supervisor)
        }
        ("timbre.v1.LeadService", "Import" | "ResetList")
        | (
            "timbre.v1.CampaignService",
            "StartCampaign" | "PauseCampaign" | "StopCampaign" | "StopTrunk",
        )
        | ("timbre.v1.DoNotCallService", "RemoveDoNotCall" | "ImportRegistry")
        | ("timbre.v1.AttemptService", "ExportAudit") => Needs::AtLeast(Role::Operator),
        (
            "timbre.v1.LeadService"
            | "timbre.v1.CampaignService"
            | "timbre.v1.DoNotCallService"
            | "timbre.v1.AttemptService"
            | "timbre.v1.ComplianceService",
            _,
        ) => Needs::AtLeast(Role::Supervisor),
        _ => return None,
    })
}

impl Caller {
    /// The caller of an authenticated request.
    pub fn of<T>(request: &Request<T>) -> Result<&Self, Status> {
        request.extensions().get().ok_or_else(status::unauthenticated)
    }

    /// The caller's agent.
    pub fn agent(&self) -> Result<&AgentRef, Status> {
        self.agent.as_ref().ok_or_else(|| forbidden(self.role, "an agent"))
    }

    /// The caller, as somebody who does something to a record.
    pub fn by(&self) -> By {
        match &self.agent {
            Some(it) => By::Agent(it.agent.clone()),
            None => By::Desk(self.token.clone()),
        }
    }

    /// Which client companies' records the caller may see.
    pub fn scope(&self, desk: &Desk) -> Result<Scope, Fault> {
        desk.scope(&self.tenant, self.agent.as_ref().map(|it| &it.agent))
    }

    /// Checks that a tenant named in a request is the caller's own. Empty names it implicitly.
    pub fn owns(&self, tenant: &TenantId) -> Result<(), Status> {
        if *tenant == self.tenant {
            return Ok(());
        }
        let message = "the resource named belongs to another tenant than the token";
        Err(status::with_reason(Code::PermissionDenied, reasons::OTHER_TENANT, message))
    }

    fn may(&self, needs: &Needs) -> Result<(), Status> {
        match needs {
            Needs::Nothing => Ok(()),
            Needs::Agent => self.agent().map(drop),
            Needs::Person if self.role == Role::Agent => self.agent().map(drop),
            Needs::Person if reaches(self.role, Role::Supervisor) => Ok(()),
            Needs::Person => Err(forbidden(self.role, "an agent or a supervisor")),
            Needs::AtLeast(least) if reaches(self.role, *least) => Ok(()),
            Needs::AtLeast(least) => Err(forbidden(self.role, least.as_str())),
        }
    }
}

fn reaches(role: Role, least: Role) -> bool {
    let rank = |role| match role {
        Role::Agent | Role::Switch => 0,
        Role::Supervisor => 1,
        Role::Operator => 2,
        Role::Admin => 3,
    };
    rank(role) >= rank(least) && rank(role) > 0
}

pub(super) fn forbidden(role: Role, least: &str) -> Status {
    let message = format!("a token of the role {role} may not do this: it needs {least}");
    status::with_reason(Code::PermissionDenied, reasons::ROLE_FORBIDDEN, message)
}

/// Callers by the hash of their token, and when it was read.
type Trusted = HashMap<[u8; 32], (Stopwatch, Caller)>;

/// Knows tokens. Cheap to clone.
#[derive(Clone)]
pub struct Authority {
    store: Store,
    trusted: Arc<Mutex<Trusted>>,
}

impl Authority {
    /// Reads tokens from `store`.
    pub fn new(store: Store) -> Self {
        Self { store, trusted: Arc::default() }
    }

    /// Whether a caller's token still counts.
    pub async fn still(&self, caller: &Caller) -> bool {
        self.by_hash(caller.hash).await.is_ok()
    }

    async fn caller(&self, headers: &http::HeaderMap) -> Result<Caller, Status> {
        let token = headers.get(http::header::AUTHORIZATION).and_then(|it| it.to_str().ok());
        let token = token.and_then(|it| it.strip_prefix("Bearer "));
        let token = token.filter(|it| it.len() <= 256).ok_or_else(status::unauthenticated)?;
        self.by_hash(token::hash(token.trim())).await
    }

    async fn by_hash(&self, hash: [u8; 32]) -> Result<Caller, Status> {
        if let Some(caller) = self.remembered(hash) {
            return Ok(caller);
        }
        let record = self.read(hash).await.map_err(|error| status::store(&error))?;
        let now = clock::civil();
        let counts = |it: &TokenRecord| {
            it.revoked_at.is_none() && it.expires_at.is_none_or(|expires| expires > now)
        };
        let record = record.filter(counts).ok_or_else(status::unauthenticated)?;
        let caller = caller_of(record);
        let mut trusted = self.trusted.lock().unwrap_or_else(PoisonError::into_inner);
        if trusted.len() >= REMEMBERED_MAX {
            trusted.clear();
        }
        trusted.insert(hash, (Stopwatch::start(), caller.clone()));
        Ok(caller)
    }

    fn remembered(&self, hash: [u8; 32]) -> Option<Caller> {
        let trusted = self.trusted.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, caller) = trusted.get(&hash)?;
        (since.elapsed() < TRUSTED_FOR).then(|| caller.clone())
    }

    async fn read(&self, hash: [u8; 32]) -> Result<Option<TokenRecord>, StoreError> {
        self.store.token_by_hash(hash).await
    }
}

fn caller_of(record: TokenRecord) -> Caller {
    let TokenRecord { id, hash, tenant, role, agent, .. } = record;
    let agent = agent.filter(|_| role == Role::Agent);
    let agent = agent.map(|agent| AgentRef { tenant: tenant.clone(), agent });
    Caller { tenant, role, agent, token: id, hash }
}

/// Puts [`Authority`] before every service.
#[derive(Clone)]
pub struct AuthLayer(pub Authority);

impl<S> tower::Layer<S> for AuthLayer {
    type Service = Authenticated<S>;
    fn layer(&self, inner: S) -> Authenticated<S> {
        Authenticated { inner, authority: self.0.clone() }
    }
}

/// A service behind [`AuthLayer`].
#[derive(Clone)]
pub struct Authenticated<S> {
    inner: S,
    authority: Authority,
}

impl<S> Service<http::Request<Body>> for Authenticated<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = http::Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        // The clone takes the place of the one that was found ready.
        let clone = self.inner.clone();
        let mut ready = std::mem::replace(&mut self.inner, clone);
        let authority = self.authority.clone();
        Box::pin(async move {
            match admit(&authority, &mut request).await {
                Ok(()) => ready.call(request).await,
                Err(status) => Ok(status.into_http()),
            }
        })
    }
}

async fn admit(authority: &Authority, request: &mut http::Request<Body>) -> Result<(), Status> {
    let needs = needs(request.uri().path())
        .ok_or_else(|| Status::new(Code::Unimplemented, "no such method"))?;
    if matches!(needs, Needs::Nothing) {
        return Ok(());
    }
    let caller = authority.caller(request.headers()).await?;
    caller.may(&needs)?;
    request.extensions_mut().insert(caller);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_that_nobody_listed_is_refused() {
        for path in ["", "/", "/timbre.v1.Other/Get", "timbre.v1.CallService/GetCall"] {
            assert!(needs(path).is_none(), "{path}");
        }
    }

    #[test]
    fn roles_reach_what_stands_below_them_and_machines_and_agents_nothing() {
        for (role, least, reached) in [
            (Role::Admin, Role::Operator, true),
            (Role::Operator, Role::Supervisor, true),
            (Role::Supervisor, Role::Operator, false),
            (Role::Agent, Role::Supervisor, false),
            (Role::Switch, Role::Supervisor, false),
        ] {
            assert_eq!(reaches(role, least), reached, "{role} {least}");
        }
    }
}
