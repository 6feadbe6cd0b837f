//! Who of a list is called first, as a number: the least rank first.

use timbre_model::{LeadId, LeadOrder, NewLead};

/// The rank of a lead that is ready. A lead that was tried waits for its time instead, so that among those that are ready
/// the fewest attempts are none at all.
pub(super) fn rank(order: &LeadOrder, id: LeadId, person: &NewLead) -> i64 {
    let id = i64::try_from(id.as_u64()).unwrap_or(i64::MAX);
    match order {
        LeadOrder::Imported | LeadOrder::FewestAttempts => id,
        LeadOrder::NewestFirst => -id,
        LeadOrder::Random { seed } => shuffled(*seed, id),
        LeadOrder::Attribute { name, descending } => {
            let value = person.attributes.get(name).and_then(|it| it.trim().parse::<f64>().ok());
            let Some(value) = value.filter(|it| !it.is_nan()) else { return i64::MAX };
            in_order(if *descending { -value } else { value })
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): every bit of seed and id moves every bit of the rank.
fn shuffled(seed: u64, id: i64) -> i64 {
    let mut z = seed.wrapping_add(id.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)).cast_signed()
}

/// A whole number for each float, in the same order (IEEE 754 totalOrder).
fn in_order(value: f64) -> i64 {
    // -0.0 and 0.0 are one value.
    let bits = (value + 0.0).to_bits().cast_signed();
    if bits < 0 { bits ^ i64::MAX } else { bits }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ranks_stand_as_their_numbers_do(a in -1e300..1e300_f64, b in -1e3..1e3_f64) {
            prop_assert_eq!(super::in_order(a).cmp(&super::in_order(b)), a.total_cmp(&b));
        }
    }
}
