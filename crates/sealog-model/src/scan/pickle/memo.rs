//! What a pickle remembers, by number.

use std::collections::HashMap;

use super::super::limits::Limits;
use super::machine::{Halt, Machine, broken, limit};
use super::text::{self, Index};
use super::value::Value;

/// The entries, each in one place alone: `MEMOIZE` takes their count for its number, and two loaders that counted
/// differently would read different names.
#[derive(Debug, Default)]
pub(super) struct Memo {
    /// Those from 0 on without a gap.
    near: Vec<Value>,
    /// All others.
    far: HashMap<u64, Value>,
    /// Bytes of all texts.
    text: usize,
}

impl Memo {
    fn len(&self) -> usize {
        self.near.len() + self.far.len()
    }

    fn get(&self, index: u64) -> Option<&Value> {
        let near = usize::try_from(index).ok();
        let near = near.and_then(|index| self.near.get(index));
        near.or_else(|| self.far.get(&index))
    }

    fn set(&mut self, index: u64, mut value: Value, limits: &Limits) -> Result<(), Halt> {
        if let Value::Text(text) = &value {
            self.text = self.text.saturating_add(text.len());
            if self.text > limits.memo_text {
                value = Value::Data;
            }
        }
        if self.len() >= limits.memo {
            return Err(limit("the memo is too large"));
        }
        let near = usize::try_from(index).unwrap_or(usize::MAX);
        if let Some(slot) = self.near.get_mut(near) {
            *slot = value;
        } else if near == self.near.len() {
            self.far.remove(&index);
            self.near.push(value);
        } else {
            self.far.insert(index, value);
        }
        Ok(())
    }
}

impl Machine<'_, '_, '_> {
    /// Every opcode that remembers or recalls.
    pub(super) fn memo_step(&mut self, opcode: u8) -> Result<(), Halt> {
        let index = match opcode {
            b'p' | b'g' => self.index(opcode)?,
            b'q' | b'h' => self.number::<1>()?,
            b'r' | b'j' => self.number::<4>()?,
            _ => u64::try_from(self.memo.len()).unwrap_or(u64::MAX),
        };
        if matches!(opcode, b'g' | b'h' | b'j') {
            let value = self.memo.get(index).cloned();
            return self.push(value.ok_or(broken("recalls what it never remembered"))?);
        }
        let value = self.top()?;
        self.memo.set(index, value, self.scan.limits)
    }

    /// The index of `PUT` or `GET`.
    fn index(&mut self, opcode: u8) -> Result<u64, Halt> {
        let line = self.line()?;
        match text::index(&line.bytes, line.whole) {
            Index::Entry(index) => Ok(index),
            Index::None => Err(broken("has a memo index that is no number")),
            Index::Beyond => {
                // Where there is nothing to remember or to recall, no loader gets on either.
                if opcode == b'p' {
                    self.top()?;
                } else if self.memo.len() == 0 {
                    return Err(broken("recalls what it never remembered"));
                }
                Err(limit("has a memo index that is too long"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_that_was_far_and_comes_near_is_counted_once_and_read_as_it_is_now() {
        let (mut memo, limits) = (Memo::default(), Limits::default());
        for (index, value, len) in [
            (1, 10, 1),
            (0, 20, 2),
            (1, 30, 2),
            (3, 40, 3),
            (2, 50, 4),
            (3, 60, 4),
        ] {
            memo.set(index, Value::Integer(value), &limits)
                .ok()
                .unwrap();
            assert_eq!(memo.len(), len);
            assert_eq!(memo.get(index).and_then(Value::as_integer), Some(value));
        }
        assert!(memo.get(4).is_none() && memo.get(u64::MAX).is_none());
    }
}
