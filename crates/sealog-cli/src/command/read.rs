//! `sealog log`, `show` and `tail`: entries as they stand in the log.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use sealog_core::json::{Object, Value};
use sealog_ledger::{Access, Entry, Ledger};

use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{Tone, number, plain, plain_lines};
use crate::over;

/// How often `tail -f` looks for new entries.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Arguments of `log`.
#[derive(Debug, clap::Args)]
pub struct LogArgs {
    /// First entry to list [default: so that the last ones are shown]
    #[arg(long, value_name = "INDEX")]
    from: Option<u64>,
    /// Entries to list, at most
    #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 20)]
    limit: u64,
    /// List all entries
    #[arg(long, conflicts_with_all = ["from", "limit"])]
    all: bool,
}

/// Arguments of `show`.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// Index of the entry, or its record's id
    #[arg(value_name = "INDEX|RECORD_ID")]
    entry: String,
    /// Print the exact bytes of the entry's line and nothing else
    #[arg(long)]
    raw: bool,
}

/// Arguments of `tail`.
#[derive(Debug, clap::Args)]
pub struct TailArgs {
    /// Entries to begin with
    #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 10)]
    lines: u64,
    /// Go on showing entries as they come
    #[arg(long, short)]
    follow: bool,
}

/// Lists entries.
pub fn log(args: &LogArgs, context: &mut Context) -> Result<u8, Error> {
    let ledger = context.open(Access::Read)?;
    let size = ledger.size();
    let range = if args.all {
        0..size
    } else {
        let from = args.from.unwrap_or_else(|| size.saturating_sub(args.limit));
        from..from.saturating_add(args.limit).min(size)
    };
    list(&ledger, range, context)?;
    Ok(exit::HOLDS)
}

/// Lists the newest entries, and those that come.
pub fn tail(args: &TailArgs, context: &mut Context) -> Result<u8, Error> {
    let ledger = context.open(Access::Read)?;
    let mut next = ledger.size().saturating_sub(args.lines);
    loop {
        let size = ledger.size();
        if size > next {
            list(&ledger, next..size, context)?;
            next = size;
        }
        // What is written tells whether somebody still reads; a follower without a reader ends.
        context.out.flush()?;
        if !args.follow || context.out.closed() {
            return Ok(exit::HOLDS);
        }
        thread::sleep(LOOK_EVERY);
        ledger.refresh()?;
    }
}

fn list(ledger: &Ledger, range: std::ops::Range<u64>, context: &mut Context) -> Result<(), Error> {
    if range.is_empty() {
        return Ok(());
    }
    for entry in ledger.entries(range)? {
        line(&entry?, context)?;
        if context.out.closed() {
            break;
        }
    }
    Ok(())
}

/// Prints an entry in one line.
pub(super) fn line(entry: &Entry, context: &mut Context) -> Result<(), Error> {
    let value = entry.value();
    if context.json() {
        return context.out.json(&value);
    }
    let text = |section: &str, name: &str| {
        let member = value
            .member(section)
            .and_then(|section| section.member(name));
        member
            .and_then(Value::as_str)
            .map(|text| plain(text).into_owned())
            .unwrap_or_default()
    };
    let time = text("log", "recorded_at");
    let time = time.get(..19).unwrap_or(&time).replace('T', " ");
    let kind = text("record", "kind");
    let stream = text("record", "stream_id");
    let summary = summary(&value);
    let line = format!(
        "{:>8}  {time}  {kind:<20}  {stream:<16}  {summary}",
        entry.index()
    );
    context.out.line(line.trim_end())
}

/// What of a body tells one entry from another at a glance.
fn summary(value: &Value) -> String {
    const SHOWN: &[&str] = &[
        "decision_id",
        "label_id",
        "score",
        "action",
        "model_id",
        "config_id",
        "display",
        "state",
        "event",
        "cause",
        "operator",
        "size",
        "name",
        "title",
        "reason",
    ];
    const CHARACTERS: usize = 60;
    let body = value
        .member("record")
        .and_then(|record| record.member("body"));
    let parts = SHOWN.iter().filter_map(|name| {
        let text = match body?.member(name)? {
            Value::String(text) => plain(text).into_owned(),
            Value::Number(number) => {
                String::from_utf8(Value::Number(*number).to_canonical()).ok()?
            }
            _ => return None,
        };
        Some(format!("{name}={text}"))
    });
    let text = parts.collect::<Vec<_>>().join(" ");
    if text.chars().count() <= CHARACTERS {
        return text;
    }
    text.chars().take(CHARACTERS).chain("...".chars()).collect()
}

/// Shows one entry.
pub fn show(args: &ShowArgs, context: &mut Context) -> Result<u8, Error> {
    let ledger = context.open(Access::Read)?;
    let entry = ledger.entry(find(&ledger, &args.entry)?)?;
    if args.raw {
        context.out.bytes(entry.bytes())?;
        context.out.bytes(b"\n")?;
    } else if context.json() {
        let mut object = Object::new();
        object.insert("entry", entry.value());
        object.insert("index", number(entry.index()));
        object.insert("leaf", entry.leaf().to_hex());
        context.out.json(&Value::Object(object))?;
    } else {
        context.out.line(&format!("entry  {}", entry.index()))?;
        context
            .out
            .line(&format!("leaf   {}", entry.leaf().to_hex()))?;
        print_value(&entry.value(), 0, context)?;
    }
    Ok(exit::HOLDS)
}

/// The index that an argument means: a number, or the id of a record.
pub(super) fn find(ledger: &Ledger, text: &str) -> Result<u64, Error> {
    if let Ok(index) = text.parse() {
        return Ok(index);
    }
    // From the log and not from the index: two producers may have used one id, and the answer has to know.
    let mut found = None;
    for entry in ledger.entries(0..ledger.size())? {
        let entry = entry?;
        let value = entry.value();
        let id = value
            .member("record")
            .and_then(|record| record.member("record_id"));
        if id.and_then(Value::as_str) == Some(text)
            && let Some(first) = found.replace(entry.index())
        {
            let problem = format!(
                "several producers used it: entries {first} and {}",
                entry.index()
            );
            return Err(Error::Argument {
                argument: "RECORD_ID",
                problem,
            });
        }
    }
    found.ok_or_else(|| Error::Argument {
        argument: "RECORD_ID",
        problem: format!("no entry has the record_id {text}"),
    })
}

/// Prints an object as indented names and values.
pub(super) fn print_value(value: &Value, depth: usize, context: &mut Context) -> Result<(), Error> {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(object) => {
            for (name, value) in object.iter() {
                print_member(&indent, name, value, depth, context)?;
            }
            Ok(())
        }
        Value::Array(items) => {
            for item in items {
                print_member(&indent, "-", item, depth, context)?;
            }
            Ok(())
        }
        _ => context.out.line(&format!("{indent}{}", scalar(value))),
    }
}

fn print_member(
    indent: &str,
    name: &str,
    value: &Value,
    depth: usize,
    context: &mut Context,
) -> Result<(), Error> {
    let name = plain(name).into_owned();
    match value {
        Value::Object(_) | Value::Array(_) => {
            let head = context.out.paint(Tone::Head, &name);
            context.out.line(&format!("{indent}{head}"))?;
            print_value(value, depth + 1, context)
        }
        Value::String(text) if text.contains('\n') => {
            context.out.line(&format!("{indent}{name}"))?;
            for line in plain_lines(text) {
                context.out.line(&format!("{indent}  {line}"))?;
            }
            Ok(())
        }
        _ => context
            .out
            .line(&format!("{indent}{name}  {}", scalar(value))),
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => plain(text).into_owned(),
        other => String::from_utf8(other.to_canonical()).unwrap_or_default(),
    }
}

/// Writes a result to a file, or to standard output where none is named. Only an older result is written over.
pub(super) fn write_out(
    text: &str,
    file: Option<&PathBuf>,
    context: &mut Context,
) -> Result<(), Error> {
    let Some(file) = file else {
        for line in text.lines() {
            context.out.line(&plain(line))?;
        }
        return Ok(());
    };
    let path = context.settings.environment().directory().join(file);
    over::write(&path, text, |there| over::same_first_line(there, text))
}
