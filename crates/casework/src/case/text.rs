//! Texts that people write.

use timbre_model::FieldError;

/// Most characters of a name or an address.
pub(super) const LINE_MAX: usize = 200;
/// Most characters of a statement, a solution, an answer.
pub(super) const TEXT_MAX: usize = 8_000;

/// A text that may be empty: trimmed, of at most `most` characters.
pub(super) fn text(field: &str, text: &str, most: usize) -> Result<String, FieldError> {
    let text = text.trim();
    let length = text.chars().count();
    if length > most {
        return Err(FieldError::new(field, length, format!("use at most {most} characters")));
    }
    if let Some(odd) = text.chars().find(|it| it.is_control() && !"\n\r\t".contains(*it)) {
        return Err(FieldError::new(field, odd.escape_default(), "use no control characters"));
    }
    Ok(text.to_owned())
}

/// A text that must be there.
pub(super) fn needed(
    field: &str,
    what: &str,
    most: usize,
    remedy: &str,
) -> Result<String, FieldError> {
    let read = text(field, what, most)?;
    if read.is_empty() { Err(FieldError::new(field, "", remedy)) } else { Ok(read) }
}

/// One line that may be empty.
pub(super) fn line(field: &str, what: &str) -> Result<String, FieldError> {
    let read = text(field, what, LINE_MAX)?;
    if read.contains(['\n', '\r']) {
        return Err(FieldError::new(field, "", "write it on one line"));
    }
    Ok(read)
}

/// An address of electronic mail, as far as it can be judged by looking at it: the mail server has the last word.
pub(super) fn mail(field: &str, what: &str) -> Result<String, FieldError> {
    let read = line(field, what)?;
    let (name, host) = read.rsplit_once('@').unwrap_or(("", ""));
    let odd = |it: char| it.is_whitespace() || "<>,;\"".contains(it);
    if name.is_empty() || host.is_empty() || read.contains(odd) {
        return Err(FieldError::new(field, "", "write it as name@example.com"));
    }
    Ok(read)
}

/// A language tag (BCP 47): letters, digits and hyphens.
pub(super) fn language(field: &str, what: &str) -> Result<String, FieldError> {
    let read = what.trim();
    let parts = read.split('-');
    let sound =
        |it: &str| (1..=8).contains(&it.len()) && it.bytes().all(|b| b.is_ascii_alphanumeric());
    if read.len() <= 35 && read.len() >= 2 && parts.clone().all(sound) {
        return Ok(read.to_owned());
    }
    let shown: String = read.chars().take(40).collect();
    Err(FieldError::new(field, shown, "write a language tag (BCP 47) such as es or en-GB"))
}

/// Whether two tags are of one language: `es` and `es-MX` are.
pub(super) fn same_language(one: &str, other: &str) -> bool {
    let first = |tag: &str| tag.split('-').next().unwrap_or("").to_ascii_lowercase();
    first(one) == first(other)
}
