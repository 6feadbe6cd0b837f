//! `DispositionService`: how the calls of a queue or a campaign may be classified.

use timbre_model::{CampaignId, DispositionSpec, FloorSpec, QueueId};
use tonic::{Request, Response, Status};

use crate::api::auth::Caller;
use crate::api::floor::tenant_of;
use crate::api::pb::{self, disposition_service_server::DispositionService};
use crate::api::wire::agent::optional;
use crate::api::wire::{disposition, page};
use crate::api::{Context, status};

/// The service.
pub struct Dispositions(pub Context);

#[tonic::async_trait]
impl DispositionService for Dispositions {
    async fn list_dispositions(
        &self,
        request: Request<pb::ListDispositionsRequest>,
    ) -> Result<Response<pb::ListDispositionsResponse>, Status> {
        let caller = Caller::of(&request)?;
        let pb::ListDispositionsRequest { parent, queue, campaign, page_size, page_token } =
            request.get_ref();
        let tenant = tenant_of(caller, parent)?;
        let queue = optional("queue", queue, |it| QueueId::parse(it).ok());
        let campaign = optional("campaign", campaign, |it| CampaignId::parse(it).ok());
        let queue = queue.map_err(status::invalid_field)?;
        let campaign = campaign.map_err(status::invalid_field)?;
        let size = page::read_size(*page_size).map_err(status::invalid_field)?;
        let after = page::read_token(page_token).map_err(status::invalid_field)?;
        let floor = self.0.feed.floor(&tenant).ok_or_else(status::no_floor)?;
        let all = listed(&floor, queue.as_ref(), campaign.as_ref());
        let code = |it: &pb::ListedDisposition| {
            it.disposition.as_ref().map(|it| it.code.clone()).unwrap_or_default()
        };
        let start = after.and_then(|after| all.iter().position(|it| code(it) == after));
        let rest = all.iter().skip(start.map_or(0, |at| at + 1));
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let dispositions: Vec<_> = rest.clone().take(size).cloned().collect();
        let more = rest.count() > dispositions.len();
        let last = dispositions.last().map(code).filter(|_| more);
        Ok(Response::new(pb::ListDispositionsResponse {
            dispositions,
            next_page_token: last.map(|it| page::token(&it)).unwrap_or_default(),
        }))
    }
}

fn listed(
    floor: &FloorSpec,
    queue: Option<&QueueId>,
    campaign: Option<&CampaignId>,
) -> Vec<pb::ListedDisposition> {
    let mut all = Vec::new();
    match floor.tree(queue, campaign) {
        Some(tree) => gather(&tree.dispositions, &mut Vec::new(), &mut all),
        None => {
            let flat = floor.dispositions.iter().cloned().map(DispositionSpec::plain);
            gather(&flat.collect::<Vec<_>>(), &mut Vec::new(), &mut all);
        }
    }
    all
}

fn gather(
    level: &[DispositionSpec],
    groups: &mut Vec<String>,
    all: &mut Vec<pb::ListedDisposition>,
) {
    for it in level {
        if it.children.is_empty() {
            let spec = DispositionSpec { fields: it.asked(), ..it.clone() };
            let disposition = Some(disposition::to_wire(&spec));
            all.push(pb::ListedDisposition { disposition, groups: groups.clone() });
        } else {
            groups.push(it.name.clone());
            gather(&it.children, groups, all);
            groups.pop();
        }
    }
}
