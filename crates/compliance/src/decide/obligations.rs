//! What a permit binds the dialer to: the strictest of every rule.

use crate::decision::{AbandonedMessage, AnswerToAgent, Obligations, RecallBan};
use crate::rule::{
    CallerIdentity, Cooldown, Deadline, DeadlineOf, Disclosure, Moment, Rule, RuleKind, Span,
    StartPoint, Trigger,
};

pub(super) fn of<'a>(rules: impl Iterator<Item = &'a Rule>) -> Obligations {
    let mut sum = Obligations::default();
    for rule in rules {
        match &rule.kind {
            RuleKind::Deadline(deadline) => sum.deadline(deadline),
            RuleKind::Disclosure(disclosure) => sum.disclosure(disclosure),
            RuleKind::CallerIdentity(identity) => sum.caller_id(identity),
            RuleKind::Cooldown(rest) => sum.cooldown(rest),
            RuleKind::Window(_)
            | RuleKind::CountLimit(_)
            | RuleKind::RatioCap(_)
            | RuleKind::ListScrub(_)
            | RuleKind::LegalBasis(_)
            | RuleKind::Evidence(_)
            | RuleKind::Prohibition(_)
            | RuleKind::Availability(_) => {}
        }
    }
    sum
}

impl Obligations {
    fn deadline(&mut self, deadline: &Deadline) {
        let Some(ms) = deadline.within.millis() else { return };
        match deadline.what {
            DeadlineOf::MinRing => self.min_ring_ms = self.min_ring_ms.max(Some(ms)),
            DeadlineOf::AnswerToAgent | DeadlineOf::MuteCut => {
                let from = deadline.from.unwrap_or(StartPoint::Answer);
                let mut strictest = AnswerToAgent { max_ms: ms, from };
                if let Some(other) = self.answer_to_agent {
                    strictest.max_ms = ms.min(other.max_ms);
                    strictest.from = from.min(other.from);
                }
                self.answer_to_agent = Some(strictest);
            }
            DeadlineOf::OptOut | DeadlineOf::Complaint(_) => {}
        }
    }

    fn disclosure(&mut self, disclosure: &Disclosure) {
        match disclosure.at {
            Moment::Start => join(&mut self.disclosures, &disclosure.says),
            Moment::Abandoned => {
                let message = self.abandoned_message.get_or_insert_with(AbandonedMessage::default);
                join(&mut message.says, &disclosure.says);
                let soonest = [message.within_ms, disclosure.within_ms].into_iter().flatten().min();
                message.within_ms = soonest;
            }
            Moment::Complaint => {}
        }
    }

    fn caller_id(&mut self, identity: &CallerIdentity) {
        self.caller_id.present |= identity.present || !identity.prefixes.is_empty();
        self.caller_id.callable |= identity.callable;
        join(&mut self.caller_id.prefixes, &identity.prefixes);
    }

    fn cooldown(&mut self, rest: &Cooldown) {
        let Some(ms) = rest.lasts.millis().filter(|_| rest.after == Trigger::Abandoned) else {
            return;
        };
        let ban = RecallBan {
            hours: ms.div_ceil(3_600_000),
            unless_guaranteed_agent: rest.unless_guaranteed_agent,
            then_guaranteed_agent: rest.then_guaranteed_agent,
        };
        self.recall_ban = Some(match self.recall_ban {
            None => ban,
            Some(other) => RecallBan {
                hours: ban.hours.max(other.hours),
                unless_guaranteed_agent: ban.unless_guaranteed_agent
                    && other.unless_guaranteed_agent,
                then_guaranteed_agent: ban.then_guaranteed_agent || other.then_guaranteed_agent,
            },
        });
    }
}

fn join(all: &mut Vec<String>, more: &[String]) {
    for one in more {
        if !all.contains(one) {
            all.push(one.clone());
        }
    }
}

impl Span {
    /// In milliseconds, where it is no matter of calendars.
    fn millis(self) -> Option<u32> {
        match self {
            Self::Millis(n) => Some(n),
            Self::Seconds(n) => n.checked_mul(1_000),
            Self::Minutes(n) => n.checked_mul(60_000),
            Self::Hours(n) => n.checked_mul(3_600_000),
            Self::Days(_)
            | Self::DaysCountingTheFirst(_)
            | Self::BusinessDays(_)
            | Self::Months(_) => None,
        }
    }
}
