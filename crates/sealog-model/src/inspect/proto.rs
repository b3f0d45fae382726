//! Fields of protocol buffers, with the faults of an inspection.

use std::cell::Cell;
use std::rc::Rc;

use super::inspection::{Fault, Inspection};
use super::limits::TEXT_BYTES_MAX;
use super::reader::io;
use crate::formats::message::{Message, MessageError, Part, PartValue};
use crate::formats::protobuf::varint;
use crate::formats::source::Source;

/// A message inside of a file.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) source: Source,
    /// Where it begins in the file.
    pub(super) start: u64,
    /// Whether a text of this file was cut; all its places share it.
    cut: Rc<Cell<bool>>,
}

impl Place {
    pub(super) fn new(source: Source, start: u64) -> Self {
        let cut = Rc::default();
        Self { source, start, cut }
    }

    /// Says so where a text was longer than is kept.
    pub(super) fn note_cuts(&self, out: &mut Inspection) {
        if self.cut.get() {
            let what = format!("texts beyond their first {TEXT_BYTES_MAX} bytes");
            out.unread.push(what);
        }
    }

    /// Calls `step` with each field that has a length, and `number` with each integer.
    pub(super) fn each(
        &self,
        mut step: impl FnMut(u64, Self) -> Result<(), Fault>,
        mut number: impl FnMut(u64, u64),
    ) -> Result<(), Fault> {
        let mut message = Message::new(self.source.clone(), self.start);
        loop {
            let part = message.next().map_err(|error| match error {
                MessageError::Io(error, at) => io(&error, at),
                MessageError::Broken(at) => Fault::new("a message breaks off", at),
            })?;
            match part {
                None => return Ok(()),
                Some(Part {
                    number: field,
                    value,
                    ..
                }) => match value {
                    PartValue::Number(value) => number(field, value),
                    PartValue::Bytes(source, start) => {
                        let cut = Rc::clone(&self.cut);
                        step(field, Self { source, start, cut })?;
                    }
                    PartValue::Fixed => {}
                },
            }
        }
    }

    /// As a text, cut where it is too long.
    pub(super) fn text(&self) -> Result<String, Fault> {
        let max = u64::try_from(TEXT_BYTES_MAX).unwrap_or(u64::MAX);
        if self.source.len() > max {
            self.cut.set(true);
        }
        let bytes = self.source.bytes(0, max);
        let bytes = bytes.map_err(|error| io(&error, self.start))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// As packed integers, at most `max`.
    pub(super) fn packed(&self, max: usize) -> Result<Vec<u64>, Fault> {
        let wrong = || Fault::new("numbers that break off, or too many", self.start);
        let most = u64::try_from(max.saturating_mul(10)).unwrap_or(u64::MAX);
        if self.source.len() > most {
            return Err(wrong());
        }
        let bytes = self.source.bytes(0, most);
        let bytes = bytes.map_err(|error| io(&error, self.start))?;
        let (mut rest, mut numbers) = (bytes.as_slice(), Vec::new());
        while !rest.is_empty() {
            numbers.push(varint(&mut rest).ok_or_else(wrong)?);
        }
        if numbers.len() > max {
            return Err(wrong());
        }
        Ok(numbers)
    }
}
