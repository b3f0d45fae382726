//! Protocol buffers at rest: fields by their place, so that what is large is passed over and never held.

use std::io;

use super::protobuf::varint;
use super::source::Source;

/// Bytes read ahead for keys and numbers.
const AHEAD_BYTES: usize = 512;
/// Bytes of a key and a number together at most.
const FIELD_HEAD_BYTES: usize = 20;

/// A message, read field by field.
#[derive(Debug)]
pub(crate) struct Message {
    source: Source,
    /// Where the message begins in the file.
    start: u64,
    at: u64,
    ahead: Vec<u8>,
    ahead_at: u64,
}

/// A field.
#[derive(Debug)]
pub(crate) struct Part {
    /// Its number.
    pub(crate) number: u64,
    /// What it holds.
    pub(crate) value: PartValue,
}

/// The value of a field.
#[derive(Debug)]
pub(crate) enum PartValue {
    /// A variable-length integer.
    Number(u64),
    /// Four or eight bytes, which no reader here asks for.
    Fixed,
    /// A message, text or packed numbers: the bytes, and where they begin in the file.
    Bytes(Source, u64),
}

/// Why a message cannot be read on.
#[derive(Debug)]
pub(crate) enum MessageError {
    /// The bytes cannot be read.
    Io(io::Error, u64),
    /// They are no field, at this byte of the file.
    Broken(u64),
}

impl Message {
    /// A message that is all of `source`, and begins at `start` of its file.
    pub(crate) const fn new(source: Source, start: u64) -> Self {
        Self {
            source,
            start,
            at: 0,
            ahead: Vec::new(),
            ahead_at: 0,
        }
    }

    /// The bytes at the place, enough for a key and a number if there are as many.
    fn head(&mut self) -> io::Result<&[u8]> {
        if self.held().len() < FIELD_HEAD_BYTES {
            let wanted = u64::try_from(AHEAD_BYTES).unwrap_or(0);
            self.ahead = self.source.bytes(self.at, wanted)?;
            self.ahead_at = self.at;
        }
        Ok(self.held())
    }

    fn held(&self) -> &[u8] {
        let skip = self.at.checked_sub(self.ahead_at);
        let skip = skip.and_then(|skip| usize::try_from(skip).ok());
        let held = skip.and_then(|skip| self.ahead.get(skip..));
        held.unwrap_or_default()
    }

    /// The next field; none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Part>, MessageError> {
        if self.at >= self.source.len() {
            return Ok(None);
        }
        let at = self.start.saturating_add(self.at);
        let broken = MessageError::Broken(at);
        let head = self.head().map_err(|error| MessageError::Io(error, at))?;
        let mut rest = head;
        let (Some(key), before) = (varint(&mut rest), head.len()) else {
            return Err(broken);
        };
        let mut length = None;
        let value = match key & 7 {
            0 => varint(&mut rest).map(PartValue::Number),
            1 => {
                length = Some(8);
                Some(PartValue::Fixed)
            }
            5 => {
                length = Some(4);
                Some(PartValue::Fixed)
            }
            2 => {
                length = varint(&mut rest);
                length.map(|_| PartValue::Fixed)
            }
            _ => None,
        };
        let taken = u64::try_from(before - rest.len()).unwrap_or(0);
        let (number, Some(mut value)) = (key >> 3, value) else {
            return Err(broken);
        };
        let data = self.at.saturating_add(taken);
        let length = length.unwrap_or(0);
        if number == 0 || length > self.source.len().saturating_sub(data) {
            return Err(broken);
        }
        if key & 7 == 2 {
            let start = self.start.saturating_add(data);
            value = PartValue::Bytes(self.source.window(data, length), start);
        }
        self.at = data + length;
        Ok(Some(Part { number, value }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_large_is_passed_over() {
        let mut bytes = vec![0x08, 0x96, 0x01, 0x12, 0x80, 0x08];
        bytes.resize(bytes.len() + 1024, 7);
        bytes.extend([0x1d, 1, 2, 3, 4, 0x28, 5]);
        let mut message = Message::new(Source::memory(bytes), 100);
        let first = message.next().unwrap().unwrap();
        assert!(matches!(first.value, PartValue::Number(150)));
        let second = message.next().unwrap().unwrap();
        let PartValue::Bytes(inner, start) = second.value else {
            panic!("no bytes");
        };
        assert_eq!((inner.len(), start), (1024, 106));
        assert!(matches!(
            message.next().unwrap().unwrap().value,
            PartValue::Fixed
        ));
        assert_eq!(message.next().unwrap().unwrap().number, 5);
        assert!(message.next().unwrap().is_none());
    }

    #[test]
    fn a_length_that_lies_is_broken_where_it_stands() {
        for bytes in [
            &[0x08, 0x01, 0x12, 0x7f, 0][..],
            &[0x08, 0x01, 0x03],
            &[0x08, 1, 0x02, 0],
        ] {
            let mut message = Message::new(Source::memory(bytes), 10);
            message.next().unwrap();
            let error = message.next().unwrap_err();
            assert!(matches!(error, MessageError::Broken(12)), "{bytes:?}");
        }
    }
}
