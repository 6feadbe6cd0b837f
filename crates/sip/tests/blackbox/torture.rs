//! Messages after the classes of RFC 4475, as files named `what.CODE.sip` (0: no answer), and mutations of good ones. After
//! each the switch still answers.

use std::path::Path;
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use timbre_sip::{Command, Event};

use crate::phone::{Line, status};
use crate::sessions::{SDP, invite};
use crate::world::{World, config};

fn files() -> Vec<(String, u16, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torture");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the messages")
        .flatten()
        .map(|file| {
            let name = file.file_name().to_string_lossy().into_owned();
            let code = name.split('.').nth(1).and_then(|it| it.parse().ok()).expect("a code");
            (name, code, std::fs::read(file.path()).expect("a message"))
        })
        .collect();
    files.sort();
    files
}

/// An OPTIONS with a branch of its own, and whether its 200 comes; other answers that come meanwhile are returned.
async fn answers(line: &Line) -> Vec<String> {
    let options = line.request("OPTIONS", "sip:127.0.0.1", "<sip:127.0.0.1>", "", "");
    let branch = options.split("branch=").nth(1).and_then(|it| it.split(';').next()).expect("one");
    line.send(options.as_bytes()).await.expect("sent");
    let mut others = Vec::new();
    loop {
        let answer = line.receive().await.expect("the switch still answers OPTIONS");
        if status(&answer) == 200 && answer.contains(branch) {
            return others;
        }
        others.push(answer);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_torture_message_gets_its_answer_and_the_switch_lives() {
    let world = World::new(config()).await;
    let files = files();
    assert!(files.len() >= 30, "{}", files.len());
    let mut wrong = Vec::new();
    for (name, code, message) in files {
        let line = Line::new(world.port).await.expect("a socket");
        line.send(&message).await.expect("sent");
        let mut got = answers(&line).await;
        if code != 0 && got.is_empty() {
            // What goes through a transaction may be overtaken by the OPTIONS, which does not.
            got.extend(line.receive().await.ok());
        }
        got.retain(|it| status(it) >= 200);
        let first = got.first().map_or(0, |it| status(it));
        if first != code {
            wrong.push(format!("{name}: {first}\n{}", got.concat()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(world.switch.counters().panics, 0);
}

/// Turns a message into another: bytes changed, removed, doubled, moved, or joined with another message's.
fn mutate(dice: &mut SmallRng, good: &[Vec<u8>]) -> Vec<u8> {
    let mut message = good[dice.random_range(0..good.len())].clone();
    for _ in 0..dice.random_range(1..6) {
        let at = dice.random_range(0..=message.len().saturating_sub(1));
        let to = (at + dice.random_range(1..40)).min(message.len());
        match dice.random_range(0..6) {
            0 if !message.is_empty() => message[at] = dice.random(),
            1 => drop(message.drain(at..to)),
            2 => {
                let part = message[at..to].to_vec();
                message.splice(at..at, part);
            }
            3 => message.insert(at, b"\r\n:;,<>\"@%\0 "[dice.random_range(0..12)]),
            4 => {
                let other = &good[dice.random_range(0..good.len())];
                let cut = dice.random_range(0..=other.len());
                message.truncate(at);
                message.extend_from_slice(&other[cut..]);
            }
            _ => {
                let digits = ["0", "-1", "4294967296", "99999999999999999999", "z"];
                let number = digits[dice.random_range(0..digits.len())];
                message.splice(at..at, number.bytes());
            }
        }
        if message.is_empty() {
            break;
        }
    }
    message
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_mutations_leave_no_panic() {
    let mut config = config();
    config.timing.t1 = Duration::from_millis(5);
    let mut world = World::new(config).await;
    let line = Line::new(world.port).await.expect("a socket");
    let mut good: Vec<Vec<u8>> =
        files().into_iter().map(|it| it.2).filter(|it| it.len() < 2_000).collect();
    for _ in 0..10 {
        good.push(
            invite(
                &line,
                "Supported: timer\r\nSession-Expires: 600\r\nP-Asserted-Identity: <tel:+34600>\r\n",
                SDP,
            )
            .into_bytes(),
        );
    }
    // `scripts/soak` gives ever new seeds.
    let seed = std::env::var("TIMBRE_MUTATION_SEED").ok().and_then(|it| it.parse().ok());
    let mut dice = SmallRng::seed_from_u64(seed.unwrap_or(0x5149));
    for n in 1..=100_000 {
        // A mutation may well be a good call: it is answered, or the legs would fill up.
        line.send(&mutate(&mut dice, &good)).await.expect("sent");
        while let Ok(event) = world.events.try_recv() {
            if let Event::Arrived(call) = event {
                let leg = call.leg;
                world.switch.perform(if n % 2 == 0 {
                    Command::HangUp { leg }
                } else {
                    Command::Progress { leg }
                });
                world.switch.perform(Command::HangUp { leg });
            }
        }
        if n % 50 == 0 {
            answers(&line).await;
        }
    }
    assert_eq!(world.switch.counters().panics, 0);
    assert!(world.switch.counters().refused_for(timbre_sip::RefusedFor::Malformed) > 10_000);
}
