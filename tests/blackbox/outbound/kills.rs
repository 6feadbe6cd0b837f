//! The node is killed at random moments of a campaign. `TIMBRE_OUTBOUND_KILLS` has it killed more often.

use super::*;
use timbre::driver::clock::Stopwatch;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_node_calls_nobody_twice_nor_after_a_do_not_call() {
    let kills = setting("TIMBRE_OUTBOUND_KILLS", 4);
    let shares =
        Shares { person: 0.3, busy: 0.4, congestion: 0.02, unallocated: 0.05, ..Shares::NONE };
    let habits = Habits { answers_mean: 1., answers_max: 2., talks_mean: 1., ..Habits::default() };
    let carrier = carrier::own(Config {
        bind: SocketAddr::new(CARRIER.parse().expect("an address"), 0),
        lines: 20_000,
        population: Population { shares, habits, ..Population::default() },
        voice: false,
        ..Config::default()
    })
    .await;
    let names = named("a", 5);
    let floor = floor(&names, carrier.addr, &json!({"power": {"ratio": 6.0}}), json!({}));
    let mut node = Node::start().await;
    let store = node.store().await;
    let client = node.apply(&floor).await;
    let leads_count = u32::try_from(kills * 150).expect("a count");
    import(&store, &floor, leads(0, leads_count)).await;
    client.start_campaign(&campaign()).await.expect("it may run");
    let (mut acknowledged, mut dice) = (Vec::new(), 88_172_645_463_325_252_u64);
    for _ in 0..kills {
        let at_work = crew(&node, &names, Duration::from_millis(300)).await;
        let client = node.client(Role::Operator, None).await;
        let watch = Stopwatch::start();
        let lives = Duration::from_millis(50 + roll(&mut dice) % 1_200);
        while watch.elapsed() < lives {
            let number = format!("+346{:08}", roll(&mut dice) % u64::from(leads_count));
            if client.add_do_not_call(&tenant(), barring(&number)).await.is_ok() {
                acknowledged.push(Acknowledged { number, at: civil().as_micros() });
            }
            sleep(Duration::from_millis(40)).await;
        }
        node = node.killed_and_restarted().await;
        drop(at_work);
    }
    let client = node.client(Role::Operator, None).await;
    let status = client.get_campaign(&campaign()).await.expect("it is there");
    assert_eq!(status.state, CampaignState::Running, "it runs on after a crash");
    client.stop_campaign(&campaign()).await.expect("it may stop");
    let all = all_ended(&store).await;
    let records: Vec<Attempt> = all.iter().map(evidence).collect();
    let log = carrier.log();
    let caps = [Cap { most: 1, window: Window::Any(Duration::from_secs(7_200)) }];
    let evidence =
        Evidence { carrier: &log, acknowledged: &acknowledged, attempts: &records, caps: &caps };
    let found = judge::judge(evidence);
    assert!(found.is_empty(), "{found:#?}");
    let lost = all.iter().filter(|it| it.outcome == Some(AttemptOutcome::Indeterminate)).count();
    println!(
        "{kills} kills, {} attempts, {lost} indeterminate, {} barred",
        all.len(),
        acknowledged.len()
    );
    assert!(all.len() > usize::try_from(kills).expect("a count") * 5, "hardly anything was dialed");
}

/// A number from a xorshift: the moments of the kills are the same in each run.
fn roll(dice: &mut u64) -> u64 {
    *dice ^= *dice << 13;
    *dice ^= *dice >> 7;
    *dice ^= *dice << 17;
    *dice
}
