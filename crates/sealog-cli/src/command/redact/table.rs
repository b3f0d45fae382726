//! Columns of a CSV table, row by row: of a table of any length no more is held than a row.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{self, Read};

use csv::{ByteRecord, ErrorKind, Position, Reader, ReaderBuilder, Writer};
use sealog_core::json::{Object, Value};
use sealog_privacy::policy::{Counts, Policy, Redactor};

use super::{counted, input_failed};
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{number, object, plain};

/// Bytes that are read for one row, at most: a quote that is never closed makes a row of all that follows.
const ROW_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Bytes that are written at once.
const WRITE_BYTES: usize = 64 * 1024;

/// Redacts columns of a table. What stands before a row that is malformed is written; without a column that was asked
/// for nothing is.
pub(super) fn redact(
    policy: &Policy,
    columns: &[String],
    context: &mut Context,
) -> Result<u8, Error> {
    let left = Cell::new(ROW_BYTES_MAX);
    let mut rows = Rows::of(io::stdin().lock(), &left);
    if !rows.next()? {
        return Err(bad("it has no header".to_owned()));
    }
    let mut table = Table {
        chosen: chosen(&rows.row, columns)?,
        redactor: policy.redactor(),
        counts: BTreeMap::new(),
    };
    if context.json() {
        return table.report(&mut rows, policy, context);
    }
    let mut writer = Writer::from_writer(Vec::new());
    write(&mut writer, &rows.row)?;
    let copied = copy(&mut rows, &mut table, &mut writer, context);
    give(&mut writer, context)?;
    copied.map(|()| exit::HOLDS)
}

/// Writes row after row, up to the end or to the first that is malformed.
fn copy<R: Read>(
    rows: &mut Rows<'_, R>,
    table: &mut Table<'_>,
    writer: &mut Writer<Vec<u8>>,
    context: &mut Context,
) -> Result<(), Error> {
    while rows.next()? {
        let row = table.row(&rows.row)?;
        write(writer, &row)?;
        if writer.get_ref().len() >= WRITE_BYTES {
            give(writer, context)?;
        }
    }
    Ok(())
}

/// What is read of a table, which may hold anything.
struct Rows<'l, R: Read> {
    reader: Reader<Rationed<'l, R>>,
    left: &'l Cell<usize>,
    row: ByteRecord,
}

impl<'l, R: Read> Rows<'l, R> {
    fn of(input: R, left: &'l Cell<usize>) -> Self {
        let mut options = ReaderBuilder::new();
        Self {
            reader: options
                .has_headers(false)
                .from_reader(Rationed { input, left }),
            left,
            row: ByteRecord::new(),
        }
    }

    /// Whether there is another row.
    fn next(&mut self) -> Result<bool, Error> {
        self.left.set(ROW_BYTES_MAX);
        let line = self.reader.position().line();
        match self.reader.read_byte_record(&mut self.row) {
            Ok(is_there) => Ok(is_there),
            Err(error) if self.left.get() == 0 => {
                drop(error);
                let problem = format!(
                    "the row at line {line} has more than {ROW_BYTES_MAX} bytes: is a quote not closed?"
                );
                Err(bad(problem))
            }
            Err(error) => Err(failed(error)),
        }
    }
}

/// Reads no more than what is left of a ration.
struct Rationed<'l, R> {
    input: R,
    left: &'l Cell<usize>,
}

impl<R: Read> Read for Rationed<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = into.len().min(self.left.get());
        if most == 0 && !into.is_empty() {
            return Err(io::Error::other("the row is too long"));
        }
        let read = self.input.read(into.get_mut(..most).unwrap_or_default())?;
        self.left.set(self.left.get().saturating_sub(read));
        Ok(read)
    }
}

/// What is done with the rows.
struct Table<'p> {
    /// Place and name of each column that is redacted.
    chosen: Vec<(usize, String)>,
    redactor: Redactor<'p>,
    counts: BTreeMap<String, Counts>,
}

impl Table<'_> {
    fn row(&mut self, row: &ByteRecord) -> Result<ByteRecord, Error> {
        let mut out = ByteRecord::new();
        for (place, cell) in row.iter().enumerate() {
            match self.chosen.iter().find(|(chosen, _)| *chosen == place) {
                Some((_, name)) => {
                    let redacted = self.redactor.field(cell, name.to_lowercase().as_bytes())?;
                    let counts = self.counts.entry(name.clone()).or_default();
                    for (id, count) in redacted.counts() {
                        *counts.entry(id).or_default() += count;
                    }
                    out.push_field(&redacted.text);
                }
                None => out.push_field(cell),
            }
        }
        Ok(out)
    }

    /// Prints how much of each type is in each column, and no cell.
    fn report<R: Read>(
        &mut self,
        rows: &mut Rows<'_, R>,
        policy: &Policy,
        context: &mut Context,
    ) -> Result<u8, Error> {
        let mut read = 0_u64;
        while rows.next()? {
            self.row(&rows.row)?;
            read += 1;
        }
        let mut columns = Object::new();
        for (_, name) in &self.chosen {
            let none = Counts::new();
            let counts = self.counts.get(name).unwrap_or(&none);
            columns.insert(name.as_str(), counted(counts));
        }
        context.out.json(&object([
            ("columns", Value::Object(columns)),
            ("policy_digest", Value::from(policy.digest().to_hex())),
            ("rows", number(read)),
        ]))?;
        Ok(exit::HOLDS)
    }
}

/// Where the columns stand that were asked for.
fn chosen(header: &ByteRecord, columns: &[String]) -> Result<Vec<(usize, String)>, Error> {
    let place = |column: &String| {
        let place = header.iter().position(|name| name == column.as_bytes());
        let place = place.ok_or_else(|| bad(format!("no column is called `{}`", plain(column))))?;
        Ok((place, column.clone()))
    };
    columns.iter().map(place).collect()
}

fn write(writer: &mut Writer<Vec<u8>>, row: &ByteRecord) -> Result<(), Error> {
    writer.write_byte_record(row).map_err(failed)
}

/// Gives out what was written so far.
fn give(writer: &mut Writer<Vec<u8>>, context: &mut Context) -> Result<(), Error> {
    let done = std::mem::replace(writer, Writer::from_writer(Vec::new()));
    let text = done.into_inner();
    let text = text.map_err(|_| bad("it cannot be written".to_owned()))?;
    context.out.bytes(&text)
}

fn bad(problem: String) -> Error {
    Error::Argument {
        argument: "the table for --column",
        problem,
    }
}

/// What is wrong with a table, without any of its cells.
fn failed(error: csv::Error) -> Error {
    match error.into_kind() {
        ErrorKind::Io(source) => input_failed(source),
        ErrorKind::UnequalLengths {
            pos,
            expected_len,
            len,
        } => {
            let line = pos.as_ref().map_or(0, Position::line);
            bad(format!(
                "line {line} has {len} cells, {expected_len} were expected"
            ))
        }
        _ => bad("it is not CSV".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_row(bytes: usize) -> Result<bool, Error> {
        let left = Cell::new(ROW_BYTES_MAX);
        let text = vec![b'a'; bytes];
        Rows::of(&*text, &left).next()
    }

    #[test]
    fn a_row_may_be_long_and_not_longer() {
        assert!(first_row(ROW_BYTES_MAX - 1).unwrap());
        let error = first_row(ROW_BYTES_MAX).unwrap_err();
        assert_eq!(error.code(), "argument");
        assert!(
            error.to_string().contains("line 1 has more than"),
            "{error}"
        );
    }

    #[test]
    fn a_table_may_be_longer_than_a_row() {
        let left = Cell::new(ROW_BYTES_MAX);
        let text = format!("{}\n", "a".repeat(ROW_BYTES_MAX / 2)).repeat(3);
        let mut rows = Rows::of(text.as_bytes(), &left);
        for _ in 0..3 {
            assert!(rows.next().unwrap());
        }
        assert!(!rows.next().unwrap());
    }
}
