//! Runs a scenario written in text. A line is a set-up, an input or an expectation:
//!
//! ```text
//! limit  calls_max=2                     before anything else
//! queue  q1 wrap_up=0s skills=es:3       number +34910000000; the next queue's ends in 1
//! agent  a1 skills=es:5 persistent
//! sign-in a1 [auto] [take-over]          phone a1 up|down      line a1 (a persistent leg calls in)
//! on-duty a1 [auto]                      sign-in, phone or line, and ready, in one
//! call   c1 q1                           leaves c1             loses c1 (its media stops)
//! wait   5s                              the engine is woken exactly when it asks for it
//! expect offer c1 a1 because=longest_idle    appears after what the former expectation found
//! never  connected                       no line since then begins so
//! is     a1 talking                      the present state
//! denied WRONG_STATE hang-up a1 c1       the input is rejected for this reason
//! ```

use std::time::Duration;

use timbre_engine::port::{LegEnd, SwitchEvent};
use timbre_engine::{Command, ForcedState, Limits, Rejection, Reply};
use timbre_model::{AgentSpec, CallId, QueueSpec, StationMode, SurveyKind, SurveySpec};

use crate::placing;
use crate::world::{World, agent, agent_spec, queue_spec, skill, slug, tenant};

/// Runs `text`, and panics at the first line that does not come true.
pub fn scenario(text: &str) -> World {
    let mut world = World::new(Limits::default());
    let mut read = 0;
    for line in text.lines().map(str::trim).filter(|it| !it.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[0] {
            "limit" => world = World::new(limits(&words[1..])),
            "queue" => set_queue(&mut world, &words[1..]),
            "agent" => set_agent(&mut world, &words[1..]),
            "trunk" => placing::set_trunk(&mut world, &words[1..]),
            "campaign" => placing::set_campaign(&mut world, &words[1..]),
            "drop-campaign" => world.spec.campaigns.retain(|it| it.id.as_str() != words[1]),
            "drop-agent" => world.spec.agents.retain(|it| it.id.as_str() != words[1]),
            "drop-queue" => drop_queue(&mut world, words[1]),
            "wait" => world.wait(span(words[1])),
            "expect" => read = expect(&world, read, &words[1..].join(" ")),
            "never" => never(&world, read, &words[1..].join(" ")),
            "is" => is(&world, words[1], words[2]),
            "denied" => denied(&mut world, words[1], &words[2..]),
            _ => {
                world.open();
                let done = input(&mut world, &words);
                done.unwrap_or_else(|rejection| panic!("{line}: {rejection}"));
            }
        }
    }
    world
}

fn expect(world: &World, read: usize, wanted: &str) -> usize {
    let found = world.trace[read..].iter().position(|it| it.starts_with(wanted));
    read + found.unwrap_or_else(|| panic!("no {wanted:?} in {:#?}", &world.trace[read..])) + 1
}

fn never(world: &World, read: usize, unwanted: &str) {
    let found = world.trace[read..].iter().find(|it| it.starts_with(unwanted));
    assert_eq!(found, None, "of {unwanted:?}");
}

fn is(world: &World, name: &str, state: &str) {
    let view = world.engine.agent(&agent(name)).expect("an agent of the floor");
    let reason = view.reason.as_ref().map_or("", |it| it.as_str());
    assert!([view.state.as_str(), reason].contains(&state), "{name} is {} {reason}", view.state);
}

fn denied(world: &mut World, reason: &str, words: &[&str]) {
    world.open();
    let rejection = input(world, words).expect_err("this should have been denied");
    assert_eq!(rejection.reason(), reason, "{words:?}");
}

/// Feeds the input that `words` describe.
fn input(world: &mut World, words: &[&str]) -> Result<Reply, Rejection> {
    let who = words.get(1).copied().unwrap_or_default();
    let has = |word| words.contains(&word);
    match words[0] {
        "apply" => world.apply(),
        "on-duty" => on_duty(world, who, has("auto")),
        "phone" => {
            let reachable = has("up");
            world.switch(SwitchEvent::StationRegistered { agent: agent(who), reachable })
        }
        "line" => world.call_in(who),
        "call" => {
            let queues = &world.spec.queues;
            let to = queues.iter().position(|it| it.id.as_str() == words[2]).unwrap_or(9);
            world.call(who, to)
        }
        "leaves" => world.leg_ends(who, LegEnd::FarEnd),
        "loses" => world.leg_ends(who, LegEnd::Lost),
        "declines" => world.leg_ends(who, LegEnd::Declined),
        "unreachable" => world.leg_ends(who, LegEnd::Unreachable),
        "no-answer" => world.leg_ends(who, LegEnd::NoAnswer),
        "ended-by-us" => world.leg_ends(who, LegEnd::Ours),
        "permit-survey" => {
            let call = world.calls.get(who).copied().unwrap_or(CallId::from_u128(0));
            world.command(Command::PermitSurvey { tenant: tenant(), call })
        }
        "picks-up" => {
            let leg = world.leg(who);
            world.switch(SwitchEvent::LegAnswered { leg })
        }
        "phone-holds" | "phone-resumes" => {
            let (leg, held) = (world.leg(who), words[0] == "phone-holds");
            world.switch(SwitchEvent::LegHold { leg, held })
        }
        _ => placing::input(world, words).unwrap_or_else(|| {
            let command = command(world, words);
            world.command(command)
        }),
    }
}

pub fn on_duty(world: &mut World, who: &str, auto_accept: bool) -> Result<Reply, Rejection> {
    let agent = agent(who);
    world.command(Command::SignIn { agent: agent.clone(), auto_accept, take_over: false })?;
    let specs = &world.spec.agents;
    match specs.iter().find(|it| it.id.as_str() == who).map(|it| it.station) {
        Some(StationMode::Persistent) => world.call_in(who)?,
        _ => world
            .switch(SwitchEvent::StationRegistered { agent: agent.clone(), reachable: true })?,
    };
    world.command(Command::SetReady { agent })
}

fn command(world: &World, words: &[&str]) -> Command {
    let who = || agent(words[1]);
    let call = || world.calls.get(words[2]).copied().unwrap_or(CallId::from_u128(0));
    let word = |n: usize| words.get(n).copied().unwrap_or_default();
    match words[0] {
        "sign-in" => Command::SignIn {
            agent: who(),
            auto_accept: words.contains(&"auto"),
            take_over: words.contains(&"take-over"),
        },
        "resume" => Command::Resume { agent: who() },
        "stream-lost" => Command::StreamLost { agent: who() },
        "sign-out" => Command::SignOut { agent: who() },
        "ready" => Command::SetReady { agent: who() },
        "pause" => Command::SetNotReady { agent: who(), reason: slug(words[2]) },
        "accept" => Command::AcceptOffer { agent: who(), offer: world.offer(words[1]) },
        "reject" => Command::RejectOffer { agent: who(), offer: world.offer(words[1]) },
        "hold" => Command::Hold { agent: who(), call: call() },
        "unhold" => Command::Unhold { agent: who(), call: call() },
        "hang-up" => Command::HangUp { agent: who(), call: call() },
        "extend" => Command::ExtendWrapUp { agent: who(), call: call() },
        "dispose" => Command::Dispose {
            agent: who(),
            call: call(),
            code: slug(word(3)),
            fields: words
                .iter()
                .skip(4)
                .filter_map(|it| it.split_once('='))
                .map(|(id, text)| (id.to_owned(), text.to_owned()))
                .collect(),
        },
        "force" => Command::ForceAgent {
            agent: who(),
            state: match word(2) {
                "ready" => ForcedState::Ready,
                "not-ready" => ForcedState::NotReady,
                "signed-out" => ForcedState::SignedOut,
                other => panic!("{other} cannot be forced"),
            },
        },
        "force-end" => {
            let call = world.calls.get(words[1]).copied().unwrap_or(CallId::from_u128(0));
            Command::ForceEndCall { tenant: tenant(), call }
        }
        "drain" => Command::Drain(word(1) == "on"),
        other => panic!("no such line: {other}"),
    }
}

fn limits(words: &[&str]) -> Limits {
    let mut limits = Limits::default();
    for (key, value) in words.iter().filter_map(|it| it.split_once('=')) {
        match key {
            "calls_max" => limits.calls_max = value.parse().expect("a count"),
            "station_answer" => limits.station_answer = span(value),
            "rejected_again" => limits.rejected_again = span(value),
            other => panic!("no such limit: {other}"),
        }
    }
    limits
}

pub fn span(text: &str) -> Duration {
    let (figures, unit) = text.split_at(text.find(|c: char| c.is_alphabetic()).unwrap_or(0));
    let n: u64 = figures.parse().expect("a span such as 5s or 10ms");
    match unit {
        "ms" => Duration::from_millis(n),
        "h" => Duration::from_secs(n * 3_600),
        _ => Duration::from_secs(n),
    }
}

fn set_queue(world: &mut World, words: &[&str]) {
    let mut queue = queue_spec(words[0]);
    words[1..].iter().for_each(|word| set_queue_field(&mut queue, word));
    match world.spec.queues.iter().position(|it| it.id == queue.id) {
        Some(at) => world.spec.queues[at] = queue,
        None => world.add_queue(queue),
    }
}

fn set_queue_field(queue: &mut QueueSpec, word: &str) {
    let (key, value) = word.split_once('=').expect("key=value");
    match key {
        "wrap_up" => queue.wrap_up = span(value),
        "wrap_up_extension" => queue.wrap_up_extension = span(value),
        "max_wait" => queue.max_wait = span(value),
        "capacity" => queue.capacity = value.parse().expect("a count"),
        "priority" => queue.priority = value.parse().expect("a priority"),
        "after_rings" => queue.ring.answer_after_rings = value.parse().expect("rings"),
        "by_rings" => queue.ring.answer_by_rings = value.parse().expect("rings"),
        "skills" => queue.skills = skills(value),
        "survey" => {
            let kind = SurveyKind::parse(value).expect("a question");
            queue.survey = Some(SurveySpec { kind, period: SurveySpec::PERIOD });
        }
        other => panic!("no such field: {other}"),
    }
}

fn set_agent(world: &mut World, words: &[&str]) {
    let mut spec: AgentSpec = agent_spec(words[0]);
    for word in &words[1..] {
        match word.split_once('=') {
            Some((_, value)) => spec.skills = skills(value),
            None => spec.station = StationMode::Persistent,
        }
    }
    world.spec.agents.retain(|it| it.id != spec.id);
    world.spec.agents.push(spec);
}

fn drop_queue(world: &mut World, name: &str) {
    world.spec.queues.retain(|it| it.id.as_str() != name);
    world.spec.entry_points.retain(|it| it.queue.as_str() != name);
}

fn skills(text: &str) -> std::collections::BTreeMap<timbre_model::SkillId, u8> {
    let one = |it: &str| {
        let (name, level) = it.split_once(':').expect("skill:level");
        (skill(name), level.parse().expect("a level"))
    };
    text.split(',').map(one).collect()
}
