//! Who may call what: every method that is compiled in, with every kind of token.

use std::collections::BTreeMap;

use prost::Message as _;
use prost::bytes::Bytes;
use prost_types::FileDescriptorSet;
use timbre::api::pb;
use timbre_model::Role;
use tonic::Code;

use crate::hostile::{bearer, call, connect};
use crate::node::Node;

const WATCHES: &[Role] = &[Role::Supervisor, Role::Operator, Role::Admin];
const DEFINES: &[Role] = &[Role::Operator, Role::Admin];

/// Who may call each method.
const MAY: &[(&str, &[Role])] = &[
    ("/timbre.v1.AgentService/Connect", &[Role::Agent]),
    ("/timbre.v1.FloorService/ApplyFloor", DEFINES),
    ("/timbre.v1.FloorService/GetFloor", WATCHES),
    ("/timbre.v1.FloorService/ListQueues", WATCHES),
    ("/timbre.v1.FloorService/ListAgents", WATCHES),
    ("/timbre.v1.CallService/GetCall", WATCHES),
    ("/timbre.v1.CallService/ListCalls", WATCHES),
    ("/timbre.v1.CallService/GetTimeline", WATCHES),
    ("/timbre.v1.SupervisorService/WatchFloor", WATCHES),
    ("/timbre.v1.SupervisorService/ForceAgentState", WATCHES),
    ("/timbre.v1.SupervisorService/EndCall", WATCHES),
    ("/timbre.v1.LeadService/Import", DEFINES),
    ("/timbre.v1.LeadService/ListLeads", WATCHES),
    ("/timbre.v1.LeadService/GetLead", WATCHES),
    ("/timbre.v1.LeadService/ResetList", DEFINES),
    ("/timbre.v1.LeadService/CountLeads", WATCHES),
    ("/timbre.v1.LeadService/ExplainLead", WATCHES),
    ("/timbre.v1.CampaignService/ListCampaigns", WATCHES),
    ("/timbre.v1.CampaignService/GetCampaign", WATCHES),
    ("/timbre.v1.CampaignService/StartCampaign", DEFINES),
    ("/timbre.v1.CampaignService/PauseCampaign", DEFINES),
    ("/timbre.v1.CampaignService/StopCampaign", DEFINES),
    ("/timbre.v1.CampaignService/DryRun", WATCHES),
    ("/timbre.v1.CampaignService/WatchCampaign", WATCHES),
    ("/timbre.v1.CampaignService/ExplainCampaign", WATCHES),
    ("/timbre.v1.CampaignService/StopTrunk", DEFINES),
    ("/timbre.v1.ComplianceService/ShowJurisdiction", WATCHES),
    ("/timbre.v1.ComplianceService/CheckNumber", WATCHES),
    ("/timbre.v1.DoNotCallService/AddDoNotCall", WATCHES),
    ("/timbre.v1.DoNotCallService/RemoveDoNotCall", DEFINES),
    ("/timbre.v1.DoNotCallService/CheckDoNotCall", WATCHES),
    ("/timbre.v1.DoNotCallService/ListDoNotCall", WATCHES),
    ("/timbre.v1.DoNotCallService/ImportRegistry", DEFINES),
    ("/timbre.v1.DoNotCallService/ListRegistries", WATCHES),
    ("/timbre.v1.AttemptService/GetAttempt", WATCHES),
    ("/timbre.v1.AttemptService/ListAttempts", WATCHES),
    ("/timbre.v1.AttemptService/ExportAudit", DEFINES),
    ("/timbre.v1.AttemptService/GetAuditHead", WATCHES),
];

fn methods() -> Vec<String> {
    let set = FileDescriptorSet::decode(pb::DESCRIPTORS).expect("descriptors");
    let ours = set.file.iter().filter(|file| file.package() == "timbre.v1");
    let services = ours.flat_map(|file| &file.service);
    let path = |service: &str, method: &str| format!("/timbre.v1.{service}/{method}");
    let of = |service: &prost_types::ServiceDescriptorProto| {
        let methods = service.method.iter().map(|it| path(service.name(), it.name()));
        methods.collect::<Vec<_>>()
    };
    services.flat_map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_lets_in_the_roles_it_should_and_nobody_else() {
    let may: BTreeMap<_, _> = MAY.iter().copied().collect();
    let methods = methods();
    assert_eq!(methods.len(), may.len(), "a method has no row here: {methods:?}");
    let node = Node::start().await;
    let channel = connect(&node).await;
    let mut tokens = vec![None];
    for role in Role::ALL {
        let agent = (*role == Role::Agent).then_some("a0");
        tokens.push(Some((*role, node.token(*role, agent).await)));
    }
    for method in &methods {
        let roles = may.get(method.as_str()).unwrap_or_else(|| panic!("{method} has no row here"));
        for token in &tokens {
            let authorization = token.as_ref().map(|(_, secret)| bearer(secret));
            let code = call(&channel, method, authorization, Bytes::new()).await;
            let refused = match token {
                None => Some(Code::Unauthenticated),
                Some((role, _)) if !roles.contains(role) => Some(Code::PermissionDenied),
                Some(_) => None,
            };
            let let_in = ![Code::Unauthenticated, Code::PermissionDenied].contains(&code);
            let role = token.as_ref().map(|(role, _)| *role);
            assert_eq!(
                (let_in, refused.unwrap_or(code)),
                (refused.is_none(), code),
                "{method} as {role:?}"
            );
        }
    }
}
