//! Records of the client company `luz`, taken down as its agents and operators would.

use std::collections::BTreeMap;

use timbre::api::pb;
use timbre_model::Role;
use tonic::Request;
use tonic::transport::Channel;

use crate::hostile::bearer;
use crate::node::Node;

/// Names of what is there, by a word.
pub struct World(BTreeMap<&'static str, String>);

fn with<T>(secret: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", bearer(secret));
    request
}

impl World {
    /// The name for which a word stands.
    pub fn name(&self, word: &str) -> &str {
        self.0.get(word).unwrap_or_else(|| panic!("there is no {word}"))
    }

    /// Fills a node whose floor knows `luz` and its agent `luz0`.
    pub async fn fill(node: &Node, channel: &Channel) -> Self {
        let agent = node.token(Role::Agent, Some("luz0")).await;
        let operator = node.token(Role::Operator, None).await;
        let mut names = BTreeMap::new();
        for (word, number) in [("customer", "+34600000001"), ("other", "+34600000002")] {
            names.insert(word, customer(channel, &agent, word, number).await);
        }
        names.insert("case", case(channel, &agent).await);
        names.insert("message", message(channel, &agent).await);
        names.insert("callback", callback(channel, &agent).await);
        let sale = sale(channel, &operator).await;
        let follow_up = sale.follow_ups.first().expect("the policy plans one");
        let id = follow_up.rsplit('/').next().unwrap_or_default();
        names.insert("follow_up", format!("tenants/demo/follow-ups/{id}"));
        names.insert("sale", sale.name);
        Self(names)
    }
}

async fn customer(channel: &Channel, secret: &str, word: &str, number: &str) -> String {
    let number = pb::CustomerNumber { number: number.to_owned(), ..Default::default() };
    let customer = pb::Customer {
        client: "luz".to_owned(),
        display_name: format!("Ana {word}"),
        numbers: vec![number],
        ..Default::default()
    };
    let request = pb::CreateCustomerRequest { customer: Some(customer), ..Default::default() };
    let mut service = pb::customer_service_client::CustomerServiceClient::new(channel.clone());
    service.create_customer(with(secret, request)).await.expect("made").into_inner().name
}

async fn case(channel: &Channel, secret: &str) -> String {
    let case = pb::Case {
        client: "luz".to_owned(),
        customer_name: "Ana".to_owned(),
        statement: "The bill is wrong.".to_owned(),
        ..Default::default()
    };
    let request = pb::TakeCaseRequest { case: Some(case), ..Default::default() };
    let mut service = pb::case_service_client::CaseServiceClient::new(channel.clone());
    service.take_case(with(secret, request)).await.expect("taken").into_inner().name
}

async fn message(channel: &Channel, secret: &str) -> String {
    let message = pb::Message {
        client: "luz".to_owned(),
        recipient: Some(pb::message::Recipient::Agent("luz0".to_owned())),
        from: "Ana".to_owned(),
        text: "Please call.".to_owned(),
        purpose: "the bill".to_owned(),
        ..Default::default()
    };
    let request = pb::TakeMessageRequest { message: Some(message), ..Default::default() };
    let mut service = pb::message_service_client::MessageServiceClient::new(channel.clone());
    service.take_message(with(secret, request)).await.expect("taken").into_inner().name
}

async fn callback(channel: &Channel, secret: &str) -> String {
    let callback = pb::Callback {
        client: "luz".to_owned(),
        customer_name: "Ana".to_owned(),
        number: "+34600000001".to_owned(),
        due_time: Some(prost_types::Timestamp {
            seconds: timbre::driver::clock::civil().as_micros() / 1_000_000 + 86_400,
            nanos: 0,
        }),
        ..Default::default()
    };
    let request = pb::PromiseCallbackRequest { callback: Some(callback), ..Default::default() };
    let mut service = pb::agenda_service_client::AgendaServiceClient::new(channel.clone());
    service.promise_callback(with(secret, request)).await.expect("promised").into_inner().name
}

async fn sale(channel: &Channel, secret: &str) -> pb::Sale {
    let sale = pb::Sale {
        client: "luz".to_owned(),
        customer_name: "Ana".to_owned(),
        number: "+34600000001".to_owned(),
        product: "fibre".to_owned(),
        policy: "postventa".to_owned(),
        ..Default::default()
    };
    let request = pb::RecordSaleRequest { sale: Some(sale), ..Default::default() };
    let mut service = pb::follow_up_service_client::FollowUpServiceClient::new(channel.clone());
    service.record_sale(with(secret, request)).await.expect("recorded").into_inner()
}
