//! Who may do what, to whose: every method that is compiled in, asked by every role, of this client company, of another, and
//! of another tenant, with a request that names what is there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use prost::Message as _;
use prost::bytes::{BufMut as _, Bytes, BytesMut};
use prost::encoding::WireType;
use prost_types::field_descriptor_proto::Type;
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorSet};
use timbre::api::pb;
use timbre_model::{FloorSpec, Role, TenantId};
use tonic::Code;
use tonic::transport::Channel;

use super::world::World;
use crate::hostile::{bearer, call, connect};
use crate::node::{Node, tenant};

/// A stream that has nothing to say at once has let its caller in.
const SILENCE: Duration = Duration::from_millis(500);

/// Who may call a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum May {
    /// Agents, for themselves.
    Agents,
    /// Agents for their client companies, and whoever stands above them.
    People,
    /// Supervisors and up.
    Watch,
    /// Operators and up.
    Define,
}

/// What a request names.
#[derive(Debug, Clone, Copy)]
enum Names {
    /// Nothing: the credential says whose.
    Own,
    /// The tenant, or what is below it, but of no client company.
    Tenant(&'static str, &'static str),
    /// A record of the client company `luz`, by its word in the world.
    Record(&'static str, &'static str),
    /// The client company `luz` itself.
    Client(&'static str),
    /// The agent `luz0`.
    Agent(&'static str),
}

use May::{Agents, Define, People, Watch};
use Names::{Agent, Client, Own, Record, Tenant};

/// A method, who may, what it names, and what else its request needs in order to be whole.
type Row = (&'static str, May, Names, &'static [(&'static str, &'static str)]);

const CASE: Names = Record("name", "case");
const MESSAGE: Names = Record("name", "message");
const CALLBACK: Names = Record("name", "callback");
const CUSTOMER: Names = Record("name", "customer");
const FOLLOW_UP: Names = Record("name", "follow_up");
const SALE: Names = Record("name", "sale");
const FLOOR: Names = Tenant("name", "tenants/demo/floor");
const PARENT: Names = Tenant("parent", "tenants/demo");
const CALL: Names = Tenant("name", "tenants/demo/calls/00000000000000000000000000000007");
const CAMPAIGN: Names = Tenant("name", "tenants/demo/campaigns/spring");

const ROWS: &[Row] = &[
    ("AgentService/Connect", Agents, Own, &[]),
    ("FloorService/GetFloor", Watch, FLOOR, &[]),
    ("FloorService/ListQueues", Watch, PARENT, &[]),
    ("FloorService/ListAgents", Watch, PARENT, &[]),
    ("CallService/GetCall", Watch, CALL, &[]),
    ("CallService/ListCalls", Watch, PARENT, &[]),
    ("CallService/GetTimeline", Watch, CALL, &[]),
    ("CallService/ListTroubles", Watch, PARENT, &[]),
    ("SupervisorService/WatchFloor", Watch, PARENT, &[]),
    ("SupervisorService/ForceAgentState", Watch, Tenant("agent", "tenants/demo/agents/luz0"), &[]),
    (
        "SupervisorService/EndCall",
        Watch,
        Tenant("call", "tenants/demo/calls/00000000000000000000000000000007"),
        &[],
    ),
    ("LeadService/Import", Define, Tenant("header.list", "tenants/demo/lists/lugo"), &[]),
    ("LeadService/ListLeads", Watch, Tenant("parent", "tenants/demo/lists/lugo"), &[]),
    ("LeadService/GetLead", Watch, Tenant("name", "tenants/demo/leads/7"), &[]),
    ("LeadService/ResetList", Define, Tenant("list", "tenants/demo/lists/lugo"), &[]),
    ("LeadService/CountLeads", Watch, Tenant("list", "tenants/demo/lists/lugo"), &[]),
    ("LeadService/ExplainLead", Watch, Tenant("lead", "tenants/demo/leads/7"), &[]),
    ("CampaignService/ListCampaigns", Watch, PARENT, &[]),
    ("CampaignService/GetCampaign", Watch, CAMPAIGN, &[]),
    ("CampaignService/StartCampaign", Define, CAMPAIGN, &[]),
    ("CampaignService/PauseCampaign", Define, CAMPAIGN, &[]),
    ("CampaignService/StopCampaign", Define, CAMPAIGN, &[]),
    ("CampaignService/DryRun", Watch, CAMPAIGN, &[]),
    ("CampaignService/WatchCampaign", Watch, CAMPAIGN, &[]),
    ("CampaignService/ExplainCampaign", Watch, CAMPAIGN, &[]),
    ("CampaignService/StopTrunk", Define, Tenant("trunk", "tenants/demo/trunks/carrier"), &[]),
    ("ComplianceService/ShowJurisdiction", Watch, Own, &[]),
    (
        "ComplianceService/CheckNumber",
        Watch,
        Tenant("campaign", "tenants/demo/campaigns/spring"),
        &[],
    ),
    ("DoNotCallService/AddDoNotCall", Watch, PARENT, &[("entry.number", "+34600000009")]),
    ("DoNotCallService/RemoveDoNotCall", Define, PARENT, &[]),
    ("DoNotCallService/CheckDoNotCall", Watch, PARENT, &[]),
    ("DoNotCallService/ListDoNotCall", Watch, PARENT, &[]),
    (
        "DoNotCallService/ImportRegistry",
        Define,
        Tenant("header.registry", "tenants/demo/registries/es-robinson"),
        &[],
    ),
    ("DoNotCallService/ListRegistries", Watch, PARENT, &[]),
    (
        "AttemptService/GetAttempt",
        Watch,
        Tenant("name", "tenants/demo/attempts/00000000000000000000000000000007"),
        &[],
    ),
    ("AttemptService/ListAttempts", Watch, PARENT, &[]),
    ("AttemptService/ExportAudit", Define, PARENT, &[]),
    ("AttemptService/GetAuditHead", Watch, PARENT, &[]),
    (
        "CustomerService/CreateCustomer",
        People,
        Client("customer.client"),
        &[("customer.display_name", "Eva")],
    ),
    ("CustomerService/GetCustomer", People, CUSTOMER, &[]),
    ("CustomerService/SearchCustomers", People, Client("client"), &[("display_name_prefix", "an")]),
    ("CustomerService/GetCustomerFile", People, CUSTOMER, &[]),
    ("CustomerService/ListInteractions", People, Record("parent", "customer"), &[]),
    (
        "CustomerService/UpdateCustomer",
        People,
        Record("customer.name", "customer"),
        &[("customer.display_name", "Ana")],
    ),
    ("CustomerService/RecordConsent", People, CUSTOMER, &[("purpose", "calls")]),
    ("CustomerService/MergeCustomers", Watch, CUSTOMER, &[("other", "{other}")]),
    ("CustomerService/ExportCustomer", Watch, CUSTOMER, &[]),
    (
        "CustomerService/ImportCustomers",
        Define,
        Tenant("header.parent", "tenants/demo"),
        &[("header.client", "luz"), ("header.batch_id", "b"), ("header.country", "ES")],
    ),
    (
        "CaseService/TakeCase",
        People,
        Client("case.client"),
        &[("case.customer_name", "Eva"), ("case.statement", "It is late.")],
    ),
    ("CaseService/GetCase", People, CASE, &[]),
    ("CaseService/ListCases", People, Client("client"), &[]),
    (
        "CaseService/AmendCase",
        People,
        CASE,
        &[("case.product", "fibre"), ("update_mask.paths", "product")],
    ),
    ("CaseService/NoteCase", People, CASE, &[("text", "they called")]),
    ("CaseService/RecordSteps", People, CASE, &[]),
    ("CaseService/GetChecklist", People, Own, &[]),
    ("CaseService/InvestigateCase", People, CASE, &[("text", "the meter is read")]),
    ("CaseService/ProposeSolutions", People, CASE, &[("solutions", "money back")]),
    ("CaseService/DecideProposal", People, CASE, &[("proposal", "1"), ("accepted", "1")]),
    ("CaseService/AgreeCase", People, CASE, &[("solution", "money back")]),
    ("CaseService/ExecuteCase", People, CASE, &[]),
    ("CaseService/CompleteTask", People, CASE, &[("task", "1")]),
    ("CaseService/GiveReceipt", People, CASE, &[("channel", "mail"), ("to", "ana@example.com")]),
    (
        "CaseService/AnswerCase",
        People,
        CASE,
        &[("word.text", "You are right."), ("word.upheld", "1")],
    ),
    ("CaseService/ConfirmCase", People, CASE, &[("satisfied", "1")]),
    ("CaseService/ReopenCase", Watch, CASE, &[("reason", "not yet")]),
    ("CaseService/AssignCase", Watch, CASE, &[("owner", "luz0"), ("note", "yours")]),
    ("CaseService/RejectCase", Watch, CASE, &[]),
    ("FollowUpService/RecordSale", Watch, Client("sale.client"), &[]),
    ("FollowUpService/GetSale", People, SALE, &[]),
    ("FollowUpService/ListSales", People, Client("client"), &[]),
    ("FollowUpService/GetFollowUp", People, FOLLOW_UP, &[]),
    ("FollowUpService/ListFollowUps", People, Client("client"), &[]),
    ("FollowUpService/CheckPromise", People, SALE, &[("check.promise", "1"), ("check.kept", "1")]),
    ("FollowUpService/RecordOutcome", People, FOLLOW_UP, &[("outcome", "confirmed")]),
    ("DispositionService/ListDispositions", Watch, PARENT, &[]),
    (
        "MessageService/TakeMessage",
        People,
        Client("message.client"),
        &[
            ("message.agent", "luz0"),
            ("message.from", "Eva"),
            ("message.text", "Call"),
            ("message.purpose", "bill"),
        ],
    ),
    ("MessageService/GetMessage", People, MESSAGE, &[]),
    ("MessageService/ListMessages", People, Client("client"), &[]),
    ("MessageService/AnswerMessage", People, MESSAGE, &[("answer", "done")]),
    ("MessageService/DecideMessage", Watch, MESSAGE, &[]),
    ("AgendaService/ListAgenda", People, Agent("parent"), &[]),
    (
        "AgendaService/PromiseCallback",
        People,
        Client("callback.client"),
        &[
            ("callback.number", "+34600000003"),
            ("callback.customer_name", "Eva"),
            ("callback.due_time.seconds", "1"),
        ],
    ),
    ("AgendaService/GetCallback", People, CALLBACK, &[]),
    ("AgendaService/ListCallbacks", People, Client("client"), &[]),
    ("AgendaService/CancelCallback", People, CALLBACK, &[]),
    (
        "ReportService/RunReport",
        Watch,
        PARENT,
        &[("kind", "1"), ("from_time.seconds", "1"), ("to_time.seconds", "2")],
    ),
    ("EventService/Watch", Watch, PARENT, &[]),
    ("EventService/ListEvents", Watch, PARENT, &[]),
    ("EventService/ListWebhooks", Watch, PARENT, &[]),
    ("EventService/ListDeadLetters", Watch, PARENT, &[]),
    (
        "EventService/ReplayDeadLetter",
        Define,
        Tenant("name", "tenants/demo/deadLetters/mail/x"),
        &[],
    ),
    ("CustomerService/EraseCustomer", Define, CUSTOMER, &[("note", "asked by letter")]),
    // The last: it leaves the floor empty, on which nobody is anybody's agent.
    ("FloorService/ApplyFloor", Define, FLOOR, &[]),
];

/// Who asks.
struct Asker {
    who: &'static str,
    role: Option<Role>,
    /// Of the client company whose records are named.
    of_client: bool,
    /// Of the tenant whose records are named.
    of_tenant: bool,
    secret: String,
}

async fn askers(node: &Node) -> Vec<Asker> {
    let other = TenantId::parse("other").expect("a slug");
    let mut all = vec![Asker {
        who: "nobody",
        role: None,
        of_client: false,
        of_tenant: false,
        secret: String::new(),
    }];
    let kinds = [
        ("an agent of the other tenant", Role::Agent, Some("luz0"), false, false),
        ("an agent of another client company", Role::Agent, Some("agua0"), false, true),
        ("a switch", Role::Switch, None, false, true),
        ("a supervisor of the other tenant", Role::Supervisor, None, false, false),
        ("an operator of the other tenant", Role::Operator, None, false, false),
        ("an administrator of the other tenant", Role::Admin, None, false, false),
        ("an agent of the client company", Role::Agent, Some("luz0"), true, true),
        ("a supervisor", Role::Supervisor, None, true, true),
        ("an operator", Role::Operator, None, true, true),
        ("an administrator", Role::Admin, None, true, true),
    ];
    for (who, role, agent, of_client, of_tenant) in kinds {
        let whose = if of_tenant { tenant() } else { other.clone() };
        let secret = node.token_of(&whose, role, agent).await;
        all.push(Asker { who, role: Some(role), of_client, of_tenant, secret });
    }
    all
}

/// Why somebody is refused; `None`: they are let in.
fn refused(asker: &Asker, may: May, names: Names) -> Option<Code> {
    let Some(role) = asker.role else { return Some(Code::Unauthenticated) };
    let above = [Role::Supervisor, Role::Operator, Role::Admin].contains(&role);
    let by_role = match may {
        Agents => role == Role::Agent,
        People => role == Role::Agent || above,
        Watch => above,
        Define => [Role::Operator, Role::Admin].contains(&role),
    };
    let by_tenant = asker.of_tenant || matches!(names, Own);
    let scoped = matches!(names, Record(..) | Client(_) | Agent(_));
    let by_client = role != Role::Agent || !scoped || asker.of_client;
    let let_in = by_role && by_tenant && by_client;
    (!let_in).then_some(Code::PermissionDenied)
}

/// The compiled protos, to write any request.
struct Protos {
    methods: BTreeMap<String, String>,
    messages: BTreeMap<String, DescriptorProto>,
}

impl Protos {
    fn load() -> Self {
        let set = FileDescriptorSet::decode(pb::DESCRIPTORS).expect("descriptors");
        let (mut methods, mut messages) = (BTreeMap::new(), BTreeMap::new());
        for file in &set.file {
            let ours = file.package() == "timbre.v1";
            for service in file.service.iter().filter(|_| ours) {
                for method in &service.method {
                    let path = format!("{}/{}", service.name(), method.name());
                    methods.insert(path, method.input_type().to_owned());
                }
            }
            for message in &file.message_type {
                let name = format!(".{}.{}", file.package(), message.name());
                messages.insert(name, message.clone());
            }
        }
        Self { methods, messages }
    }

    /// A message of `kind` with texts at the paths of their fields.
    fn encode(&self, kind: &str, texts: &[(String, String)]) -> Bytes {
        let message = self.messages.get(kind).unwrap_or_else(|| panic!("{kind} is not known"));
        let mut below: BTreeMap<&str, Vec<(String, String)>> = BTreeMap::new();
        let mut bytes = BytesMut::new();
        for (path, text) in texts {
            match path.split_once('.') {
                Some((first, rest)) => {
                    below.entry(first).or_default().push((rest.to_owned(), text.clone()));
                }
                None => scalar(message, path, text, &mut bytes),
            }
        }
        for (name, texts) in below {
            let (number, it) = find(message, name);
            let inner = self.encode(it.type_name(), &texts);
            content(number, &inner, &mut bytes);
        }
        bytes.freeze()
    }
}

fn find<'a>(message: &'a DescriptorProto, name: &str) -> (u32, &'a FieldDescriptorProto) {
    let it = message.field.iter().find(|it| it.name() == name);
    let it = it.unwrap_or_else(|| panic!("{} has no field {name}", message.name()));
    (u32::try_from(it.number()).expect("a field's number"), it)
}

fn scalar(message: &DescriptorProto, name: &str, text: &str, to: &mut BytesMut) {
    let (number, it) = find(message, name);
    if it.r#type() == Type::String {
        return content(number, text.as_bytes(), to);
    }
    prost::encoding::encode_key(number, WireType::Varint, to);
    prost::encoding::encode_varint(text.parse().expect("a number"), to);
}

fn content(number: u32, content: &[u8], to: &mut BytesMut) {
    prost::encoding::encode_key(number, WireType::LengthDelimited, to);
    prost::encoding::encode_varint(content.len() as u64, to);
    to.put_slice(content);
}

fn request(protos: &Protos, row: &Row, world: &World) -> Bytes {
    let (method, _, names, more) = row;
    let mut texts: Vec<(String, String)> = Vec::new();
    let mut add = |path: &str, text: &str| texts.push((path.to_owned(), text.to_owned()));
    match names {
        Own => {}
        Tenant(path, name) => add(path, name),
        Record(path, word) => add(path, world.name(word)),
        Agent(path) => add(path, "tenants/demo/agents/luz0"),
        Client(path) => {
            add(path, "luz");
            add("parent", "tenants/demo");
        }
    }
    for (path, text) in *more {
        add(path, &text.replace("{other}", world.name("other")));
    }
    protos.encode(&protos.methods[*method], &texts)
}

async fn ask(channel: &Channel, method: &str, asker: &Asker, body: Bytes) -> Code {
    let authorization = asker.role.map(|_| bearer(&asker.secret));
    let path = format!("/timbre.v1.{method}");
    let asked = call(channel, &path, authorization, body);
    tokio::time::timeout(SILENCE, asked).await.unwrap_or(Code::Ok)
}

fn floor() -> FloorSpec {
    let queue = |client: &str| serde_json::json!({"id": client, "name": client, "client": client, "skills": {client: 1}});
    let agent = |client: &str| serde_json::json!({"id": format!("{client}0"), "name": client, "skills": {client: 5}});
    let floor = serde_json::json!({
        "clients": [{"id": "luz", "name": "Luz"}, {"id": "agua", "name": "Agua"}],
        "skills": ["luz", "agua"],
        "dispositions": ["solved"],
        "queues": [queue("luz"), queue("agua")],
        "agents": [agent("luz"), agent("agua")],
        "lists": [{"id": "lugo", "name": "Lugo", "client": "luz", "country": "ES"}],
        "casework": {
            "departments": [{"id": "billing", "name": "Billing"}],
            "follow_ups": [{"id": "postventa", "after": ["72h"], "list": "lugo"}],
        },
    });
    serde_json::from_value(floor).expect("a floor")
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_let_in_where_they_may_and_nowhere_else() {
    let protos = Protos::load();
    let listed: BTreeSet<&str> = ROWS.iter().map(|row| row.0).collect();
    let unlisted: Vec<_> =
        protos.methods.keys().filter(|it| !listed.contains(it.as_str())).collect();
    assert!(unlisted.is_empty(), "methods without a row here: {unlisted:?}");
    assert_eq!((listed.len(), ROWS.len()), (protos.methods.len(), protos.methods.len()));

    let node = Node::start().await;
    node.apply(&floor()).await;
    let other = TenantId::parse("other").expect("a slug");
    node.apply_to(&other, &floor()).await;
    let channel = connect(&node).await;
    let world = World::fill(&node, &channel).await;
    let askers = askers(&node).await;
    let mut wrong = Vec::new();
    for row in ROWS {
        let (method, may, names, _) = row;
        for asker in &askers {
            let code = ask(&channel, method, asker, request(&protos, row, &world)).await;
            let let_in = ![Code::Unauthenticated, Code::PermissionDenied].contains(&code);
            let right = match refused(asker, *may, *names) {
                Some(refusal) => code == refusal,
                // Whoever may see a record of the company finds it: the others were not refused for want of one.
                None if matches!(names, Record(..)) => let_in && code != Code::NotFound,
                None => let_in,
            };
            if !right {
                wrong.push(format!("{method} as {}: {code:?}", asker.who));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
