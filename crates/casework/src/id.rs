//! Ids of records: minted by the shell at random, never reused, printed as 32 hexadecimal digits.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! record_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(u128);

        impl $name {
            /// From its number.
            pub const fn from_u128(id: u128) -> Self {
                Self(id)
            }

            /// Its number.
            pub const fn as_u128(self) -> u128 {
                self.0
            }

            /// Reads 32 hexadecimal digits.
            pub fn parse(text: &str) -> Option<Self> {
                let hex = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
                hex.then(|| u128::from_str_radix(text, 16).ok().map(Self)).flatten()
            }
        }

        impl TryFrom<String> for $name {
            type Error = &'static str;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text).ok_or("an id is 32 hexadecimal digits")
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:032x}", self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    )*};
}

record_ids! {
    /// A complaint, a compliment or a suggestion.
    CaseId;
    /// A person or a company.
    CustomerId;
    /// A sale.
    SaleId;
    /// A check after a sale.
    FollowUpId;
    /// A message (recado).
    MessageId;
    /// A promised call.
    CallbackId;
    /// A question of satisfaction.
    SurveyId;
    /// A report of line trouble.
    TroubleId;
}

/// The key of a case that its customer is given: nine digits and a check digit (ISO/IEC 7812-1 annex B, Luhn), so that it can be
/// told, written down and keyed in by telephone, and a slip of one digit is noticed. Printed `482 193 057 4`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CaseKey(u64);

impl CaseKey {
    const DIGITS: u64 = 1_000_000_000;

    /// A key from chance. Whether it is taken is for the store to say.
    pub const fn from_chance(chance: u64) -> Self {
        Self(chance % Self::DIGITS)
    }

    /// Reads ten digits; blanks, dots and hyphens do not count. `None` where the check digit is wrong.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(|it| !" .-\u{a0}".contains(*it)).collect();
        if digits.len() != 10 || !digits.bytes().all(|it| it.is_ascii_digit()) {
            return None;
        }
        let whole: u64 = digits.parse().ok()?;
        let key = Self(whole / 10);
        (key.check() == whole % 10).then_some(key)
    }

    /// Its ten digits, as they are kept and searched.
    pub fn digits(self) -> String {
        format!("{:09}{}", self.0, self.check())
    }

    const fn check(self) -> u64 {
        let (mut left, mut sum, mut double) = (self.0, 0, true);
        while left > 0 {
            let digit = (left % 10) * if double { 2 } else { 1 };
            sum += digit / 10 + digit % 10;
            (left, double) = (left / 10, !double);
        }
        (10 - sum % 10) % 10
    }
}

impl TryFrom<String> for CaseKey {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("a key is ten digits, the last of which checks the others")
    }
}

impl From<CaseKey> for String {
    fn from(key: CaseKey) -> Self {
        key.digits()
    }
}

impl fmt::Display for CaseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits();
        write!(f, "{} {} {} {}", &digits[..3], &digits[3..6], &digits[6..9], &digits[9..])
    }
}

impl fmt::Debug for CaseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
