//! `sealog model inspect`: what kind of model lies somewhere, and what it says of itself.

use std::path::{Path, PathBuf};

use sealog_core::json::Value;
use sealog_model::inspect::{Answer, Digests, Dimension, Inspection, Limits, Port, Report, Tensor};
use sealog_model::inspect::{inspect_path, json};

use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{Tone, count, plain};

/// Tensors that people are shown of one file.
const TENSORS_SHOWN: usize = 12;
/// Pieces of metadata, and members, that people are shown of one file.
const LINES_SHOWN: usize = 24;
/// Characters of a value that people are shown.
const VALUE_CHARS: usize = 60;

/// Arguments of `model inspect`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 all was read; 2 something is malformed, of a kind that is not read, or not there.
Nothing is loaded. What is read of each format: docs/inspect.md")]
pub struct Args {
    /// A file, or a directory of which every file is inspected
    #[arg(value_name = "PATH")]
    pub(super) path: PathBuf,
}

/// Inspects.
pub fn inspect(args: &Args, context: &mut Context) -> Result<u8, Error> {
    let report = read(&args.path, Digests::Leave, context)?;
    if context.json() {
        context.out.json(&json(&report))?;
    } else {
        for file in report.files() {
            print(file, 0, context)?;
        }
        summary(&report, context)?;
    }
    Ok(status(&report))
}

/// The report on a path.
pub(super) fn read(path: &Path, digests: Digests, context: &Context) -> Result<Report, Error> {
    let whole = context.settings.environment().directory().join(path);
    if !whole.exists() {
        return Err(Error::Absent { path: whole });
    }
    inspect_path(&whole, &Limits::default(), digests).map_err(|error| match error {
        sealog_model::Error::Io { path, source, .. } => Error::Io {
            action: "inspect",
            path,
            source,
        },
        other => Error::Argument {
            argument: "PATH",
            problem: other.to_string(),
        },
    })
}

/// Anything that was not read keeps a gate shut.
fn status(report: &Report) -> u8 {
    match report.answer() {
        Answer::Read => exit::HOLDS,
        Answer::Unread | Answer::Malformed => exit::UNDECIDED,
    }
}

fn print(of: &Inspection, level: usize, context: &mut Context) -> Result<(), Error> {
    let margin = "  ".repeat(level);
    let bytes = count(of.bytes(), "byte", "bytes");
    let path = plain(of.path());
    context
        .out
        .line(&format!("{margin}{path}: {}, {bytes}", of.kind()))?;
    if let Some(fault) = of.fault() {
        let word = context.out.paint(Tone::Bad, Answer::Malformed.word());
        let lead = format!("{margin}  {word}  ");
        let text = format!("at byte {}: {}", fault.offset(), fault.reason());
        return context.out.wrapped(&lead, margin.len() + 13, &text);
    }
    let mut line = |name: &str, text: &str| {
        let lead = format!("{margin}  {name:<10}  ");
        context.out.wrapped(&lead, lead.len(), &plain(text))
    };
    if let Some(class) = of.class() {
        line("class", class)?;
    }
    match (of.framework(), of.version()) {
        (Some(framework), Some(version)) => line("framework", &format!("{framework} {version}"))?,
        (Some(framework), None) => line("framework", framework)?,
        (None, Some(version)) => line("version", version)?,
        (None, None) => {}
    }
    for (name, ports) in [("input", of.inputs()), ("output", of.outputs())] {
        for port in ports.iter().take(LINES_SHOWN) {
            line(name, &port_text(port))?;
        }
    }
    if of.tensor_count() > 0 {
        line("tensors", &totals(of))?;
    }
    for tensor in of.tensors().iter().take(TENSORS_SHOWN) {
        line("", &tensor_text(tensor))?;
    }
    if of.tensors().len() > TENSORS_SHOWN {
        line("", &more(of.tensors().len() - TENSORS_SHOWN))?;
    }
    for (key, value) in of.metadata().iter().take(LINES_SHOWN) {
        line("metadata", &format!("{key} = {}", value_text(value)))?;
    }
    if of.metadata().len() > LINES_SHOWN {
        line("", &more(of.metadata().len() - LINES_SHOWN))?;
    }
    for text in of.not_read().iter().take(LINES_SHOWN) {
        line("not read", text)?;
    }
    for member in of.members().iter().take(LINES_SHOWN) {
        print(member, level + 1, context)?;
    }
    if of.members().len() > LINES_SHOWN {
        let text = more(of.members().len() - LINES_SHOWN);
        context.out.line(&format!("{margin}  {text}"))?;
    }
    Ok(())
}

fn more(number: usize) -> String {
    format!("and {number} more (--json has all)")
}

fn totals(of: &Inspection) -> String {
    let tensors = u64::try_from(of.tensor_count()).unwrap_or(u64::MAX);
    let tensors = count(tensors, "tensor", "tensors");
    match of.parameters() {
        Some(parameters) => {
            let parameters = count(parameters, "parameter", "parameters");
            format!("{tensors}, {parameters}")
        }
        None => tensors,
    }
}

fn tensor_text(tensor: &Tensor) -> String {
    let shape: Vec<String> = tensor.shape().iter().map(u64::to_string).collect();
    let name = if tensor.name().is_empty() {
        "-"
    } else {
        tensor.name()
    };
    let text = format!("{name} {} [{}]", tensor.dtype(), shape.join(", "));
    match tensor.place() {
        Some(place) => format!("{text} in {place}"),
        None => text,
    }
}

fn port_text(port: &Port) -> String {
    let shape = port.shape().map(|shape| {
        let shape: Vec<String> = shape.iter().map(Dimension::to_string).collect();
        format!(" [{}]", shape.join(", "))
    });
    let name = if port.name().is_empty() {
        "-"
    } else {
        port.name()
    };
    format!("{name} {}{}", port.dtype(), shape.unwrap_or_default())
}

fn value_text(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => String::from_utf8_lossy(&other.to_canonical()).into_owned(),
    };
    if text.chars().nth(VALUE_CHARS).is_none() {
        return text;
    }
    let cut: String = text.chars().take(VALUE_CHARS).collect();
    format!("{cut}...")
}

fn summary(report: &Report, context: &mut Context) -> Result<(), Error> {
    let summary = report.summary();
    let answer = report.answer();
    let tone = match answer {
        Answer::Read => Tone::Good,
        Answer::Unread => Tone::Open,
        Answer::Malformed => Tone::Bad,
    };
    let word = context.out.paint(tone, answer.word());
    let mut text = count(summary.files, "file", "files");
    if summary.tensors > 0 {
        text.push_str(", ");
        text.push_str(&count(summary.tensors, "tensor", "tensors"));
    }
    if let Some(parameters) = summary.parameters.filter(|_| summary.tensors > 0) {
        text.push_str(", ");
        text.push_str(&count(parameters, "parameter", "parameters"));
    }
    for (number, what) in [(summary.malformed, "malformed"), (summary.unread, "unread")] {
        if number > 0 {
            text.push_str(", ");
            text.push_str(&number.to_string());
            text.push(' ');
            text.push_str(what);
        }
    }
    context.out.line(&format!("{word}: {text}"))
}
