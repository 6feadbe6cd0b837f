//! From what a file says to what is lived.

use std::collections::BTreeSet;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use timbre_model::{AgentId, AgentSpec, Civil, DaySpan, FieldError, FloorSpec, StationMode};

use super::people::{number, populate};
use super::words::{CrewSpec, PeopleSpec, ScenarioError, ScenarioSpec};
use crate::outbound::world::SECOND;
use crate::outbound::{Callers, Course, Habits, Lasting, Latency, Leads, Ringing, Setup, Shift};

/// One measured slice.
const SLICE: u64 = 900 * SECOND;
/// Most people of one scenario: more would not fit into a small machine's memory.
const PEOPLE_MAX: u64 = 2_000_000;

impl ScenarioSpec {
    /// The day to be lived on `floor`, this scenario's.
    ///
    /// # Errors
    ///
    /// [`ScenarioError::Faults`]: each value that makes no sense, with what to write instead.
    pub fn setup(&self, floor: FloorSpec) -> Result<Setup, ScenarioError> {
        let mut faults = Vec::new();
        let floor = self.crewed(floor, &mut faults);
        let prefixed = |it: FieldError| FieldError { field: format!("floor.{}", it.field), ..it };
        faults.extend(floor.faults().into_iter().map(prefixed));
        self.check(&floor, &mut faults);
        let zone = jiff::tz::TimeZoneDatabase::bundled().get(&self.zone).ok();
        let day = zone.as_ref().and_then(|zone| self.day(zone));
        if day.is_none() {
            let remedy =
                "name a time zone (IANA) such as Europe/Madrid, and a day that has these hours";
            faults.push(FieldError::new("zone", &self.zone, remedy));
        }
        match day {
            Some(day) if faults.is_empty() => Ok(self.prepared(floor, day)),
            _ => Err(ScenarioError::Faults(faults)),
        }
    }

    /// When it begins, and how long it lasts in microseconds.
    fn day(&self, zone: &TimeZone) -> Option<(Civil, u64)> {
        let at = |time: Time| {
            let stamp = zone.to_ambiguous_timestamp(self.date.to_datetime(time)).compatible();
            Some(stamp.ok()?.as_microsecond())
        };
        let (from, to) = (at(self.from)?, at(self.to)?);
        Some((Civil::from_micros(from), u64::try_from(to - from).ok()?))
    }

    /// The floor with the scenario's crew.
    fn crewed(&self, floor: FloorSpec, faults: &mut Vec<FieldError>) -> FloorSpec {
        let mut floor = floor;
        for (at, crew) in self.crew.iter().enumerate() {
            if !(1..=5_000).contains(&crew.agents) {
                let field = format!("crew[{at}].agents");
                faults.push(FieldError::new(field, crew.agents, "give 1 to 5000"));
                continue;
            }
            let agents = (1..=crew.agents).filter_map(|n| {
                Some(AgentSpec {
                    id: AgentId::parse(&format!("{}-{n}", crew.name)).ok()?,
                    name: String::new(),
                    skills: crew.skills.clone(),
                    site: None,
                    station: StationMode::Persistent,
                    password: None,
                    clients: Default::default(),
                })
            });
            floor.agents.extend(agents);
        }
        floor
    }

    fn check(&self, floor: &FloorSpec, faults: &mut Vec<FieldError>) {
        let mut need = |good: bool, field: String, value: &dyn std::fmt::Display, remedy: &str| {
            if !good {
                faults.push(FieldError::new(field, value, remedy));
            }
        };
        need(self.from < self.to, "to".to_owned(), &self.to, "give a time after `from`");
        need((1..=1_000).contains(&self.seeds), "seeds".to_owned(), &self.seeds, "give 1 to 1000");
        let total: u64 = self.people.iter().map(|it| u64::from(it.count)).sum();
        need(total <= PEOPLE_MAX, "people".to_owned(), &total, "give at most 2000000 in all");
        for (at, it) in floor.campaigns.iter().enumerate() {
            for list in it.lists.iter().filter(|it| it.filter.is_some()) {
                let remedy = "leave it out: give the people who pass it as a group of their own";
                need(false, format!("floor.campaigns[{at}].lists.filter"), &list.list, remedy);
            }
        }
        for (at, it) in self.people.iter().enumerate() {
            let field = |name: &str| format!("people[{at}].{name}");
            let known = floor.lists.iter().any(|list| list.id == it.list);
            need(known, field("list"), &it.list, "name a list of the floor");
            let last = number(&it.number, it.count.max(1) - 1).is_some();
            need(
                last,
                field("count"),
                &it.count,
                "fewer: the numbers after `number` run out of digits",
            );
            for (name, share) in
                [("machine", it.machine), ("barred", it.barred), ("callback", it.callback)]
            {
                need((0.0..=1.0).contains(&share), field(name), &share, "give a share from 0 to 1");
            }
            for (span, chance) in &it.answer {
                let remedy = "write all, or whole hours such as 09:00-13:00";
                need(hours(span).is_some(), field("answer"), span, remedy);
                let name = field(&format!("answer.{span}"));
                need((0.0..=1.0).contains(chance), name, chance, "give a chance from 0 to 1");
            }
            for code in it.dispositions.keys() {
                let known = floor.dispositions.contains(code);
                need(known, field("dispositions"), code, "name a disposition of the floor");
            }
            let place = timbre_compliance::locate(&it.number, it.postcode.as_deref());
            let remedy = "give a number of a country whose rules are known";
            need(place.is_some(), field("number"), &it.number, remedy);
        }
        for (at, it) in self.callers.iter().enumerate() {
            let entry = floor.entry_points.iter().any(|entry| entry.number == it.number);
            need(
                entry,
                format!("callers[{at}].number"),
                &it.number,
                "name an entry point of the floor",
            );
            let rate = (0.0..=100_000.0).contains(&it.per_hour);
            need(rate, format!("callers[{at}].per_hour"), &it.per_hour, "give 0 to 100000");
        }
        for (at, it) in self.registries.iter().enumerate() {
            let share = (0.0..=1.0).contains(&it.listed);
            need(share, format!("registries[{at}].listed"), &it.listed, "give a share from 0 to 1");
        }
    }

    fn prepared(&self, floor: FloorSpec, (start, end): (Civil, u64)) -> Setup {
        let own = floor.agents.len() - self.crew.iter().map(|it| it.agents as usize).sum::<usize>();
        let whole = Shift { from: 0, to: end, breaks: Vec::new() };
        let hired = self.crew.iter().flat_map(|it| vec![self.shift(it, end); it.agents as usize]);
        let crew = vec![whole; own].into_iter().chain(hired).collect();
        let all = populate(self, start);
        let mean = |span: std::time::Duration| span.as_secs_f64();
        let callers = self.callers.iter().map(|it| Callers {
            number: it.number.clone(),
            trunk: it.trunk.clone(),
            per_hour: it.per_hour,
            talk: Lasting::LogNormal { mean_s: mean(it.talk), variation: 1.0 },
            patience: Lasting::Exponential { mean_s: mean(it.patience) },
        });
        Setup {
            floor,
            start,
            warm_up: 0,
            end,
            slice: SLICE,
            crew,
            habits: self.people.iter().map(habits).collect(),
            leads: Leads::Listed(all.people, all.registries),
            latency: Latency::default(),
            yesterday: None,
            callers: callers.collect(),
            barred: all.barred,
        }
    }

    /// A crew's day, within the floor's.
    fn shift(&self, crew: &CrewSpec, end: u64) -> Shift {
        let opens = i64::from(self.from.hour()) * 60 + i64::from(self.from.minute());
        let at = |minute: u16| {
            let after = (i64::from(minute) - opens).max(0).cast_unsigned();
            (after * 60 * SECOND).min(end)
        };
        let (from, to) = crew.shift.map_or((0, end), |it| (at(it.from()), at(it.to())));
        let breaks = crew.breaks.iter().map(|it| (at(it.from()), at(it.to())));
        Shift { from, to, breaks: breaks.filter(|(_, back)| *back < to).collect() }
    }
}

/// The hours of the day that a span of whole hours covers.
fn hours(span: &str) -> Option<BTreeSet<usize>> {
    if span == "all" {
        return Some((0..24).collect());
    }
    let span = DaySpan::try_from(span.to_owned()).ok()?;
    let whole = span.from() % 60 == 0 && span.to() % 60 == 0;
    whole.then(|| (usize::from(span.from() / 60)..usize::from(span.to() / 60)).collect())
}

fn habits(of: &PeopleSpec) -> Habits {
    let mut answer = [0.0; 24];
    for (span, chance) in &of.answer {
        hours(span).into_iter().flatten().for_each(|hour| answer[hour] = *chance);
    }
    let located = timbre_compliance::locate(&of.number, of.postcode.as_deref());
    let zone = located.and_then(|it| it.zones.first().cloned());
    Habits {
        answer,
        zone: zone.and_then(|it| jiff::tz::TimeZoneDatabase::bundled().get(&it).ok()),
        course: Course::Even,
        ringing: Ringing::Lifelike,
        machine: of.machine,
        talk: Lasting::LogNormal { mean_s: of.talk.as_secs_f64(), variation: 1.0 },
        wrap: Lasting::LogNormal { mean_s: of.wrap.as_secs_f64(), variation: 0.5 },
        dispositions: of.dispositions.iter().map(|(code, share)| (code.clone(), *share)).collect(),
        callback: of.callback,
    }
}
