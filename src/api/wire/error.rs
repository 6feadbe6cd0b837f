//! Errors, as `google.rpc.Status` with `ErrorInfo` and `BadRequest`.

use std::collections::BTreeMap;
use std::fmt;

use prost::Message as _;
use timbre_model::FieldError;
use tonic::Code;
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};

/// The domain of our reasons.
pub const DOMAIN: &str = "timbre.dev";

/// Why a request took no effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// Its class.
    pub code: Code,
    /// A word of `docs/errors`; empty where the error did not come from Timbre but from the way to it.
    pub reason: String,
    /// For people.
    pub message: String,
    /// The reason's particulars.
    pub metadata: BTreeMap<String, String>,
    /// The faults of single fields.
    pub faults: Vec<FieldFault>,
}

/// A fault of one field of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFault {
    /// Path of the field.
    pub field: String,
    /// What stands there and what to write instead.
    pub description: String,
}

impl From<FieldError> for FieldFault {
    fn from(FieldError { field, value, remedy }: FieldError) -> Self {
        let description = if value.is_empty() { remedy } else { format!("{value:?}: {remedy}") };
        Self { field, description }
    }
}

impl ApiError {
    /// With a code, a reason and a text for people.
    pub fn new(code: Code, reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
            message: message.into(),
            metadata: BTreeMap::new(),
            faults: Vec::new(),
        }
    }

    /// With one more particular.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl fmt::Display) -> Self {
        self.metadata.insert(key.to_owned(), value.to_string());
        self
    }

    /// Fields that cannot be read or contradict each other.
    pub fn invalid(faults: impl IntoIterator<Item = FieldError>) -> Self {
        let faults: Vec<_> = faults.into_iter().map(FieldFault::from).collect();
        let message = match faults.as_slice() {
            [FieldFault { field, description }] => format!("{field}: {description}"),
            many => format!("{} fields are at fault", many.len()),
        };
        Self { faults, ..Self::new(Code::InvalidArgument, "INVALID_FIELD", message) }
    }

    /// As the `error` of a message.
    pub fn to_wire(&self) -> tonic_types::Status {
        let status = self.to_status();
        // tonic keeps the whole `google.rpc.Status` in the details' bytes; they are our own and decode.
        tonic_types::Status::decode(status.details()).unwrap_or_else(|_| tonic_types::Status {
            code: self.code.into(),
            message: self.message.clone(),
            details: Vec::new(),
        })
    }

    /// As the end of an RPC.
    pub fn to_status(&self) -> tonic::Status {
        let mut details = ErrorDetails::new();
        if !self.reason.is_empty() {
            let metadata = self.metadata.clone().into_iter().collect::<Vec<_>>();
            details.set_error_info(
                self.reason.as_str(),
                DOMAIN,
                metadata.into_iter().collect::<std::collections::HashMap<_, _>>(),
            );
        }
        if !self.faults.is_empty() {
            let violation =
                |it: &FieldFault| FieldViolation::new(it.field.as_str(), it.description.as_str());
            details.set_bad_request(self.faults.iter().map(violation).collect::<Vec<_>>());
        }
        tonic::Status::with_error_details(self.code, self.message.as_str(), details)
    }

    /// Reads the `error` of a message.
    pub fn from_wire(wire: &tonic_types::Status) -> Self {
        let tonic_types::Status { code, message, details: _ } = wire;
        let status = tonic::Status::with_details(
            Code::from_i32(*code),
            message.as_str(),
            wire.encode_to_vec().into(),
        );
        Self::from_status(&status)
    }

    /// Reads the end of an RPC. Details that cannot be read are left out.
    pub fn from_status(status: &tonic::Status) -> Self {
        let details = status.get_error_details();
        let info = details.error_info();
        let violations = details.bad_request().map(|it| it.field_violations.as_slice());
        let fault = |it: &FieldViolation| FieldFault {
            field: it.field.clone(),
            description: it.description.clone(),
        };
        Self {
            code: status.code(),
            reason: info.map(|it| it.reason.clone()).unwrap_or_default(),
            message: status.message().to_owned(),
            metadata: info.map(|it| it.metadata.clone().into_iter().collect()).unwrap_or_default(),
            faults: violations.unwrap_or_default().iter().map(fault).collect(),
        }
    }
}

impl From<ApiError> for tonic::Status {
    fn from(error: ApiError) -> Self {
        error.to_status()
    }
}

impl std::error::Error for ApiError {}

impl fmt::Display for ApiError {
    /// The text for people, each fault on its own line, and the reason with its particulars.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let [_, _, ..] = self.faults.as_slice() {
            for FieldFault { field, description } in &self.faults {
                write!(f, "\n  {field}: {description}")?;
            }
        }
        if self.reason.is_empty() {
            return Ok(());
        }
        write!(f, " [{}", self.reason)?;
        for (key, value) in &self.metadata {
            write!(f, " {key}={value}")?;
        }
        f.write_str("]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected() -> ApiError {
        ApiError::new(Code::FailedPrecondition, "WRONG_STATE", "agent ana is talking")
            .with("agent", "ana")
            .with("state", "talking")
    }

    #[test]
    fn errors_survive_messages_and_ends_of_rpcs() {
        let faulty = ApiError::invalid([
            FieldError::new("queues[0].capacity", 0, "give 1 to 100000"),
            FieldError::new("queues[1].id", "Ventas", "use a-z"),
        ]);
        for error in [rejected(), faulty, ApiError::new(Code::Unavailable, "", "gone")] {
            assert_eq!(ApiError::from_wire(&error.to_wire()), error);
            assert_eq!(ApiError::from_status(&error.to_status()), error);
        }
    }

    #[test]
    fn an_error_reads_as_a_sentence_with_its_reason() {
        let shown = rejected().to_string();
        assert_eq!(shown, "agent ana is talking [WRONG_STATE agent=ana state=talking]");
    }

    #[test]
    fn details_that_cannot_be_read_do_not_hide_the_rest() {
        let status = tonic::Status::with_details(Code::NotFound, "gone", vec![0xff; 9].into());
        assert_eq!(ApiError::from_status(&status), ApiError::new(Code::NotFound, "", "gone"));
    }
}
