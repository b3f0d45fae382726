//! Entries as a table (RFC 4180; `docs/formats/export.md`, "As a table").

use std::borrow::Cow;
use std::io::Write;

use csv::{Terminator, Writer, WriterBuilder};
use sealog_core::finding::{Code, Finding};
use sealog_core::json::Value;
use sealog_core::kinds;
use sealog_core::tlog::tree::leaf_hash;

use crate::error::Error;

/// The columns of every table: name, and the way to the value in an entry.
const COLUMNS: [(&str, [&str; 2]); 15] = [
    ("recorded_at", ["log", "recorded_at"]),
    ("occurred_at", ["record", "occurred_at"]),
    ("kind", ["record", "kind"]),
    ("schema_version", ["record", "schema_version"]),
    ("tenant_id", ["record", "tenant_id"]),
    ("stream_id", ["record", "stream_id"]),
    ("seq", ["log", "seq"]),
    ("record_id", ["record", "record_id"]),
    ("system_id", ["record", "system_id"]),
    ("producer_id", ["log", "producer_id"]),
    ("producer_run", ["record", "producer_run"]),
    ("producer_seq", ["record", "producer_seq"]),
    ("capture_mode", ["record", "capture_mode"]),
    ("retention_class", ["record", "retention_class"]),
    ("body", ["record", "body"]),
];

/// A table that is being written.
pub(super) struct Table<'w> {
    writer: Writer<&'w mut dyn Write>,
    /// Members of the body that have columns of their own: those of the kind that was asked for.
    members: Vec<&'static str>,
}

impl<'w> Table<'w> {
    /// Writes the line of names.
    pub(super) fn begin(kind: Option<&str>, out: &'w mut dyn Write) -> Result<Self, Error> {
        let kind = kind.and_then(kinds::lookup);
        let members: Vec<&str> = kind
            .map(|kind| kind.fields().iter().map(kinds::FieldDef::name).collect())
            .unwrap_or_default();
        let mut writer = WriterBuilder::new()
            .terminator(Terminator::CRLF)
            .from_writer(out);
        let mut names: Vec<Cow<'_, str>> = vec!["index".into(), "leaf".into()];
        names.extend(COLUMNS.iter().map(|(name, _)| Cow::from(*name)));
        names.extend(members.iter().map(|name| format!("body.{name}").into()));
        let names = names.iter().map(|name| name.as_bytes());
        writer.write_record(names).map_err(failed)?;
        Ok(Self { writer, members })
    }

    /// Writes an entry of the log.
    pub(super) fn row(&mut self, index: u64, text: &[u8]) -> Result<(), Error> {
        let entry = Value::parse(text).map_err(|error| Error::Damaged {
            findings: vec![Finding::new(Code::LineMalformed).found(error.to_string())],
        })?;
        let mut cells = vec![index.to_string(), leaf_hash(text).to_hex()];
        for (_, [part, member]) in COLUMNS {
            let value = entry.member(part).and_then(|part| part.member(member));
            cells.push(cell(value));
        }
        let body = entry.member("record").and_then(|part| part.member("body"));
        for member in &self.members {
            cells.push(cell(body.and_then(|body| body.member(member))));
        }
        self.writer.write_record(&cells).map_err(failed)
    }

    /// Hands over what is buffered.
    pub(super) fn end(mut self) -> Result<(), Error> {
        self.writer.flush().map_err(Error::io("write", "the table"))
    }
}

/// A value as the text of a cell: nothing for none and for null, a string as it is, all else as canonical JSON.
fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => guarded(text),
        Some(value) => String::from_utf8(value.to_canonical()).unwrap_or_default(),
    }
}

/// A string that a spreadsheet would take for a formula gets an apostrophe in front: what a log holds was written by
/// whoever used the system, and must not run on the auditor's machine.
fn guarded(text: &str) -> String {
    match text.as_bytes().first() {
        Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r' | b'\'') => format!("'{text}"),
        _ => text.to_owned(),
    }
}

fn failed(error: csv::Error) -> Error {
    let source = match error.into_kind() {
        csv::ErrorKind::Io(source) => source,
        other => std::io::Error::other(format!("{other:?}")),
    };
    Error::io("write", "the table")(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(kind: Option<&str>, entries: &[&str]) -> String {
        let mut out = Vec::new();
        let mut table = Table::begin(kind, &mut out).unwrap();
        for (index, entry) in (7..).zip(entries) {
            table.row(index, entry.as_bytes()).unwrap();
        }
        table.end().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_kind_that_is_known_has_columns_for_the_members_of_its_body() {
        let entry = r#"{"log":{"index":7,"seq":2},"record":{"body":{"decision_id":"d,1","score":0.5},"kind":"decision"}}"#;
        let text = written(Some("decision"), &[entry]);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let names = reader.headers().unwrap().clone();
        let row = reader.records().next().unwrap().unwrap();
        let at = |name: &str| &row[names.iter().position(|found| found == name).unwrap()];
        assert_eq!((at("index"), at("seq"), at("kind")), ("7", "2", "decision"));
        assert_eq!(
            (at("body.decision_id"), at("body.score")),
            ("d,1", "0.5"),
            "{text}"
        );
        assert_eq!(at("body"), r#"{"decision_id":"d,1","score":0.5}"#);
        assert_eq!(at("leaf"), leaf_hash(entry.as_bytes()).to_hex());
        assert_eq!((at("system_id"), at("body.label_id")), ("", ""));
        let fields = kinds::lookup("decision").unwrap().fields().len();
        assert_eq!(names.len(), 2 + COLUMNS.len() + fields);
        for kind in [None, Some("org.example.custom")] {
            assert!(written(kind, &[entry]).starts_with("index,leaf,recorded_at,"));
            assert!(!written(kind, &[entry]).contains("body.score"), "{kind:?}");
        }
    }

    #[test]
    fn no_text_of_a_log_is_a_formula_and_every_text_can_be_had_back() {
        for text in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "'quoted",
            "\"a\",\"b\"",
            "a\r\nb",
            "",
            "plain",
        ] {
            let mut record = sealog_core::json::Object::new();
            record.insert("kind", text);
            let mut entry = sealog_core::json::Object::new();
            entry.insert("record", Value::Object(record));
            let entry = String::from_utf8(Value::Object(entry).to_canonical()).unwrap();
            let table = written(None, &[&entry]);
            let mut reader = csv::Reader::from_reader(table.as_bytes());
            let row = reader.records().next().unwrap().unwrap();
            let cell = &row[4];
            assert!(
                !cell.starts_with(['=', '+', '-', '@', '\t', '\r']),
                "{cell:?}"
            );
            assert_eq!(cell.strip_prefix('\'').unwrap_or(cell), text);
        }
    }
}
