//! Constants: numbers, texts and bytes. Long ones are passed over without being kept.

use super::machine::{Halt, Machine, broken};
use super::text;
use super::value::{TEXT_BYTES_MAX, Value};

impl Machine<'_, '_, '_> {
    /// Every opcode that pushes a constant; any other byte is no opcode.
    pub(super) fn constant(&mut self, opcode: u8) -> Result<(), Halt> {
        let value = match opcode {
            b'N' | 0x88 | 0x89 => Value::Data,
            b'K' => self.small_integer::<1>()?,
            b'M' => self.small_integer::<2>()?,
            b'J' => {
                let bytes = self.stream.array().ok_or(broken("ends in an argument"))?;
                Value::Integer(i32::from_le_bytes(bytes).into())
            }
            b'I' | b'L' => {
                let line = self.line()?;
                text::integer(&line.bytes).map_or(Value::Data, Value::Integer)
            }
            b'F' => {
                self.line()?;
                Value::Data
            }
            b'G' => {
                self.number::<8>()?;
                Value::Data
            }
            0x8a => {
                let len = self.number::<1>()?;
                self.long(len)?
            }
            0x8b => {
                let len = self.signed_length()?;
                self.long(len)?
            }
            b'S' => {
                let line = self.line()?;
                self.nested_in(&line);
                Value::text(&text::quoted(&line.bytes))
            }
            b'V' => {
                let line = self.line()?;
                self.nested_in(&line);
                Value::text(&text::raw_unicode(&line.bytes))
            }
            b'T' => {
                let len = self.signed_length()?;
                self.payload(len, true)?
            }
            b'U' | 0x8c => {
                let len = self.number::<1>()?;
                self.payload(len, true)?
            }
            b'X' => {
                let len = self.number::<4>()?;
                self.payload(len, true)?
            }
            0x8d => {
                let len = self.number::<8>()?;
                self.payload(len, true)?
            }
            b'C' => {
                let len = self.number::<1>()?;
                self.payload(len, false)?
            }
            b'B' => {
                let len = self.number::<4>()?;
                self.payload(len, false)?
            }
            0x8e | 0x96 => {
                let len = self.number::<8>()?;
                self.payload(len, false)?
            }
            _ => return Err(broken("has a byte that is no opcode")),
        };
        self.push(value)
    }

    fn small_integer<const N: usize>(&mut self) -> Result<Value, Halt> {
        let number = self.number::<N>()?;
        Ok(i64::try_from(number).map_or(Value::Data, Value::Integer))
    }

    fn signed_length(&mut self) -> Result<u64, Halt> {
        let bytes = self.stream.array().ok_or(broken("ends in an argument"))?;
        u64::try_from(i32::from_le_bytes(bytes)).map_err(|_| broken("has a negative length"))
    }

    /// Two's complement, little end first.
    fn long(&mut self, len: u64) -> Result<Value, Halt> {
        if len > 8 {
            return self.passed(len);
        }
        let len = usize::try_from(len).unwrap_or(0);
        let bytes = self.stream.take(len).ok_or(broken("ends in an argument"))?;
        let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
        let mut wide = [if negative { 0xff } else { 0 }; 8];
        for (to, from) in wide.iter_mut().zip(bytes) {
            *to = from;
        }
        Ok(Value::Integer(i64::from_le_bytes(wide)))
    }

    fn passed(&mut self, len: u64) -> Result<Value, Halt> {
        if self.stream.skip(len) {
            Ok(Value::Data)
        } else {
            Err(broken("ends in an argument"))
        }
    }

    /// A text or bytes of a stated length. What looks like a pickle is run in its turn.
    fn payload(&mut self, len: u64, is_text: bool) -> Result<Value, Halt> {
        if let Some(value) = self.nested_payload(len)? {
            return Ok(value);
        }
        let short = usize::try_from(len)
            .ok()
            .filter(|len| *len <= TEXT_BYTES_MAX);
        let Some(short) = short.filter(|_| is_text) else {
            return self.passed(len);
        };
        let bytes = self
            .stream
            .take(short)
            .ok_or(broken("ends in an argument"))?;
        Ok(Value::text(&String::from_utf8_lossy(&bytes)))
    }
}
