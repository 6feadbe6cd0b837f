//! Registrations (RFC 3261 §10): kept fresh while somebody holds them, and the calls that come.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use rsipstack::dialog::authenticate::Credential;
use rsipstack::dialog::registration::{Registration, backoff_interval, refresh_interval};
use rsipstack::sip::StatusCodeKind;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::call::Call;
use super::{Inner, LINES_MAX, OnCall, PhoneError, uri};

/// What we ask for, seconds; the registrar may grant less.
const EXPIRES: u32 = 300;
/// Most calls of one phone that nobody has taken with [`Registered::call`].
const UNTAKEN_MAX: usize = 16;

/// A registered phone. Dropping it ends the registration, and the calls that were not taken.
pub struct Registered {
    phones: Arc<Inner>,
    user: String,
    line: Arc<Line>,
    end: CancellationToken,
}

/// Where calls come to a phone.
pub(super) struct Line {
    pub on_call: OnCall,
    calls: Mutex<VecDeque<Call>>,
    came: Notify,
}

impl Registered {
    pub(super) async fn register(
        phones: Arc<Inner>,
        user: &str,
        credential: Credential,
        on_call: OnCall,
    ) -> Result<Self, PhoneError> {
        let line = Arc::new(Line { on_call, calls: Mutex::default(), came: Notify::new() });
        phones.seat(user, &line)?;
        let end = CancellationToken::new();
        // From here on dropping it cleans up.
        let registered = Self { phones: phones.clone(), user: user.to_owned(), line, end };
        let mut registration = Registration::new(phones.layer.endpoint.clone(), Some(credential));
        refresh(&mut registration, &phones, user).await?;
        let (user, end) = (user.to_owned(), registered.end.clone());
        tokio::spawn(async move { keep(registration, &phones, &user, &end).await });
        Ok(registered)
    }

    /// Who it is.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Waits for a call to this phone; it rings, or may have been answered since, as
    /// [`OnCall`] says. Calls that nobody takes go on and are forgotten when they end.
    pub async fn call(&self) -> Call {
        loop {
            let came = self.line.came.notified();
            if let Some(call) = self.line.take() {
                return call;
            }
            came.await;
        }
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.phones.lines().remove(&self.user);
        self.line.clear();
        self.end.cancel();
    }
}

impl Line {
    /// `false` when too many wait to be taken.
    pub fn hand_out(&self, call: Call) -> bool {
        let mut calls = self.calls();
        calls.retain(|it| !it.is_over());
        let room = calls.len() < UNTAKEN_MAX;
        if room {
            calls.push_back(call);
            self.came.notify_one();
        }
        room
    }

    fn take(&self) -> Option<Call> {
        self.calls().pop_front()
    }

    fn clear(&self) {
        self.calls().clear();
    }

    fn calls(&self) -> std::sync::MutexGuard<'_, VecDeque<Call>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn seat(&self, user: &str, line: &Arc<Line>) -> Result<(), PhoneError> {
        let mut lines = self.lines();
        if lines.contains_key(user) {
            return Err(PhoneError::Taken(user.to_owned()));
        }
        if lines.len() >= LINES_MAX {
            return Err(PhoneError::TooMany);
        }
        lines.insert(user.to_owned(), Arc::clone(line));
        Ok(())
    }
}

async fn refresh(
    registration: &mut Registration,
    phones: &Inner,
    user: &str,
) -> Result<(), PhoneError> {
    let mut server = uri(user, phones.server);
    server.auth = None;
    let response = registration.register(server, Some(EXPIRES)).await;
    let response = response.map_err(|it| PhoneError::Unreachable(it.to_string()))?;
    match response.status_code.kind() {
        StatusCodeKind::Successful => Ok(()),
        _ => Err(PhoneError::Refused { status: response.status_code.code() }),
    }
}

/// Refreshes at three quarters of what was granted, or after growing pauses when it fails; takes
/// the registration back at the end.
async fn keep(mut registration: Registration, phones: &Inner, user: &str, end: &CancellationToken) {
    let mut failures = 0;
    loop {
        let wait = match failures {
            0 => refresh_interval(registration.granted_expires.unwrap_or(EXPIRES)),
            _ => backoff_interval(failures - 1),
        };
        if tokio::time::timeout(wait, end.cancelled()).await.is_ok() {
            break;
        }
        match refresh(&mut registration, phones, user).await {
            Ok(()) => failures = 0,
            Err(error) => {
                tracing::warn!(user, %error, "a phone's registration was not refreshed");
                failures += 1;
            }
        }
    }
    let mut server = uri(user, phones.server);
    server.auth = None;
    if let Err(error) = registration.register(server, Some(0)).await {
        tracing::debug!(user, %error, "a phone was not unregistered");
    }
}
