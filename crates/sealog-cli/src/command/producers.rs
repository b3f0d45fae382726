//! `sealog producers`: runs of producers, and what is missing of them.

use sealog_core::json::{Object, Value};
use sealog_ledger::{Access, RunView};

use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{Tone, complain, number, plain};

/// Ranges of missing numbers shown for a run, at most.
const RANGES_SHOWN: usize = 8;

/// Arguments of `producers`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A run is closed by its own last record, which counts its numbers: what is missing of it shows. Of
an open run an unknown number of calls may be missing at its end. A number counts as missing only as
of an epoch: threads arrive out of order.")]
pub struct Args {
    /// Only runs that are open or have holes
    #[arg(long)]
    incomplete: bool,
}

/// Lists the runs.
pub fn producers(args: &Args, context: &mut Context) -> Result<u8, Error> {
    let view = context.open(Access::Read)?.producers()?;
    for run in view.runs() {
        if args.incomplete && run.closed().is_some() && run.missing() == 0 {
            continue;
        }
        if context.json() {
            context.out.json(&to_value(run))?;
        } else {
            line(run, context)?;
        }
    }
    if view.disposed() > 0 {
        complain(&format!(
            "{} entries were disposed of and count as missing here; `sealog verify` tells them apart",
            view.disposed()
        ));
    }
    Ok(exit::HOLDS)
}

fn line(run: &RunView, context: &mut Context) -> Result<(), Error> {
    let (tone, state) = match (run.closed(), run.missing()) {
        (Some(_), 0) => (Tone::Good, "whole"),
        (Some(_), _) => (Tone::Bad, "holes"),
        (None, _) => (Tone::Open, "open"),
    };
    let state = context.out.paint(tone, &format!("{state:<6}"));
    let (producer, name) = (plain(run.producer()), plain(run.run()));
    let (first, last) = (run.first_index(), run.last_index());
    let received = run.received();
    let line = format!("{state}{producer}  {name}  {received} records, entries {first} to {last}");
    context.out.line(&line)?;
    let holes = run.holes();
    if holes.is_empty() {
        return Ok(());
    }
    let mut ranges: Vec<String> = holes
        .iter()
        .take(RANGES_SHOWN)
        .map(|hole| range(*hole))
        .collect();
    if holes.len() > RANGES_SHOWN {
        ranges.push("...".into());
    }
    context.out.line(&format!(
        "      missing {}: {}",
        run.missing(),
        ranges.join(", ")
    ))
}

fn range((first, last): (u64, u64)) -> String {
    if first == last {
        first.to_string()
    } else {
        format!("{first}-{last}")
    }
}

fn to_value(run: &RunView) -> Value {
    let holes = run.holes();
    let holes = holes
        .iter()
        .map(|(first, last)| Value::Array(vec![number(*first), number(*last)]));
    let mut object = Object::new();
    object.insert("closed", run.closed().map_or(Value::Null, number));
    object.insert("first_index", number(run.first_index()));
    object.insert("holes", Value::Array(holes.collect()));
    object.insert("last_index", number(run.last_index()));
    object.insert("missing", number(run.missing()));
    object.insert("producer", run.producer());
    object.insert("received", number(run.received()));
    object.insert("run", run.run());
    Value::Object(object)
}
