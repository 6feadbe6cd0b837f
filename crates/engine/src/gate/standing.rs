//! Where a lead stands before a campaign: what a dry run counts, and what a request for this lead would find.

use timbre_model::{Civil, Lead, LeadState, Recycle};

use super::Ruled;

/// When somebody may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callable {
    /// Now.
    Now,
    /// Later; `None`: nobody knows when.
    Later(Option<Civil>),
    /// Never.
    Never,
}

impl Callable {
    /// `now`, `later` or `never`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Later(_) => "later",
            Self::Never => "never",
        }
    }

    /// When at the earliest, where that is later and known.
    pub fn earliest(self) -> Option<Civil> {
        match self {
            Self::Later(at) => at,
            Self::Now | Self::Never => None,
        }
    }
}

/// Where a lead stands before a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// When it may be called.
    pub callable: Callable,
    /// The rule that keeps it back; empty where none does. Beside the law's and the trunk's: `lead-state`, `claimed`,
    /// `finished`, `filter`, `exhausted`, or the rule that has blocked it before.
    pub rule: String,
    /// In words for people.
    pub because: String,
}

/// A lead, and what holds it back beside its numbers.
#[derive(Debug, Clone, Copy)]
pub struct Held<'a> {
    /// The lead.
    pub lead: &'a Lead,
    /// What was said when it was refused last.
    pub because: Option<&'a str>,
    /// The text of the campaign's filter, where that leaves the lead out.
    pub left_out_by: Option<&'a str>,
}

/// Where a lead stands at `at`, by its state, by the campaign's filter, and by what was ruled on its numbers
/// ([`super::rule`]), each with whether it was tried as often as the campaign allows.
pub fn standing<'a>(
    held: Held<'_>,
    recycle: &Recycle,
    numbers: impl IntoIterator<Item = (bool, &'a Ruled)>,
    at: Civil,
) -> Standing {
    let Held { lead, because, left_out_by } = held;
    if let Some(standing) = of_state(lead, because, at) {
        return standing;
    }
    if let Some(filter) = left_out_by {
        let because = format!("the campaign's filter leaves it out: {filter}");
        return kept(Callable::Never, "filter", because);
    }
    let promised = matches!(lead.state, LeadState::Callback { .. });
    let left = numbers.into_iter().filter(|(given_up, _)| promised || !given_up);
    let soonest = left.map(|(_, ruled)| of_ruling(ruled)).min_by_key(|it| match it.callable {
        Callable::Now => (0, None),
        Callable::Later(Some(at)) => (1, Some(at)),
        Callable::Later(None) => (2, None),
        Callable::Never => (3, None),
    });
    soonest.unwrap_or_else(|| used_up(lead, recycle))
}

fn kept(callable: Callable, rule: &str, because: impl Into<String>) -> Standing {
    Standing { callable, rule: rule.to_owned(), because: because.into() }
}

fn used_up(lead: &Lead, recycle: &Recycle) -> Standing {
    let because = format!(
        "tried {} times, as often as the campaign allows ({} a lead, {} a number)",
        lead.attempts, recycle.per_lead, recycle.per_number
    );
    kept(Callable::Never, "exhausted", because)
}

/// Where the lead's own state keeps it back, whatever the law says.
fn of_state(lead: &Lead, because: Option<&str>, now: Civil) -> Option<Standing> {
    let later = |at: Civil, why: String| {
        (at > now).then(|| kept(Callable::Later(Some(at)), "lead-state", why))
    };
    match &lead.state {
        LeadState::Ready => None,
        LeadState::Claimed => {
            let why = "it is being called, or an agent looks at it";
            Some(kept(Callable::Later(None), "claimed", why))
        }
        LeadState::Retry { at } => later(*at, "it waits for its next try".to_owned()),
        LeadState::Callback { at, agent } => {
            let by = agent.as_ref().map(|it| format!(" by {it}")).unwrap_or_default();
            later(*at, format!("a call was promised{by} for then"))
        }
        LeadState::Finished { disposition } => {
            let why = format!("it is finished: {disposition}; `timbre leads reset` begins anew");
            Some(kept(Callable::Never, "finished", why))
        }
        LeadState::Blocked { rule, until: Some(at) } if *at > now => {
            let why = because.unwrap_or("it was refused when it was looked at last");
            Some(kept(Callable::Later(Some(*at)), rule, why))
        }
        LeadState::Blocked { until: Some(_), .. } => None,
        LeadState::Blocked { rule, until: None } => {
            let why = because.unwrap_or("it was refused for good when it was looked at last");
            Some(kept(Callable::Never, rule, why))
        }
    }
}

fn of_ruling(ruled: &Ruled) -> Standing {
    match ruled {
        Ruled::Permit(_) => kept(Callable::Now, "", ""),
        Ruled::Refuse { rule, because, until: Some(at) } => {
            kept(Callable::Later(Some(*at)), rule, because.as_str())
        }
        Ruled::Refuse { rule, because, until: None } => {
            kept(Callable::Never, rule, because.as_str())
        }
        Ruled::Withhold { rule, because } => kept(Callable::Later(None), rule, because.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use timbre_model::{AgentId, LeadId, LeadRole, ListId, NewLead, Party, Slug, TenantId};

    use super::*;

    const NOW: i64 = 1_000_000;

    fn lead(state: LeadState) -> Lead {
        Lead {
            id: LeadId::from_u64(1),
            tenant: TenantId::parse("t").expect("an id"),
            list: ListId::parse("a").expect("an id"),
            person: NewLead {
                numbers: Vec::new(),
                name: String::new(),
                person: None,
                role: LeadRole::default(),
                party: Party::default(),
                consent: None,
                tags: [].into(),
                attributes: [].into(),
            },
            state,
            attempts: 3,
            last_attempt_at: None,
        }
    }

    /// Where a lead stands that was tried at its only number as often as the campaign allows.
    fn tried(state: LeadState, left_out_by: Option<&str>) -> (Callable, String, String) {
        let (lead, at) = (lead(state), Civil::from_micros(NOW));
        let until = Some(Civil::from_micros(NOW + 1));
        let ruled = Ruled::Refuse { rule: "hours".to_owned(), because: "night".to_owned(), until };
        let held = Held { lead: &lead, because: None, left_out_by };
        let found = standing(held, &Recycle::default(), [(true, &ruled)], at);
        (found.callable, found.rule, found.because)
    }

    #[test]
    fn the_state_comes_before_the_filter_and_the_filter_before_the_tries() {
        let soon = Civil::from_micros(NOW + 9);
        let agent = AgentId::parse("ana").ok();
        let callback = |at| LeadState::Callback { at, agent: agent.clone() };
        let sold = Slug::parse("sold").expect("a slug");
        let promised = "a call was promised by ana for then".to_owned();
        let finished = "it is finished: sold; `timbre leads reset` begins anew".to_owned();
        let left_out = "the campaign's filter leaves it out: age > 18".to_owned();
        let used_up =
            "tried 3 times, as often as the campaign allows (10 a lead, 6 a number)".to_owned();
        let night = (Callable::Later(Some(Civil::from_micros(NOW + 1))), "hours", "night".into());
        for (state, filter, (callable, rule, because)) in [
            (
                callback(soon),
                Some("age > 18"),
                (Callable::Later(Some(soon)), "lead-state", promised),
            ),
            (
                LeadState::Finished { disposition: sold },
                Some("age > 18"),
                (Callable::Never, "finished", finished),
            ),
            (LeadState::Ready, Some("age > 18"), (Callable::Never, "filter", left_out)),
            (LeadState::Ready, None, (Callable::Never, "exhausted", used_up)),
            // A promise holds however often the number was tried.
            (callback(Civil::from_micros(NOW)), None, night),
        ] {
            assert_eq!(tried(state, filter), (callable, rule.to_owned(), because));
        }
    }
}
