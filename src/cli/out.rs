//! What commands print.

use std::fmt::Display;
use std::io::{ErrorKind, Write as _};

/// Prints to standard output. A reader that has left early, as in `timbre calls | head`, is no fault.
pub fn print(text: impl Display) {
    let mut out = std::io::stdout().lock();
    let written = write!(out, "{text}").and_then(|()| out.flush());
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        eprintln!("timbre: cannot write to standard output: {error}");
    }
}
