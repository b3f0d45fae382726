//! GGUF: lengths that lie, and chat templates that reach out of their sandbox (CVE-2024-34359).

use super::context::Scan;
use super::document::template_harm;
use super::rule::{GGUF_BROKEN, GGUF_LIMIT, GGUF_TEMPLATE};
use crate::formats::gguf::{Gguf, GgufValue};
use crate::formats::source::Source;
use crate::formats::stream::Stream;

pub(super) fn scan(source: &Source, scan: &mut Scan<'_>) {
    let mut reader = source.reader();
    let header = match Gguf::read(&mut Stream::new(&mut reader), source.len()) {
        Ok(header) => header,
        Err(error) => return scan.report(&GGUF_BROKEN, error.offset, error.why),
    };
    for (key, value) in &header.pairs {
        let (GgufValue::Text(text) | GgufValue::Cut(text)) = value else {
            continue;
        };
        if !key.contains("chat_template") {
            continue;
        }
        if let Some(harm) = template_harm(text) {
            scan.report(&GGUF_TEMPLATE, 0, format!("{key} has `{harm}`"));
        } else if matches!(value, GgufValue::Cut(_)) {
            // What stands behind the cut would be rendered too.
            let detail = format!(
                "{key} is longer than the {} bytes that are read",
                text.len()
            );
            scan.report(&GGUF_LIMIT, 0, detail);
        }
    }
}
