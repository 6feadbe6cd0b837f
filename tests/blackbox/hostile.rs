//! What a hostile or broken client of gRPC sends is answered by what it deserves, and the node lives on.

use std::net::SocketAddr;
use std::time::Duration;

use prost::bytes::{Buf as _, BufMut as _, Bytes};
use timbre::api::limits;
use timbre::api::pb::{self, connect_request::Command};
use timbre_engine::ForcedState;
use timbre_model::{AgentStateKind, Role, TenantId};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::{AsciiMetadataValue, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

use crate::agents::Agent;
use crate::eventually;
use crate::floors::{Floor, named};
use crate::node::Node;
use crate::stations::Line;

/// Bytes as they are, in both directions.
#[derive(Debug, Clone, Copy, Default)]
pub struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}

/// A connection of its own.
pub async fn connect(node: &Node) -> Channel {
    let endpoint = Endpoint::from_shared(node.server()).expect("an address");
    endpoint.connect().await.expect("the node answers")
}

/// Calls any method with any bytes; the code of the first thing that comes back.
pub async fn call(
    channel: &Channel,
    method: &str,
    authorization: Option<AsciiMetadataValue>,
    body: Bytes,
) -> Code {
    let mut request = Request::new(body);
    if let Some(value) = authorization {
        request.metadata_mut().insert("authorization", value);
    }
    let mut grpc = tonic::client::Grpc::new(channel.clone());
    if let Err(error) = grpc.ready().await {
        panic!("the connection is gone: {error}");
    }
    let path = method.parse().expect("a path");
    match grpc.server_streaming(request, path, Raw).await {
        Err(status) => status.code(),
        Ok(answer) => match answer.into_inner().message().await {
            Ok(_) => Code::Ok,
            Err(status) => status.code(),
        },
    }
}

/// The header of a token.
pub fn bearer(token: &str) -> AsciiMetadataValue {
    format!("Bearer {token}").parse().expect("no odd characters")
}

fn with<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", bearer(token));
    request
}

async fn started() -> Node {
    let node = Node::start().await;
    node.apply(&Floor { persistent: named("a", 2), ..Floor::default() }.spec()).await;
    node
}

async fn lives(node: &mut Node) {
    let supervisor = node.client(Role::Supervisor, None).await;
    supervisor.get_floor().await.expect("the node answers");
    assert!(node.alive());
    assert_eq!(node.logged("panicked"), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_http_are_thrown_out() {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let mut node = started().await;
    let noise: Vec<u8> = (0..4096_u32).map(|at| (at * at % 251) as u8).collect();
    // A frame that says it is 16 MiB long; HEADERS of a stream that the server owns; SETTINGS of a bad length.
    let frames: [&[u8]; 3] = [
        &[0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1],
        &[0, 0, 4, 1, 4, 0, 0, 0, 2, 1, 2, 3, 4],
        &[0, 0, 5, 4, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5],
    ];
    let mut sent: Vec<Vec<u8>> = vec![noise.clone(), b"GET / HTTP/1.1\r\n\r\n".to_vec()];
    sent.extend(frames.map(|frame| [PREFACE, frame, &noise].concat()));
    for bytes in sent {
        let mut stream = TcpStream::connect(node.grpc).await.expect("it listens");
        stream.write_all(&bytes).await.expect("it takes bytes");
        let mut answer = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer));
        assert!(closed.await.is_ok(), "left open after {:?}…", &bytes[..bytes.len().min(40)]);
    }
    lives(&mut node).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_are_no_messages_are_refused_with_the_reason() {
    let mut node = started().await;
    let channel = connect(&node).await;
    let operator = node.token(Role::Operator, None).await;
    let agent = node.token(Role::Agent, Some("a0")).await;
    let garbage = Bytes::from_static(&[0xff, 0xff, 0xff, 0xff, 0x0f, 0x80, 0x80]);
    let much = |size: usize| Bytes::from(vec![0; size + 1]);
    for (method, token, body, expected) in [
        (
            "/timbre.v1.FloorService/ApplyFloor",
            &operator,
            garbage.clone(),
            &[Code::Internal, Code::InvalidArgument][..],
        ),
        (
            "/timbre.v1.AgentService/Connect",
            &agent,
            garbage,
            &[Code::Internal, Code::InvalidArgument],
        ),
        (
            "/timbre.v1.AgentService/Connect",
            &agent,
            Bytes::new(),
            &[Code::InvalidArgument, Code::FailedPrecondition],
        ),
        (
            "/timbre.v1.FloorService/ApplyFloor",
            &operator,
            much(limits::FLOOR_MESSAGE_MAX),
            &[Code::OutOfRange, Code::ResourceExhausted],
        ),
        (
            "/timbre.v1.AgentService/Connect",
            &agent,
            much(limits::AGENT_MESSAGE_MAX),
            &[Code::OutOfRange, Code::ResourceExhausted],
        ),
        (
            "/timbre.v1.CallService/ListCalls",
            &operator,
            much(limits::MESSAGE_MAX),
            &[Code::OutOfRange, Code::ResourceExhausted],
        ),
        ("/timbre.v1.FloorService/Nothing", &operator, Bytes::new(), &[Code::Unimplemented]),
        ("/timbre.v1.NoService/Nothing", &operator, Bytes::new(), &[Code::Unimplemented]),
        ("/", &operator, Bytes::new(), &[Code::Unimplemented]),
    ] {
        let code = call(&channel, method, Some(bearer(token)), body).await;
        assert!(expected.contains(&code), "{method}: {code:?}, expected {expected:?}");
    }
    lives(&mut node).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_do_not_count_open_nothing() {
    let mut node = started().await;
    let channel = connect(&node).await;
    let good = node.token(Role::Admin, None).await;
    let odd = |value: &[u8]| MetadataValue::try_from(value).expect("a header's value");
    let long = format!("Bearer {}", "x".repeat(5_000));
    for (what, value) in [
        ("none", None),
        ("empty", Some(odd(b""))),
        ("no secret", Some(odd(b"Bearer "))),
        ("unknown", Some(bearer("0123456789abcdef"))),
        ("another scheme", Some(odd(format!("Basic {good}").as_bytes()))),
        ("long", Some(odd(long.as_bytes()))),
        ("not text", Some(odd(&[0xf0, 0x9f, 0xff, b' ', 0xfe]))),
    ] {
        let code = call(&channel, "/timbre.v1.FloorService/GetFloor", value, Bytes::new()).await;
        assert_eq!(code, Code::Unauthenticated, "{what}");
    }
    let code =
        call(&channel, "/timbre.v1.FloorService/GetFloor", Some(bearer(&good)), Bytes::new()).await;
    assert_eq!(code, Code::Ok);
    lives(&mut node).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_things_cannot_be_named() {
    let mut node = started().await;
    let channel = connect(&node).await;
    let other = TenantId::parse("other").expect("a slug");
    let token = node.token_of(&other, Role::Admin, None).await;
    let call = format!("tenants/demo/calls/{:032x}", 1);
    let parent = "tenants/demo".to_owned();
    let mut floors = pb::floor_service_client::FloorServiceClient::new(channel.clone());
    let mut calls = pb::call_service_client::CallServiceClient::new(channel.clone());
    let mut floor = pb::supervisor_service_client::SupervisorServiceClient::new(channel);
    let name = "tenants/demo/floor".to_owned();
    let present = Some(pb::Floor::default());
    let apply = pb::ApplyFloorRequest { name: name.clone(), floor: present, ..Default::default() };
    let agents = pb::ListAgentsRequest { parent: parent.clone(), ..Default::default() };
    let queues = pb::ListQueuesRequest { parent: parent.clone(), ..Default::default() };
    let list = pb::ListCallsRequest { parent: parent.clone(), ..Default::default() };
    let force = pb::ForceAgentStateRequest {
        agent: "tenants/demo/agents/a0".into(),
        state: pb::AgentState::SignedOut.into(),
        ..Default::default()
    };
    let end = pb::EndCallRequest { call: call.clone(), ..Default::default() };
    let watch = pb::WatchFloorRequest { parent, ..Default::default() };
    let refusals = [
        floors.apply_floor(with(&token, apply)).await.err(),
        floors.get_floor(with(&token, pb::GetFloorRequest { name })).await.err(),
        floors.list_agents(with(&token, agents)).await.err(),
        floors.list_queues(with(&token, queues)).await.err(),
        calls.list_calls(with(&token, list)).await.err(),
        calls.get_call(with(&token, pb::GetCallRequest { name: call.clone() })).await.err(),
        calls.get_timeline(with(&token, pb::GetTimelineRequest { name: call })).await.err(),
        floor.force_agent_state(with(&token, force)).await.err(),
        floor.end_call(with(&token, end)).await.err(),
        floor.watch_floor(with(&token, watch)).await.err(),
    ];
    for (at, refusal) in refusals.into_iter().enumerate() {
        let refusal = refusal.unwrap_or_else(|| panic!("{at} was granted"));
        let reason = timbre::api::wire::error::ApiError::from_status(&refusal).reason;
        assert_eq!(
            (refusal.code(), reason.as_str()),
            (Code::PermissionDenied, "OTHER_TENANT"),
            "{at}"
        );
    }
    lives(&mut node).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_begins_with_signing_in_and_soon() {
    let mut node = started().await;
    let token = node.token(Role::Agent, Some("a0")).await;
    let opened = async |first: Option<Command>| {
        let mut agents = pb::agent_service_client::AgentServiceClient::new(connect(&node).await);
        let (commands, sent) = tokio::sync::mpsc::channel(4);
        if let Some(command) = first {
            let request = pb::ConnectRequest { request_id: "1".into(), command: Some(command) };
            commands.try_send(request).expect("there is room");
        }
        let stream = tokio_stream::wrappers::ReceiverStream::new(sent);
        let opened = agents.connect(with(&token, stream)).await;
        let answer = match opened {
            Ok(answer) => answer.into_inner().message().await,
            Err(status) => Err(status),
        };
        drop(commands);
        answer.map(|message| message.and_then(|it| it.event)).map_err(|it| it.code())
    };
    let call = format!("{:032x}", 7);
    let resume = pb::Resume { resume_token: "no such".into(), last_sequence: 3 };
    let (early, again, silent) = tokio::join!(
        opened(Some(Command::Hold(pb::Hold { call }))),
        opened(Some(Command::Resume(resume))),
        opened(None),
    );
    assert_eq!(early, Err(Code::FailedPrecondition));
    assert_eq!(again, Err(Code::FailedPrecondition));
    assert_eq!(silent, Err(Code::FailedPrecondition), "after {:?}", limits::OPEN_WITHIN);
    lives(&mut node).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_has_so_many_streams_and_no_more() {
    let mut node = started().await;
    let channel = connect(&node).await;
    let token = node.token(Role::Supervisor, None).await;
    let watch = async || {
        let channel = channel.clone();
        let mut floor = pb::supervisor_service_client::SupervisorServiceClient::new(channel);
        let answer = floor.watch_floor(with(&token, pb::WatchFloorRequest::default())).await;
        let mut stream = answer.expect("a stream").into_inner();
        stream.message().await.expect("a snapshot");
        stream
    };
    let mut streams = Vec::new();
    for _ in 0..limits::STREAMS_PER_CONNECTION {
        streams.push(watch().await);
    }
    let one_more = tokio::time::timeout(Duration::from_millis(500), watch()).await;
    assert!(one_more.is_err(), "a stream beyond the limit was opened");
    lives(&mut node).await;
    streams.pop();
    let one_more = tokio::time::timeout(Duration::from_secs(5), watch()).await;
    assert!(one_more.is_ok(), "a place that is free again is not given");
}

/// A way to the node on which what it sends can be brought to a standstill.
async fn standstill(to: SocketAddr, mut may_flow: watch::Receiver<bool>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = listener.local_addr().expect("a port");
    tokio::spawn(async move {
        let (client, _) = listener.accept().await?;
        let node = TcpStream::connect(to).await?;
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_node, mut to_node) = node.into_split();
        tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_node).await });
        let mut buffer = [0; 1024];
        // The test has ended where nobody holds the other end any more.
        while may_flow.wait_for(|flows| *flows).await.is_ok() {
            let length = from_node.read(&mut buffer).await?;
            to_client.write_all(&buffer[..length]).await?;
        }
        std::io::Result::Ok(())
    });
    at
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_who_does_not_read_is_cut_and_can_resume() {
    let mut node = started().await;
    let token = node.token(Role::Agent, Some("a0")).await;
    let supervisor = node.client(Role::Supervisor, None).await;
    let (flows, may_flow) = watch::channel(true);
    let way = standstill(node.grpc, may_flow).await;
    let endpoint = Endpoint::from_shared(format!("http://{way}")).expect("an address");
    // The less may be under way, the sooner the node notices.
    let endpoint = endpoint.initial_stream_window_size(16_384);
    let channel = endpoint.connect().await.expect("the node answers");
    let mut agents = pb::agent_service_client::AgentServiceClient::new(channel);
    let (commands, sent) = tokio::sync::mpsc::channel(4);
    let sign_in = pb::SignIn { auto_accept: false, take_over: false };
    let request =
        pb::ConnectRequest { request_id: "1".into(), command: Some(Command::SignIn(sign_in)) };
    commands.send(request).await.expect("there is room");
    let stream = tokio_stream::wrappers::ReceiverStream::new(sent);
    let mut events = agents.connect(with(&token, stream)).await.expect("a stream").into_inner();
    events.message().await.expect("a welcome");
    let phone = Line::phone(&node, 500).await;
    let _shift = phone.call_in("a0").await;
    flows.send_replace(false);
    // From here on nothing is read, while the supervisor moves the agent to and fro.
    let who = timbre_model::AgentRef {
        tenant: crate::node::tenant(),
        agent: timbre_model::AgentId::parse("a0").expect("a slug"),
    };
    let view = eventually("the stream is cut", async || {
        for _ in 0..50 {
            for state in [ForcedState::Ready, ForcedState::NotReady] {
                // Whether a state may be forced now is not the question.
                let _ = supervisor.force_agent(&who, state).await;
            }
        }
        let agents = supervisor.agents().await.ok()?;
        let view = agents.into_iter().find(|(it, _)| *it == who)?.1;
        (!view.connected).then_some(view)
    });
    assert_eq!(view.await.state, AgentStateKind::NotReady);
    // The other agent works as if nothing were.
    let other = Agent::sign_in(&node, "a1", false).await;
    drop(other);
    drop(events);
    lives(&mut node).await;
}
