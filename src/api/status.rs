//! The only place with gRPC codes: what an outcome is called on the wire.

use timbre_casework::Refusal;
use timbre_engine::{Class, Rejection};
use timbre_model::FieldError;
use timbre_store::StoreError;
use tonic::{Code, Status};

use crate::api::wire::error::ApiError;
use crate::casework::Fault;
use crate::driver::Stopped;

/// Reasons that the API itself gives, beside those of [`Rejection::reason`]. Each has a page in `docs/errors`.
pub mod reasons {
    /// No bearer token, or one that is not known, expired or revoked.
    pub const UNAUTHENTICATED: &str = "UNAUTHENTICATED";
    /// The token's role may not call this method.
    pub const ROLE_FORBIDDEN: &str = "ROLE_FORBIDDEN";
    /// The resource named belongs to another tenant than the token.
    pub const OTHER_TENANT: &str = "OTHER_TENANT";
    /// A field's value is wrong.
    pub const INVALID_FIELD: &str = "INVALID_FIELD";
    /// The store cannot be reached.
    pub const STORE_UNAVAILABLE: &str = "STORE_UNAVAILABLE";
    /// The store holds something that cannot be read.
    pub const STORE_CORRUPT: &str = "STORE_CORRUPT";
    /// The node is shutting down.
    pub const SHUTTING_DOWN: &str = "SHUTTING_DOWN";
    /// The first message of an agent's stream is neither sign_in nor resume.
    pub const STREAM_NOT_OPENED: &str = "STREAM_NOT_OPENED";
    /// The shift cannot be taken up again.
    pub const RESUME_REFUSED: &str = "RESUME_REFUSED";
    /// The request id was used for another request.
    pub const REQUEST_ID_REUSED: &str = "REQUEST_ID_REUSED";
    /// The call named is not known to the store either.
    pub const UNKNOWN_CALL: &str = "UNKNOWN_CALL";
    /// The tenant has no floor yet.
    pub const NO_FLOOR: &str = "NO_FLOOR";
    /// The floor has no such list.
    pub const UNKNOWN_LIST: &str = "UNKNOWN_LIST";
    /// The floor has no such campaign.
    pub const UNKNOWN_CAMPAIGN: &str = "UNKNOWN_CAMPAIGN";
    /// The floor has no such trunk, or it places no calls.
    pub const UNKNOWN_TRUNK: &str = "UNKNOWN_TRUNK";
    /// The tenant has no such lead.
    pub const UNKNOWN_LEAD: &str = "UNKNOWN_LEAD";
    /// The tenant has no such attempt.
    pub const UNKNOWN_ATTEMPT: &str = "UNKNOWN_ATTEMPT";
    /// No rules of this country are known.
    pub const UNKNOWN_JURISDICTION: &str = "UNKNOWN_JURISDICTION";
    /// The campaign cannot be judged as it is defined.
    pub const CAMPAIGN_UNREADY: &str = "CAMPAIGN_UNREADY";
    /// The first message of an import is no header.
    pub const IMPORT_NOT_OPENED: &str = "IMPORT_NOT_OPENED";
    /// The import, or the version of the registry, is over already.
    pub const ALREADY_IMPORTED: &str = "ALREADY_IMPORTED";
    /// There is no such record.
    pub const UNKNOWN_RECORD: &str = "UNKNOWN_RECORD";
    /// The record is another than the one that was read.
    pub const RECORD_CHANGED: &str = "RECORD_CHANGED";
    /// The record's state does not allow it.
    pub const RECORD_STATE: &str = "RECORD_STATE";
    /// The record belongs to a client company that the agent does not work for.
    pub const OTHER_CLIENT: &str = "OTHER_CLIENT";
    /// All of them.
    pub const ALL: &[&str] = &[
        UNAUTHENTICATED,
        ROLE_FORBIDDEN,
        OTHER_TENANT,
        INVALID_FIELD,
        STORE_UNAVAILABLE,
        STORE_CORRUPT,
        SHUTTING_DOWN,
        STREAM_NOT_OPENED,
        RESUME_REFUSED,
        REQUEST_ID_REUSED,
        UNKNOWN_CALL,
        NO_FLOOR,
        UNKNOWN_LIST,
        UNKNOWN_CAMPAIGN,
        UNKNOWN_TRUNK,
        UNKNOWN_LEAD,
        UNKNOWN_ATTEMPT,
        UNKNOWN_JURISDICTION,
        CAMPAIGN_UNREADY,
        IMPORT_NOT_OPENED,
        ALREADY_IMPORTED,
        UNKNOWN_RECORD,
        RECORD_CHANGED,
        RECORD_STATE,
        OTHER_CLIENT,
    ];
}

/// A status with its reason.
pub fn with_reason(code: Code, reason: &str, message: impl Into<String>) -> Status {
    ApiError::new(code, reason, message).to_status()
}

/// A command was rejected.
pub fn rejected(rejection: &Rejection) -> ApiError {
    let code = match rejection.class() {
        Class::NotFound => Code::NotFound,
        Class::Precondition => Code::FailedPrecondition,
        Class::Conflict => Code::Aborted,
        Class::Invalid => Code::InvalidArgument,
    };
    ApiError::new(code, rejection.reason(), rejection.to_string())
}

/// A change of casework was not made.
impl From<Fault> for Status {
    fn from(fault: Fault) -> Self {
        let say = |code, reason| with_reason(code, reason, fault.to_string());
        match fault {
            Fault::Refused(Refusal::Field(fault)) => invalid_field(fault),
            Fault::Refused(Refusal::State { .. }) => {
                say(Code::FailedPrecondition, reasons::RECORD_STATE)
            }
            Fault::Unknown(_) => say(Code::NotFound, reasons::UNKNOWN_RECORD),
            Fault::Changed(_) | Fault::Busy => say(Code::Aborted, reasons::RECORD_CHANGED),
            Fault::OtherClient(_) => say(Code::PermissionDenied, reasons::OTHER_CLIENT),
            Fault::NoFloor => no_floor(),
            Fault::Reused(_) => say(Code::AlreadyExists, reasons::REQUEST_ID_REUSED),
            Fault::Unreadable => say(Code::Internal, reasons::STORE_CORRUPT),
            Fault::Stopped(it) => stopped(it),
            Fault::Store(error) => store(&error),
        }
    }
}

/// Fields are wrong.
pub fn invalid(faults: impl IntoIterator<Item = FieldError>) -> Status {
    ApiError::invalid(faults).to_status()
}

/// One field is wrong.
pub fn invalid_field(fault: FieldError) -> Status {
    invalid([fault])
}

/// No such call.
pub fn unknown_call(name: &str) -> Status {
    let reason = reasons::UNKNOWN_CALL;
    with_reason(Code::NotFound, reason, format!("{name} is not known"))
}

/// No such list, campaign, trunk, lead or attempt.
pub fn unknown(reason: &'static str, name: impl std::fmt::Display) -> Status {
    with_reason(Code::NotFound, reason, format!("{name} is not known"))
}

/// A campaign that names no trunk.
pub fn unknown_trunk(campaign: impl std::fmt::Display) -> Status {
    let message = format!("campaign {campaign} names no trunk: apply a floor where it does");
    with_reason(Code::FailedPrecondition, reasons::CAMPAIGN_UNREADY, message)
}

/// A campaign that cannot be judged as it is defined.
pub fn campaign_unready(why: &str) -> Status {
    with_reason(Code::FailedPrecondition, reasons::CAMPAIGN_UNREADY, why)
}

/// No bearer token that counts.
pub fn unauthenticated() -> Status {
    let message = "no valid bearer token: make one with `timbre token create`";
    with_reason(Code::Unauthenticated, reasons::UNAUTHENTICATED, message)
}

/// A tenant without a floor.
pub fn no_floor() -> Status {
    with_reason(Code::NotFound, reasons::NO_FLOOR, "the tenant has no floor: apply one")
}

/// The node is shutting down.
pub fn stopped(Stopped: Stopped) -> Status {
    with_reason(Code::Unavailable, reasons::SHUTTING_DOWN, Stopped.to_string())
}

/// The store failed.
pub fn store(error: &StoreError) -> Status {
    if let StoreError::Conflict(what) = error {
        let what = what.trim_end_matches("; it");
        return with_reason(Code::FailedPrecondition, reasons::ALREADY_IMPORTED, what);
    }
    tracing::error!(%error, "the store failed");
    if let StoreError::Corrupt { .. } = error {
        let message = "the store holds something that cannot be read: see the node's log";
        return with_reason(Code::Internal, reasons::STORE_CORRUPT, message);
    }
    let message = "the store cannot be reached: retry with the same request_id";
    with_reason(Code::Unavailable, reasons::STORE_UNAVAILABLE, message)
}
