//! Findings as people and machines read them.

use sealog_core::finding::{Finding, Weight};
use sealog_core::json::{Object, Value};

use crate::advice;
use crate::context::Context;
use crate::error::Error;
use crate::output::{Output, Tone, number, plain};

/// A finding for machines.
pub(crate) fn to_value(finding: &Finding) -> Value {
    let mut object = Object::new();
    object.insert("id", finding.code.id());
    object.insert("meaning", finding.code.meaning());
    object.insert("weight", weight(finding.weight()));
    if let Some(index) = finding.index {
        object.insert("index", number(index));
    }
    if let Some(record_id) = &finding.record_id {
        object.insert("record_id", record_id.as_str());
    }
    if let Some(place) = finding.place {
        let members = [
            ("segment", place.segment),
            ("line", place.line),
            ("start", place.start),
            ("end", place.end),
        ];
        let place: Object = members
            .into_iter()
            .map(|(key, value)| (key, number(value)))
            .collect();
        object.insert("place", place);
    }
    if let Some(expected) = &finding.expected {
        object.insert("expected", expected.as_str());
    }
    if let Some(found) = &finding.found {
        object.insert("found", found.as_str());
    }
    if let Some(advice) = advice::of(finding.code.id()) {
        object.insert("advice", advice);
    }
    Value::Object(object)
}

/// Prints a finding: id, what it means, where, what was expected and found, what to do.
pub(crate) fn print(finding: &Finding, context: &mut Context) -> Result<(), Error> {
    let out = &mut context.out;
    let id = paint(finding.weight(), finding.code.id(), out);
    out.line(&format!("  {id}  {}", finding.code.meaning()))?;
    let mut place = Vec::new();
    if let Some(index) = finding.index {
        place.push(format!("entry {index}"));
    }
    if let Some(record_id) = &finding.record_id {
        place.push(format!("record {}", plain(record_id)));
    }
    if let Some(at) = finding.place {
        let file = format!("log/{:010}.jsonl line {}", at.segment, at.line);
        place.push(format!("{file} (bytes {} to {})", at.start, at.end));
    }
    if !place.is_empty() {
        out.line(&format!("      {}", place.join(", ")))?;
    }
    for (name, value) in [
        ("expected", &finding.expected),
        ("found   ", &finding.found),
    ] {
        if let Some(value) = value {
            out.line(&format!("      {name} {}", plain(value)))?;
        }
    }
    if let Some(advice) = advice::of(finding.code.id()) {
        out.line(&format!("      -> {advice}"))?;
    }
    Ok(())
}

const fn weight(weight: Weight) -> &'static str {
    match weight {
        Weight::Note => "note",
        Weight::Undecided => "undecided",
        Weight::Refutes => "refutes",
    }
}

fn paint(weight: Weight, word: &str, out: &Output) -> String {
    match weight {
        Weight::Note => word.to_owned(),
        Weight::Undecided => out.paint(Tone::Open, word),
        Weight::Refutes => out.paint(Tone::Bad, word),
    }
}
