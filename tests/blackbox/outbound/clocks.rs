//! The host's civil clock is stepped under a running campaign (libfaketime), and its time zone is of no account; that of
//! callees is, also where it changes meanwhile.
//!
//! The judge knows two time lines: the one the host was on before anybody touched its clock, and the one it claims.
//! `TIMBRE_OUTBOUND_STEPS` adds rounds of steps.

use std::path::PathBuf;

use tempfile::TempDir;
use timbre::api::client::{Client, Source};
use timbre::api::wire::lead::{ClientLead, ImportChunk};
use timbre::leads::{RawConsent, RawLead, RawNumber};
use timbre_model::{CampaignSpec, Civil, DuplicatePolicy};
use timbre_phone::carrier::Event;

use super::*;

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3_600 * SECOND;
const DAY: i64 = 24 * HOUR;

/// Monday, 23 November 2026, 00:00 in Madrid (UTC+1), in microseconds since the epoch. No holiday.
const MONDAY: i64 = 1_795_388_400 * SECOND;

/// For so long after a step nothing is dialed, less a little for what is on its way.
const SETTLES: i64 = 9_500_000;
/// After a step an INVITE may be on its way that was permitted before.
const ON_ITS_WAY: i64 = 500_000;
/// Long enough for a campaign that was told of an untrusted clock to ask again: after 1, 3, 7 and 15 s.
const ASKS_AGAIN: Duration = Duration::from_millis(17_500);

/// The clock of a host: the real one and an offset, which a running program follows at once.
struct Host {
    directory: TempDir,
    /// When the clock was set, really, and by how much it is off since. The first is what the host believes to be true.
    set: Vec<(i64, i64)>,
}

impl Host {
    /// A host on which it is `at`.
    fn at(at: i64) -> Self {
        let mut host =
            Self { directory: tempfile::tempdir().expect("a directory"), set: Vec::new() };
        host.write(at - real());
        host
    }

    /// Steps its clock to so far from the truth.
    fn step(&mut self, from_truth: i64) {
        self.write(self.truth_offset() + from_truth);
    }

    fn write(&mut self, offset: i64) {
        let file = self.directory.path().join("offset");
        let new = self.directory.path().join("new");
        let sign = if offset < 0 { '-' } else { '+' };
        let (seconds, micros) = (offset.abs() / SECOND, offset.abs() % SECOND);
        std::fs::write(&new, format!("{sign}{seconds}.{micros:06}\n")).expect("a file");
        std::fs::rename(new, file).expect("a file");
        self.set.push((real(), offset));
    }

    fn env(&self, zone: &str) -> Vec<(String, String)> {
        let path = |it: PathBuf| it.display().to_string();
        let file = path(self.directory.path().join("offset"));
        let env = [
            ("LD_PRELOAD", path(library())),
            ("FAKETIME_TIMESTAMP_FILE", file),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("NO_FAKE_STAT", "1".to_owned()),
            ("TZ", zone.to_owned()),
        ];
        env.map(|(name, value)| (name.to_owned(), value)).into()
    }

    async fn node(&self, zone: &str) -> Node {
        let node = Node::start_under(&self.env(zone)).await;
        for kind in ["faketime_shm_", "sem.faketime_sem_"] {
            // The library leaves these behind where its program is killed, and stumbles over them in the next of that id.
            let _ = std::fs::remove_file(format!("/dev/shm/{kind}{}", node.pid()));
        }
        let day = node.logged("2026-11-23T");
        assert!(!day.is_empty(), "the host's clock is not faked");
        node
    }

    fn truth_offset(&self) -> i64 {
        self.set[0].1
    }

    /// The true time at a real moment.
    fn truth(&self, real: i64) -> i64 {
        real + self.truth_offset()
    }

    /// When the clock was last set before a real moment, and what it claimed then.
    fn claimed(&self, at: i64) -> (i64, i64) {
        let last = self.set.iter().rev().find(|it| it.0 <= at).unwrap_or(&self.set[0]);
        (last.0, at + last.1)
    }

    async fn until(&self, truth: i64) {
        let span = truth - self.truth(real());
        sleep(Duration::from_micros(u64::try_from(span).unwrap_or_default())).await;
    }
}

fn real() -> i64 {
    civil().as_micros()
}

fn library() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").expect("a folder").flatten();
    let mut found = folders.map(|it| it.path().join("faketime/libfaketimeMT.so.1"));
    found.find(|it| it.exists()).expect("libfaketime is installed (Debian: libfaketime)")
}

/// Whose numbers begin so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Madrid,
    Canary,
}

/// Who was called, and when it was for them: `(campaign, place)`.
type Who = (usize, Place);

/// The two campaigns share these: `+346`, one digit of campaign and place, and seven more.
fn who(number: &str) -> Who {
    match number.trim_start_matches('+').as_bytes().get(3) {
        Some(b'0') => (0, Place::Madrid),
        Some(b'1') => (0, Place::Canary),
        Some(b'2') => (1, Place::Madrid),
        _ => (1, Place::Canary),
    }
}

/// Monday to Friday, 9 to 21 by the callee's clock in November.
fn open(place: Place, at: i64) -> bool {
    let local = at + if place == Place::Madrid { HOUR } else { 0 };
    // The first day of the epoch was a Thursday.
    let weekday = (local.div_euclid(DAY) + 3).rem_euclid(7);
    weekday < 5 && (9 * HOUR..21 * HOUR).contains(&local.rem_euclid(DAY))
}

/// A node with two campaigns: one with hours of its own, and one that sells and has those of Spain.
struct World {
    host: Host,
    node: Node,
    carrier: carrier::Carrier,
    floor: FloorSpec,
    store: Store,
    imported: u32,
    _crew: Crew,
}

impl World {
    async fn start(at: i64, zone: &str) -> Self {
        let host = Host::at(at);
        let carrier = busy_carrier().await;
        let names = named("a", 4);
        let floor = both_campaigns(&names, carrier.addr);
        let node = host.node(zone).await;
        let client = node.apply(&floor).await;
        let store = node.store().await;
        let crew = crew(&node, &names, Duration::from_millis(300)).await;
        let mut world = Self { host, node, carrier, floor, store, imported: 0, _crew: crew };
        world.import_more(300).await;
        for campaign in &world.floor.campaigns {
            let campaign = CampaignRef { tenant: tenant(), campaign: campaign.id.clone() };
            client.start_campaign(&campaign).await.expect("it may run");
        }
        world
    }

    /// Leads nobody has looked at yet, for both campaigns and of both places in turn.
    async fn import_more(&mut self, count: u32) {
        for campaign in 0..2 {
            let at = |place: u32| (campaign * 2 + place) * 10_000_000 + self.imported;
            let canary = in_canary(leads(at(1), count));
            let mixed = leads(at(0), count).into_iter().zip(canary);
            let mut mixed: Vec<_> = mixed.flat_map(|(one, other)| [one, other]).collect();
            mixed.iter_mut().for_each(consented);
            let list = &self.floor.lists[campaign as usize];
            import_into(&self.store, list, &format!("from {}", self.imported), mixed).await;
        }
        self.imported += count;
    }

    /// Steps the clock so far from the truth, brings fresh leads, and gives the campaigns time to ask again.
    async fn step(&mut self, from_truth: i64) {
        self.host.step(from_truth);
        self.import_more(150).await;
        sleep(ASKS_AGAIN).await;
    }

    /// Calls to somebody while `when` held of the truth.
    fn calls(&self, when: std::ops::Range<i64>) -> BTreeMap<Who, usize> {
        let mut calls = BTreeMap::new();
        for invite in self.invites().filter(|it| when.contains(&self.host.truth(it.0))) {
            *calls.entry(who(&invite.1)).or_default() += 1;
        }
        calls
    }

    fn invites(&self) -> impl Iterator<Item = (i64, String)> {
        let log = self.carrier.log().into_iter();
        log.filter(|it| matches!(it.event, Event::Invite { .. })).map(|it| (it.wall, it.number))
    }

    /// No call outside of the hours on either time line, none while a step settles, and the program is well.
    fn judge(&mut self) {
        let found: Vec<String> = self.invites().filter_map(|it| self.fault(&it)).collect();
        assert!(found.is_empty(), "{found:#?}");
        assert!(self.node.alive(), "the node has ended");
        for word in ["panic", "ERROR"] {
            assert_eq!(self.node.logged(word), Vec::<String>::new());
        }
    }

    fn fault(&self, (wall, number): &(i64, String)) -> Option<String> {
        let (place, truth) = (who(number).1, self.host.truth(*wall));
        let (stepped, claimed) = self.host.claimed(*wall);
        let since = wall - stepped;
        let what = if !open(place, truth) {
            "in truth too late or too early"
        } else if since >= ON_ITS_WAY && !open(place, claimed) {
            "too late or too early by the clock"
        } else if self.host.set.len() > 1 && stepped != self.host.set[0].0 {
            if !(ON_ITS_WAY..SETTLES).contains(&since) {
                return None;
            }
            "while a step settles"
        } else {
            return None;
        };
        let hour = |at: i64| (at - MONDAY) as f64 / HOUR as f64;
        Some(format!(
            "{number}: {what}: hour {:.5}, claimed {:.5}, {since} µs after a step",
            hour(truth),
            hour(claimed)
        ))
    }
}

/// Everybody is busy, after a third of a second or so.
async fn busy_carrier() -> carrier::Carrier {
    let shares = Shares { busy: 1., ..Shares::NONE };
    carrier::own(Config {
        bind: SocketAddr::new(CARRIER.parse().expect("an address"), 0),
        population: Population { shares, time_scale: 0.1, ..Population::default() },
        voice: false,
        ..Config::default()
    })
    .await
}

fn both_campaigns(agents: &[String], carrier: SocketAddr) -> FloorSpec {
    let hours = json!(["09:00-21:00"]);
    let week = json!({"mon": hours, "tue": hours, "wed": hours, "thu": hours, "fri": hours});
    let power = json!({"power": {"ratio": 2.0}});
    let mut floor = floor(agents, carrier, &power, json!({"hours": week}));
    let mut list = floor.lists[0].clone();
    list.id = timbre_model::ListId::parse("offers").expect("a slug");
    let sells: CampaignSpec = serde_json::from_value(json!({
        "id": "offers", "name": "Offers", "client": "acme", "queue": "sales", "mode": power,
        "lists": [{"list": "offers"}], "trunks": ["carrier"], "purpose": "marketing",
        "caller_ids": {"numbers": ["+34400000002"]}, "codes": ["house.counts"],
    }))
    .expect("a campaign");
    floor.lists.push(list);
    floor.campaigns.push(sells);
    floor
}

fn in_canary(mut leads: Vec<NewLead>) -> Vec<NewLead> {
    for number in leads.iter_mut().flat_map(|it| &mut it.numbers) {
        number.zones = ["Atlantic/Canary".to_owned()].into();
    }
    leads
}

fn consented(lead: &mut NewLead) {
    lead.consent = Some(timbre_model::Consent {
        basis: timbre_model::ConsentBasis::Express,
        given_at: Civil::from_micros(MONDAY - 30 * DAY),
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_has_closed_stays_closed_whatever_the_clock_says() {
    const CLOSES: i64 = MONDAY + 21 * HOUR;
    // The host's own zone is of no account.
    let mut world = World::start(CLOSES - 30 * SECOND, "Asia/Tokyo").await;
    world.host.until(CLOSES + 2 * SECOND).await;
    let mut steps = vec![-HOUR, 12 * HOUR];
    for _ in 0..setting("TIMBRE_OUTBOUND_STEPS", 0) {
        steps.extend([0, HOUR, -HOUR, DAY, -DAY, 0, -5 * HOUR, 36 * HOUR]);
    }
    for step in steps {
        world.step(step).await;
    }
    world.judge();
    let (before, after) = (world.calls(0..CLOSES), world.calls(CLOSES..i64::MAX));
    println!("before the end of the hours {before:?}, after {after:?}");
    for campaign in 0..2 {
        assert!(before.get(&(campaign, Place::Madrid)).is_some_and(|it| *it > 10), "{before:?}");
        // An hour behind Madrid the day goes on, also while the clock claims an hour earlier still.
        assert!(after.get(&(campaign, Place::Canary)).is_some_and(|it| *it > 20), "{after:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_inside_the_hours_only_makes_a_pause_and_one_out_of_them_ends_the_day() {
    let mut world = World::start(MONDAY + 11 * HOUR, "UTC").await;
    sleep(Duration::from_secs(3)).await;
    let mut steps = vec![HOUR, -DAY];
    for _ in 0..setting("TIMBRE_OUTBOUND_STEPS", 0) {
        steps.extend([0, -HOUR, DAY, 0, 5 * DAY, 0]);
    }
    for step in steps {
        let from = world.host.truth(real());
        world.step(step).await;
        let calls = world.calls(from + SETTLES..i64::MAX);
        // A day before is a Sunday, five days later a Saturday.
        let dials = !matches!(step / DAY, -1 | 5);
        println!("{step} µs from the truth: {calls:?}");
        assert_eq!(!calls.is_empty(), dials, "{step}: {calls:?}");
    }
    world.judge();
    let first = world.calls(0..world.host.truth(world.host.set[1].0));
    assert_eq!(first.len(), 4, "both campaigns called both places: {first:?}");
}

const MADRID: &str = "Europe/Madrid";
const CANARY: &str = "Atlantic/Canary";

/// Those of a list who are said to live in one place, and those in another.
fn said_to_live(places: [(std::ops::Range<u32>, &'static str); 2]) -> Vec<ClientLead> {
    let lead = |at: u32, zone: &str| {
        let number = RawNumber {
            number: format!("+346{at:08}"),
            zones: vec![zone.to_owned()],
            ..RawNumber::default()
        };
        let given_at = Some(Civil::from_micros(MONDAY - 30 * DAY));
        let consent = Some(RawConsent { basis: "contract".to_owned(), given_at });
        ClientLead {
            line: u64::from(at),
            raw: RawLead { numbers: vec![number], consent, ..RawLead::default() },
        }
    };
    let of =
        |(leads, zone): (std::ops::Range<u32>, &'static str)| leads.map(move |at| lead(at, zone));
    places.into_iter().flat_map(of).collect()
}

/// Imports leads as a user would; when the end was acknowledged, really.
async fn imported(client: &Client, list: &ListSpec, batch: &str, leads: Vec<ClientLead>) -> i64 {
    let (list, batch) = (list.id.clone(), batch.to_owned());
    let source = Source { tenant: tenant(), list, batch, country: None };
    let (mut import, _) = client.import_leads(&source).await.expect("it begins");
    import.send(1, ImportChunk::from_iter(leads)).await.expect("sent");
    let kept = import.next().await.expect("acknowledged");
    assert_eq!(kept.rejects, []);
    import.finish().await.expect("sent");
    assert!(import.next().await.expect("acknowledged").finished);
    real()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_moves_to_another_zone_is_called_by_that_ones_hours_at_once() {
    const FEW: std::ops::Range<u32> = 0..40;
    const MANY: std::ops::Range<u32> = 1_000..1_600;
    // Half past nine in the evening in Madrid, half past eight in the Canary Islands.
    let host = Host::at(MONDAY + 21 * HOUR + HOUR / 2);
    let carrier = busy_carrier().await;
    let names = named("a", 4);
    let hours = json!(["09:00-21:00"]);
    let week = json!({"mon": hours, "tue": hours, "wed": hours, "thu": hours, "fri": hours});
    let power = json!({"power": {"ratio": 2.0}});
    let mut floor = floor(&names, carrier.addr, &power, json!({"hours": week}));
    floor.lists[0].duplicates = DuplicatePolicy::Update;
    let mut node = host.node("UTC").await;
    let client = node.apply(&floor).await;
    let store = node.store().await;
    let list = &floor.lists[0];
    let calls = |who: &std::ops::Range<u32>, after: i64| {
        let numbers: Vec<String> = who.clone().map(|at| format!("+346{at:08}")).collect();
        let log = carrier.log().into_iter().filter(|it| it.wall > after);
        let invites = log.filter(|it| matches!(it.event, Event::Invite { .. }));
        invites.filter(|it| numbers.contains(&it.number)).count()
    };
    let blocked = async || store.lead_counts(&tenant(), &list.id).await.expect("counts").blocked;

    imported(&client, list, "first", said_to_live([(FEW, MADRID), (MANY, CANARY)])).await;
    let _crew = crew(&node, &names, Duration::from_millis(300)).await;
    client.start_campaign(&campaign()).await.expect("it may run");
    eventually("calls to the Canary Islands", async || (calls(&MANY, 0) > 20).then_some(())).await;
    assert_eq!((calls(&FEW, 0), blocked().await), (0, 40));

    let swapped =
        imported(&client, list, "second", said_to_live([(FEW, CANARY), (MANY, MADRID)])).await;
    // None of them was called before; the first may be before the import's end is acknowledged.
    let few = || calls(&FEW, 0);
    eventually("calls to all who may be called now", async || (few() == 40).then_some(())).await;
    let soon = real() - swapped;
    let refused =
        eventually("refusals of the others", async || Some(blocked().await).filter(|it| *it > 100));
    let refused = refused.await;
    sleep(Duration::from_secs(2)).await;
    assert_eq!(calls(&MANY, swapped + ON_ITS_WAY), 0, "it is too late to call them");

    let back =
        imported(&client, list, "third", said_to_live([(FEW, MADRID), (MANY, CANARY)])).await;
    eventually("calls to them again", async || (calls(&MANY, back) > 20).then_some(())).await;
    println!(
        "all who may be called now were so in {soon} µs; {refused} waited for their old hours; \
         {} INVITEs were on their way",
        calls(&MANY, swapped) - calls(&MANY, swapped + ON_ITS_WAY)
    );
    assert!(node.alive(), "the node has ended");
}
