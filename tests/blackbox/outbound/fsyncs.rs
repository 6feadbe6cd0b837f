//! The node is killed as it enters each fsync of a scripted campaign, one after another (strace), and must come back
//! without calling anybody twice. `TIMBRE_FSYNC_EVERY` says which: 1 is each of them.

use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use timbre_store::LeadStateKind;

use super::*;
use crate::node::Under;

/// So many numbers are called …
const NUMBERS: u32 = 10;
/// … but not the last, where "do not call" is acknowledged in time.
const BARRED: &str = "+34600000009";

/// Where a scripted campaign begins again and again.
struct Script {
    carrier: carrier::Carrier,
    names: Vec<String>,
    before: Arc<TempDir>,
}

/// What a client was told. Outlives the node.
type Told = Arc<Mutex<Vec<Acknowledged>>>;

/// How one run went.
#[derive(Debug, Default)]
struct Run {
    killed: bool,
    ready: bool,
    indeterminate: usize,
    told: usize,
}

impl Script {
    /// The leads are there; the campaign has not begun.
    async fn prepare() -> Self {
        let shares = Shares { busy: 1., ..Shares::NONE };
        let population = Population { shares, time_scale: 0.1, ..Population::default() };
        let bind = SocketAddr::new(CARRIER.parse().expect("an address"), 0);
        let config = Config { bind, population, voice: false, ..Config::default() };
        let carrier = carrier::own(config).await;
        let names = named("a", 2);
        let once = json!({"recycle": {"per_number": 1, "per_lead": 1}});
        let floor = floor(&names, carrier.addr, &json!({"power": {"ratio": 1.0}}), once);
        let node = Node::start().await;
        node.apply(&floor).await;
        import(&node.store().await, &floor, leads(0, NUMBERS)).await;
        Self { carrier, names, before: node.directory() }
    }

    fn copy(&self) -> Arc<TempDir> {
        let copy = tempfile::tempdir().expect("a directory");
        for file in std::fs::read_dir(self.before.path()).expect("a directory").flatten() {
            if file.path().is_file() {
                std::fs::copy(file.path(), copy.path().join(file.file_name())).expect("a copy");
            }
        }
        Arc::new(copy)
    }

    /// Runs it with a kill at the `nth` fsync of any thread, then to its end, and judges it.
    async fn run(&self, nth: u64) -> Run {
        let (directory, told, seen) = (self.copy(), Told::default(), self.carrier.log().len());
        let killed_at = Under { wrapper: strace(nth), ..Under::default() };
        let mut run = Run { killed: true, ..Run::default() };
        if let Some(node) = Node::try_start_in(directory.clone(), &killed_at).await {
            run.ready = true;
            run.killed = !self.survives(Arc::new(node), &told).await;
        }
        let node = Node::try_start_in(directory, &Under::default()).await;
        let node = node.expect("it starts on what the killed one left");
        play(&node, &self.names, &self.carrier, &told).await;
        let all = all_ended(&node.store().await).await;
        run.indeterminate =
            all.iter().filter(|it| it.outcome == Some(AttemptOutcome::Indeterminate)).count();
        let told = told.lock().expect("no panic").clone();
        run.told = told.len();
        self.judge(nth, seen, &all, &told);
        whole(&node.store().await, nth, &all).await;
        run
    }

    /// Whether the node lived to the end of the script.
    async fn survives(&self, node: Arc<Node>, told: &Told) -> bool {
        let pid = node.pid();
        let played = async { play(&node, &self.names, &self.carrier, told).await };
        let dies = async {
            while !has_ended(pid) {
                sleep(Duration::from_millis(10)).await;
            }
        };
        // A client of a dead node may be the first to notice.
        let played = futures::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(played));
        tokio::select! {
            played = played => match played {
                Ok(()) => true,
                Err(panic) => {
                    sleep(Duration::from_millis(500)).await;
                    if !has_ended(pid) {
                        std::panic::resume_unwind(panic);
                    }
                    false
                }
            },
            () = dies => false,
        }
    }

    fn judge(&self, nth: u64, seen: usize, all: &[AttemptRecord], told: &[Acknowledged]) {
        let records: Vec<Attempt> = all.iter().map(evidence).collect();
        let caps = [Cap { most: 1, window: Window::Any(Duration::from_secs(7_200)) }];
        let log = &self.carrier.log()[seen..];
        let found = judge::judge(Evidence {
            carrier: log,
            acknowledged: told,
            attempts: &records,
            caps: &caps,
        });
        assert!(found.is_empty(), "killed at fsync {nth}: {found:#?}");
    }
}

/// Everybody was called once, or "do not call" came first.
async fn whole(store: &Store, nth: u64, all: &[AttemptRecord]) {
    let called: Vec<&str> = all.iter().map(|it| it.number.expose()).collect();
    for lead in leads(0, NUMBERS) {
        let number = lead.numbers[0].number.expose();
        let times = called.iter().filter(|it| **it == number).count();
        assert!(times == 1 || number == BARRED && times == 0, "fsync {nth}: {number}: {times}");
    }
    let list = timbre_model::ListId::parse("all").expect("a slug");
    let in_hand = Some(LeadStateKind::Claimed);
    let kept = store.list_leads(&tenant(), &list, in_hand, None, NUMBERS).await.expect("a store");
    assert_eq!(kept.leads, [], "fsync {nth}: still in hand");
}

/// Starts the campaign where it has not begun, has one number barred on the way, and stops it when all were called.
async fn play(node: &Node, names: &[String], carrier: &carrier::Carrier, told: &Told) {
    let _crew = crew(node, names, Duration::from_millis(100)).await;
    let client = node.client(Role::Operator, None).await;
    let state = client.get_campaign(&campaign()).await.expect("it is there").state;
    if state == CampaignState::Stopped {
        return;
    }
    if state == CampaignState::Draft {
        client.start_campaign(&campaign()).await.expect("it may run");
    }
    if told.lock().expect("no panic").is_empty() {
        let calls = carrier.log().len();
        let more = async || (carrier.log().len() > calls + 3).then_some(());
        // Where nearly all were called before the kill, no more calls come.
        let _ = tokio::time::timeout(Duration::from_secs(2), eventually("calls", more)).await;
        client.add_do_not_call(&tenant(), barring(BARRED)).await.expect("it is taken");
        let at = civil().as_micros();
        told.lock().expect("no panic").push(Acknowledged { number: BARRED.to_owned(), at });
    }
    let store = node.store().await;
    eventually("everybody to have been called", async || {
        let all = attempts(&store).await;
        let over = all.iter().filter(|it| it.ended_at.is_some() && it.number.expose() != BARRED);
        (over.count() >= NUMBERS as usize - 1).then_some(())
    })
    .await;
    // Long enough for the campaign to ask for more.
    sleep(Duration::from_millis(1_200)).await;
    client.stop_campaign(&campaign()).await.expect("it may stop");
}

/// Kills what it starts at the `nth` fsync of a thread. The tracer stands aside (-D): the node is the test's own child.
fn strace(nth: u64) -> Vec<String> {
    let kill = format!("inject=fsync,fdatasync:signal=SIGKILL:when={nth}");
    // Not --seccomp-bpf: with it, strace 6.1 only ever injects at the first.
    let words = ["strace", "-D", "-f", "-qq", "-o", "/dev/null"];
    let words = words.into_iter().chain(["-e", "trace=fsync,fdatasync", "-e", &kill]);
    words.map(str::to_owned).collect()
}

/// Also where nobody has asked after it yet.
fn has_ended(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    status.map_or(true, |it| it.contains(") Z ") || it.contains(") X "))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_killed_at_an_fsync_calls_nobody_twice_and_nobody_it_was_told_not_to() {
    let every = usize::try_from(setting("TIMBRE_FSYNC_EVERY", 12)).expect("a count");
    let traced = std::process::Command::new("strace").args(["-qq", "true"]).output();
    let traced = traced.expect("strace is installed (Debian: strace)");
    assert!(traced.status.success(), "strace may not trace here: {traced:?}");
    let script = Script::prepare().await;
    let mut runs = Vec::new();
    for nth in (1..2_000).step_by(every) {
        let run = script.run(nth).await;
        println!("fsync {nth}: {run:?}");
        let killed = run.killed;
        runs.push(run);
        if !killed {
            break;
        }
    }
    let killed = runs.iter().filter(|it| it.killed).count();
    let lost: usize = runs.iter().map(|it| it.indeterminate).sum();
    println!("{killed} kills at fsyncs, {lost} attempts indeterminate");
    assert!(runs.last().is_some_and(|it| !it.killed), "the script never ends");
    assert!(runs.iter().any(|it| it.killed && it.ready), "nothing was killed while it called");
}
