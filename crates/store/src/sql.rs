//! Statements: their text, their values, and how many rows one of them writes at once.

use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};

use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments as _, AssertSqlSafe, SqlSafeStr as _, SqlStr};

/// Which words the database understands. The few texts that differ ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// Behind a table's name: the index to use. SQLite keeps no statistics here, and guesses badly among partial indexes; a
    /// statement that could not use the index would be refused. Postgres knows its tables.
    pub(crate) fn indexed(self, index: &str) -> String {
        match self {
            Self::Sqlite => format!(" INDEXED BY {index}"),
            Self::Postgres => String::new(),
        }
    }

    /// The condition that `column` is one of the texts in the JSON array bound as `$value`. One text however many they are,
    /// so that it is prepared once.
    pub(crate) fn among(self, column: &str, value: u8) -> String {
        match self {
            Self::Sqlite => format!("{column} IN (SELECT value FROM json_each(${value}))"),
            Self::Postgres => format!(
                "{column} = ANY (ARRAY(SELECT jsonb_array_elements_text(${value}::text::jsonb)))"
            ),
        }
    }

    /// The same for whole numbers.
    pub(crate) fn among_ints(self, column: &str, value: u8) -> String {
        match self {
            Self::Sqlite => self.among(column, value),
            Self::Postgres => format!(
                "{column} = ANY (ARRAY(SELECT jsonb_array_elements_text(${value}::text::jsonb)::bigint))"
            ),
        }
    }
}

/// A JSON array of texts, for [`Dialect::among`].
pub(crate) fn json_texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let texts: Vec<&str> = texts.into_iter().collect();
    serde_json::to_string(&texts).expect("texts have a JSON form")
}

/// A JSON array of whole numbers, for [`Dialect::among_ints`].
pub(crate) fn json_ints(numbers: impl IntoIterator<Item = i64>) -> String {
    let numbers: Vec<i64> = numbers.into_iter().collect();
    serde_json::to_string(&numbers).expect("numbers have a JSON form")
}

/// The values of one statement, in the driver's own form: each is converted once.
#[derive(Debug)]
pub(crate) enum Args {
    Sqlite(SqliteArguments),
    Postgres(PgArguments),
}

/// One statement with its values.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) text: SqlStr,
    pub(crate) args: Args,
}

impl Statement {
    pub(crate) fn new(text: &'static str, args: Args) -> Self {
        Self { text: text.into_sql_str(), args }
    }

    /// `text` holds nothing but this crate's own words and placeholders.
    pub(crate) fn generated(text: Arc<str>, args: Args) -> Self {
        Self { text: AssertSqlSafe(text).into_sql_str(), args }
    }
}

impl Args {
    pub(crate) fn new(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Sqlite => Self::Sqlite(SqliteArguments::default()),
            Dialect::Postgres => Self::Postgres(PgArguments::default()),
        }
    }

    fn reserve(&mut self, values: usize) {
        match self {
            Self::Sqlite(args) => args.reserve(values, 0),
            Self::Postgres(args) => args.reserve(values, values * 12),
        }
    }

    pub(crate) fn int(&mut self, value: impl Into<Option<i64>>) -> &mut Self {
        let value = value.into();
        let added = match self {
            Self::Sqlite(args) => args.add(value),
            Self::Postgres(args) => args.add(value),
        };
        added.expect("a number always fits");
        self
    }

    pub(crate) fn text<'a>(&mut self, value: impl Into<Option<&'a str>>) -> &mut Self {
        let value = value.into();
        let added = match self {
            // An `Arc<str>` is one allocation; a `&str` would be two.
            Self::Sqlite(args) => args.add(value.map(Arc::<str>::from)),
            Self::Postgres(args) => args.add(value),
        };
        added.expect("a text below a gigabyte always fits");
        self
    }

    pub(crate) fn bytes<'a>(&mut self, value: impl Into<Option<&'a [u8]>>) -> &mut Self {
        let value = value.into();
        let added = match self {
            Self::Sqlite(args) => args.add(value),
            Self::Postgres(args) => args.add(value),
        };
        added.expect("bytes below a gigabyte always fit");
        self
    }
}

/// How many rows a statement may write. Few sizes, so that each statement is prepared once and then found in the
/// connection's cache; the rows that a size has too many are NULL and are filtered out by the statement.
const SIZES: [usize; 9] = [1, 2, 4, 8, 16, 32, 64, 128, 256];
/// Most rows of one statement.
pub(crate) const ROWS_MAX: usize = SIZES[SIZES.len() - 1];

/// What a column holds; Postgres wants to know even of a NULL.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Int,
    Text,
    Bytes,
}

/// A column whose value the database computes.
struct Computed {
    column: usize,
    /// By this, of the values `column1`, `column2`, …
    by: &'static str,
    /// For the rows of which this holds; the others are left out.
    of: &'static str,
}

/// A table that batches are written to.
pub(crate) struct Table {
    name: &'static str,
    columns: &'static [(&'static str, Kind)],
    /// The leading columns that are the key.
    key: usize,
    /// The first column that a later record of the same key replaces; the number of columns where none does.
    replaced: usize,
    /// What must hold, beside the key, for a former record to be replaced.
    guard: Option<&'static str>,
    computed: Option<Computed>,
    texts: [[OnceLock<Arc<str>>; SIZES.len()]; 2],
    update_texts: [[OnceLock<Arc<str>>; SIZES.len()]; 2],
}

impl Table {
    pub(crate) const fn new(
        name: &'static str,
        columns: &'static [(&'static str, Kind)],
        key: usize,
        replaced: usize,
    ) -> Self {
        assert!(columns.len() * ROWS_MAX < 32_766, "SQLite takes no more values in one statement");
        let texts = [const { [const { OnceLock::new() }; SIZES.len()] }; 2];
        let update_texts = [const { [const { OnceLock::new() }; SIZES.len()] }; 2];
        Self { name, columns, key, replaced, guard: None, computed: None, texts, update_texts }
    }

    /// The same, whose records are replaced only where `guard` holds; `excluded` is the later one.
    pub(crate) const fn guarded(mut self, guard: &'static str) -> Self {
        self.guard = Some(guard);
        self
    }

    /// The same, whose column number `column` (from 0) is computed by `by` for the rows of which `of` holds; the others are
    /// left out.
    pub(crate) const fn computed(
        mut self,
        column: usize,
        by: &'static str,
        of: &'static str,
    ) -> Self {
        self.computed = Some(Computed { column, by, of });
        self
    }

    /// The names of the columns, for a SELECT that reads them in their order.
    pub(crate) fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// Statements that write `rows`, each by `write`.
    pub(crate) fn upsert<R>(
        &'static self,
        dialect: Dialect,
        rows: &[R],
        write: impl Fn(&R, &mut Args),
    ) -> impl Iterator<Item = Statement> {
        self.batches(dialect, rows, write, move |at| self.text(dialect, at))
    }

    /// Statements that set the columns behind the key of rows that are there, each by `write`.
    pub(crate) fn update<R>(
        &'static self,
        dialect: Dialect,
        rows: &[R],
        write: impl Fn(&R, &mut Args),
    ) -> impl Iterator<Item = Statement> {
        self.batches(dialect, rows, write, move |at| self.update_text(dialect, at))
    }

    fn batches<R>(
        &'static self,
        dialect: Dialect,
        rows: &[R],
        write: impl Fn(&R, &mut Args),
        text: impl Fn(usize) -> Arc<str>,
    ) -> impl Iterator<Item = Statement> {
        rows.chunks(ROWS_MAX).map(move |rows| {
            let at = SIZES.iter().position(|&size| size >= rows.len()).unwrap_or(SIZES.len() - 1);
            let mut args = Args::new(dialect);
            args.reserve(SIZES[at] * self.columns.len());
            for row in rows {
                write(row, &mut args);
            }
            for _ in rows.len()..SIZES[at] {
                self.pad(&mut args);
            }
            Statement::generated(text(at), args)
        })
    }

    fn pad(&self, args: &mut Args) {
        for (_, kind) in self.columns {
            match kind {
                Kind::Int => args.int(None),
                Kind::Text => args.text(None),
                Kind::Bytes => args.bytes(None),
            };
        }
    }

    fn text(&self, dialect: Dialect, size: usize) -> Arc<str> {
        let of_dialect = &self.texts[usize::from(dialect == Dialect::Postgres)];
        of_dialect[size].get_or_init(|| self.spell(dialect, SIZES[size]).into()).clone()
    }

    fn update_text(&self, dialect: Dialect, size: usize) -> Arc<str> {
        let of_dialect = &self.update_texts[usize::from(dialect == Dialect::Postgres)];
        of_dialect[size].get_or_init(|| self.spell_update(dialect, SIZES[size]).into()).clone()
    }

    fn spell_update(&self, dialect: Dialect, rows: usize) -> String {
        let names = self.columns.iter().map(|(name, _)| *name).enumerate();
        let set =
            names.clone().skip(self.key).map(|(at, name)| format!("{name} = v.column{}", at + 1));
        let same = names
            .take(self.key)
            .map(|(at, name)| format!("{}.{name} = v.column{}", self.name, at + 1));
        let (set, same) =
            (set.collect::<Vec<_>>().join(", "), same.collect::<Vec<_>>().join(" AND "));
        let mut text = format!("UPDATE {} SET {set} FROM (VALUES ", self.name);
        self.placeholders(dialect, rows, &mut text);
        let _ = write!(text, ") AS v WHERE {same}");
        text
    }

    fn spell(&self, dialect: Dialect, rows: usize) -> String {
        let mut text = format!("INSERT INTO {} ({}) SELECT ", self.name, self.names());
        for at in 1..=self.columns.len() {
            text.push_str(if at == 1 { "" } else { ", " });
            let _ = match &self.computed {
                Some(it) if it.column + 1 == at => write!(text, "{}", it.by),
                _ => write!(text, "column{at}"),
            };
        }
        text.push_str(" FROM (VALUES ");
        self.placeholders(dialect, rows, &mut text);
        text.push_str(") AS v WHERE column1 IS NOT NULL");
        if let Some(it) = &self.computed {
            let _ = write!(text, " AND {}", it.of);
        }
        text.push_str(" ON CONFLICT (");
        let names = |from: usize, to: usize| self.columns[from..to].iter().map(|(name, _)| *name);
        text.push_str(&names(0, self.key).collect::<Vec<_>>().join(", "));
        text.push_str(") DO ");
        if self.replaced == self.columns.len() {
            text.push_str("NOTHING");
        } else {
            let set = names(self.replaced, self.columns.len());
            let set = set.map(|name| format!("{name} = excluded.{name}"));
            let _ = write!(text, "UPDATE SET {}", set.collect::<Vec<_>>().join(", "));
        }
        if let Some(guard) = self.guard {
            let _ = write!(text, " WHERE {guard}");
        }
        text
    }

    fn placeholders(&self, dialect: Dialect, rows: usize, text: &mut String) {
        for row in 0..rows {
            text.push_str(if row == 0 { "(" } else { ", (" });
            for column in 0..self.columns.len() {
                text.push_str(if column == 0 { "" } else { ", " });
                // SQLite finds the name of a numbered placeholder by a linear search, at each binding.
                let _ = match dialect {
                    Dialect::Sqlite => write!(text, "?"),
                    Dialect::Postgres => {
                        write!(text, "${}", row * self.columns.len() + column + 1)
                    }
                };
            }
            text.push(')');
        }
    }
}
