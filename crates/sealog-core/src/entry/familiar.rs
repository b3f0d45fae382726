//! Reading what has a shape that is known: the facts of a line without taking it apart.
//!
//! The facts are those of the full reading, from the same bytes; a test holds the two against each other over changed
//! lines. What has no known shape is left to the full reading, and so is every refusal.

use alloc::vec::Vec;
use core::ops::Range;

use super::effect::{DecisionFacts, Effect, LabelSource, Score};
use super::reader::{EntryFacts, LogFacts};
use super::record::{RecordFacts, RecordKind, parse_uuid};
use super::{KeyMemo, LOG_PRODUCER, Span};
use crate::config::parse_digest_bytes;
use crate::hash::Hash;
use crate::json::{Ref, Tape};
use crate::kinds::{Part, Shape, Slot};
use crate::time::Timestamp;

/// Shapes that are kept, the last used first: each text is held against all of them at worst.
const SHAPES_MAX: usize = 8;
/// Shapes that are learnt, at most, without one of them having been of use.
const CREDIT_MAX: u32 = 16;
/// Texts without a known shape until one more may be learnt.
const STRANGERS_MAX: u32 = 256;

/// The shapes of the texts that were read last. One for each thread.
#[derive(Debug)]
pub(super) struct Familiar {
    shapes: Vec<Shape>,
    tape: Tape,
    credit: u32,
    strangers: u32,
}

impl Default for Familiar {
    fn default() -> Self {
        Self {
            shapes: Vec::new(),
            tape: Tape::new(),
            credit: CREDIT_MAX,
            strangers: 0,
        }
    }
}

impl Familiar {
    /// The facts of an entry's line, if it has a known shape.
    pub(super) fn entry(
        &mut self,
        line: &[u8],
        memo: &mut KeyMemo,
        leaf: impl Fn() -> Hash,
    ) -> Option<EntryFacts> {
        let known = self.known(line)?;
        let record = known.record(memo)?;
        let span = known.shape.record();
        let (log, producer) = known.log(record.run.of(line.get(span.clone())?), memo)?;
        Some(EntryFacts {
            leaf: leaf(),
            log,
            record,
            record_span: Span::new(span.start, span.len()),
            producer,
            signature: None,
        })
    }

    /// The facts of a record, if it has a known shape.
    pub(super) fn record(&mut self, text: &[u8], memo: &mut KeyMemo) -> Option<RecordFacts> {
        self.known(text)?.record(memo)
    }

    /// Finds the shape of a text, and brings it to the front.
    fn known<'a>(&'a mut self, text: &'a [u8]) -> Option<Known<'a>> {
        let Self { shapes, tape, .. } = self;
        let Some(found) = shapes.iter_mut().position(|shape| shape.fits(text, tape)) else {
            self.strangers += 1;
            return None;
        };
        self.strangers = 0;
        self.credit = CREDIT_MAX.min(self.credit + 1);
        self.shapes.swap(0, found);
        Some(Known {
            text,
            shape: self.shapes.first()?,
        })
    }

    /// Learns the shape of a line that was read in full.
    pub(super) fn learn_line(&mut self, line: &[u8], top: Ref<'_, '_>, facts: &EntryFacts) {
        if facts.signature.is_none() {
            self.learn(&facts.record, |kind| Shape::learn_line(line, top, kind));
        }
    }

    /// Learns the shape of a record that was read in full.
    pub(super) fn learn_record(&mut self, text: &[u8], record: Ref<'_, '_>, facts: &RecordFacts) {
        self.learn(facts, |kind| Shape::learn_record(text, record, kind));
    }

    fn learn(
        &mut self,
        facts: &RecordFacts,
        shape: impl FnOnce(&'static crate::kinds::KindDef) -> Option<Shape>,
    ) {
        let plain = matches!(facts.effect, Effect::None | Effect::Decision(_));
        let RecordKind::Known(kind) = facts.kind else {
            return;
        };
        if facts.newer_schema || !plain || !self.may_learn() {
            return;
        }
        if let Some(shape) = shape(kind) {
            self.shapes.truncate(SHAPES_MAX - 1);
            self.shapes.insert(0, shape);
        }
    }

    /// Texts that are all different are not worth the learning.
    fn may_learn(&mut self) -> bool {
        if self.strangers >= STRANGERS_MAX {
            self.strangers = 0;
            self.credit = self.credit.max(1);
        }
        let may = self.credit > 0;
        self.credit = self.credit.saturating_sub(1);
        may
    }
}

/// A text and its shape, which knows where the values stand.
struct Known<'a> {
    text: &'a [u8],
    shape: &'a Shape,
}

impl<'a> Known<'a> {
    fn range(&self, slot: Slot) -> Option<Range<usize>> {
        self.shape.get(Part::Envelope, slot)
    }

    fn bytes(&self, slot: Slot) -> Option<&'a [u8]> {
        self.text.get(self.range(slot)?)
    }

    fn integer(&self, slot: Slot) -> Option<u64> {
        let digits = self.bytes(slot)?;
        Some(digits.iter().fold(0, |number, digit| {
            number * 10 + u64::from(digit.wrapping_sub(b'0'))
        }))
    }

    /// `null` is no digits, and so no hash.
    fn hash(&self, slot: Slot) -> Option<Hash> {
        self.bytes(slot).and_then(Hash::from_hex_bytes)
    }

    fn log(&self, run: &[u8], memo: &mut KeyMemo) -> Option<(LogFacts, Span)> {
        let producer = self.bytes(Slot::ProducerId)?;
        let span = self.range(Slot::ProducerId)?;
        let facts = LogFacts {
            index: self.integer(Slot::Index)?,
            seq: self.integer(Slot::Seq)?,
            prev_hash: self.hash(Slot::PrevHash),
            recorded_at: Timestamp::parse_micros(self.bytes(Slot::RecordedAt)?).ok()?,
            prev_checkpoint: self.hash(Slot::PrevCheckpoint),
            run: (producer != LOG_PRODUCER.as_bytes()).then(|| memo.run(producer, run)),
        };
        Some((facts, Span::new(span.start, span.len())))
    }

    fn record(&self, memo: &mut KeyMemo) -> Option<RecordFacts> {
        let mut record_id = [0; 16];
        parse_uuid(self.bytes(Slot::RecordId)?, &mut record_id)?;
        Some(RecordFacts {
            record_id,
            kind: RecordKind::Known(self.shape.kind()),
            newer_schema: false,
            stream: memo.stream(self.bytes(Slot::TenantId)?, self.bytes(Slot::StreamId)?),
            run: self.span(self.range(Slot::ProducerRun)?),
            producer_seq: self.integer(Slot::ProducerSeq)?,
            retention_class: self.span(self.range(Slot::RetentionClass)?),
            payloads: Vec::new(),
            effect: match self.shape.kind().name() {
                "decision" => Effect::Decision(self.decision()?),
                _ => Effect::None,
            },
        })
    }

    fn decision(&self) -> Option<DecisionFacts> {
        let range = |slot| self.shape.get(Part::Body, slot);
        let bytes = |slot| range(slot).and_then(|range| self.text.get(range));
        Some(DecisionFacts {
            score: match bytes(Slot::Score) {
                None => Score::Absent,
                Some(b"null") => Score::NotANumber,
                Some(number) => Score::Number(core::str::from_utf8(number).ok()?.parse().ok()?),
            },
            label: range(Slot::LabelId).map(|range| self.span(range)),
            source: match bytes(Slot::LabelSource) {
                None => None,
                Some(b"derived") => Some(LabelSource::Derived),
                Some(b"host") => Some(LabelSource::Host),
                Some(_) => return None,
            },
            config: match bytes(Slot::ConfigDigest) {
                None => None,
                Some(digest) => Some(parse_digest_bytes(digest)?),
            },
            model: range(Slot::ModelId).map(|range| self.span(range)),
            escalated_error: bytes(Slot::Action) == Some(b"escalate")
                && range(Slot::Error).is_some(),
        })
    }

    /// The same place counted from the beginning of the record.
    fn span(&self, range: Range<usize>) -> Span {
        let start = range.start.saturating_sub(self.shape.record().start);
        Span::new(start, range.len())
    }
}

#[cfg(test)]
mod tests;
