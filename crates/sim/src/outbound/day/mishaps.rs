//! What goes wrong in a day, and who interferes.

use timbre_engine::Command;
use timbre_model::{
    Barred, CampaignRef, DialMode, DoNotCallEntry, DoNotCallScope, PhoneNumber, Slug,
};

use crate::outbound::world::{Happening, SECOND, World, tenant};

/// Something that happens to the floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// A campaign is paused, and goes on a little later.
    Pause,
    Start(usize),
    /// Campaigns end for the day.
    Stop,
    /// Somebody asks not to be called.
    Barred,
    /// The operator changes the floor.
    Floor,
    /// The carrier fails most calls, or does no more.
    Trouble(bool),
    /// The database is away, or back.
    StoreAway(bool),
    /// The host's clock steps by so many minutes; 0: it is put right.
    Clock(i64),
    /// The node looks at its clock.
    Look,
    /// An agent wants a number called.
    ByHand,
    Crash,
}

/// Before the end, so that every conversation is over then.
const LAST: u64 = 1_200 * SECOND;

impl World<'_> {
    pub(super) fn plan_mishaps(&mut self) {
        let until = self.setup.end - LAST;
        let mut plan = vec![(until, Mishap::Stop)];
        let at = |n: u64, of: &mut crate::outbound::chance::Chance| {
            (0..n).map(|_| 300 * SECOND + of.below(until - 300 * SECOND)).collect::<Vec<u64>>()
        };
        let chance = &mut self.chance.mishaps;
        for (count, mishap) in [
            (4, Mishap::Pause),
            (40, Mishap::Barred),
            (4, Mishap::Floor),
            (20, Mishap::ByHand),
            (1, Mishap::Crash),
        ] {
            plan.extend(at(count, chance).into_iter().map(|at| (at, mishap)));
        }
        for start in at(2, chance) {
            let lasts = chance.below(300 * SECOND);
            plan.extend([(start, Mishap::Trouble(true)), (start + lasts, Mishap::Trouble(false))]);
        }
        for start in at(1, chance) {
            let lasts = chance.below(200 * SECOND);
            plan.extend([
                (start, Mishap::StoreAway(true)),
                (start + lasts, Mishap::StoreAway(false)),
            ]);
        }
        for start in at(2, chance) {
            let steps = [60, -60, 24 * 60, -24 * 60, 7, -7];
            let step = steps[chance.below(steps.len() as u64) as usize];
            let lasts = 60 * SECOND + chance.below(1_200 * SECOND);
            plan.extend([(start, Mishap::Clock(step)), (start + lasts, Mishap::Clock(0))]);
        }
        for (at, mishap) in plan {
            self.agenda.note(at, Happening::Mishap(mishap));
        }
        self.agenda.note(0, Happening::Mishap(Mishap::Look));
    }

    pub(crate) fn mishap(&mut self, mishap: Mishap) {
        match mishap {
            Mishap::Pause => self.pause(),
            Mishap::Start(n) => {
                let campaign = self.campaign(n);
                self.says(0, Command::StartCampaign { campaign });
            }
            Mishap::Stop => (0..self.setup.floor.campaigns.len()).for_each(|n| {
                let campaign = self.campaign(n);
                self.says(0, Command::StopCampaign { campaign });
            }),
            Mishap::Barred => self.bar_somebody(),
            Mishap::Floor => self.change_floor(),
            Mishap::StoreAway(away) => self.authorizer.store_away = away,
            Mishap::ByHand => self.dial_by_hand(),
            Mishap::Look => {
                self.authorizer.watch.observe(self.moment());
                self.agenda.note(self.now + SECOND, Happening::Mishap(Mishap::Look));
            }
            Mishap::Trouble(_) | Mishap::Clock(_) | Mishap::Crash => {
                let Some(trial) = &mut self.trial else { return };
                match mishap {
                    Mishap::Trouble(trouble) => trial.trouble = trouble,
                    Mishap::Clock(minutes) => trial.offset = minutes * 60 * SECOND as i64,
                    _ => trial.crash_due = true,
                }
            }
        }
    }

    fn campaign(&self, n: usize) -> CampaignRef {
        let campaigns = &self.setup.floor.campaigns;
        CampaignRef { tenant: tenant(), campaign: campaigns[n % campaigns.len()].id.clone() }
    }

    fn pause(&mut self) {
        let n = self.chance.mishaps.below(self.setup.floor.campaigns.len() as u64) as usize;
        let campaign = self.campaign(n);
        let again = self.now + self.chance.mishaps.millis(1_000, 300_000);
        if again < self.setup.end - LAST {
            self.says(0, Command::PauseCampaign { campaign });
            self.agenda.note(again, Happening::Mishap(Mishap::Start(n)));
        }
    }

    fn somebody(&mut self) -> PhoneNumber {
        let Some(book) = self.authorizer.book() else { return unknown() };
        let ringing: Vec<_> = book.attempts.values().filter(|it| it.ended_at.is_none()).collect();
        // Whoever is being called, mostly: that is where it can go wrong.
        if !ringing.is_empty() && self.chance.mishaps.happens(0.7) {
            let n = self.chance.mishaps.below(ringing.len() as u64) as usize;
            return ringing[n].number.clone();
        }
        let count = book.leads().count() as u64;
        let n = self.chance.mishaps.below(count) as usize;
        book.leads().nth(n).map_or_else(unknown, |(lead, _)| lead.person.numbers[0].number.clone())
    }

    fn bar_somebody(&mut self) {
        let number = self.somebody();
        let floor = &self.setup.floor;
        let scope = match self.chance.mishaps.below(4) {
            0 => DoNotCallScope::Client(floor.clients[0].id.clone()),
            1 => DoNotCallScope::Campaign(floor.campaigns[0].id.clone()),
            _ => DoNotCallScope::Tenant,
        };
        let entry = DoNotCallEntry {
            tenant: tenant(),
            whom: Barred::Number(number),
            scope,
            // By the clock of whoever keeps the list: no doubt of the host's may void it.
            since: self.setup.start,
            until: None,
            source: Slug::parse("api").expect("a slug by its letters"),
            note: String::new(),
        };
        self.says(0, Command::DoNotCall { entry: Box::new(entry) });
    }

    /// Weights, reserves and modes change.
    fn change_floor(&mut self) {
        let n = self.chance.mishaps.below(self.setup.floor.campaigns.len() as u64) as usize;
        let (weight, reserve) = (1 + self.chance.mishaps.below(5), self.chance.mishaps.below(3));
        let throw = self.chance.mishaps.below(3);
        let Some(trial) = &mut self.trial else { return };
        let it = &mut trial.floor.campaigns[n];
        (it.weight, it.reserve) = (weight as u32, reserve as u32);
        it.mode = match throw {
            0 => DialMode::Progressive,
            1 => DialMode::Power { ratio: 2.0 },
            _ => it.mode,
        };
        let spec = Box::new(trial.floor.clone());
        let apply = Command::ApplyFloor { tenant: tenant(), spec, expected_version: None };
        self.says(0, apply);
    }

    fn dial_by_hand(&mut self) {
        let number = self.somebody();
        let n = self.chance.mishaps.below(self.agents.len() as u64) as usize;
        let at = self.chance.mishaps.below(self.setup.floor.campaigns.len() as u64) as usize;
        let (agent, campaign) = (self.agents[n].who.clone(), self.campaign(at).campaign);
        self.says(0, Command::DialNumber { agent, campaign, number });
    }
}

fn unknown() -> PhoneNumber {
    PhoneNumber::parse("+34910999999").expect("a number by its digits")
}
