//! Learning a shape from a text that the full check accepted.

use alloc::vec::Vec;
use core::ops::Range;

use super::value::Form as Value;
use super::{Part, Shape, Span, Step};
use crate::json::Ref;
use crate::kinds::scalar;
use crate::kinds::table::{FieldDef, Form, KindDef, LOG, RECORD, Rule, Slot, Type};

/// Arrays and objects around the members of `log` and `record` in a line; one less in a record by itself.
const LINE_DEPTH: usize = 2;

impl Shape {
    /// The shape of a line that is an entry without a signature.
    ///
    /// `None` where a rule between fields needs more than the shape holds: payloads, personal commitments, signed
    /// records, and the kinds that the log's own rules read other than decisions.
    pub(crate) fn learn_line(
        line: &[u8],
        top: Ref<'_, '_>,
        kind: &'static KindDef,
    ) -> Option<Self> {
        let mut learner = Learner::new(line);
        let mut members = top.members();
        let (_, log) = members.next()?;
        let (_, record) = members.next()?;
        if members.next().is_some() {
            return None;
        }
        learner.object(LOG, log, Part::Envelope, LINE_DEPTH)?;
        learner.record(kind, record, LINE_DEPTH)?;
        Some(learner.finish(kind))
    }

    /// The shape of a record; see [`Shape::learn_line`].
    pub(crate) fn learn_record(
        text: &[u8],
        record: Ref<'_, '_>,
        kind: &'static KindDef,
    ) -> Option<Self> {
        let mut learner = Learner::new(text);
        learner.record(kind, record, LINE_DEPTH - 1)?;
        Some(learner.finish(kind))
    }
}

struct Learner<'a> {
    text: &'a [u8],
    steps: Vec<Step>,
    spans: Vec<Span>,
}

impl<'a> Learner<'a> {
    const fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            steps: Vec::new(),
            spans: Vec::new(),
        }
    }

    fn finish(self, kind: &'static KindDef) -> Shape {
        Shape::new(kind, self.text, self.steps, self.spans)
    }

    fn record(&mut self, kind: &'static KindDef, record: Ref<'_, '_>, depth: usize) -> Option<()> {
        if !matches!(kind.rule(), Rule::None | Rule::Decision) {
            return None;
        }
        let (start, end) = (record.offset(), record.offset() + record.raw().len());
        self.value(
            start..start,
            Value::RecordBegins,
            Part::Envelope,
            Slot::None,
        );
        for (field, member) in fields(RECORD, record) {
            match (field?, member) {
                (field, body) if field.slot() == Slot::Body => {
                    self.object(kind.fields(), body, Part::Body, depth + 1)?;
                }
                (field, member) => self.member(field, member, Part::Envelope, depth)?,
            }
        }
        self.value(end..end, Value::RecordEnds, Part::Envelope, Slot::None);
        Some(())
    }

    fn object(
        &mut self,
        table: &'static [FieldDef],
        object: Ref<'_, '_>,
        part: Part,
        depth: usize,
    ) -> Option<()> {
        for (field, member) in fields(table, object) {
            self.member(field?, member, part, depth)?;
        }
        Some(())
    }

    /// Learns a member inside `depth` arrays and objects.
    fn member(
        &mut self,
        field: &'static FieldDef,
        value: Ref<'_, '_>,
        part: Part,
        depth: usize,
    ) -> Option<()> {
        // As in the full check, only members of the record, its body and the log's part are laid aside.
        let slot = match part {
            Part::Inside => Slot::None,
            Part::Envelope | Part::Body => field.slot(),
        };
        let whole = value.offset()..value.offset() + value.raw().len();
        if matches!(slot, Slot::Payloads | Slot::PersonalCommitments) {
            return None;
        }
        if value.is_null() {
            if slot != Slot::None {
                self.value(whole, Value::Null, part, slot);
            }
            return Some(());
        }
        let inside = whole.start + 1..whole.end.saturating_sub(1);
        match (field.form(), field.of()) {
            // The rule of decisions reads this one, so it stays.
            _ if slot == Slot::ModelState => {}
            (Form::Kind | Form::Version, _) | (Form::Any, Type::Boolean) => {}
            (Form::SignatureBase64 | Form::InlineBase64, _) => return None,
            (Form::Hex64, _) => self.value(inside, Value::Hex(64), part, slot),
            (Form::Hex32, _) => self.value(inside, Value::Hex(32), part, slot),
            (Form::Uuid7, _) => self.value(inside, Value::Uuid7, part, slot),
            (Form::UnitInterval, _) => self.value(whole, Value::UnitInterval, part, slot),
            (Form::Any, Type::Id) => self.value(inside, Value::Id, part, slot),
            (Form::Any, Type::String) => self.value(inside, Value::Line, part, slot),
            (Form::Any, Type::Text) => self.value(inside, Value::Text, part, slot),
            (Form::Any, Type::Number) => self.value(whole, Value::Number, part, slot),
            (Form::Any, Type::Integer) => self.value(whole, Value::Integer, part, slot),
            (Form::Any, Type::Time) => {
                self.value(inside.clone(), Value::Time(inside.len()), part, slot);
            }
            (Form::Any, Type::Enum { values, open }) => {
                self.value(inside, Value::Enum(values, *open), part, slot);
            }
            (Form::Any, Type::Object(table)) => {
                self.object(table, value, Part::Inside, depth + 1)?;
            }
            (Form::Any, Type::Commitment) => self.value(inside, Value::Commitment, part, slot),
            (Form::Any | Form::Sha256, Type::Digest)
                if value.plain_bytes().is_some_and(scalar::is_sha256) =>
            {
                self.value(inside, Value::Sha256, part, slot);
            }
            // Readers know only the forms above.
            _ if slot != Slot::None => return None,
            _ => self.value(whole, Value::Field(field, depth), part, slot),
        }
        Some(())
    }

    /// A value of this form in this part of the text, behind those before it.
    fn value(&mut self, at: Range<usize>, form: Value, part: Part, slot: Slot) {
        self.spans.push((at.start, at.end));
        self.steps.push(Step { form, part, slot });
    }
}

/// The members of an object with their fields; a text that was accepted has none without.
fn fields<'t, 'a>(
    table: &'static [FieldDef],
    object: Ref<'t, 'a>,
) -> impl Iterator<Item = (Option<&'static FieldDef>, Ref<'t, 'a>)> {
    object.members().map(|(key, member)| {
        let field = table.iter().find(|field| key.is_text(field.name()));
        (field, member)
    })
}
