//! Where phones can be reached (RFC 3261 §10.3). One binding per user: the newest registration wins.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::typed::Contact;
use rsipstack::sip::{Header, Request, StatusCode, Uri};

use crate::config::Timing;
use crate::reply;
use crate::stack::Flow;
use crate::wheel::Alarm;

/// A phone's binding.
pub(crate) struct Binding {
    /// Its Contact, as it named it.
    pub target: Uri,
    pub flow: Flow,
    pub expires: Instant,
    pub call: String,
    pub seq: u32,
    /// It answers, as far as we know.
    pub reachable: bool,
    pub expiry: Option<Alarm>,
    pub qualify: Option<Alarm>,
}

/// All bindings.
#[derive(Default)]
pub(crate) struct Registrar {
    bindings: HashMap<String, Binding>,
}

/// What a REGISTER asks for, once its sender is known.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// To know the binding.
    Query,
    /// To end it.
    Remove,
    /// To have it, for so long.
    Bind { target: Box<Uri>, lifetime: Duration },
}

/// Why a REGISTER cannot be granted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// 400.
    Malformed,
    /// 423 with Min-Expires.
    TooBrief,
}

/// Reads a REGISTER.
pub(crate) fn wish(request: &Request, timing: &Timing) -> Result<Wish, Unfit> {
    let header = request.expires_header().map(|it| it.value().trim().parse::<u32>());
    // An Expires that cannot be read counts as the default (RFC 3261 §20.19).
    let common = header.and_then(Result::ok);
    let contacts: Vec<&str> = request
        .headers
        .iter()
        .filter_map(|it| match it {
            Header::Contact(value) => Some(value.value()),
            _ => None,
        })
        .collect();
    match contacts.as_slice() {
        [] => return Ok(Wish::Query),
        ["*"] if common == Some(0) => return Ok(Wish::Remove),
        all if all.contains(&"*") => return Err(Unfit::Malformed),
        _ => {}
    }
    let mut binds = None;
    for value in contacts {
        for contact in Contact::parse_header_list(value).map_err(|_| Unfit::Malformed)? {
            let seconds = contact.expires().or(common);
            let lifetime = seconds.map_or(timing.max_registration, |it| {
                Duration::from_secs(it.into()).min(timing.max_registration)
            });
            if lifetime.is_zero() {
                continue;
            }
            if lifetime < timing.min_registration {
                return Err(Unfit::TooBrief);
            }
            binds = Some(Wish::Bind { target: Box::new(contact.uri), lifetime });
        }
    }
    Ok(binds.unwrap_or(Wish::Remove))
}

impl Registrar {
    pub fn get(&self, user: &str) -> Option<&Binding> {
        self.bindings.get(user)
    }

    pub fn get_mut(&mut self, user: &str) -> Option<&mut Binding> {
        self.bindings.get_mut(user)
    }

    pub fn insert(&mut self, user: &str, binding: Binding) -> Option<Binding> {
        self.bindings.insert(user.to_owned(), binding)
    }

    pub fn remove(&mut self, user: &str) -> Option<Binding> {
        self.bindings.remove(user)
    }

    /// Whose bindings there are.
    pub fn users(&self) -> Vec<String> {
        self.bindings.keys().cloned().collect()
    }

    /// How many can be reached.
    pub fn reachable(&self) -> usize {
        self.bindings.values().filter(|it| it.reachable).count()
    }

    /// Whether a REGISTER comes after the one that made the binding (RFC 3261 §10.3 step 7).
    pub fn in_order(&self, user: &str, request: &Request) -> bool {
        let call = request.call_id_header().map(|it| it.value()).unwrap_or_default();
        let seq = reply::seq(request).unwrap_or(0);
        self.get(user).is_none_or(|it| it.call != call || seq > it.seq)
    }

    /// The headers of the 200: the binding as it is now.
    pub fn contacts(&self, user: &str, now: Instant) -> Vec<Header> {
        let Some(binding) = self.get(user) else { return vec![] };
        let left = binding.expires.saturating_duration_since(now).as_secs();
        vec![Header::Contact(format!("<{}>;expires={left}", binding.target).into())]
    }
}

impl Unfit {
    /// The answer.
    pub fn answer(&self, timing: &Timing) -> (StatusCode, Vec<Header>) {
        match self {
            Self::Malformed => (StatusCode::BadRequest, vec![]),
            Self::TooBrief => {
                let least = timing.min_registration.as_secs().to_string();
                (StatusCode::IntervalTooBrief, vec![Header::MinExpires(least.into())])
            }
        }
    }
}
