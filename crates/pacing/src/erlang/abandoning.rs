//! Erlang A: waiting callers hang up after an exponential patience (the M/M/n+M queue).

use timbre_model::FieldError;

use super::blocking::lost;
use super::{check, check_agents, check_load, check_time, check_within};

/// What callers meet who lose patience.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Abandoning {
    /// Share of calls that wait at all.
    pub p_wait: f64,
    /// Share of calls that hang up before they are answered.
    pub p_abandon: f64,
    /// Mean wait over all calls, answered or not, in seconds.
    pub wait_s: f64,
    /// Mean number of calls waiting.
    pub queue: f64,
    /// Share of the agents' time that is spent on calls.
    pub occupancy: f64,
    /// Share of all calls answered within the time asked for.
    pub service_level: f64,
    /// The same as a share of the calls answered.
    pub service_level_of_answered: f64,
    /// Share of calls that would wait longer than that if they had endless patience themselves.
    pub p_offered_wait_over: f64,
}

/// Work is bounded by the patience in units of the mean time between calls.
const CALLS_PER_PATIENCE_MAX: f64 = 1e7;

/// Erlang A for `agents`, a load in Erlangs, the mean handling time, the mean patience and the time to
/// answer within.
pub fn with_abandonment(
    agents: u32,
    offered_load: f64,
    aht_s: f64,
    patience_s: f64,
    within_s: f64,
) -> Result<Abandoning, FieldError> {
    check_agents(agents)?;
    check_load(offered_load)?;
    check_time("aht_s", aht_s)?;
    check_time("patience_s", patience_s)?;
    check_within(within_s)?;
    let calls = offered_load * patience_s / aht_s;
    let remedy = "so short that at most ten million calls come while one loses patience";
    check(calls <= CALLS_PER_PATIENCE_MAX, "patience_s", patience_s, remedy)?;
    Ok(measures(agents, &Rates::new(agents, offered_load, aht_s, patience_s), within_s))
}

/// Events per second.
pub(super) struct Rates {
    arrive: f64,
    /// All agents together.
    serve: f64,
    hang_up: f64,
    load: f64,
}

impl Rates {
    pub(super) fn new(agents: u32, load: f64, aht_s: f64, patience_s: f64) -> Self {
        Self {
            arrive: load / aht_s,
            serve: f64::from(agents) / aht_s,
            hang_up: 1.0 / patience_s,
            load,
        }
    }
}

pub(super) fn measures(agents: u32, rates: &Rates, within_s: f64) -> Abandoning {
    let states = States::new(agents, rates);
    let p_abandon = rates.hang_up * states.queue / rates.arrive;
    let offered = OfferedWait::new(rates, states.log_one_free);
    let in_time = offered.integrate(0.0, within_s, rates.hang_up);
    let service_level = (1.0 - states.p_wait + in_time).clamp(0.0, 1.0);
    Abandoning {
        p_wait: states.p_wait,
        p_abandon,
        wait_s: states.queue / rates.arrive,
        queue: states.queue,
        occupancy: rates.load * (1.0 - p_abandon) / f64::from(agents),
        service_level,
        service_level_of_answered: service_level / (1.0 - p_abandon),
        p_offered_wait_over: offered.integrate(within_s, f64::INFINITY, 0.0),
    }
}

/// The stationary distribution of the number of calls, as far as it is needed.
struct States {
    /// All agents busy.
    p_wait: f64,
    /// Mean number waiting.
    queue: f64,
    /// Logarithm of the chance that exactly one agent is free.
    log_one_free: f64,
}

impl States {
    /// Everything is counted in units of the state "all agents busy, nobody waits": the states below
    /// it sum to the inverse of Erlang B, those above to a series. Units are changed before they
    /// overflow.
    fn new(agents: u32, rates: &Rates) -> Self {
        const TOO_MUCH: f64 = 1e200;
        let mut below = 1.0 / lost(agents, rates.load) - 1.0;
        let (mut term, mut at_or_above, mut queue, mut log_unit) = (1.0, 1.0, 0.0, 0.0_f64);
        let mut waiting = 0.0;
        loop {
            waiting += 1.0;
            let factor = rates.arrive / (rates.serve + waiting * rates.hang_up);
            term *= factor;
            at_or_above += term;
            queue += waiting * term;
            // What is left is less than a geometric series of the present factor.
            if factor < 1.0 && waiting * term / (1.0 - factor).powi(2) <= 1e-18 * queue {
                break;
            }
            if at_or_above > TOO_MUCH || queue > TOO_MUCH {
                for it in [&mut below, &mut term, &mut at_or_above, &mut queue] {
                    *it /= TOO_MUCH;
                }
                log_unit += TOO_MUCH.ln();
            }
        }
        let all = below + at_or_above;
        // One call fewer than agents: n / a times the state that everything is counted in.
        let one_free = rates.serve.ln() - rates.arrive.ln() - log_unit - all.ln();
        Self { p_wait: at_or_above / all, queue: queue / all, log_one_free: one_free }
    }
}

/// The density of the wait offered to a caller of endless patience:
/// `λ p(n-1) exp((λ/θ)(1 - e^(-θt)) - nμt)`.
struct OfferedWait<'r> {
    rates: &'r Rates,
    log_start: f64,
}

impl<'r> OfferedWait<'r> {
    fn new(rates: &'r Rates, log_one_free: f64) -> Self {
        Self { rates, log_start: rates.arrive.ln() + log_one_free }
    }

    fn log_density(&self, t: f64) -> f64 {
        let Rates { arrive, serve, hang_up, .. } = *self.rates;
        self.log_start - arrive / hang_up * (-hang_up * t).exp_m1() - serve * t
    }

    /// Where the density is highest.
    fn peak(&self) -> f64 {
        let Rates { arrive, serve, hang_up, .. } = *self.rates;
        ((arrive / serve).ln() / hang_up).max(0.0)
    }

    /// A time over which the density changes by a fair part, nowhere longer than near its peak.
    fn scale(&self, t: f64) -> f64 {
        let Rates { arrive, serve, hang_up, .. } = *self.rates;
        let slope = arrive * (-hang_up * t).exp() - serve;
        let curve = arrive * hang_up * (-hang_up * t).exp();
        1.0 / slope.abs().max(curve.sqrt()).max(0.1 * hang_up)
    }

    /// The integral of the density times `e^(-fade t)` between two times.
    fn integrate(&self, from: f64, to: f64, fade: f64) -> f64 {
        let peak = self.peak();
        let top = self.log_density(peak);
        let mut sum = 0.0;
        let mut at = from;
        while at < to {
            let end = (at + self.scale(at).min(1.0 / fade.max(1e-9))).min(to);
            let part = gauss_legendre(at, end, |t| (self.log_density(t) - fade * t).exp());
            sum += part;
            let passed = self.log_density(end) - fade * (end - from);
            // Past the peak the density falls ever faster: nothing that counts is left.
            if end > peak && (part <= 1e-17 * sum || passed < top - 720.0) {
                break;
            }
            at = end;
        }
        sum
    }
}

/// Gauss and Legendre's rule with 12 points: exact for polynomials up to degree 23.
fn gauss_legendre(from: f64, to: f64, of: impl Fn(f64) -> f64) -> f64 {
    const POINTS: [(f64, f64); 6] = [
        (0.125_233_408_511_468_9, 0.249_147_045_813_402_8),
        (0.367_831_498_998_180_2, 0.233_492_536_538_354_8),
        (0.587_317_954_286_617_4, 0.203_167_426_723_065_92),
        (0.769_902_674_194_304_7, 0.160_078_328_543_346_22),
        (0.904_117_256_370_474_9, 0.106_939_325_995_318_43),
        (0.981_560_634_246_719_2, 0.047_175_336_386_511_83),
    ];
    let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
    let pair = |(point, weight): &(f64, f64)| {
        weight * (of(middle - half * point) + of(middle + half * point))
    };
    half * POINTS.iter().map(pair).sum::<f64>()
}
