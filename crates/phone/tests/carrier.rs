//! A carrier over real sockets: what its log says of calls of which the caller knows better.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use timbre_phone::carrier::fate::Key;
use timbre_phone::carrier::{Carrier, Config, Entry, Event, Fate, Kind, Population, journal};
use timbre_phone::{Call, Endpoint, Voice};

const SECOND: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(10);
const AGENT: u32 = 650;

async fn carrier(fates: &[(&str, Fate)], log: &Path) -> Carrier {
    let fixed = fates.iter().map(|(end, fate)| ((*end).to_owned(), vec![fate.clone()]));
    let config = Config {
        population: Population { fixed: fixed.collect(), ..Population::default() },
        agents: vec![AGENT],
        log: Some(log.to_owned()),
        ..Config::default()
    };
    Carrier::start(config).await.expect("a socket and a file")
}

async fn ended(call: &Call) -> Option<u16> {
    call.until(PATIENCE, |it| it.ended.is_some()).await.expect("it ends").refused
}

async fn log(path: &Path, lines: usize) -> Vec<Entry> {
    let mut ticks = tokio::time::interval(Duration::from_millis(10));
    for _ in 0..1_000 {
        let entries = journal::read(path).expect("a log");
        if entries.len() >= lines {
            return entries;
        }
        ticks.tick().await;
    }
    panic!("fewer than {lines} lines: {:#?}", journal::read(path));
}

#[tokio::test]
async fn each_call_ends_as_its_number_has_it_and_the_log_tells() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("carrier.jsonl");
    let short = Duration::from_millis(100);
    let leaves = Fate::answers(short).with(|it| it.stays = Some(short));
    let fates = [
        ("1", leaves),
        ("2", Fate::refused(Kind::Busy, short)),
        ("3", Fate::rings()),
        ("4", Fate::stuck()),
    ];
    let carrier = carrier(&fates, &path).await;
    let phone = Endpoint::open(carrier.at.ip(), carrier.at).await.expect("a socket");
    let calls: Vec<Call> =
        (1..=4).map(|end| phone.dial("+34910000001", &format!("+3460000000{end}"), None)).collect();
    assert_eq!(ended(&calls[0]).await, None);
    assert_eq!(ended(&calls[1]).await, Some(486));
    assert!(calls[2].until(PATIENCE, |it| it.rang.is_some()).await.is_ok());
    assert!(calls[3].progress().rang.is_none());
    calls[2..].iter().for_each(Call::hang_up);
    assert_eq!((ended(&calls[2]).await, ended(&calls[3]).await), (Some(487), Some(487)));
    let mut told = BTreeMap::<String, Vec<String>>::new();
    let name = |event: &Event| {
        let json = serde_json::to_value(event).expect("JSON");
        json["event"].as_str().expect("a name").to_owned()
    };
    for entry in log(&path, 18).await {
        told.entry(entry.number).or_default().push(name(&entry.event));
    }
    let expected = [
        ("+34600000001", "invite ringing answered ack bye_out ended"),
        ("+34600000002", "invite final ack"),
        ("+34600000003", "invite ringing cancel final ack"),
        ("+34600000004", "invite cancel final ack"),
    ];
    let expected = expected.map(|(number, events)| {
        (number.to_owned(), events.split(' ').map(str::to_owned).collect::<Vec<_>>())
    });
    assert_eq!(told, BTreeMap::from(expected));
    assert_eq!(carrier.until(|it| it.busy == 0).await.expect("it runs").calls, 4);
}

#[tokio::test]
async fn the_agent_is_told_from_other_sounds_and_a_key_goes_out() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("carrier.jsonl");
    let pressing = Fate::answers(Duration::ZERO).with(|it| {
        it.presses = Some((SECOND / 5, Key(9)));
        it.after_voice = Some(SECOND / 2);
    });
    let carrier = carrier(&[("1", pressing)], &path).await;
    let phone = Endpoint::open(carrier.at.ip(), carrier.at).await.expect("a socket");
    let voice = Arc::new(Voice::open(carrier.at.ip()).await.expect("a socket"));
    voice.say(Some(1_000));
    let call = phone.dial("+34910000001", "+34600000001", Some(voice.clone()));
    let since = call.until(PATIENCE, |it| it.answered.is_some()).await.expect("it is answered");
    // The message is heard and the key pressed before the agent comes: 4 lines of set-up and these two.
    log(&path, 6).await;
    voice.say(Some(AGENT));
    assert_eq!(ended(&call).await, None);
    let entries = log(&path, 9).await;
    let at = |found: fn(&Event) -> bool| entries.iter().position(|it| found(&it.event));
    let sound = at(|it| matches!(it, Event::SoundHeard { after } if *after < 150_000));
    let key = at(|it| matches!(it, Event::Pressed { key: Key(9) }));
    let agent = at(|it| matches!(it, Event::VoiceHeard { after } if *after >= 150_000));
    assert!(sound < key && key < agent && sound.is_some(), "{entries:#?}");
    let packets = entries.iter().find_map(|it| match it.event {
        Event::Ended { packets, .. } => Some(packets),
        _ => None,
    });
    assert!(packets >= Some(25), "{packets:?}");
    let heard = voice.heard_since(since.answered.expect("it was"));
    assert!(heard.len() > 20, "the callee speaks: {}", heard.len());
}
