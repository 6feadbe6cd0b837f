//! What somebody may see: agents only what belongs to the client companies they work for.

use std::collections::BTreeSet;

use timbre_model::{AgentId, ClientId, FloorSpec, TenantId};

use super::{Desk, Fault};

/// Client companies that somebody may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All of the tenant's.
    All,
    /// These.
    Clients(BTreeSet<ClientId>),
}

impl Scope {
    /// The scope of an agent.
    pub fn of_agent(floor: &FloorSpec, agent: &AgentId) -> Self {
        Self::Clients(floor.clients_of(agent))
    }

    /// Whether something of `client` may be seen.
    pub fn sees(&self, client: &ClientId) -> bool {
        match self {
            Self::All => true,
            Self::Clients(clients) => clients.contains(client),
        }
    }

    /// Refuses what may not be seen.
    pub fn check(&self, client: &ClientId) -> Result<(), Fault> {
        if self.sees(client) { Ok(()) } else { Err(Fault::OtherClient(client.clone())) }
    }

    /// Narrows a list: the companies to list; `None`: all of the tenant's. Where one is `wanted`, it must be seen.
    pub fn narrow(&self, wanted: Option<ClientId>) -> Result<Option<BTreeSet<ClientId>>, Fault> {
        if let Some(client) = wanted {
            self.check(&client)?;
            return Ok(Some(BTreeSet::from([client])));
        }
        Ok(match self {
            Self::All => None,
            Self::Clients(clients) => Some(clients.clone()),
        })
    }
}

impl Desk {
    /// What an agent may see; `None`, somebody above agents: all of the tenant's.
    pub fn scope(&self, tenant: &TenantId, agent: Option<&AgentId>) -> Result<Scope, Fault> {
        let Some(agent) = agent else { return Ok(Scope::All) };
        Ok(Scope::of_agent(&*self.floor(tenant)?, agent))
    }
}
