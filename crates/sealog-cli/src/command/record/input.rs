//! What `record` reads: JSON objects that become drafts, and the few members that they may have.

use std::io::{BufRead, Read};

use sealog_core::hash::Hash;
use sealog_core::json::{Object, Value};
use sealog_core::time::Timestamp;
use sealog_ledger::{CaptureMode, Draft};

use crate::error::Error;

/// Bytes of one record as JSON text, at most: canonical it may be 48 KiB, so that this leaves room for white space
/// and escapes.
pub(super) const INPUT_BYTES_MAX: usize = 1024 * 1024;

/// Members of a record that its producer may set; the log or this program writes all others.
const MEMBERS: &[&str] = &[
    "body",
    "capture_mode",
    "corrects",
    "kind",
    "occurred_at",
    "record_id",
    "retention_class",
    "schema_version",
    "stream_id",
    "system_id",
    "tenant_id",
];

/// Reads all of an input, within the limit.
pub(super) fn read_all(reader: impl Read, place: &str) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(INPUT_BYTES_MAX).unwrap_or(u64::MAX);
    let read = reader.take(limit.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|source| Error::Io {
        action: "read",
        path: place.into(),
        source,
    })?;
    if bytes.len() > INPUT_BYTES_MAX {
        return Err(too_long(place));
    }
    Ok(bytes)
}

fn too_long(place: &str) -> Error {
    let problem = format!("longer than {INPUT_BYTES_MAX} bytes");
    Error::Input {
        place: place.into(),
        problem,
    }
}

/// One line of a stream.
pub(super) enum Line {
    /// Its bytes without the newline.
    Bytes(Vec<u8>),
    /// It is too long; it was read to its end and dropped.
    TooLong,
    /// There are no more.
    End,
}

/// Reads the next line, without holding more of it than the limit.
pub(super) fn next_line(reader: &mut impl BufRead) -> std::io::Result<Line> {
    let mut line = Vec::new();
    let limit = u64::try_from(INPUT_BYTES_MAX)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    reader.by_ref().take(limit).read_until(b'\n', &mut line)?;
    if line.pop_if(|last| *last == b'\n').is_some() {
        return Ok(Line::Bytes(line));
    }
    if line.len() <= INPUT_BYTES_MAX {
        return Ok(if line.is_empty() {
            Line::End
        } else {
            Line::Bytes(line)
        });
    }
    reader.skip_until(b'\n')?;
    Ok(Line::TooLong)
}

/// The error for a line that is too long.
pub(super) fn line_too_long(place: &str) -> Error {
    too_long(place)
}

/// Reads JSON.
pub(super) fn parse(bytes: &[u8], place: &str) -> Result<Value, Error> {
    Value::parse(bytes).map_err(|source| Error::Json {
        place: place.into(),
        source,
    })
}

/// Makes a draft of an object of record members.
pub(super) fn draft_of(value: Value, place: &str) -> Result<Draft, Error> {
    let refused = |problem: String| Error::Input {
        place: place.into(),
        problem,
    };
    let Value::Object(mut object) = value else {
        return Err(refused(
            "a record is a JSON object with at least `kind` and `body`".into(),
        ));
    };
    if let Some((name, _)) = object.iter().find(|(name, _)| !MEMBERS.contains(name)) {
        let members = MEMBERS.join(", ");
        let name = shown(name);
        return Err(refused(format!(
            "a record has no member {name} to set; it has {members}"
        )));
    }
    let kind = text(&mut object, "kind", place)?;
    let kind = kind.ok_or_else(|| refused("`kind` is missing".into()))?;
    let body = match object.remove("body") {
        Some(Value::Object(body)) => body,
        Some(_) => return Err(refused("`body` is not an object".into())),
        None => return Err(refused("`body` is missing".into())),
    };
    let mut draft = Draft::new(&kind, body);
    draft.record_id = text(&mut object, "record_id", place)?;
    draft.schema_version = text(&mut object, "schema_version", place)?;
    draft.stream_id = text(&mut object, "stream_id", place)?;
    draft.tenant_id = text(&mut object, "tenant_id", place)?;
    draft.system_id = text(&mut object, "system_id", place)?;
    draft.retention_class = text(&mut object, "retention_class", place)?;
    let occurred = text(&mut object, "occurred_at", place)?;
    draft.occurred_at = occurred
        .map(|text| time(&text, "`occurred_at`", place))
        .transpose()?;
    let mode = text(&mut object, "capture_mode", place)?;
    draft.capture_mode = mode.map(|mode| capture_mode(&mode, place)).transpose()?;
    draft.corrects = object
        .remove("corrects")
        .map(|value| corrects(&value, place))
        .transpose()?;
    Ok(draft)
}

/// Reads a time of the formats.
pub(super) fn time(text: &str, what: &str, place: &str) -> Result<Timestamp, Error> {
    Timestamp::parse(text.as_bytes()).map_err(|error| Error::Input {
        place: place.into(),
        problem: format!("{what}: {error}"),
    })
}

/// Reads how a record came about.
pub(super) fn capture_mode(text: &str, place: &str) -> Result<CaptureMode, Error> {
    match text {
        "automatic" => Ok(CaptureMode::Automatic),
        "manual" => Ok(CaptureMode::Manual),
        "imported" => Ok(CaptureMode::Imported),
        _ => Err(Error::Input {
            place: place.into(),
            problem: "the capture mode is automatic, manual or imported".into(),
        }),
    }
}

fn corrects(value: &Value, place: &str) -> Result<(u64, Hash), Error> {
    let index = value.member("index").and_then(Value::as_u64);
    let leaf = value
        .member("leaf")
        .and_then(Value::as_str)
        .and_then(Hash::from_hex);
    let members = value.as_object().map_or(0, Object::len);
    match (index, leaf, members) {
        (Some(index), Some(leaf), 2) => Ok((index, leaf)),
        _ => Err(Error::Input {
            place: place.into(),
            problem: "`corrects` is an object of `index` and `leaf`, 64 lowercase hex digits"
                .into(),
        }),
    }
}

fn text(object: &mut Object, name: &str, place: &str) -> Result<Option<String>, Error> {
    match object.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Error::Input {
            place: place.into(),
            problem: format!("`{name}` is not a string"),
        }),
    }
}

/// A name out of the input, in quotes and shortened.
fn shown(name: &str) -> String {
    const CHARACTERS: usize = 64;
    let rest = if name.chars().count() > CHARACTERS {
        "..."
    } else {
        ""
    };
    let name: String = name.chars().take(CHARACTERS).collect();
    format!("`{name}{rest}`")
}

#[cfg(test)]
mod tests;
