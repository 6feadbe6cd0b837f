//! A jurisdiction as a page for people: `docs/compliance` holds one of each, checked by a test.

use std::fmt::{self, Write as _};

use crate::catalog::Jurisdiction;
use crate::rule::{
    Availability, By, CallerIdentity, Cooldown, CountLimit, Counted, Deadline, DeadlineOf,
    Disclosure, Evidence, ListScrub, Moment, Period, RatioCap, Rule, RuleKind, Scope, Selector,
    Span, Strength, Subject,
};

impl Jurisdiction {
    /// The page, in Markdown.
    pub fn page(&self) -> String {
        let mut page = format!("# {} ({})\n\n", self.name, self.code);
        page.push_str(
            "Written from the data by a test; change the data. Not legal advice: every value needs counsel before it \
             is relied upon.\nV1: the norm's own text was read. V2: a page that quotes or describes it. U: background \
             knowledge, nothing was found.\n",
        );
        if !self.zones.is_empty() {
            let _ = writeln!(page, "\nTime zones: {}.", self.zones.join(", "));
        }
        page.push_str("\n## Rules\n\n| rule | says | demands | of whom | in force | source |\n");
        page.push_str("|---|---|---|---|---|---|\n");
        for rule in &self.rules {
            page.push_str(&rule.row());
        }
        self.notes(&mut page);
        self.holidays(&mut page);
        page.push_str("\n## Sources\n\n");
        for (key, source) in &self.sources {
            let of = if source.as_of.is_empty() {
                String::new()
            } else {
                format!(" ({})", source.as_of)
            };
            let url =
                if source.url.is_empty() { String::new() } else { format!(": {}", source.url) };
            let _ = writeln!(page, "- **{key}** {}{of}{url}", source.title);
        }
        page
    }

    fn notes(&self, page: &mut String) {
        if self.notes.is_empty() {
            return;
        }
        page.push_str("\n## Notes\n\n");
        for note in &self.notes {
            let _ = writeln!(page, "- {note}");
        }
    }

    fn holidays(&self, page: &mut String) {
        if self.holidays.is_empty() {
            return;
        }
        page.push_str("\n## Holidays of 2027\n\n");
        for (day, holiday) in self.holidays_in(2027) {
            let there = match holiday.regions.join(", ") {
                regions if regions.is_empty() => regions,
                regions => format!(" ({regions})"),
            };
            let _ = writeln!(page, "- {} {}{there}", day.strftime("%a %d %b"), holiday.name);
        }
    }
}

impl Rule {
    fn row(&self) -> String {
        let from = self.from.map_or(String::new(), |day| format!("from {day} "));
        let to = self.to.map_or(String::new(), |day| format!("before {day}"));
        let strength = match self.strength {
            Strength::Law => "",
            Strength::Code => "code, ",
            Strength::House => "house, ",
        };
        let of = if self.as_of.is_empty() { String::new() } else { format!(", {}", self.as_of) };
        format!(
            "| `{}` | {} | {} | {} | {} | {}{}, {:?}{of} |\n",
            self.id,
            self.text.replace('|', "/"),
            self.kind,
            self.selector,
            format!("{from}{to}").trim(),
            strength,
            self.sources.join(" "),
            self.verified,
        )
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let purposes = self.purposes.iter().map(ToString::to_string).collect::<Vec<_>>();
        let lifted = self.lifted_by.iter().map(ToString::to_string).collect::<Vec<_>>();
        let party = self.party.map(|it| it.to_string());
        let voice = self.voice.map(|it| format!("{it} voice"));
        let some = |word: &str, list: &[String]| {
            (!list.is_empty()).then(|| format!("{word}{}", list.join(", ")))
        };
        let parts = [
            some("", &purposes),
            party,
            voice,
            some("in ", &self.regions),
            some("trade ", &self.sectors),
            some("not trade ", &self.not_sectors),
            self.code.as_ref().map(|code| format!("adherents of {code}")),
            some("lifted by ", &lifted),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        f.write_str(if parts.is_empty() { "everybody" } else { "" })?;
        f.write_str(&parts.join("; "))
    }
}

impl fmt::Display for RuleKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Window(week) => write!(f, "calls {week}"),
            Self::CountLimit(limit) => limit.fmt(f),
            Self::Cooldown(rest) => rest.fmt(f),
            Self::Deadline(deadline) => deadline.fmt(f),
            Self::RatioCap(cap) => cap.fmt(f),
            Self::ListScrub(scrub) => scrub.fmt(f),
            Self::LegalBasis(basis) => {
                f.write_str("one of")?;
                for (index, accepted) in basis.accepts.iter().enumerate() {
                    write!(f, "{} {}", if index == 0 { "" } else { "," }, accepted.basis)?;
                    if let Some(days) = accepted.max_age_days {
                        write!(f, " (at most {days} days old)")?;
                    }
                }
                Ok(())
            }
            Self::CallerIdentity(identity) => identity.fmt(f),
            Self::Disclosure(disclosure) => disclosure.fmt(f),
            Self::Evidence(evidence) => evidence.fmt(f),
            Self::Prohibition(it) if it.to_prefixes.is_empty() => f.write_str("no calls"),
            Self::Prohibition(it) => write!(f, "no calls to {}", it.to_prefixes.join(", ")),
            Self::Availability(it) => it.fmt(f),
        }
    }
}

impl fmt::Display for CountLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counted = match self.counts {
            Counted::Attempts => "attempts",
            Counted::Answered => "answered calls",
            Counted::Conversations => "conversations",
        };
        write!(f, "at most {} {counted} {} {}", self.max, self.period, self.scope)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to = match self.to {
            Subject::Number => "a number",
            Subject::Person => "a person",
        };
        let by = match self.by {
            By::Tenant => "by everybody",
            By::Client => "for a client company",
            By::Campaign => "by a campaign",
        };
        write!(f, "to {to} {by}")
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RollingHours(n) => write!(f, "in the last {n} hours"),
            Self::CalendarDays(1) => f.write_str("in a day"),
            Self::CalendarDays(n) => write!(f, "in {n} calendar days"),
            Self::CalendarWeek => f.write_str("in a calendar week"),
            Self::CalendarMonth => f.write_str("in a calendar month"),
            Self::AnchoredDays(n) => write!(f, "in each {n} days of the campaign"),
            Self::Campaign => f.write_str("in the campaign"),
        }
    }
}

impl fmt::Display for Cooldown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "none for {} after the last {} {}", self.lasts, self.after, self.scope)?;
        if self.unless_guaranteed_agent {
            f.write_str(", unless an agent is guaranteed")?;
        }
        if self.then_guaranteed_agent {
            f.write_str(", then only with an agent guaranteed")?;
        }
        Ok(())
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Millis(n) => write!(f, "{n} ms"),
            Self::Seconds(0) => f.write_str("no time"),
            Self::Seconds(n) => write!(f, "{n} s"),
            Self::Minutes(n) => write!(f, "{n} min"),
            Self::Hours(n) => write!(f, "{n} h"),
            Self::DaysCountingTheFirst(n) => write!(f, "{n} days, its own day the first"),
            Self::Days(n) => write!(f, "{n} days"),
            Self::BusinessDays(n) => write!(f, "{n} working days"),
            Self::Months(n) => write!(f, "{n} months"),
        }
    }
}

impl fmt::Display for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            DeadlineOf::MinRing => write!(f, "rings for {} at least", self.within),
            DeadlineOf::AnswerToAgent => write!(f, "an agent within {}", self.within),
            DeadlineOf::MuteCut => write!(f, "dropped within {} without one", self.within),
            DeadlineOf::OptOut => write!(f, "opt-outs within {}", self.within),
            DeadlineOf::Complaint(kind) => write!(f, "complaints ({kind}) within {}", self.within),
        }
    }
}

impl fmt::Display for RatioCap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = if self.strictly_below { "below" } else { "at most" };
        let percent = f64::from(self.per_mille) / 10.0;
        write!(f, "{most} {percent} % by the definition {:?}, {}", self.definition, self.period)
    }
}

impl fmt::Display for ListScrub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.registry.as_str() {
            "*" => f.write_str("every registry")?,
            name => write!(f, "registry `{name}`")?,
        }
        self.max_age.map_or(Ok(()), |age| write!(f, ", at most {age} old"))
    }
}

impl fmt::Display for CallerIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let begins = |word: &str, list: &[String]| {
            (!list.is_empty()).then(|| format!("{word} {}", list.join(" ")))
        };
        let parts = [
            self.present.then(|| "a caller id".to_owned()),
            self.callable.then(|| "that can be called".to_owned()),
            begins("beginning with", &self.prefixes),
            begins("never", &self.forbidden),
        ];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

impl fmt::Display for Disclosure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.at {
            Moment::Start => "at the start: ",
            Moment::Abandoned => "when no agent comes: ",
            Moment::Complaint => "with a complaint: ",
        })?;
        f.write_str(&self.says.join("; "))
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "keep: {}", self.record)?;
        self.keep.map_or(Ok(()), |span| write!(f, ", for {span}"))
    }
}

impl fmt::Display for Availability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if let Some(week) = &self.hours {
            write!(f, ", {week}")?;
        }
        match (self.percent, self.within_ms) {
            (Some(percent), Some(ms)) => write!(f, ", {percent} % within {} s", ms / 1_000),
            (Some(percent), None) => write!(f, ", {percent} %"),
            (None, Some(ms)) => write!(f, ", within {} s", ms / 1_000),
            (None, None) => Ok(()),
        }
    }
}
