//! Session timers (RFC 4028): who refreshes, how often, and when a session counts as dead.

use std::time::Duration;

use rsipstack::sip::{Header, Headers};

use crate::config::Timing;
use crate::reply;
use crate::wheel::Alarm;

/// The timer of one session.
#[derive(Default)]
pub(crate) struct SessionTimer {
    interval: Option<Duration>,
    /// We refresh; otherwise the far end does.
    ours: bool,
    pub alarm: Option<Alarm>,
    /// Our refresh is on its way.
    pub refreshing: bool,
    /// The least interval that the far end takes, once it said so (422).
    pub least: Option<u64>,
}

/// A far end wants a shorter interval than we take: 422, with what we do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooShort(pub u64);

impl SessionTimer {
    /// Takes what a request that asks for a session says. Yields the headers of its 2xx (RFC 4028 §9).
    pub fn asked(&mut self, headers: &Headers, timing: &Timing) -> Result<Vec<Header>, TooShort> {
        let least = timing.min_session_expires.as_secs();
        let supports = reply::names(headers, "Supported", "timer");
        let wanted = expires(headers);
        if let Some((seconds, _)) = wanted
            && seconds < least
        {
            // One who cannot read a 422 is not asked to: we refresh for it (RFC 4028 §9).
            if supports {
                return Err(TooShort(least));
            }
        }
        let floor = least.max(min_se(headers).unwrap_or(0));
        let seconds = match (wanted, timing.session_expires) {
            (Some((seconds, _)), _) => seconds.max(floor),
            (None, Some(ours)) => ours.as_secs().max(floor),
            (None, None) => {
                self.interval = None;
                return Ok(vec![]);
            }
        };
        let refresher = wanted.and_then(|it| it.1);
        self.ours = match refresher {
            Some(Refresher::Uas) => true,
            Some(Refresher::Uac) | None => !supports,
        };
        self.interval = Some(Duration::from_secs(seconds));
        let who = if self.ours { "uas" } else { "uac" };
        let mut extra = vec![Header::SessionExpires(format!("{seconds};refresher={who}").into())];
        if !self.ours {
            extra.push(Header::Require("timer".into()));
        }
        Ok(extra)
    }

    /// The headers of a request of ours that asks for a session. A refresh keeps the roles as they are.
    pub fn ask(&self, timing: &Timing) -> Vec<Header> {
        let mut extra = vec![Header::Supported("timer".into())];
        let ours = self.interval.or(timing.session_expires).map(|it| it.as_secs());
        if let Some(seconds) = ours.or(self.least) {
            let seconds = seconds.max(self.least.unwrap_or(0));
            let who = if self.interval.is_some() { ";refresher=uac" } else { "" };
            extra.push(Header::SessionExpires(format!("{seconds}{who}").into()));
            let least = timing.min_session_expires.as_secs().max(self.least.unwrap_or(0));
            extra.push(Header::MinSE(least.to_string().into()));
        }
        extra
    }

    /// Takes what the 2xx to a request of ours says (RFC 4028 §7.2).
    pub fn agreed(&mut self, headers: &Headers) {
        self.refreshing = false;
        match expires(headers) {
            None => self.interval = None,
            Some((seconds, refresher)) => {
                self.ours = refresher != Some(Refresher::Uas);
                self.interval = Some(Duration::from_secs(seconds.max(1)));
            }
        }
    }

    /// How long until we refresh, or until we give up on the far end's refresh (RFC 4028 §10).
    pub fn next(&self) -> Option<Duration> {
        let interval = self.interval?;
        if self.ours {
            return Some(interval / 2);
        }
        Some(interval - (interval / 3).min(Duration::from_secs(32)))
    }

    /// Whether it is we who refresh.
    pub fn ours(&self) -> bool {
        self.ours
    }
}

/// The Min-SE of a message, in seconds.
pub(crate) fn min_se(headers: &Headers) -> Option<u64> {
    headers.iter().find_map(|it| match it {
        Header::MinSE(value) => value.value().split(';').next()?.trim().parse().ok(),
        _ => None,
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Refresher {
    Uac,
    Uas,
}

fn expires(headers: &Headers) -> Option<(u64, Option<Refresher>)> {
    let value = headers.iter().find_map(|it| match it {
        Header::SessionExpires(value) => Some(value.value()),
        _ => None,
    })?;
    let mut parts = value.split(';').map(str::trim);
    // No session lives longer than a day unrefreshed, whatever a peer asks for.
    let seconds = parts.next()?.parse::<u64>().ok()?.min(86_400);
    let refresher = parts.find_map(|it| match it.to_ascii_lowercase().as_str() {
        "refresher=uac" => Some(Refresher::Uac),
        "refresher=uas" => Some(Refresher::Uas),
        _ => None,
    });
    Some((seconds, refresher))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timing() -> Timing {
        Timing { session_expires: Some(Duration::from_secs(1800)), ..Timing::default() }
    }

    fn headers(supported: bool, expires: Option<&str>) -> Headers {
        let mut headers = Headers::default();
        if supported {
            headers.push(Header::Supported("timer".into()));
        }
        if let Some(expires) = expires {
            headers.push(Header::SessionExpires(expires.into()));
        }
        headers
    }

    /// RFC 4028 §9, table 2, and §10.
    #[test]
    fn the_answerer_picks_the_refresher() {
        let cases: [(bool, Option<&str>, &str, u64); 6] = [
            (true, Some("600"), "600;refresher=uac", 568),
            (true, Some("600;refresher=uas"), "600;refresher=uas", 300),
            (true, Some("600;refresher=uac"), "600;refresher=uac", 568),
            (false, Some("600"), "600;refresher=uas", 300),
            (false, None, "1800;refresher=uas", 900),
            (false, Some("30"), "90;refresher=uas", 45),
        ];
        for (supported, wanted, said, next) in cases {
            let mut timer = SessionTimer::default();
            let extra = timer.asked(&headers(supported, wanted), &timing()).expect(said);
            assert_eq!(extra[0], Header::SessionExpires(said.into()));
            assert_eq!(timer.next(), Some(Duration::from_secs(next)), "{said}");
            assert_eq!(extra.len() == 2, !timer.ours(), "Require: timer binds the refresher");
        }
        let short = SessionTimer::default().asked(&headers(true, Some("30")), &timing());
        assert_eq!(short, Err(TooShort(90)));
    }

    #[test]
    fn the_caller_takes_what_the_answer_says() {
        let mut timer = SessionTimer::default();
        timer.agreed(&headers(false, Some("90;refresher=uac")));
        assert!(timer.ours() && timer.next() == Some(Duration::from_secs(45)));
        timer.agreed(&headers(false, Some("90;refresher=uas")));
        assert!(!timer.ours() && timer.next() == Some(Duration::from_secs(60)));
        timer.agreed(&headers(false, None));
        assert_eq!(timer.next(), None, "a far end without timers is not timed");
    }
}
