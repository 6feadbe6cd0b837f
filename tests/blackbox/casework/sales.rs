//! A sale, told by a disposition, is followed up by a call that finds an incident, which opens a case; all of it is read back.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use timbre::api::client::{Client, SaleQuery};
use timbre::api::wire::agent::{AgentCommand, AgentEvent};
use timbre::api::wire::customer::CustomerCard;
use timbre_casework::{CaseState, FollowUp, FollowUpState, Sale};
use timbre_engine::PlacedCall;
use timbre_model::{
    CallId, CampaignId, CampaignRef, FloorSpec, LeadState, NewLead, PhoneNumber, Role, Slug,
};
use timbre_phone::carrier::Event;

use crate::agents::Agent;
use crate::carrier::{self, Mix};
use crate::eventually;
use crate::floors::{CARRIER, password};
use crate::node::{Node, tenant};
use crate::stations::Line;

const NUMBER: &str = "+34600000007";

/// A campaign that sells, and one that asks afterwards, a second after the sale.
fn floor(carrier: SocketAddr) -> FloorSpec {
    let campaign = |id: &str, list: &str, tree: &str| {
        json!({
            "id": id, "name": id, "client": "acme", "queue": "sales", "mode": "progressive",
            "lists": [{"list": list}], "trunks": ["carrier"], "purpose": "follow_up",
            "caller_ids": {"numbers": ["+34910000002"]}, "dispositions": tree,
        })
    };
    let list = |id: &str| json!({"id": id, "name": id, "client": "acme", "country": "ES"});
    serde_json::from_value(json!({
        "clients": [{"id": "acme", "name": "Acme"}],
        "disposition_trees": [
            {"id": "selling", "dispositions": [
                {"code": "sold", "name": "Sold", "effects": [{"sale": {"policy": "care"}}],
                    "fields": [{"id": "product", "name": "Product"}]}]},
            {"id": "asking", "dispositions": [
                {"code": "fine", "name": "All well", "effects": [{"follow_up": "confirmed"}]},
                {"code": "wrong", "name": "Incident", "effects": [{"follow_up": "incident"}]}]},
        ],
        "queues": [{"id": "sales", "name": "Sales", "client": "acme", "wrap_up": "60s"}],
        "agents": [{"id": "a0", "name": "A", "station": "persistent", "password": password("a0")}],
        "trunks": [{"id": "carrier", "addresses": [CARRIER], "country": "ES",
            "outbound": {"to": [carrier.to_string()], "countries": ["ES"]}}],
        "lists": [list("all"), list("care")],
        "campaigns": [campaign("calls", "all", "selling"), campaign("after", "care", "asking")],
        "casework": {
            "country": "ES",
            "follow_ups": [{"id": "care", "after": ["1s"], "list": "care", "promises": ["no lock-in"]}],
        },
    }))
    .expect("a floor")
}

fn customer() -> NewLead {
    serde_json::from_value(json!({
        "numbers": [{"number": NUMBER, "label": "mobile",
            "place": {"country": "ES", "region": null}, "zones": ["Europe/Madrid"]}],
        "name": "Marta Gil", "person": null, "role": "unknown", "party": "consumer",
        "consent": {"basis": "contract", "given_at": 0}, "tags": [], "attributes": {},
    }))
    .expect("a lead")
}

async fn start(client: &Client, campaign: &str) {
    let campaign = CampaignId::parse(campaign).expect("a slug");
    let campaign = CampaignRef { tenant: tenant(), campaign };
    client.start_campaign(&campaign).await.expect("it may run");
}

/// A conversation as the agent's stream shows it.
struct Talk {
    call: CallId,
    placed: Arc<PlacedCall>,
    card: CustomerCard,
}

/// The next conversation. Its card may come before it is connected, or after.
async fn talk(agent: &mut Agent) -> Talk {
    let (mut connected, mut shown) = (None, None);
    loop {
        match agent.until("a call and its card", |_| true).await.event {
            AgentEvent::CallConnected { call, placed, .. } => {
                connected = placed.map(|it| (call, it))
            }
            AgentEvent::CustomerCard(card) => shown = Some(*card),
            _ => continue,
        }
        if let (Some((call, placed)), Some(card)) = (&connected, &shown) {
            assert_eq!(card.offer.call, *call);
            return Talk { call: *call, placed: placed.clone(), card: card.clone() };
        }
    }
}

async fn classify(agent: &mut Agent, call: CallId, code: &str, fields: &[(&str, &str)]) {
    agent.send(AgentCommand::HangUp(call)).await;
    agent.until("the end", |event| matches!(event, AgentEvent::CallEnded { .. })).await;
    let text = |it: &str| it.to_owned();
    let fields: BTreeMap<_, _> = fields.iter().map(|(id, it)| (text(id), text(it))).collect();
    let code = Slug::parse(code).expect("a slug");
    agent.send(AgentCommand::Dispose { call, code, fields }).await;
    agent.until("the wrap-up's end", |event| matches!(event, AgentEvent::WrappedUp { .. })).await;
}

async fn only_sale(client: &Client) -> Sale {
    eventually("the sale", async || {
        let page = client.list_sales(&SaleQuery::default(), (10, String::new())).await;
        let mut sales = page.expect("a page").0;
        assert!(sales.len() <= 1, "{sales:#?}");
        sales.pop()
    })
    .await
}

async fn follow_up(client: &Client, state: FollowUpState) -> FollowUp {
    eventually(state.as_str(), async || {
        let page = client.list_follow_ups(&SaleQuery::default(), (10, String::new())).await;
        let all = page.expect("a page").0;
        assert!(all.len() <= 1, "{all:#?}");
        all.into_iter().find(|it| it.state == state)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_is_followed_up_by_a_call_and_its_incident_opens_a_linked_case() {
    let everybody_answers = Mix {
        person: 1.,
        machine: 0.,
        busy: 0.,
        declined: 0.,
        unallocated: 0.,
        congestion: 0.,
        fault: 0.,
        ring: Duration::from_millis(300),
        talk: Duration::from_secs(600),
        hangs_up: 0.,
        by_number: false,
    };
    let carrier = carrier::sipp(CARRIER.parse().expect("an address"), &everybody_answers).await;
    let node = Node::start().await;
    let floor = floor(carrier.addr);
    let admin = node.apply(&floor).await;
    let store = node.store().await;
    let list = &floor.lists[0];
    let done = store.import_leads(&tenant(), list, "all", 0, vec![customer()]).await;
    assert_eq!(done.expect("a store").rejected, []);
    let now = timbre::driver::clock::civil();
    store.finish_import(&tenant(), list, "all", now).await.expect("a store");
    let line = Line::phone(&node, 650).await;
    let _leg = line.call_in("a0").await;
    let mut agent = Agent::sign_in(&node, "a0", true).await;
    agent.send(AgentCommand::SetReady).await;

    // The one that asks afterwards has nobody to call yet, and goes on looking.
    start(&admin, "after").await;
    start(&admin, "calls").await;
    let sold = talk(&mut agent).await.call;
    let promises = "delivered in 5 days\ninstalled by us";
    classify(&mut agent, sold, "sold", &[("product", "fibre"), ("promises", promises)]).await;
    let client = node.client(Role::Supervisor, None).await;
    let sale = only_sale(&client).await;
    assert_eq!((sale.id.as_u128(), sale.product.as_str()), (sold.as_u128(), "fibre"));
    let texts: Vec<&str> = sale.promises.iter().map(|it| it.text.as_str()).collect();
    assert_eq!(texts, ["delivered in 5 days", "installed by us", "no lock-in"]);
    assert_eq!(sale.number, PhoneNumber::parse(NUMBER).expect("a number"));
    assert!(sale.customer.is_some(), "the call has made the customer known before");

    let Talk { call: asked, placed, card } = talk(&mut agent).await;
    assert_ne!(asked, sold);
    assert_eq!(card.sale.as_ref().map(|it| it.id), Some(sale.id.as_u128()));
    let [marta] = &card.customers[..] else { panic!("{:?}", card.customers) };
    assert_eq!(
        (Some(marta.customer.id), marta.customer.name.as_str()),
        (sale.customer, "Marta Gil")
    );
    let before: Vec<u128> = marta.interactions.iter().map(|it| it.subject).collect();
    assert!(before.contains(&sold.as_u128()), "the conversation before is missing: {before:x?}");
    let lead = placed.lead.as_ref().expect("it has a lead");
    let known = |key: &str| lead.person.attributes.get(key).map(String::as_str);
    assert_eq!(known("sale"), Some(sale.id.to_string().as_str()));
    assert_eq!(
        (known("product"), known("promise 1")),
        (Some("fibre"), Some("delivered in 5 days"))
    );
    classify(&mut agent, asked, "wrong", &[("note", "nothing came"), ("broken", "1")]).await;

    let ended = follow_up(&client, FollowUpState::Incident).await;
    assert_eq!((ended.sale, ended.tries, ended.call), (sale.id, 1, Some(asked)));
    let case = store.case(&tenant(), ended.case.expect("a case")).await.expect("a store");
    let case = case.expect("the case is there");
    assert_eq!((case.state, case.follow_up), (CaseState::Received, Some(ended.id)));
    assert_eq!((case.sale, case.call), (Some(sale.id), Some(asked)));
    assert_eq!(
        (case.customer, case.statement.as_str()),
        (sale.customer, "nothing came; delivered in 5 days")
    );
    assert!(case.deadline.is_some(), "an incident is a complaint");
    let sale = client.get_sale(&tenant(), sale.id).await.expect("the sale");
    assert_eq!(
        sale.promises.iter().map(|it| it.kept).collect::<Vec<_>>(),
        [Some(false), None, None]
    );
    let lead = store.lead(&tenant(), lead.id).await.expect("a store").expect("the lead");
    assert!(matches!(lead.state, LeadState::Finished { .. }), "{:?}", lead.state);
    let invites = carrier.log().into_iter().filter(|it| matches!(it.event, Event::Invite { .. }));
    let invited: Vec<u128> = invites
        .map(|it| CallId::parse(&it.attempt).expect("an INVITE names its attempt").as_u128())
        .collect();
    assert_eq!(invited, [sold.as_u128(), asked.as_u128()], "what the carrier saw");
    assert_eq!(carrier.complaints(), "");
    whole_chain(&node, &[&sale.id.to_string(), &ended.id.to_string(), &case.key.to_string()]).await;
}

/// One `timbre customer show` reads all of it back.
async fn whole_chain(node: &Node, parts: &[&str]) {
    let token = node.token(Role::Supervisor, None).await;
    let shown = std::process::Command::new(env!("CARGO_BIN_EXE_timbre"))
        .args(["--server", &node.server(), "customer", "show", NUMBER])
        .env("TIMBRE_TOKEN", token)
        .output()
        .expect("the program runs");
    let text = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
    for part in parts.iter().chain(&["Marta Gil", "fibre", "delivered in 5 days"]) {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }
}
