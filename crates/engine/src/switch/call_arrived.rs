//! A trunk brought a call.

use timbre_model::{RingWindow, TimelineKind};

use crate::EventKind;
use crate::call::{Call, Facts, Ringing, Stage, Tally};
use crate::ending::Refused;
use crate::engine::{Engine, Party};
use crate::port::{Arrival, Refusal, SwitchAction};
use crate::queue::Place;
use crate::turn::Turn;

pub(crate) fn apply(turn: &mut Turn, arrival: Arrival) {
    let known = turn.floor.call_index.contains_key(&arrival.call);
    if known || turn.floor.legs.contains_key(&arrival.leg) {
        return;
    }
    turn.event(EventKind::CallArrived {
        call: arrival.call,
        trunk: arrival.trunk.clone(),
        caller: arrival.caller.clone(),
    });
    let queue = owner(turn.floor, &arrival);
    match admission(turn.floor, queue) {
        Ok(queue) => enqueue(turn, arrival, queue),
        Err(why) => refuse(turn, arrival, why, queue),
    }
}

/// The queue of the entry point that was dialed.
fn owner(floor: &Engine, arrival: &Arrival) -> Option<usize> {
    let number = arrival.dialed_number.as_ref()?;
    floor.tenants.get(&arrival.trunk.tenant)?.entry_points.get(number).copied()
}

fn admission(floor: &Engine, queue: Option<usize>) -> Result<usize, Refusal> {
    if floor.drained || floor.calls.len() >= floor.limits.calls_max {
        return Err(Refusal::Overload);
    }
    let queue = queue.ok_or(Refusal::NoEntryPoint)?;
    let it = &floor.queues[queue];
    let full = it.line.len() >= it.rules.spec.capacity as usize;
    if full { Err(Refusal::QueueFull) } else { Ok(queue) }
}

fn facts(turn: &Turn, arrival: Arrival) -> Facts {
    Facts {
        id: arrival.call,
        trunk: arrival.trunk,
        dialed: arrival.dialed,
        caller: arrival.caller,
        arrived: turn.now,
    }
}

fn refuse(turn: &mut Turn, arrival: Arrival, why: Refusal, queue: Option<usize>) {
    let leg = arrival.leg;
    let facts = facts(turn, arrival);
    let mut record = facts.record();
    let rules = queue.map(|queue| turn.floor.queues[queue].rules.clone());
    record.queue = rules.as_ref().map(|it| it.name.queue.clone());
    record.client = rules.as_ref().map(|it| it.spec.client.clone());
    let queue = rules.map(|it| it.name.clone());
    turn.refuse(&facts, record, Refused { leg, why, queue });
}

fn enqueue(turn: &mut Turn, arrival: Arrival, queue: usize) {
    let (leg, cadence, id) = (arrival.leg, arrival.cadence, arrival.call);
    let rules = turn.floor.queues[queue].rules.clone();
    turn.floor.counters.arrivals += 1;
    let window: RingWindow = rules.spec.ring.window(cadence);
    let cadence = rules.spec.ring.cadence.unwrap_or(cadence);
    let place = Place {
        rank: 9_u8.saturating_sub(rules.spec.priority),
        arrival: turn.floor.counters.arrivals,
    };
    let name = rules.name.clone();
    let call = turn.floor.calls.insert(Call {
        facts: facts(turn, arrival),
        placed: None,
        leg,
        queue,
        rules,
        place,
        ringing: Ringing { cadence, window, answered: None },
        stage: Stage::Waiting,
        hold: Default::default(),
        disposition: None,
        tally: Tally::default(),
        passed_over: Vec::new(),
        timer: None,
    });
    turn.floor.call_index.insert(id, call);
    turn.floor.legs.insert(leg, Party::Customer(call));
    turn.floor.file(call);
    turn.rearm_call(call);
    turn.act(SwitchAction::Progress { leg });
    turn.write_call(call, |_| {});
    turn.timeline(call, TimelineKind::Arrived);
    turn.timeline(call, TimelineKind::Queued { queue: name.queue.clone() });
    turn.event(EventKind::CallQueued { call: id, queue: name });
    turn.seek_agent(call);
}
