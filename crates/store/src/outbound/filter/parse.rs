//! From words to an expression: recursive descent, bounded in depth.

use timbre_model::{LeadRole, Party, Slug};

use super::lex::{Kind, Token, tokens};
use super::{Expression, Field, Filter, FilterError, Operator, Value};

/// Deepest nesting of parentheses and `not`.
const DEPTH_MAX: usize = 64;

pub(super) fn parse(text: &str) -> Result<Expression, FilterError> {
    if text.len() > Filter::BYTES_MAX {
        let why = format!("the filter is longer than {} bytes: shorten it", Filter::BYTES_MAX);
        return Err(FilterError { at: 1, why });
    }
    let mut parser = Parser { tokens: tokens(text)?, next: 0, depth: 0 };
    let expression = parser.either()?;
    match &parser.peek().kind {
        Kind::End => Ok(expression),
        _ => Err(parser.wrong("and, or, or the end belongs here")),
    }
}

/// `2026-11-22`.
pub(super) fn day(text: &str) -> Option<(i16, u8, u8)> {
    let mut parts = text.split('-');
    let mut part = |digits: usize| {
        let it = parts.next()?;
        (it.len() == digits && it.bytes().all(|b| b.is_ascii_digit())).then_some(it)
    };
    let (year, month, day) =
        (part(4)?.parse().ok()?, part(2)?.parse().ok()?, part(2)?.parse().ok()?);
    let fits = parts.next().is_none() && (1..=12).contains(&month) && (1..=31).contains(&day);
    fits.then_some((year, month, day))
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.next.min(self.tokens.len() - 1)]
    }

    fn take(&mut self) -> Token {
        let token = self.peek().clone();
        self.next += 1;
        token
    }

    fn wrong(&self, why: &str) -> FilterError {
        FilterError { at: self.peek().at, why: why.to_owned() }
    }

    fn word(&mut self, word: &str) -> bool {
        let is = matches!(&self.peek().kind, Kind::Word(it) if it == word);
        self.next += usize::from(is);
        is
    }

    fn sign(&mut self, sign: &str) -> bool {
        let is = matches!(&self.peek().kind, Kind::Sign(it) if *it == sign);
        self.next += usize::from(is);
        is
    }

    fn either(&mut self) -> Result<Expression, FilterError> {
        let mut all = vec![self.both()?];
        while self.word("or") {
            all.push(self.both()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Expression::Or(all) })
    }

    fn both(&mut self) -> Result<Expression, FilterError> {
        let mut all = vec![self.one()?];
        while self.word("and") {
            all.push(self.one()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Expression::And(all) })
    }

    fn one(&mut self) -> Result<Expression, FilterError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.wrong("nested too deep: take out parentheses"));
        }
        let it = if self.word("not") {
            Expression::Not(Box::new(self.one()?))
        } else if self.sign("(") {
            let inner = self.either()?;
            if !self.sign(")") {
                return Err(self.wrong("close the parenthesis with )"));
            }
            inner
        } else {
            self.condition()?
        };
        self.depth -= 1;
        Ok(it)
    }

    fn condition(&mut self) -> Result<Expression, FilterError> {
        let at = self.peek().at;
        let field = self.field()?;
        if self.word("is") {
            if !self.word("empty") {
                return Err(self.wrong("write is empty"));
            }
            if field == Field::Attempts {
                return Err(FilterError {
                    at,
                    why: "attempts is never empty: write attempts == 0".to_owned(),
                });
            }
            return Ok(Expression::Empty(field));
        }
        if self.word("contains") {
            let part = self.part(&field, at)?;
            if field == Field::Tags && Slug::parse(&part).is_err() {
                return Err(FilterError { at, why: format!("no tag can be {part:?}") });
            }
            return Ok(Expression::Contains(field, part));
        }
        if field == Field::Tags {
            return Err(self.wrong("tags are a set: write tags contains \"vip\" or tags is empty"));
        }
        if self.word("starts_with") {
            return Ok(Expression::StartsWith(field.clone(), self.part(&field, at)?));
        }
        if self.word("in") {
            return self.members(field);
        }
        let operator = self.operator()?;
        let value = self.value(&field)?;
        Ok(Expression::Compare(field, operator, value))
    }

    fn field(&mut self) -> Result<Field, FilterError> {
        let at = self.peek().at;
        match self.take().kind {
            Kind::Quoted(name) => Ok(Field::Attribute(name)),
            Kind::Word(word) => match word.as_str() {
                "name" => Ok(Field::Name),
                "person" => Ok(Field::Person),
                "role" => Ok(Field::Role),
                "party" => Ok(Field::Party),
                "attempts" => Ok(Field::Attempts),
                "tags" => Ok(Field::Tags),
                "and" | "or" | "not" | "in" | "is" | "empty" | "contains" | "starts_with" => {
                    let why =
                        format!("a name belongs here: put `{word}` in backquotes if it is one");
                    Err(FilterError { at, why })
                }
                _ => Ok(Field::Attribute(word)),
            },
            _ => Err(FilterError {
                at,
                why: "a name belongs here, as in province == \"Lugo\"".to_owned(),
            }),
        }
    }

    fn operator(&mut self) -> Result<Operator, FilterError> {
        let operators = [
            ("==", Operator::Equal),
            ("!=", Operator::Unequal),
            ("<=", Operator::AtMost),
            (">=", Operator::AtLeast),
            ("<", Operator::Less),
            (">", Operator::More),
        ];
        let found = operators.into_iter().find(|(sign, _)| self.sign(sign));
        found.map(|(_, it)| it).ok_or_else(|| {
            self.wrong("a comparison belongs here: ==, !=, <, <=, >, >=, in, contains, starts_with, is empty")
        })
    }

    fn members(&mut self, field: Field) -> Result<Expression, FilterError> {
        if !self.sign("(") {
            return Err(self.wrong("write the values in parentheses: in (\"a\", \"b\")"));
        }
        let mut values = vec![self.value(&field)?];
        while self.sign(",") {
            let (at, value) = (self.peek().at, self.value(&field)?);
            if std::mem::discriminant(&value) != std::mem::discriminant(&values[0]) {
                return Err(FilterError {
                    at,
                    why: "write values of one kind: texts, numbers or days".to_owned(),
                });
            }
            values.push(value);
        }
        if self.sign(")") {
            Ok(Expression::In(field, values))
        } else {
            Err(self.wrong("write , or )"))
        }
    }

    /// What `contains` and `starts_with` look for.
    fn part(&mut self, field: &Field, at: usize) -> Result<String, FilterError> {
        if *field == Field::Attempts {
            return Err(FilterError {
                at,
                why: "attempts is a number: compare it with one".to_owned(),
            });
        }
        match self.peek().kind.clone() {
            Kind::Text(text) => {
                self.next += 1;
                Ok(text)
            }
            _ => Err(self.wrong("a text in quotes belongs here")),
        }
    }

    fn value(&mut self, field: &Field) -> Result<Value, FilterError> {
        let value = match &self.peek().kind {
            Kind::Text(text) => Value::Text(text.clone()),
            Kind::Figure(figure) => match (day(figure), figure.parse::<f64>()) {
                (Some((year, month, day)), _) => Value::Day(year, month, day),
                (None, Ok(number)) if number.is_finite() => Value::Number(number),
                _ => {
                    return Err(self.wrong(
                        "neither a number nor a day such as 2026-11-22: put texts in quotes",
                    ));
                }
            },
            Kind::Word(_) | Kind::Quoted(_) => {
                return Err(self.wrong("a value belongs here: put texts in quotes"));
            }
            Kind::Sign(_) | Kind::End => {
                return Err(self.wrong(
                    "a value belongs here: a text in quotes, a number, or a day such as 2026-11-22",
                ));
            }
        };
        self.fits(field, &value)?;
        self.next += 1;
        Ok(value)
    }

    fn fits(&self, field: &Field, value: &Value) -> Result<(), FilterError> {
        let words = |words: Vec<&str>| format!("write one of {}", words.join(", "));
        let why = match (field, value) {
            (Field::Attempts, Value::Number(_)) | (Field::Attribute(_), _) => return Ok(()),
            (Field::Attempts, _) => "attempts is a number: compare it with one".to_owned(),
            (Field::Role, Value::Text(text)) if LeadRole::parse(text).is_some() => return Ok(()),
            (Field::Role, _) => words(LeadRole::ALL.iter().map(|it| it.as_str()).collect()),
            (Field::Party, Value::Text(text)) if Party::parse(text).is_some() => return Ok(()),
            (Field::Party, _) => words(Party::ALL.iter().map(|it| it.as_str()).collect()),
            (Field::Name | Field::Person | Field::Tags, Value::Text(_)) => return Ok(()),
            (Field::Name | Field::Person | Field::Tags, _) => {
                "it is a text: put the value in quotes".to_owned()
            }
        };
        Err(self.wrong(&why))
    }
}
