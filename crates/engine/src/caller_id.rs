//! Which of a campaign's numbers a callee sees.

use timbre_model::{CallerIdPool, LeadId, PhoneNumber, Rotation};

/// Picks one. `turn` counts the campaign's picks; `None` where the pool is empty, which no valid floor has.
pub(crate) fn pick<'a>(
    pool: &'a CallerIdPool,
    lead: Option<LeadId>,
    callee: &PhoneNumber,
    turn: u64,
) -> Option<&'a PhoneNumber> {
    let count = u64::try_from(pool.numbers.len()).unwrap_or(u64::MAX);
    let at = |n: u64| pool.numbers.get(usize::try_from(n.checked_rem(count)?).ok()?);
    match (pool.rotation, lead) {
        (Rotation::RoundRobin, _) | (Rotation::Sticky, None) => at(turn),
        (Rotation::Sticky, Some(lead)) => at(lead.as_u64()),
        // The first of the nearest: `max_by_key` would give the last.
        (Rotation::Nearest, _) => {
            pool.numbers.iter().rev().max_by_key(|number| alike(number, callee))
        }
    }
}

fn alike(a: &PhoneNumber, b: &PhoneNumber) -> usize {
    a.expose().bytes().zip(b.expose().bytes()).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> PhoneNumber {
        PhoneNumber::parse(text).expect("a number")
    }

    fn pool(rotation: Rotation) -> CallerIdPool {
        let numbers = ["+34910000001", "+34930000001", "+34930000002"].map(number).to_vec();
        CallerIdPool { numbers, rotation }
    }

    #[test]
    fn each_rotation_keeps_its_word() {
        let (lugo, callee) = (Some(LeadId::from_u64(7)), number("+34931234567"));
        let picks = |rotation, turn| {
            pick(&pool(rotation), lugo, &callee, turn).map(|it| it.expose().to_owned())
        };
        let turns: Vec<_> = (0..4).filter_map(|turn| picks(Rotation::RoundRobin, turn)).collect();
        assert_eq!(turns, ["+34910000001", "+34930000001", "+34930000002", "+34910000001"]);
        assert_eq!(picks(Rotation::Sticky, 0), picks(Rotation::Sticky, 5));
        assert_eq!(picks(Rotation::Nearest, 9).as_deref(), Some("+34930000001"));
        let nobody = CallerIdPool { numbers: Vec::new(), rotation: Rotation::RoundRobin };
        assert_eq!(pick(&nobody, lugo, &callee, 1), None);
    }
}
