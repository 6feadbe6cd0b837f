//! What a decision costs: one campaign of 100 agents, and a round of 100 such campaigns, each with lines
//! ringing, agents talking and statistics learnt. The half second's bookkeeping is in it.

use std::time::Instant;

use timbre_pacing::{Controller, Method, Phase, Resolution, Settings};

const AGENTS: u32 = 100;
const CAMPAIGNS: usize = 100;
const TICK_MS: u64 = 500;

/// A campaign that has run for a while: lines end and agents move on by a fixed pattern.
struct Campaign {
    controller: Controller,
    now: u64,
    lines: Vec<u64>,
    next: u64,
}

impl Campaign {
    fn new(phase: u64) -> Self {
        let mut controller = Controller::new(Settings::new(Method::Forecast, 0.03));
        for agent in 0..AGENTS {
            controller.agent(agent, phase, Phase::Idle);
        }
        let mut new = Self { controller, now: phase, lines: Vec::new(), next: 0 };
        for _ in 0..7_200 {
            new.now += TICK_MS;
            new.live();
            new.decide();
        }
        new
    }

    /// What half a second brings.
    fn live(&mut self) {
        let (now, tick) = (self.now, self.now / TICK_MS);
        for agent in 0..AGENTS {
            let phase = match (tick + u64::from(agent) * 7) % 180 {
                0 => Phase::Talking,
                120 => Phase::WrapUp,
                170 => Phase::Idle,
                _ => continue,
            };
            self.controller.agent(agent, now, phase);
        }
        let controller = &mut self.controller;
        let mut kept = Vec::with_capacity(self.lines.len());
        for line in self.lines.drain(..) {
            match (line * 31 + tick) % 40 {
                0 if line % 4 == 0 => {
                    controller.resolved(line, now, Resolution::Answered);
                    controller.served(now, line % 140 == 0);
                }
                0 => controller.resolved(line, now, Resolution::Failed),
                _ => kept.push(line),
            }
        }
        self.lines = kept;
    }

    fn decide(&mut self) -> u32 {
        let place = self.controller.decide(self.now).place;
        for _ in 0..place {
            self.next += 1;
            self.controller.dialed(self.next, self.now);
            self.lines.push(self.next);
        }
        place
    }
}

#[divan::bench]
fn one_of_a_hundred_agents(bencher: divan::Bencher) {
    let mut campaign = Campaign::new(0);
    bencher.bench_local(|| {
        campaign.now += TICK_MS;
        campaign.controller.decide(campaign.now)
    });
}

/// Every decision of an hour of 100 campaigns, taken in turn so that each finds the caches cold.
fn print_quantiles() {
    let mut campaigns: Vec<_> = (0..CAMPAIGNS).map(|it| Campaign::new(it as u64)).collect();
    let mut nanos = Vec::new();
    for _ in 0..1_000 {
        for campaign in &mut campaigns {
            campaign.now += TICK_MS;
            let before = now();
            divan::black_box(campaign.controller.decide(campaign.now));
            nanos.push(before.elapsed().as_nanos());
            campaign.live();
            campaign.decide();
        }
    }
    nanos.sort_unstable();
    let lines: usize = campaigns.iter().map(|it| it.lines.len()).sum::<usize>() / CAMPAIGNS;
    let at = |share: f64| nanos[(share * (nanos.len() - 1) as f64) as usize] as f64 / 1_000.0;
    println!(
        "{CAMPAIGNS} campaigns x {AGENTS} agents, {lines} lines each: decision p50 {:.1} us, p99 {:.1} us, p99.9 {:.1} us",
        at(0.5),
        at(0.99),
        at(0.999)
    );
    println!(
        "a campaign takes {} bytes, its memory {} as JSON",
        std::mem::size_of::<Controller>(),
        {
            let memory = campaigns[0].controller.memory();
            serde_json::to_string(&memory).map_or(0, |it| it.len())
        }
    );
}

#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
fn now() -> Instant {
    Instant::now()
}

fn main() {
    print_quantiles();
    divan::main();
}
