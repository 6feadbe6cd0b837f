//! What a check found.

use std::fmt;

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// As it should be.
    Ok,
    /// It works, but not for everything or not for long.
    Warn,
    /// A node cannot work so.
    Fail,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How it stands.
    pub mark: Mark,
    /// What was looked at.
    pub about: &'static str,
    /// What was found.
    pub told: String,
    /// What to do about it; empty where nothing.
    pub remedy: String,
}

impl Finding {
    /// As it should be.
    pub fn ok(about: &'static str, told: impl fmt::Display) -> Self {
        Self { mark: Mark::Ok, about, told: told.to_string(), remedy: String::new() }
    }

    /// It works, but.
    pub fn warn(about: &'static str, told: impl fmt::Display, remedy: impl Into<String>) -> Self {
        Self { mark: Mark::Warn, about, told: told.to_string(), remedy: remedy.into() }
    }

    /// It does not work.
    pub fn fail(about: &'static str, told: impl fmt::Display, remedy: impl Into<String>) -> Self {
        Self { mark: Mark::Fail, about, told: told.to_string(), remedy: remedy.into() }
    }
}

/// A line for each finding, its remedy below it.
pub fn page(findings: &[Finding]) -> String {
    let line = |Finding { mark, about, told, remedy }: &Finding| {
        let mark = match mark {
            Mark::Ok => "ok  ",
            Mark::Warn => "warn",
            Mark::Fail => "FAIL",
        };
        let remedy = match remedy.as_str() {
            "" => String::new(),
            remedy => format!("{:19}-> {remedy}\n", ""),
        };
        format!("{mark}  {about:<11}  {told}\n{remedy}")
    };
    findings.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remedy_stands_below_its_finding() {
        let findings = [Finding::ok("clock", "steady"), Finding::fail("disk", "full", "make room")];
        let page = page(&findings);
        assert_eq!(
            page,
            "ok    clock        steady\nFAIL  disk         full\n                   -> make room\n"
        );
    }
}
