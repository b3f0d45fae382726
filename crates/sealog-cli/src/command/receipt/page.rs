//! A receipt as one page for people, which carries the receipt that proves it.
//!
//! The page itself proves nothing: whoever hands it over can write anything in it. It says so first, and holds the
//! receipt whole, to be saved and verified. It runs no script, loads nothing, and every text of the log in it is
//! escaped, so that none is markup and none reads otherwise than it stands.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sealog_core::finding::Finding;
use sealog_core::json::Value;
use sealog_core::kinds::{self, FieldDef, KindDef};
use sealog_core::receipt::Receipt;

use crate::output::plain;

const STYLE: &str = "\
:root{color-scheme:light dark;--line:#8886;--soft:#6b6b6b;--note:#fff6db}\
@media (prefers-color-scheme:dark){:root{--soft:#a5a5a5;--note:#3a3216}}\
body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.5rem;margin:0 0 .5rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}\
.note{background:var(--note);padding:.75rem 1rem;border-radius:.4rem}\
table{border-collapse:collapse;width:100%}\
th,td{text-align:left;vertical-align:top;padding:.35rem .75rem .35rem 0;\
border-bottom:1px solid var(--line);overflow-wrap:anywhere}th{font-weight:600;width:14rem}\
small{display:block;color:var(--soft);font-weight:400}\
pre,code{font:13px/1.45 ui-monospace,monospace}pre{white-space:pre-wrap;overflow-wrap:anywhere;\
border:1px solid var(--line);border-radius:.4rem;padding:.75rem}\
td ul{margin:0;padding-left:1.1rem}\
@media print{body{margin:0;max-width:none}.screen{display:none}}";

/// The page of a receipt, whose file is `text`.
///
/// # Errors
/// The finding of a receipt whose entry is not in the tree of its checkpoint.
pub(super) fn of(receipt: &Receipt, text: &str) -> Result<String, Finding> {
    let (facts, checkpoint) = receipt.check_inclusion()?;
    let entry = Value::parse(receipt.entry()).unwrap_or(Value::Null);
    let (index, origin) = (receipt.index(), checkpoint.origin());
    let record = entry.member("record");
    let kind = record.and_then(|record| record.member("kind"));
    let kind = kind.and_then(Value::as_str).unwrap_or_default();
    let definition = kinds::lookup(kind);
    let name = format!("receipt-{index}.tlog-proof");
    let mut page = String::new();
    head(&mut page, &format!("Receipt of entry {index}"), origin);
    page.push_str("<h2>What was recorded</h2>\n");
    if let Some(definition) = definition {
        line(&mut page, "p", definition.description());
    }
    body(&mut page, record, definition);
    page.push_str("<h2>Where it stands</h2>\n<table>\n");
    let log = entry.member("log");
    for (title, value) in [
        ("log", origin.to_owned()),
        ("entry", format!("{index} of {}", checkpoint.size())),
        ("kind", kind.to_owned()),
        ("leaf hash", facts.leaf.to_hex()),
        ("root", checkpoint.root().to_hex()),
        ("recorded, by the log's word", member(log, "recorded_at")),
        (
            "happened, by the producer's word",
            member(record, "occurred_at"),
        ),
        ("producer", member(log, "producer_id")),
        ("stream", member(record, "stream_id")),
        ("tenant", member(record, "tenant_id")),
        ("record", member(record, "record_id")),
    ] {
        row(&mut page, title, None, &text_of(&value));
    }
    page.push_str("</table>\n");
    proof(&mut page, &name, text);
    page.push_str("</main>\n</body>\n</html>\n");
    Ok(page)
}

fn head(page: &mut String, title: &str, origin: &str) {
    let origin = text_of(origin);
    let _ = write!(
        page,
        "<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta http-equiv=\"Content-Security-Policy\"
content=\"default-src 'none'; style-src 'unsafe-inline'\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"referrer\" content=\"no-referrer\">
<title>{title} of {origin}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p class=\"note\">This page proves nothing by itself: whoever gave it to you could have written anything
in it. The receipt at its end does, once it is verified with the log's key from elsewhere; the
verifier then shows the record as it was signed, to be compared with this page.</p>
"
    );
}

/// The members of a record's body, each with what it means where the kind is known.
fn body(page: &mut String, record: Option<&Value>, definition: Option<&KindDef>) {
    let body = record.and_then(|record| record.member("body"));
    page.push_str("<table>\n");
    if let Some(body) = body.and_then(Value::as_object) {
        for (name, value) in body.iter() {
            let field = definition.and_then(|definition| definition.field(name));
            let meaning = field.map(FieldDef::meaning);
            row(page, name, meaning, &value_of(value));
        }
    }
    page.push_str("</table>\n");
}

fn proof(page: &mut String, name: &str, text: &str) {
    let encoded = STANDARD.encode(text);
    let shown = escape(text);
    let _ = write!(
        page,
        "<h2>How to verify it</h2>
<ol>
<li>Get the log's verifier key from its operator by another way than this page, and compare its
whole fingerprint with them.</li>
<li class=\"screen\"><a download=\"{name}\"
href=\"data:application/octet-stream;base64,{encoded}\">Save the receipt</a> as
<code>{name}</code>, or copy the text below into a file of that name.</li>
<li>Run a verifier that you took from a release of Sealog:
<pre>sealog verify {name} --key log.vkey
python3 verify.py {name} --key log.vkey</pre></li>
<li>Compare what it shows with this page.</li>
</ol>
<h2>The receipt</h2>
<pre id=\"receipt\">{shown}</pre>
"
    );
}

fn member(part: Option<&Value>, name: &str) -> String {
    match part.and_then(|part| part.member(name)) {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) => String::new(),
        Some(other) => String::from_utf8(other.to_canonical()).unwrap_or_default(),
    }
}

/// A row; the value is markup already.
fn row(page: &mut String, name: &str, meaning: Option<&str>, value: &str) {
    let name = text_of(name);
    let meaning = meaning.map(|meaning| format!("<small>{}</small>", text_of(meaning)));
    let meaning = meaning.unwrap_or_default();
    let _ = writeln!(
        page,
        "<tr><th scope=\"row\">{name}{meaning}</th><td>{value}</td></tr>"
    );
}

fn line(page: &mut String, tag: &str, text: &str) {
    let _ = writeln!(page, "<{tag}>{}</{tag}>", text_of(text));
}

/// A value as markup: lists as lists, objects as lists of names and values. How deep it goes is bounded by what an
/// entry may hold.
fn value_of(value: &Value) -> String {
    match value {
        Value::String(text) => text_of(text),
        Value::Array(items) if items.is_empty() => "none".into(),
        Value::Array(items) => list(items.iter().map(value_of)),
        Value::Object(object) => list(
            object
                .iter()
                .map(|(name, value)| format!("<b>{}</b>: {}", text_of(name), value_of(value))),
        ),
        other => escape(&String::from_utf8(other.to_canonical()).unwrap_or_default()),
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items = items.fold(String::new(), |mut all, item| {
        all.extend(["<li>", &item, "</li>"]);
        all
    });
    format!("<ul>{items}</ul>")
}

/// A text of the log: what would act or deceive is written out, then markup is escaped.
fn text_of(text: &str) -> String {
    escape(&plain(text))
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            char => escaped.push(char),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_of_a_log_is_markup_or_deceives() {
        let hostile = "</td><script>alert(1)</script><img src=x onerror=y>\u{202e}'\"&\u{7}";
        let value = Value::parse(Value::from(hostile).to_canonical().as_slice()).unwrap();
        let shown = value_of(&value);
        assert_eq!(
            shown,
            "&lt;/td&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=y&gt;\\u{202e}\
             &#39;&quot;&amp;\\u{7}"
        );
        let mut page = String::new();
        row(&mut page, hostile, Some(hostile), &value_of(&value));
        assert!(
            !page.contains("<script") && !page.contains("<img"),
            "{page}"
        );
    }

    #[test]
    fn values_of_every_type_are_readable() {
        let value = Value::parse(br#"{"a":[1,true,null],"b":{},"c":[],"d":"x"}"#).unwrap();
        assert_eq!(
            value_of(&value),
            "<ul><li><b>a</b>: <ul><li>1</li><li>true</li><li>null</li></ul></li><li><b>b</b>: \
             <ul></ul></li><li><b>c</b>: none</li><li><b>d</b>: x</li></ul>"
        );
    }
}
