//! Phone numbers, which never show themselves by accident.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A number in E.164 form: `+`, then 4 to 15 digits, the first not 0 (ITU-T E.164 §6). `Debug` and `Display` mask all but
/// the country's first digits and the last three; [`PhoneNumber::expose`] gives the whole.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(String);

/// Why a text is not a phone number. Does not hold the text: it could be a real one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a number in E.164 form: write + and 4 to 15 digits, with the country code")]
pub struct InvalidPhoneNumber;

impl PhoneNumber {
    /// Checks `text`; blanks, dots, hyphens and parentheses between the digits are dropped.
    pub fn parse(text: &str) -> Result<Self, InvalidPhoneNumber> {
        let mut kept = String::with_capacity(16);
        for c in text.chars().filter(|c| !" .-()".contains(*c)) {
            let fits = if kept.is_empty() { c == '+' } else { c.is_ascii_digit() };
            if !fits || kept.len() == 16 {
                return Err(InvalidPhoneNumber);
            }
            kept.push(c);
        }
        let long_enough = kept.len() >= 5 && !kept.starts_with("+0");
        if long_enough { Ok(Self(kept)) } else { Err(InvalidPhoneNumber) }
    }

    /// The whole number. Only for placing calls, for storing and for those who may see it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PhoneNumber {
    type Error = InvalidPhoneNumber;
    fn try_from(text: String) -> Result<Self, InvalidPhoneNumber> {
        Self::parse(&text)
    }
}

impl From<PhoneNumber> for String {
    fn from(number: PhoneNumber) -> Self {
        number.0
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (head, tail) =
            (&self.0[..self.0.len().min(3)], &self.0[self.0.len().saturating_sub(3)..]);
        write!(f, "{head}•••••{tail}")
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Who calls, as far as the network told us.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallerId {
    /// A number in E.164 form.
    Number(PhoneNumber),
    /// The caller asked for privacy, or the network sent none (RFC 3323, RFC 3325).
    Withheld,
}

impl CallerId {
    /// The number, where there is one.
    pub fn number(&self) -> Option<&PhoneNumber> {
        match self {
            Self::Number(number) => Some(number),
            Self::Withheld => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_number_is_masked_wherever_it_is_printed() {
        let number = PhoneNumber::parse("+34 612 345 678").expect("a number");
        assert_eq!(number.expose(), "+34612345678");
        assert_eq!(format!("{number} {number:?}"), "+34•••••678 +34•••••678");
    }

    #[test]
    fn what_is_not_e164_is_refused() {
        for bad in
            ["", "+", "612345678", "+0612345678", "+34a", "+123", "+1234567890123456", "++34612"]
        {
            assert_eq!(PhoneNumber::parse(bad), Err(InvalidPhoneNumber), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_refused(text in ".{0,40}") {
            if let Ok(number) = PhoneNumber::parse(&text) {
                prop_assert_eq!(PhoneNumber::parse(number.expose()), Ok(number));
            }
        }
    }
}
