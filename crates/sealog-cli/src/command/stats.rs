//! `sealog stats`: counts over the entries that were asked for.

use std::collections::BTreeMap;

use sealog_ledger::{Access, Ledger, Stats};

use super::filter::Filter;
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{Tone, complain, count, plain};

/// Characters of the longest bar of the histogram.
const BAR: u64 = 40;
/// Rows of one table, at most.
const ROWS: usize = 25;

/// Arguments of `stats`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Counted by the index, which claims nothing about the log: what it does not hold yet is said. Rates
are shares of the decisions that have an action.")]
pub struct Args {
    #[command(flatten)]
    filter: Filter,
    /// Show every row of every table
    #[arg(long)]
    full: bool,
}

/// Counts.
pub fn stats(args: &Args, context: &mut Context) -> Result<u8, Error> {
    let ledger = context.open(Access::Read)?;
    let stats = ledger.stats(&args.filter.query(1)?)?;
    if context.json() {
        context.out.json(&stats.to_json())?;
        return Ok(exit::HOLDS);
    }
    let rows = if args.full { usize::MAX } else { ROWS };
    let line = format!(
        "{}, of which {}",
        count(stats.entries(), "entry", "entries"),
        count(stats.decisions(), "decision", "decisions")
    );
    context.out.line(&line)?;
    table("by kind", stats.by_kind(), rows, context)?;
    table("by system", stats.by_system(), rows, context)?;
    table("by tenant", stats.by_tenant(), rows, context)?;
    days(stats.by_day(), rows, context)?;
    table("by model", stats.by_model(), rows, context)?;
    table(
        "by label",
        &named(&ledger, stats.by_label())?,
        rows,
        context,
    )?;
    table("by action", stats.by_action(), rows, context)?;
    rates(&stats, context)?;
    checks(&stats, rows, context)?;
    scores(&stats, context)?;
    gaps(&stats, context)?;
    context.out.flush()?;
    if stats.indexed_to() < stats.size() {
        let lag = count(stats.size() - stats.indexed_to(), "entry", "entries");
        complain(&format!("the index does not hold the newest {lag} yet"));
    }
    Ok(exit::HOLDS)
}

fn heading(text: &str, context: &mut Context) -> Result<(), Error> {
    context.out.line("")?;
    let heading = context.out.paint(Tone::Head, text);
    context.out.line(&heading)
}

/// The largest counts first.
fn table(
    name: &str,
    counts: &BTreeMap<String, u64>,
    rows: usize,
    context: &mut Context,
) -> Result<(), Error> {
    if counts.is_empty() {
        return Ok(());
    }
    heading(name, context)?;
    let mut sorted: Vec<(&String, &u64)> = counts.iter().collect();
    sorted.sort_by(|left, right| right.1.cmp(left.1).then(left.0.cmp(right.0)));
    for (name, number) in sorted.iter().take(rows) {
        context
            .out
            .line(&format!("{number:>10}  {}", plain(name)))?;
    }
    more(counts.len(), rows, context)
}

/// Days in their own order, the newest at the end.
fn days(counts: &BTreeMap<String, u64>, rows: usize, context: &mut Context) -> Result<(), Error> {
    if counts.is_empty() {
        return Ok(());
    }
    heading("by day", context)?;
    for (day, number) in counts.iter().skip(counts.len().saturating_sub(rows)) {
        context.out.line(&format!("{number:>10}  {}", plain(day)))?;
    }
    more(counts.len(), rows, context)
}

fn more(all: usize, rows: usize, context: &mut Context) -> Result<(), Error> {
    if all <= rows {
        return Ok(());
    }
    context
        .out
        .line(&format!("            and {} more: --full", all - rows))
}

/// Labels by id and the name that they have now.
fn named(ledger: &Ledger, counts: &BTreeMap<String, u64>) -> Result<BTreeMap<String, u64>, Error> {
    let labels = ledger.labels()?;
    let name = |id: &String| {
        let label = labels.iter().find(|label| label.label_id == *id);
        label.map_or_else(|| id.clone(), |label| format!("{id}  {}", label.display))
    };
    Ok(counts
        .iter()
        .map(|(id, number)| (name(id), *number))
        .collect())
}

fn rates(stats: &Stats, context: &mut Context) -> Result<(), Error> {
    let (Some(allow), Some(reject)) = (stats.allow_rate(), stats.reject_rate()) else {
        return Ok(());
    };
    heading("rates", context)?;
    context
        .out
        .line(&format!("{:>10}  allowed", percent(allow)))?;
    context
        .out
        .line(&format!("{:>10}  rejected", percent(reject)))
}

fn checks(stats: &Stats, rows: usize, context: &mut Context) -> Result<(), Error> {
    if stats.checks().is_empty() {
        return Ok(());
    }
    heading("checks", context)?;
    for (name, check) in stats.checks().iter().take(rows) {
        let rate = check.fire_rate().map(percent).unwrap_or_default();
        let (fired, ran) = (check.fired(), check.ran());
        context.out.line(&format!(
            "{rate:>10}  {}  fired {fired} of {ran}",
            plain(name)
        ))?;
    }
    more(stats.checks().len(), rows, context)
}

fn scores(stats: &Stats, context: &mut Context) -> Result<(), Error> {
    let scores = stats.scores();
    let Some((least, greatest)) = scores.range() else {
        return Ok(());
    };
    let number = count(scores.scored(), "score", "scores");
    heading(
        &format!(
            "{number}, from {} to {}",
            number_text(least),
            number_text(greatest)
        ),
        context,
    )?;
    let highest = scores
        .bins()
        .iter()
        .map(sealog_ledger::ScoreBin::count)
        .max()
        .unwrap_or(0);
    for bin in scores.bins() {
        let length = (bin.count() * BAR).checked_div(highest).unwrap_or(0);
        // What is there shows, however little it is.
        let length = length.max(u64::from(bin.count() > 0));
        let bar = "#".repeat(usize::try_from(length).unwrap_or(0));
        let (from, to) = (bound_text(bin.from()), bound_text(bin.to()));
        let line = format!("{:>10}  {from:>8} ..{to:>8}  {bar}", bin.count());
        context.out.line(line.trim_end())?;
    }
    Ok(())
}

/// Scores have any size: in plain digits the greatest double has 309.
fn number_text(score: f64) -> String {
    if is_far(score) {
        format!("{score:e}")
    } else {
        score.to_string()
    }
}

fn bound_text(score: f64) -> String {
    if is_far(score) {
        format!("{score:.4e}")
    } else {
        format!("{score:.4}")
    }
}

/// Whether the number has more digits before its point than a column holds, or only zeros in the first ones behind it.
fn is_far(score: f64) -> bool {
    let size = score.abs();
    size >= 1e9 || (size > 0.0 && size < 1e-4)
}

fn gaps(stats: &Stats, context: &mut Context) -> Result<(), Error> {
    let gaps = stats.gaps();
    if gaps.declared() == 0 {
        return Ok(());
    }
    heading("gaps", context)?;
    context
        .out
        .line(&format!("{:>10}  declared", gaps.declared()))?;
    context
        .out
        .line(&format!("{:>10}  calls missing in them", gaps.calls()))?;
    if gaps.uncounted() > 0 {
        context.out.line(&format!(
            "{:>10}  that do not say how many",
            gaps.uncounted()
        ))?;
    }
    Ok(())
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::{bound_text, number_text};

    #[test]
    fn no_score_takes_more_digits_than_a_line_has() {
        for score in [f64::MAX, f64::MIN, f64::MIN_POSITIVE, 5e-324, 1e9, -9.99e-5] {
            let text = number_text(score);
            assert!(text.len() <= 24 && text.contains('e'), "{text}");
            assert_eq!(text.parse::<f64>().unwrap().to_bits(), score.to_bits());
            assert!(bound_text(score).len() <= 12, "{}", bound_text(score));
        }
        assert_eq!(number_text(0.83), "0.83");
        assert_eq!(bound_text(0.0), "0.0000");
        assert_eq!(bound_text(-123_456_789.5), "-123456789.5000");
    }
}
