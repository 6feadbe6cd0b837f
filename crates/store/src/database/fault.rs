//! What an error of the driver means.

use sqlx::Error;
use sqlx::migrate::MigrateError;

use crate::StoreError;

/// SQLSTATEs, whole or by class, that say that the server or the session is gone or takes no writes now: connection
/// exceptions (08), insufficient resources (53), operator intervention (57), system errors (58), an open or failed
/// transaction (25), and transactions to be repeated (40).
const POSTGRES_AWAY: &[&str] = &["08", "25", "40", "53", "57", "58"];

/// SQLite's primary result codes of the same kind: BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN, PROTOCOL.
const SQLITE_AWAY: &[u32] = &[5, 6, 7, 8, 10, 13, 14, 15];

/// The error of a statement or of a transaction.
pub(super) fn of_statement(error: Error) -> StoreError {
    let away = match &error {
        Error::Io(_)
        | Error::Tls(_)
        | Error::Protocol(_)
        | Error::PoolTimedOut
        | Error::PoolClosed
        | Error::WorkerCrashed
        | Error::BeginFailed => true,
        Error::Database(fault) => fault.code().is_none_or(|code| away(&code)),
        _ => false,
    };
    if away {
        StoreError::Unavailable(error.to_string())
    } else {
        StoreError::Refused(error.to_string())
    }
}

/// A SQLSTATE has five characters and SQLite's codes are numbers below 10,000.
fn away(code: &str) -> bool {
    match code.parse::<u32>() {
        Ok(number) if code.len() < 5 => SQLITE_AWAY.contains(&(number & 0xff)),
        _ => POSTGRES_AWAY.iter().any(|class| code.starts_with(class)),
    }
}

/// The error of a migration.
pub(super) fn of_migration(error: MigrateError) -> StoreError {
    match error {
        MigrateError::VersionMissing(version) => StoreError::Schema(format!(
            "the database's schema is newer than this program, which does not know its migration {version}: start \
             the newer timbre, or restore the backup taken before it was upgraded"
        )),
        MigrateError::VersionMismatch(version) => StoreError::Schema(format!(
            "migration {version} of the database is not the one this program knows: start the timbre that made it"
        )),
        MigrateError::Execute(fault) | MigrateError::ExecuteMigration(fault, _) => {
            match of_statement(fault) {
                StoreError::Refused(why) => StoreError::Schema(format!(
                    "the database refused a migration ({why}): give timbre a database of its own, and the right to \
                     create tables in it"
                )),
                other => other,
            }
        }
        other => StoreError::Schema(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::away;

    #[test]
    fn a_lost_session_is_told_from_a_refused_statement() {
        for code in ["25006", "57P01", "57P03", "08006", "40001", "5", "10", "13", "266", "522"] {
            assert!(away(code), "{code}");
        }
        for code in ["23505", "42601", "22021", "1", "19", "1555", "2067"] {
            assert!(!away(code), "{code}");
        }
    }
}
