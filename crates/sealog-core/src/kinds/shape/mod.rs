//! Shapes: what records of one producer have in common, so that the next one is checked without being taken apart.
//!
//! Most lines of a log differ from one before them in a few values only: the members, their order, the kind and the
//! constants are the same. A [`Shape`] is learnt from a text that the full check accepted: it holds the bytes that
//! stay (keys, punctuation, `null`, the kind, the schema's version), and for each place where a value stands the
//! form that the table gives it. A text fits if the bytes that stay are there and each value has its form; then the
//! full check would accept it too, since whatever that looks at is either in the bytes that stay or in a value.
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
use crate::json::Tape;
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

/// What the texts of one shape have in common.
#[derive(Debug)]
pub(crate) struct Shape {
    kind: &'static KindDef,
    /// The bytes that stay, one piece after the other.
    constant: Vec<u8>,
    steps: Vec<Step>,
}

/// A value, and the bytes that stay before it.
#[derive(Debug)]
struct Step {
    /// Where those end in `constant`; they begin where those of the step before end.
    constant_end: usize,
    form: Form,
    part: Part,
    slot: Slot,
}

/// Where the values that readers need stand in a text.
#[derive(Debug)]
pub(crate) struct Places {
    of_slot: [(usize, usize); Slot::COUNT * Part::COUNT],
    record: Range<usize>,
}

impl Places {
    pub(crate) const fn new() -> Self {
        Self {
            of_slot: [(0, 0); Slot::COUNT * Part::COUNT],
            record: 0..0,
        }
    }

    /// Where a value stands, a string without its quotes; none for a member that the shape has not.
    pub(crate) fn get(&self, part: Part, slot: Slot) -> Option<Range<usize>> {
        let (start, end) = self.of_slot.get(place(part, slot)).copied()?;
        (end > 0).then_some(start..end)
    }

    /// Where the record stands.
    pub(crate) fn record(&self) -> Range<usize> {
        self.record.clone()
    }

    fn put(&mut self, part: Part, slot: Slot, value: Range<usize>) {
        if let Some(range) = self.of_slot.get_mut(place(part, slot)) {
            *range = (value.start, value.end);
        }
    }
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
    /// The kind of the records that have it.
    pub(crate) const fn kind(&self) -> &'static KindDef {
        self.kind
    }

    /// Whether a text has this shape; if so, where its values stand. `tape` is a buffer.
    pub(crate) fn fits(&self, text: &[u8], tape: &mut Tape, places: &mut Places) -> bool {
        *places = Places::new();
        self.walk(text, tape, places).is_some()
            && places.record.len() <= RECORD_BYTES_MAX
            && names_one_system(text, places)
    }

    fn walk(&self, text: &[u8], tape: &mut Tape, places: &mut Places) -> Option<()> {
        let (mut at, mut constant) = (0, 0);
        for step in &self.steps {
            let stays = self.constant.get(constant..step.constant_end)?;
            let behind = at + stays.len();
            if text.get(at..behind)? != stays {
                return None;
            }
            constant = step.constant_end;
            at = match step.form {
                Form::RecordBegins => {
                    places.record.start = behind;
                    behind
                }
                Form::RecordEnds => {
                    places.record.end = behind;
                    behind
                }
                _ => {
                    let end = step.form.end(text, behind, tape)?;
                    places.put(step.part, step.slot, behind..end);
                    end
                }
            };
        }
        (text.get(at..)? == self.constant.get(constant..)?).then_some(())
    }
}

/// A body that has a `system_id` has the record's. Whether they are strings is part of the shape.
fn names_one_system(text: &[u8], places: &Places) -> bool {
    let system = |part| places.get(part, Slot::SystemId).and_then(|at| text.get(at));
    match system(Part::Body) {
        None => true,
        inner => inner == system(Part::Envelope),
    }
}
