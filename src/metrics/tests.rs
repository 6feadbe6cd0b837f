mod casework;
mod outbound;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use timbre_engine::{AgentChanged, AgentView, CallEnded, Event, EventKind, QueueView};
use timbre_model::{
    AgentId, AgentRef, AgentStateKind, CallId, CallOutcome, CallerId, Civil, Disposition, EndCause,
    Mono, OfferId, OfferOutcome, QueueId, QueueRef, ReleasedBy, Slug, TenantId, TrunkId, TrunkRef,
};

use timbre_sip::Counters;
use timbre_sip::media::MediaStats;

use super::*;

const CALL: CallId = CallId::from_u128(7);

fn tenant() -> TenantId {
    TenantId::parse("demo").expect("an id")
}

fn queue(name: &str) -> QueueRef {
    QueueRef { tenant: tenant(), queue: QueueId::parse(name).expect("an id") }
}

fn agent() -> AgentRef {
    AgentRef { tenant: tenant(), agent: AgentId::parse("ana").expect("an id") }
}

fn trunk() -> TrunkRef {
    TrunkRef { tenant: tenant(), trunk: TrunkId::parse("carrier").expect("an id") }
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn civil(seconds: i64) -> Civil {
    Civil::from_micros(seconds * 1_000_000)
}

fn happens(metrics: &Metrics, what: EventKind) {
    metrics.observe(&Event { at: civil(1_000), what });
}

fn ended(outcome: CallOutcome, cause: EndCause) -> CallEnded {
    let answered = outcome == CallOutcome::Answered;
    CallEnded {
        call: CALL,
        tenant: tenant(),
        trunk: trunk(),
        queue: Some(queue("ventas")),
        agent: answered.then(agent),
        outcome,
        cause,
        released_by: ReleasedBy::Customer,
        waited: secs(8),
        talked: if answered { secs(100) } else { Duration::ZERO },
        held: if answered { secs(25) } else { Duration::ZERO },
    }
}

/// A call that is answered in its third ring, held once, ended by the customer and wrapped up.
fn a_whole_call(metrics: &Metrics) {
    let queue = queue("ventas");
    let caller = CallerId::Withheld;
    happens(metrics, EventKind::CallArrived { call: CALL, trunk: trunk(), caller });
    happens(metrics, EventKind::CallQueued { call: CALL, queue: queue.clone() });
    happens(
        metrics,
        EventKind::OfferEnded {
            offer: OfferId { call: CALL, number: 1 },
            agent: agent(),
            queue: queue.clone(),
            outcome: OfferOutcome::Accepted,
            open_for: secs(3),
        },
    );
    happens(
        metrics,
        EventKind::CallAnswered {
            call: CALL,
            queue: queue.clone(),
            after: Duration::from_millis(10_100),
            ring: 3,
            by_greeting: false,
        },
    );
    happens(
        metrics,
        EventKind::CallConnected {
            call: CALL,
            queue: queue.clone(),
            agent: agent(),
            waited: Duration::from_millis(10_200),
            within_service_level: true,
            placed: None,
        },
    );
    happens(metrics, EventKind::CallHeld { call: CALL, queue: queue.clone(), agent: agent() });
    happens(metrics, EventKind::CallEnded(ended(CallOutcome::Answered, EndCause::Completed)));
    happens(
        metrics,
        EventKind::WrappedUp {
            call: CALL,
            queue,
            agent: agent(),
            disposition: Disposition::new(Slug::parse("venta").expect("a code"), false),
            took: secs(20),
        },
    );
}

/// The figures of a scrape by series, as `name{label="value"}`.
fn figures(metrics: &Metrics) -> BTreeMap<String, f64> {
    let text = metrics.render();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (series, figure) = line.rsplit_once(' ').expect("a series and its figure");
            (series.to_owned(), figure.parse().expect("a figure"))
        })
        .collect()
}

fn of(figures: &BTreeMap<String, f64>, name: &str, labels: &str) -> f64 {
    let series = format!("timbre_{name}{{tenant=\"demo\",{labels}}}");
    *figures.get(&series).unwrap_or_else(|| panic!("no series {series}"))
}

#[test]
fn a_call_is_counted_once_in_each_of_its_figures() {
    let metrics = Metrics::new();
    a_whole_call(&metrics);
    let all = figures(&metrics);
    let ventas = |name: &str| of(&all, name, r#"queue="ventas""#);
    assert_eq!(ventas("queue_calls_arrived_total"), 1.);
    assert_eq!(ventas("queue_calls_answered_total"), 1.);
    assert_eq!(ventas("queue_calls_within_service_level_total"), 1.);
    assert_eq!(ventas("queue_answer_seconds_sum"), 10.1);
    assert_eq!(ventas("queue_wait_seconds_sum"), 10.2);
    assert_eq!(ventas("queue_talk_seconds_sum"), 75.);
    assert_eq!(ventas("queue_hold_seconds_sum"), 25.);
    assert_eq!(ventas("queue_wrap_up_seconds_sum"), 20.);
    assert_eq!(ventas("queue_handle_seconds_sum"), 120.);
    let with = |name: &str, label: &str| of(&all, name, &format!(r#"queue="ventas",{label}"#));
    assert_eq!(with("queue_answer_rings_bucket", r#"by_greeting="false",le="2""#), 0.);
    assert_eq!(with("queue_answer_rings_bucket", r#"by_greeting="false",le="3""#), 1.);
    assert_eq!(with("queue_answer_rings_count", r#"by_greeting="true""#), 0.);
    assert_eq!(with("queue_offers_total", r#"outcome="accepted""#), 1.);
    assert_eq!(with("queue_calls_released_total", r#"released_by="customer""#), 1.);
}

#[test]
fn what_arrived_is_answered_abandoned_refused_or_lost() {
    use CallOutcome::*;
    let metrics = Metrics::new();
    a_whole_call(&metrics);
    let ends = [
        (Abandoned, EndCause::Abandoned, true),
        (AbandonedShort, EndCause::Abandoned, true),
        (Refused, EndCause::MaxWait, true),
        (Refused, EndCause::Forced, true),
        (Lost, EndCause::Failed, true),
        (Refused, EndCause::QueueFull, false),
        (Refused, EndCause::Overload, false),
    ];
    for (outcome, cause, queued) in ends {
        if queued {
            happens(&metrics, EventKind::CallQueued { call: CALL, queue: queue("ventas") });
        }
        happens(&metrics, EventKind::CallEnded(ended(outcome, cause)));
    }
    let sum = |name: &str| {
        let family = format!("timbre_queue_calls_{name}_total{{");
        let all = figures(&metrics);
        all.iter().filter(|(series, _)| series.starts_with(&family)).map(|(_, it)| it).sum::<f64>()
    };
    assert_eq!(sum("arrived"), 8.);
    assert_eq!((sum("answered"), sum("abandoned"), sum("refused"), sum("lost")), (1., 2., 4., 1.));
}

#[test]
fn a_call_for_nobody_counts_on_its_trunk() {
    let metrics = Metrics::new();
    let nobody = CallEnded { queue: None, ..ended(CallOutcome::Refused, EndCause::NoEntryPoint) };
    happens(&metrics, EventKind::CallEnded(nobody));
    let labels = r#"trunk="carrier",reason="no_entry_point""#;
    assert_eq!(of(&figures(&metrics), "trunk_calls_refused_total", labels), 1.);
}

#[test]
fn time_in_a_state_shows_while_it_lasts_and_never_falls() {
    use AgentStateKind::{Ready, Talking};
    let metrics = Metrics::new();
    let seconds = |metrics: &Metrics, state: &str| {
        let labels = format!(r#"state="{state}""#);
        of(&figures(metrics), "agent_state_seconds_total", &labels)
    };
    metrics.agents(&[(tenant(), Ready, 2)], civil(1_000));
    metrics.agents(&[(tenant(), Ready, 2)], civil(1_060));
    assert_eq!(seconds(&metrics, "ready"), 120.);
    metrics.agents(&[(tenant(), Ready, 2)], civil(1_030));
    assert_eq!(seconds(&metrics, "ready"), 120., "a clock that steps back takes nothing away");
    let now = AgentView {
        state: Talking,
        reason: None,
        since: civil(1_040),
        offer: None,
        call: Some(CALL),
        on_hold: false,
        wrap_up_until: None,
        wrap_up_extendable: false,
        pause_after: None,
        connected: true,
        station: true,
    };
    let changed = AgentChanged { agent: agent(), from: Ready, lasted: secs(40), now };
    metrics.observe(&Event { at: civil(1_040), what: EventKind::AgentState(changed) });
    metrics.agents(&[(tenant(), Ready, 1), (tenant(), Talking, 1)], civil(1_045));
    assert_eq!((seconds(&metrics, "ready"), seconds(&metrics, "talking")), (145., 5.));
    assert_eq!(of(&figures(&metrics), "agents", r#"state="talking""#), 1.);
    metrics.agents(&[], civil(1_046));
    assert_eq!(of(&figures(&metrics), "agents", r#"state="talking""#), 0.);
}

#[test]
fn labels_are_bounded_and_what_is_beyond_is_still_counted() {
    let metrics = Metrics::new();
    let names: Vec<_> = (0..400).map(|n| format!("q{n}")).collect();
    let views = names.iter().map(|name| QueueView {
        queue: queue(name),
        name: name.to_string(),
        waiting: 2,
        oldest: Some(Mono::from_micros(1_000_000)),
        idle_agents: 0,
        talking: 1,
    });
    metrics.queues(&views.collect::<Vec<_>>(), Mono::from_micros(31_000_000));
    for name in 0..400 {
        metrics.rpc(&format!("made.up/{name}"), "UNIMPLEMENTED", secs(1));
    }
    let all = figures(&metrics);
    assert!(all.len() < 50_000, "{} series", all.len());
    let waiting = |it: &(&String, &f64)| it.0.starts_with("timbre_queue_waiting_calls");
    assert_eq!(all.iter().filter(waiting).map(|(_, figure)| figure).sum::<f64>(), 800.);
    let shared = r#"timbre_queue_waiting_calls{tenant="__other__",queue="__other__"}"#;
    assert_eq!(all[shared], 400.);
    assert_eq!(all[r#"timbre_api_requests_total{method="__other__",code="UNIMPLEMENTED"}"#], 300.);
}

#[test]
fn jitter_keeps_its_sum_and_its_count() {
    let metrics = Metrics::new();
    let sample = |sum: u64, jitter_count| Counters {
        media: MediaStats { jitter_sum_micros: sum * 1_000, jitter_count, ..MediaStats::default() },
        ..Counters::default()
    };
    for (sum, reports) in [(8, 4), (8, 4), (28, 5)] {
        metrics.switch(&sample(sum, reports));
    }
    let all = figures(&metrics);
    assert_eq!(all["timbre_media_jitter_seconds_count"], 5.);
    assert!((all["timbre_media_jitter_seconds_sum"] - 0.028).abs() < 1e-9);
    assert_eq!(all[r#"timbre_media_jitter_seconds_bucket{le="0.002"}"#], 4.);
}

/// One of everything.
fn full() -> Metrics {
    let metrics = Metrics::new();
    a_whole_call(&metrics);
    let waits = QueueView {
        queue: queue("ventas"),
        name: "Ventas".to_owned(),
        waiting: 1,
        oldest: None,
        idle_agents: 1,
        talking: 0,
    };
    metrics.queues(&[waits], Mono::default());
    metrics.agents(&[(tenant(), AgentStateKind::Ready, 1)], civil(1));
    metrics.trunks(&[TrunkSample { trunk: trunk(), in_use: 1, max: 10, up: true }]);
    outbound::outbound(&metrics);
    casework::casework(&metrics);
    metrics.switch(&Counters::default());
    metrics.step(Duration::from_micros(7));
    metrics.commit(Duration::from_millis(2), 15);
    metrics.spooling(false);
    metrics.rpc("timbre.v1.CallService/GetCall", "OK", Duration::from_millis(1));
    metrics
}

/// `name`, `kind`, labels and meaning of every row of the page.
fn documented() -> BTreeMap<String, (String, String, String)> {
    let rows =
        include_str!("../../docs/metrics.md").lines().filter(|it| it.starts_with("| `timbre_"));
    rows.map(|row| {
        let cells: Vec<_> = row.split(" | ").collect();
        let [name, kind, unit, labels, meaning] = cells[..] else { panic!("five cells: {row}") };
        assert!(!unit.trim().is_empty(), "{row}");
        let name = name.trim_matches(|c| "|` ".contains(c)).to_owned();
        let meaning = meaning.trim_end_matches(" |").to_owned();
        (name, (kind.to_owned(), labels.replace('`', "").trim().to_owned(), meaning))
    })
    .collect()
}

#[test]
fn the_page_lists_every_metric_and_no_other() {
    let known: BTreeMap<_, _> = catalog::ALL
        .iter()
        .map(|it| {
            let kind = it.kind.as_str().to_owned();
            (it.name.to_owned(), (kind, it.labels.join(", "), it.help.to_owned()))
        })
        .collect();
    let documented = documented();
    for (name, row) in &known {
        assert_eq!(documented.get(name), Some(row), "docs/metrics.md on {name}");
    }
    let gone: Vec<_> = documented.keys().filter(|name| !known.contains_key(*name)).collect();
    assert_eq!(gone, Vec::<&String>::new(), "docs/metrics.md lists what is not there");
}

#[test]
fn every_metric_is_shown_once_something_was_counted() {
    let text = full().render();
    for family in catalog::ALL {
        let kind = format!("# TYPE {} {}\n", family.name, family.kind.as_str());
        assert!(text.contains(&kind), "{kind} is not shown");
        let help = format!("# HELP {} {}\n", family.name, family.help);
        assert!(text.contains(&help), "{help} is not shown");
    }
}

#[test]
fn promtool_finds_no_fault_with_a_scrape() {
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool is there: apt install prometheus, or run scripts/test");
    let mut stdin = promtool.stdin.take().expect("piped");
    stdin.write_all(full().render().as_bytes()).expect("it reads");
    drop(stdin);
    let out = promtool.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success() && said.is_empty(), "{said}");
}

#[tokio::test]
async fn the_port_serves_a_scrape_and_nothing_else() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let at = "127.0.0.1:0".parse().expect("an address");
    let (_metrics, at) = Metrics::serve(at).expect("a free port");
    for (path, status) in [("/metrics", "200 OK"), ("/", "404 Not Found")] {
        let mut stream = tokio::net::TcpStream::connect(at).await.expect("it listens");
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("it answers");
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        assert_eq!(answer.contains("timbre_build_info"), path == "/metrics");
    }
}
