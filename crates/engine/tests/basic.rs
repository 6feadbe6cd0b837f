//! One call through the engine, from its INVITE to its disposition.

use timbre_engine::port::{Arrival, SwitchAction, SwitchEvent};
use timbre_engine::{Command, Effects, Engine, Input, Limits};
use timbre_model::*;

#[test]
fn one_call() {
    let tenant = TenantId::parse("t").unwrap();
    let spec: FloorSpec = serde_json::from_str(
        r#"{
        "clients":[{"id":"c","name":"C"}],"skills":["s"],"pauses":["lunch"],"dispositions":["sale"],
        "queues":[{"id":"q","name":"Q","client":"c","skills":{"s":3}}],
        "agents":[{"id":"a","name":"A","skills":{"s":5}}],
        "entry_points":[{"number":"+34900000001","queue":"q"}]}"#,
    )
    .unwrap();
    let agent = AgentRef { tenant: tenant.clone(), agent: AgentId::parse("a").unwrap() };
    let mut engine = Engine::new(Limits::default());
    let mut out = Effects::default();
    let mut at = 0;
    let mut step = |engine: &mut Engine, ms: u64, input: Input| {
        at += ms;
        let now =
            Now { mono: Mono::from_micros(at * 1000), civil: Civil::from_micros(at as i64 * 1000) };
        let reply = engine.step(now, input, &mut out);
        engine.check_invariants();
        println!("{at} {reply:?}");
        for a in out.actions.drain(..) {
            println!("  act {a:?}");
        }
        for a in out.events.drain(..) {
            println!("  event {:?}", a.what);
        }
        for a in out.changes.drain(..) {
            println!("  change {a:?}");
        }
        reply
    };
    let call = CallId::from_u128(1);
    let cmd = Input::Command;
    let sw = Input::Switch;
    step(
        &mut engine,
        0,
        cmd(Command::ApplyFloor {
            tenant: tenant.clone(),
            spec: Box::new(spec),
            expected_version: None,
        }),
    )
    .unwrap();
    step(
        &mut engine,
        0,
        cmd(Command::SignIn { agent: agent.clone(), auto_accept: false, take_over: false }),
    )
    .unwrap();
    step(&mut engine, 0, cmd(Command::SetReady { agent: agent.clone() })).unwrap_err();
    step(
        &mut engine,
        0,
        sw(SwitchEvent::StationRegistered { agent: agent.clone(), reachable: true }),
    )
    .unwrap();
    step(&mut engine, 0, cmd(Command::SetReady { agent: agent.clone() })).unwrap();
    step(
        &mut engine,
        10,
        sw(SwitchEvent::CallArrived(Box::new(Arrival {
            leg: LegId::arrived(1),
            call,
            trunk: TrunkRef { tenant: tenant.clone(), trunk: TrunkId::parse("x").unwrap() },
            cadence: Cadence::parse("ES").unwrap(),
            dialed: "900".into(),
            dialed_number: PhoneNumber::parse("+34900000001").ok(),
            caller: CallerId::Withheld,
        }))),
    )
    .unwrap();
    step(&mut engine, 1000, sw(SwitchEvent::LegAnswered { leg: LegId::placed(1) })).unwrap();
    println!("{:?}", engine.next_wake());
    step(&mut engine, 5000, Input::Wake).unwrap();
    step(&mut engine, 5000, cmd(Command::Hold { agent: agent.clone(), call })).unwrap();
    step(&mut engine, 5000, cmd(Command::HangUp { agent: agent.clone(), call })).unwrap();
    step(
        &mut engine,
        5000,
        cmd(Command::Dispose { agent: agent.clone(), call, code: Slug::parse("sale").unwrap() }),
    )
    .unwrap();
    let _ = SwitchAction::HangUp { leg: LegId::arrived(1) };
}
