//! The words of a filter.

use super::FilterError;

/// A word, and where it begins, in characters from 1.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) at: usize,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// A name or a word of the language.
    Word(String),
    /// A name in backquotes.
    Quoted(String),
    Text(String),
    /// A number or a day: what begins with a digit or a sign.
    Figure(String),
    /// `==`, `!=`, `<`, `<=`, `>`, `>=`, `(`, `)`, `,`.
    Sign(&'static str),
    End,
}

const SIGNS: [&str; 9] = ["==", "!=", "<=", ">=", "<", ">", "(", ")", ","];

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, FilterError> {
    let chars: Vec<char> = text.chars().collect();
    let (mut tokens, mut next) = (Vec::new(), 0);
    while let Some(&c) = chars.get(next) {
        let at = next + 1;
        if c.is_whitespace() {
            next += 1;
            continue;
        }
        let (kind, end) = match c {
            '"' | '\'' | '`' => quoted(&chars, next)?,
            _ if c.is_ascii_digit() || c == '-' || c == '+' => {
                let (word, end) =
                    run(&chars, next, |c| c.is_ascii_alphanumeric() || "-+.:".contains(c));
                (Kind::Figure(word), end)
            }
            _ if c.is_alphabetic() || c == '_' => {
                let (word, end) = run(&chars, next, |c| c.is_alphanumeric() || "_.-".contains(c));
                (Kind::Word(word), end)
            }
            _ => sign(&chars, next)?,
        };
        tokens.push(Token { at, kind });
        next = end;
    }
    tokens.push(Token { at: chars.len() + 1, kind: Kind::End });
    Ok(tokens)
}

fn run(chars: &[char], from: usize, goes_on: impl Fn(char) -> bool) -> (String, usize) {
    let word: String = chars[from..].iter().copied().take_while(|&c| goes_on(c)).collect();
    let end = from + word.chars().count();
    (word, end)
}

/// A text in quotes; a backslash takes the next character as it is.
fn quoted(chars: &[char], from: usize) -> Result<(Kind, usize), FilterError> {
    let quote = chars[from];
    let (mut text, mut next) = (String::new(), from + 1);
    loop {
        match chars.get(next) {
            None => {
                let why = format!("the text that begins here has no end: close it with {quote}");
                return Err(FilterError { at: from + 1, why });
            }
            Some(&c) if c == quote => break,
            Some('\\') if next + 1 < chars.len() => {
                text.push(chars[next + 1]);
                next += 2;
            }
            Some(&c) => {
                text.push(c);
                next += 1;
            }
        }
    }
    let kind = if quote == '`' { Kind::Quoted(text) } else { Kind::Text(text) };
    Ok((kind, next + 1))
}

fn sign(chars: &[char], from: usize) -> Result<(Kind, usize), FilterError> {
    let begins = |it: &&str| it.chars().enumerate().all(|(n, c)| chars.get(from + n) == Some(&c));
    if let Some(sign) = SIGNS.into_iter().find(begins) {
        return Ok((Kind::Sign(sign), from + sign.len()));
    }
    let why = match chars[from] {
        '=' => "write == to compare".to_owned(),
        '!' => "write != to compare, or not to negate".to_owned(),
        '&' => "write and".to_owned(),
        '|' => "write or".to_owned(),
        other => format!("{other:?} has no meaning here: put names with it in backquotes"),
    };
    Err(FilterError { at: from + 1, why })
}
