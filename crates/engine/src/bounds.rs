//! Bounds of what one engine holds and does at once.

use timbre_model::FloorSpec;

/// Most tenants of one node.
pub(crate) const TENANTS_MAX: usize = 1_000;
/// Most agents looked at again in one step, when a floor changes under waiting calls.
pub(crate) const OFFERS_PER_STEP_MAX: usize = 128;
/// Most deadlines served in one step. The next wake-up follows at once.
pub(crate) const DEADLINES_PER_STEP_MAX: usize = 1_024;
/// Agents remembered as having declined one call. The oldest is forgotten first.
pub(crate) const PASSED_OVER_MAX: usize = 64;
/// How far down a line the matching looks past calls that the agent has just declined.
pub(crate) const LOOK_PAST_MAX: usize = 64;
/// Most attempts of one request.
pub(crate) const ASKED_AT_ONCE_MAX: u32 = 500;
/// Most agents reserved in one tick of a campaign. The next follows.
pub(crate) const BOUND_PER_TICK_MAX: usize = 64;
/// Numbers barred while a request is open that are remembered against it. With more, nothing it brings is dialed.
pub(crate) const BARRED_MAX: usize = 10_000;
/// Requests that nobody made and that were answered all the same, as far as they are remembered.
pub(crate) const STRANGE_BATCHES_MAX: usize = 1_000;

const _: () = assert!(OFFERS_PER_STEP_MAX <= FloorSpec::AGENTS_MAX);
const _: () = assert!(PASSED_OVER_MAX <= LOOK_PAST_MAX);
