//! Findings as people and machines read them.

use sealog_core::finding::{Finding, Weight};
use sealog_core::json::Value;
use sealog_ledger::verify::finding_json;

use crate::advice;
use crate::context::Context;
use crate::error::Error;
use crate::output::{Output, Tone, plain};

/// A finding for machines: the ledger's own form, and what to do.
pub(crate) fn to_value(finding: &Finding) -> Value {
    let mut value = finding_json(finding);
    if let Some(advice) = advice::of_finding(finding.code)
        && let Some(object) = value.as_object_mut()
    {
        object.insert("advice", advice);
    }
    value
}

/// Prints a finding: id, what it means, where, what was expected and found, what to do.
pub(crate) fn print(finding: &Finding, context: &mut Context) -> Result<(), Error> {
    let out = &mut context.out;
    let id = paint(finding.weight(), finding.code.id(), out);
    let columns = finding.code.id().len() + 4;
    out.wrapped(&format!("  {id}  "), columns, finding.code.meaning())?;
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
            out.wrapped(&format!("      {name} "), 15, value)?;
        }
    }
    if let Some(advice) = advice::of_finding(finding.code) {
        out.wrapped("      -> ", 9, advice)?;
    }
    Ok(())
}

fn paint(weight: Weight, word: &str, out: &Output) -> String {
    match weight {
        Weight::Note => word.to_owned(),
        Weight::Undecided => out.paint(Tone::Open, word),
        Weight::Refutes => out.paint(Tone::Bad, word),
    }
}
