//! Shapes: what records of one producer have in common, so that the next one is checked without being taken apart.
//!
//! Most lines of a log differ from one before them in a few values only: the members, their order, the kind and the
//! constants are the same. A [`Shape`] is learnt from a text that the full check accepted: it knows which bytes stay
//! (keys, punctuation, `null`, the kind, the schema's version), and for each place where a value stands the form that
//! the table gives it. A text fits if the bytes that stay are there and each value has its form; then the full check
//! would accept it too, since whatever that looks at is either in the bytes that stay or in a value.
//!
//! A text is held against the last one that fitted, from one difference to the next: of the values that are the same
//! in both, the form is known.
//!
//! A shape can only accept. What fits none is read in full, and only the full check refuses.
//!
//! **What is absent**: records that rules between fields read beyond the presence of a constant (see
//! [`Shape::learn_line`]), and any use by the full check itself.

mod learn;
mod value;

use alloc::vec::Vec;
use core::ops::Range;

use super::table::{KindDef, Slot};
use crate::json::{Tape, first_stop};
use crate::limits::RECORD_BYTES_MAX;
use value::Form;

/// The parts of a line whose members have slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The `log` and `record` members: no slot stands in both.
    Envelope,
    /// The body.
    Body,
    /// What stands inside of their members: without slots.
    Inside,
}

impl Part {
    /// Those with slots.
    const COUNT: usize = 2;
}

/// A value, or the text from the beginning of one text to its end.
pub(super) type Span = (usize, usize);

/// What the texts of one shape have in common: everything of the last of them but its values.
#[derive(Debug)]
pub(crate) struct Shape {
    kind: &'static KindDef,
    steps: Vec<Step>,
    /// The step of each slot's value.
    of_slot: [Option<u16>; Slot::COUNT * Part::COUNT],
    /// The last text that had the shape. A value that stands in the next one too, where this one has it and with the
    /// same byte behind it, is not looked at again.
    text: Vec<u8>,
    /// Where the value of each step stands in it.
    spans: Vec<Span>,
    /// The same for a text that is held against the shape.
    found: Vec<Span>,
    record: Range<usize>,
}

/// A value.
#[derive(Debug)]
struct Step {
    form: Form,
    part: Part,
    slot: Slot,
}

/// None, which is no slot, for what stands inside of members.
const fn place(part: Part, slot: Slot) -> usize {
    match part {
        Part::Envelope => slot.place(),
        Part::Body => Slot::COUNT + slot.place(),
        Part::Inside => Slot::None.place(),
    }
}

impl Shape {
    /// The shape of a text that the full check accepted, by its values in their order.
    fn new(kind: &'static KindDef, text: &[u8], steps: Vec<Step>, spans: Vec<Span>) -> Self {
        let mut of_slot = [None; Slot::COUNT * Part::COUNT];
        for (number, step) in (0..).zip(&steps) {
            if step.slot != Slot::None
                && let Some(place) = of_slot.get_mut(place(step.part, step.slot))
            {
                *place = Some(number);
            }
        }
        Self {
            kind,
            steps,
            of_slot,
            text: text.to_vec(),
            spans,
            found: Vec::new(),
            record: 0..0,
        }
    }

    /// The kind of the records that have it.
    pub(crate) const fn kind(&self) -> &'static KindDef {
        self.kind
    }

    /// Where a value stands in the last text that fitted, a string without its quotes; none for a member that the
    /// shape has not.
    pub(crate) fn get(&self, part: Part, slot: Slot) -> Option<Range<usize>> {
        let step = (*self.of_slot.get(place(part, slot))?)?;
        let (start, end) = *self.spans.get(usize::from(step))?;
        Some(start..end)
    }

    /// Where the record stands in it.
    pub(crate) fn record(&self) -> Range<usize> {
        self.record.clone()
    }

    /// Whether a text has this shape; if so, it is the last one that fitted. `tape` is a buffer.
    pub(crate) fn fits(&mut self, text: &[u8], tape: &mut Tape) -> bool {
        let Some(record) = self.walk(text, tape) else {
            return false;
        };
        if record.len() > RECORD_BYTES_MAX {
            return false;
        }
        // What was found is now what is known; should the text be refused below, it still had the shape.
        core::mem::swap(&mut self.spans, &mut self.found);
        self.text.clear();
        self.text.extend_from_slice(text);
        self.record = record;
        self.names_one_system()
    }

    /// Holds a text against the last one; gives where the record stands.
    fn walk(&mut self, text: &[u8], tape: &mut Tape) -> Option<Range<usize>> {
        self.found.clear();
        let mut record = 0..0;
        // Up to where both texts were looked at, and how many bytes from there on are the same in both.
        let (mut at, mut known) = (0, 0);
        let mut same = same_bytes(text, &self.text);
        for (step, (start, end)) in self.steps.iter().zip(&self.spans) {
            // What lies before the value stays.
            let stays = start - known;
            if stays > same {
                return None;
            }
            at += stays;
            let value = at;
            match step.form {
                Form::RecordBegins => record.start = at,
                Form::RecordEnds => record.end = at,
                // What follows ends the value: in JSON a byte that no value of this form goes on with.
                _ if end - known < same => at += end - start,
                form => {
                    at = form.end(text, at, tape)?;
                    same = same_bytes(text.get(at..)?, self.text.get(*end..)?);
                    known = *end;
                    self.found.push((value, at));
                    continue;
                }
            }
            same -= end - known;
            known = *end;
            self.found.push((value, at));
        }
        let rest = text.len() - at;
        (same == rest && rest == self.text.len() - known).then_some(record)
    }

    /// A body that has a `system_id` has the record's. Whether they are strings is part of the shape.
    fn names_one_system(&self) -> bool {
        let system = |part| {
            self.get(part, Slot::SystemId)
                .and_then(|at| self.text.get(at))
        };
        match system(Part::Body) {
            None => true,
            inner => inner == system(Part::Envelope),
        }
    }
}

/// With how many same bytes two texts begin.
fn same_bytes(text: &[u8], other: &[u8]) -> usize {
    let (wide, others) = (text.as_chunks::<32>().0, other.as_chunks::<32>().0);
    let mut same = 0;
    for (chunk, other) in wide.iter().zip(others) {
        if chunk != other {
            break;
        }
        same += 32;
    }
    let rest = text.get(same..).unwrap_or_default().as_chunks::<8>().0;
    let others = other.get(same..).unwrap_or_default().as_chunks::<8>().0;
    for (word, other) in rest.iter().zip(others) {
        let differ = u64::from_le_bytes(*word) ^ u64::from_le_bytes(*other);
        if differ != 0 {
            return same + first_stop(differ);
        }
        same += 8;
    }
    let rest = text.get(same..).unwrap_or_default();
    let others = other.get(same..).unwrap_or_default();
    same + rest.iter().zip(others).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::same_bytes;
    use alloc::vec;

    #[test]
    fn texts_are_the_same_up_to_their_first_difference_or_the_end_of_the_shorter() {
        for length in 0..100 {
            let text = vec![b'x'; length];
            for other in 0..100 {
                assert_eq!(same_bytes(&text, &vec![b'x'; other]), length.min(other));
            }
            for at in 0..length {
                let mut other = text.clone();
                other[at] = b'y';
                assert_eq!(same_bytes(&text, &other), at);
            }
        }
    }
}
