//! What the index keeps of one entry, read from its line.

use std::borrow::Cow;

use sealog_core::hash::decode_hex;
use sealog_core::json::{Ref, Tape};
use sealog_core::time::Timestamp;

/// Bytes of an identifier, at most; longer strings are no identifiers and are not indexed.
const IDENTIFIER_BYTES_MAX: usize = 200;

/// The indexed fields of an entry. All of them stand in the clear in its line.
#[derive(Debug, Default)]
pub(super) struct Row<'a> {
    pub(super) index: u64,
    pub(super) record_id: [u8; 16],
    pub(super) producer: &'a str,
    pub(super) run: &'a str,
    pub(super) kind: &'a str,
    pub(super) stream: &'a str,
    pub(super) tenant: &'a str,
    pub(super) system: Option<&'a str>,
    /// Microseconds since 1970.
    pub(super) recorded: i64,
    pub(super) model: Option<&'a str>,
    pub(super) label: Option<&'a str>,
    pub(super) action: Option<&'a str>,
    pub(super) trace: Option<&'a str>,
    pub(super) session: Option<&'a str>,
    pub(super) config: Option<&'a str>,
    /// Of decisions.
    pub(super) score: Option<f64>,
    /// Of decisions: name and whether it fired, in order.
    pub(super) checks: Vec<(Cow<'a, str>, bool)>,
    /// Of `gap.declared`: calls missing, if known.
    pub(super) gap: Option<u64>,
}

/// A leaf line of the log.
#[derive(Debug)]
pub(super) enum Leaf<'a> {
    Entry(Box<Row<'a>>),
    /// What is left of an entry that was disposed of: its index and when it had been recorded.
    Disposed(u64, i64),
}

/// Reads a leaf line, given without its newline; `None` if it is none that this program can read.
pub(super) fn read<'a>(line: &'a [u8], tape: &mut Tape) -> Option<Leaf<'a>> {
    of(tape.read(line).ok()?)
}

/// The same of a line that was read.
pub(super) fn of<'a>(top: Ref<'_, 'a>) -> Option<Leaf<'a>> {
    let (key, first) = top.members().next()?;
    match key.plain_str()? {
        "log" => {
            let mut row = Box::<Row<'a>>::default();
            log_member(first, &mut row)?;
            record_member(top.member("record")?, &mut row)?;
            Some(Leaf::Entry(row))
        }
        "disposed" => Some(Leaf::Disposed(
            first.member("index")?.u64()?,
            micros(first.member("recorded_at")?)?,
        )),
        _ => None,
    }
}

fn log_member<'a>(log: Ref<'_, 'a>, row: &mut Row<'a>) -> Option<()> {
    let mut index = None;
    for (key, value) in log.members() {
        match key.plain_bytes()? {
            b"index" => index = value.u64(),
            b"producer_id" => row.producer = value.plain_str()?,
            b"recorded_at" => row.recorded = micros(value)?,
            _ => {}
        }
    }
    row.index = index?;
    Some(())
}

fn record_member<'a>(record: Ref<'_, 'a>, row: &mut Row<'a>) -> Option<()> {
    let mut body = None;
    for (key, value) in record.members() {
        match key.plain_bytes()? {
            b"body" => body = Some(value),
            b"kind" => row.kind = value.plain_str()?,
            b"producer_run" => row.run = value.plain_str()?,
            b"record_id" => row.record_id = uuid(value.plain_bytes()?)?,
            b"stream_id" => row.stream = value.plain_str()?,
            b"system_id" => row.system = identifier(value),
            b"tenant_id" => row.tenant = value.plain_str()?,
            _ => {}
        }
    }
    body_member(body?, row);
    Some(())
}

/// Names mean the same in every kind that has them; what is no identifier there is passed over.
fn body_member<'a>(body: Ref<'_, 'a>, row: &mut Row<'a>) {
    let decision = row.kind == "decision";
    for (key, value) in body.members() {
        match key.plain_bytes().unwrap_or_default() {
            b"action" => row.action = identifier(value),
            b"checks" if decision => row.checks = checks(value),
            b"config_digest" => row.config = identifier(value),
            b"count" if row.kind == "gap.declared" => row.gap = value.u64(),
            b"label_id" => row.label = identifier(value),
            b"model_id" => row.model = identifier(value),
            b"score" if decision => row.score = value.f64(),
            b"session_id" => row.session = identifier(value),
            b"trace_id" => row.trace = identifier(value),
            _ => {}
        }
    }
}

fn checks<'a>(list: Ref<'_, 'a>) -> Vec<(Cow<'a, str>, bool)> {
    let one = |item: Ref<'_, 'a>| {
        let name = item.member("name")?.text()?;
        Some((name, item.member("fired")?.boolean()?))
    };
    list.elements().filter_map(one).collect()
}

/// A string that can be asked for: an identifier by the rule of `kinds.json`.
fn identifier<'a>(value: Ref<'_, 'a>) -> Option<&'a str> {
    value.plain_str().filter(|text| is_identifier(text))
}

pub(crate) fn is_identifier(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._:/@+-".contains(&b);
    (1..=IDENTIFIER_BYTES_MAX).contains(&text.len()) && text.bytes().all(allowed)
}

fn micros(value: Ref<'_, '_>) -> Option<i64> {
    Timestamp::parse(value.plain_bytes()?).ok().map(to_micros)
}

/// Microseconds since 1970, the rest cut off: how the index keeps times.
pub(super) fn to_micros(time: Timestamp) -> i64 {
    let seconds = time.seconds().saturating_mul(1_000_000);
    seconds.saturating_add(i64::from(time.nanos() / 1_000))
}

/// The time that the index keeps as such a number; none for a number that is no time.
pub(super) fn from_micros(micros: i64) -> Option<Timestamp> {
    let nanos = u32::try_from(micros.rem_euclid(1_000_000))
        .ok()?
        .checked_mul(1_000)?;
    Timestamp::from_unix(micros.div_euclid(1_000_000), nanos).ok()
}

/// A UUID in its usual form.
pub(super) fn uuid(text: &[u8]) -> Option<[u8; 16]> {
    let mut hex = [0; 32];
    let mut digits = hex.iter_mut();
    for (position, byte) in text.iter().enumerate() {
        if matches!(position, 8 | 13 | 18 | 23) {
            (*byte == b'-').then_some(())?;
        } else {
            *digits.next()? = *byte;
        }
    }
    digits.next().is_none().then_some(())?;
    let mut id = [0; 16];
    decode_hex(&hex, &mut id)?;
    Some(id)
}
