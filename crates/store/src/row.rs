//! Rows, and how their columns are read.

use std::time::Duration;

use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use timbre_model::{CallId, Civil};

use crate::StoreError;

/// One row of an answer.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// Reads a row's columns from left to right. What cannot be read is [`StoreError::Corrupt`].
pub(crate) struct Columns<'r> {
    row: &'r Row,
    next: usize,
    table: &'static str,
    /// The row's key, as far as it was read.
    key: Vec<String>,
    key_columns: usize,
}

macro_rules! get {
    ($self:ident, $type:ty, $column:ident) => {{
        let at = $self.next;
        $self.next += 1;
        let value = match $self.row {
            Row::Sqlite(row) => row.try_get::<$type, usize>(at),
            Row::Postgres(row) => row.try_get::<$type, usize>(at),
        };
        value.map_err(|_| $self.corrupt($column))
    }};
}

impl<'r> Columns<'r> {
    /// `row` is of `table`, and its first `key_columns` columns name it in errors.
    pub(crate) fn new(row: &'r Row, table: &'static str, key_columns: usize) -> Self {
        Self { row, next: 0, table, key: Vec::new(), key_columns }
    }

    /// The error of a bad value in `column`.
    pub(crate) fn corrupt(&self, column: &'static str) -> StoreError {
        StoreError::Corrupt { table: self.table, column, id: self.key.join("/") }
    }

    fn note_key(&mut self, value: impl FnOnce() -> String) {
        if self.key.len() < self.key_columns {
            self.key.push(value());
        }
    }

    pub(crate) fn int_or_null(&mut self, column: &'static str) -> Result<Option<i64>, StoreError> {
        get!(self, Option<i64>, column)
    }

    pub(crate) fn int(&mut self, column: &'static str) -> Result<i64, StoreError> {
        let value = self.int_or_null(column)?.ok_or_else(|| self.corrupt(column))?;
        self.note_key(|| value.to_string());
        Ok(value)
    }

    pub(crate) fn text_or_null(
        &mut self,
        column: &'static str,
    ) -> Result<Option<&'r str>, StoreError> {
        get!(self, Option<&'r str>, column)
    }

    pub(crate) fn text(&mut self, column: &'static str) -> Result<&'r str, StoreError> {
        let value = self.text_or_null(column)?.ok_or_else(|| self.corrupt(column))?;
        self.note_key(|| value.to_owned());
        Ok(value)
    }

    pub(crate) fn bytes_or_null(
        &mut self,
        column: &'static str,
    ) -> Result<Option<&'r [u8]>, StoreError> {
        get!(self, Option<&'r [u8]>, column)
    }

    pub(crate) fn bytes(&mut self, column: &'static str) -> Result<&'r [u8], StoreError> {
        self.bytes_or_null(column)?.ok_or_else(|| self.corrupt(column))
    }

    /// A text in the form that `parse` reads.
    pub(crate) fn parsed<T>(
        &mut self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, StoreError> {
        let value = self.text(column)?;
        parse(value).ok_or_else(|| self.corrupt(column))
    }

    /// The same, where it may be absent.
    pub(crate) fn parsed_or_null<T>(
        &mut self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        let value = self.text_or_null(column)?;
        value.map(|text| parse(text).ok_or_else(|| self.corrupt(column))).transpose()
    }

    pub(crate) fn time(&mut self, column: &'static str) -> Result<Civil, StoreError> {
        Ok(Civil::from_micros(self.int(column)?))
    }

    pub(crate) fn time_or_null(
        &mut self,
        column: &'static str,
    ) -> Result<Option<Civil>, StoreError> {
        Ok(self.int_or_null(column)?.map(Civil::from_micros))
    }

    /// A number that is not negative and fits `T`.
    pub(crate) fn count<T: TryFrom<i64>>(&mut self, column: &'static str) -> Result<T, StoreError> {
        let value = self.int(column)?;
        T::try_from(value).map_err(|_| self.corrupt(column))
    }

    pub(crate) fn count_or_null<T: TryFrom<i64>>(
        &mut self,
        column: &'static str,
    ) -> Result<Option<T>, StoreError> {
        let value = self.int_or_null(column)?;
        value.map(|count| T::try_from(count).map_err(|_| self.corrupt(column))).transpose()
    }

    pub(crate) fn span(&mut self, column: &'static str) -> Result<Duration, StoreError> {
        self.count(column).map(Duration::from_micros)
    }

    pub(crate) fn call(&mut self, column: &'static str) -> Result<CallId, StoreError> {
        let call = self.call_or_null(column)?.ok_or_else(|| self.corrupt(column))?;
        self.note_key(|| call.to_string());
        Ok(call)
    }

    pub(crate) fn call_or_null(
        &mut self,
        column: &'static str,
    ) -> Result<Option<CallId>, StoreError> {
        let Some(bytes) = self.bytes_or_null(column)? else { return Ok(None) };
        let id = <[u8; 16]>::try_from(bytes).map_err(|_| self.corrupt(column))?;
        Ok(Some(CallId::from_u128(u128::from_be_bytes(id))))
    }
}
