//! Reads a labelled set: a text a line, `⟦TYPE:value⟧` around each value (`tests/labelled/make.py`).

use std::ops::Range;

/// A text with the spans of its values.
pub(super) struct Sample {
    pub(super) text: String,
    pub(super) values: Vec<Value>,
}

/// A value in a text.
pub(super) struct Value {
    pub(super) kind: String,
    pub(super) span: Range<usize>,
}

/// The texts of a set.
pub(super) fn samples(set: &str) -> Vec<Sample> {
    set.lines().map(sample).collect()
}

fn sample(line: &str) -> Sample {
    let line = line
        .replace('⏎', "\n")
        .replace('␛', "\u{1b}")
        .replace('¦', "");
    let mut text = String::new();
    let mut values = Vec::new();
    let mut rest = line.as_str();
    while let Some((before, marked)) = rest.split_once('⟦') {
        text.push_str(before);
        let (marked, after) = marked.split_once('⟧').unwrap();
        let (kind, value) = marked.split_once(':').unwrap();
        let start = text.len();
        text.push_str(value);
        let (kind, span) = (kind.to_owned(), start..text.len());
        values.push(Value { kind, span });
        rest = after;
    }
    text.push_str(rest);
    Sample { text, values }
}
