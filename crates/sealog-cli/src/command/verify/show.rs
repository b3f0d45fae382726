//! The report on a ledger, for people and machines: three verdicts, each with its level and its limit in plain words.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::path::Path;

use sealog_core::finding::Weight;
use sealog_core::json::Value;
use sealog_core::time::Timestamp;
use sealog_core::tlog::vkey::VerifierKey;
use sealog_ledger::keys::fingerprint;
use sealog_ledger::verify::{Interval, Level, PinnedBy, Report, Verdict};

use crate::context::Context;
use crate::error::Error;
use crate::findings;
use crate::output::{Tone, count, plain};

/// Columns before the text of a verdict.
const LEAD: usize = 24;
/// Intervals of time that are shown, the newest ones.
const INTERVALS_SHOWN: usize = 6;

/// Shows a report.
pub(super) fn ledger(
    path: &Path,
    report: &Report,
    full: bool,
    context: &mut Context,
) -> Result<(), Error> {
    if context.json() {
        let mut value = report.to_json();
        if let Some(object) = value.as_object_mut() {
            object.insert("ledger", path.display().to_string());
            let findings = report.findings().iter().map(findings::to_value).collect();
            object.insert("findings", Value::Array(findings));
        }
        return context.out.json(&value);
    }
    head(
        &path.display().to_string(),
        report.exit(),
        report.reason(),
        context,
    )?;
    if let Some(origin) = report.origin() {
        row("log", origin, context)?;
        let root = report.root().map(|root| root.to_hex()).unwrap_or_default();
        row(
            "size",
            &format!("{}, root {root}", entries(report.size())),
            context,
        )?;
    }
    key(report.key(), report.pinned_by(), context)?;
    context.out.line("")?;
    integrity(report, context)?;
    completeness(report, context)?;
    time(report, context)?;
    listed(report, full, context)
}

/// The first line: what it is about and how it ends.
pub(super) fn head(name: &str, exit: u8, reason: &str, context: &mut Context) -> Result<(), Error> {
    let (tone, word) = match exit {
        0 => (Tone::Good, "holds"),
        1 => (Tone::Bad, "REFUTED"),
        _ => (Tone::Open, "COULD NOT BE DECIDED"),
    };
    let word = context.out.paint(tone, word);
    let reason = if exit == 0 {
        String::new()
    } else {
        format!("  ({reason})")
    };
    context
        .out
        .line(&format!("{}: {word}{reason}", plain(name)))?;
    context.out.line("")
}

/// A row of a name and a value.
pub(super) fn row(name: &str, value: &str, context: &mut Context) -> Result<(), Error> {
    context.out.wrapped(&format!("{name:<14}"), 14, value)
}

/// Which key vouches, and who says so.
pub(super) fn key(key: Option<&str>, by: PinnedBy, context: &mut Context) -> Result<(), Error> {
    let Some(key) = key else {
        return row("key", "none that was pinned vouches for this log", context);
    };
    row("key", key, context)?;
    if let Ok(parsed) = VerifierKey::parse(key) {
        row("fingerprint", &fingerprint(&parsed), context)?;
    }
    let by = match by {
        PinnedBy::User => "by you",
        PinnedBy::ThisMachine => "by this machine: the key stands in this user's known_logs",
        PinnedBy::Nobody => "by nobody",
    };
    row("pinned", by, context)
}

fn integrity(report: &Report, context: &mut Context) -> Result<(), Error> {
    let text = match report.integrity() {
        Verdict::Holds => {
            "every entry re-hashes to the signed root; lines, chains, maps, schemas, payloads hold"
        }
        // The one case in which nothing was found wrong and yet nothing holds.
        Verdict::Undecided if report.key().is_none() && report.reason() == "unpinned" => {
            "the log agrees with itself, but no key that you trust vouches for it"
        }
        Verdict::Undecided => "not everything could be checked: see the findings",
        Verdict::Refuted => "something was changed, or was never right: see the findings",
    };
    verdict("integrity", report.integrity(), text, context)?;
    limit(
        "it does not show that a record is true, or that the key's holder has no second log",
        context,
    )
}

fn completeness(report: &Report, context: &mut Context) -> Result<(), Error> {
    let level = report.level();
    let size = report.size();
    let (text, limits) = match level {
        Level::None => ("level none: nothing vouches for it".to_owned(), None),
        Level::SelfSigned => (
            format!("level self: nothing was removed or reordered below entry {size}"),
            Some(
                "only the operator's own key vouches for this: a deleted tail, a restored backup or a second history look the same; bring what you kept with --against, or a --policy",
            ),
        ),
        Level::Remembered => (
            "level remembered: the log extends what you kept from before".to_owned(),
            Some(
                "what came after that is vouched for by the operator's own key only; keep this checkpoint for the next time: `sealog checkpoint`",
            ),
        ),
        Level::Witnessed => (
            witnessed(report),
            Some(
                "as far as the witnesses of your policy are not all in league with the operator; what nobody recorded is in no log",
            ),
        ),
    };
    verdict("completeness", report.completeness(), &text, context)?;
    if let Some(limits) = limits {
        limit(limits, context)?;
    }
    let runs = report.runs();
    if runs.closed_whole + runs.closed_with_holes + runs.open > 0 {
        let mut parts = vec![format!("of producers: {} closed whole", runs.closed_whole)];
        if runs.closed_with_holes > 0 {
            let (holes, missing) = (runs.closed_with_holes, runs.missing);
            parts.push(format!(
                "{holes} closed with holes ({missing} numbers missing)"
            ));
        }
        if runs.open > 0 {
            let open = runs.open;
            parts.push(format!(
                "{open} open: an unknown number of calls may be missing"
            ));
        }
        row("  runs", &parts.join(", "), context)?;
    }
    if report.disposed() > 0 {
        let causes = ["retention.disposed", "erasure.executed"];
        let causes = causes.iter().filter_map(|kind| {
            let records = report.kinds().get(*kind)?;
            Some(format!("{records} {kind}"))
        });
        let text = format!(
            "{} disposed of, under records of this log, which holds {}",
            entries(report.disposed()),
            causes.collect::<Vec<_>>().join(", ")
        );
        row("  disposed", &text, context)?;
    }
    Ok(())
}

/// Up to where the witnesses saw the log. An entry is named by its index, which is one less than the size up to it.
fn witnessed(report: &Report) -> String {
    let reach = report.witnessed();
    let (size, after) = reach.map_or((report.size(), 0), |reach| (reach.size, reach.own_after));
    if after == 0 {
        return format!("level witnessed: the policy's witnesses cosigned size {size}");
    }
    let after = count(after, "record, the log's own", "records, all the log's own");
    let last = size.saturating_sub(1);
    format!("level witnessed up to entry {last} (size {size}); after it {after}")
}

/// Between which outside times entries were written. The log's own clock is never asked.
fn time(report: &Report, context: &mut Context) -> Result<(), Error> {
    let times = report.times();
    if times.is_empty() {
        let word = context.out.paint(Tone::Open, "none");
        context
            .out
            .line(&format!("{:<14}{word:<10}no outside time", "time"))?;
        let text = "every time in the log is the word of its own clock";
        return limit(text, context);
    }
    let (tone, word) = if times.bounded() >= report.size() {
        (Tone::Good, "bounded")
    } else {
        (Tone::Open, "partly")
    };
    let word = context.out.paint(tone, &format!("{word:<10}"));
    let intervals = times.intervals(report.size());
    let left_out = intervals.len().saturating_sub(INTERVALS_SHOWN);
    let mut before = format!("{:<14}{word}", "time");
    for (range, interval) in intervals.iter().skip(left_out) {
        let (first, last) = (range.start, range.end.saturating_sub(1));
        let which = if first == last {
            format!("entry {first}")
        } else {
            format!("entries {first} to {last}")
        };
        let text = format!("{which}: {}", interval_text(*interval));
        context.out.wrapped(&before, LEAD, &text)?;
        before = " ".repeat(LEAD);
    }
    if left_out > 0 {
        limit(
            &format!("and {left_out} earlier intervals: --json"),
            context,
        )?;
    }
    limit(
        "by the word of the policy's witnesses; within an interval every time is the word of the log's own clock",
        context,
    )
}

/// An interval in words.
pub(super) fn interval_text(interval: Interval) -> String {
    let time = |time: Timestamp| time.format_micros();
    match (interval.not_before.map(time), interval.not_after.map(time)) {
        (None, None) => "no outside time".into(),
        (Some(from), None) => format!("not before {from}"),
        (None, Some(to)) => format!("not after {to}"),
        (Some(from), Some(to)) => format!("not before {from}, not after {to}"),
    }
}

fn verdict(name: &str, verdict: Verdict, text: &str, context: &mut Context) -> Result<(), Error> {
    let (tone, word) = match verdict {
        Verdict::Holds => (Tone::Good, "holds"),
        Verdict::Undecided => (Tone::Open, "undecided"),
        Verdict::Refuted => (Tone::Bad, "refuted"),
    };
    // Padded before it is painted: escapes have no width.
    let word = context.out.paint(tone, &format!("{word:<10}"));
    context
        .out
        .wrapped(&format!("{name:<14}{word}"), LEAD, text)
}

fn limit(text: &str, context: &mut Context) -> Result<(), Error> {
    context.out.wrapped(&" ".repeat(LEAD), LEAD, text)
}

/// The findings: what refutes first, then what is undecided, the first of each kind; notes by their number.
fn listed(report: &Report, full: bool, context: &mut Context) -> Result<(), Error> {
    let mut findings: Vec<_> = report.findings().iter().collect();
    if !full {
        let mut seen = BTreeSet::new();
        findings.retain(|finding| finding.weight() > Weight::Note && seen.insert(finding.code));
    }
    findings.sort_by_key(|finding| Reverse(finding.weight()));
    if !findings.is_empty() {
        context.out.line("")?;
        context.out.line("findings")?;
    }
    for finding in &findings {
        findings::print(finding, context)?;
    }
    let total: u64 = report.counts().values().sum();
    if total == u64::try_from(findings.len()).unwrap_or(u64::MAX) {
        return Ok(());
    }
    context.out.line("")?;
    context.out.line("all findings and notes")?;
    for (id, count) in report.counts() {
        context.out.line(&format!("{count:>8}  {id}"))?;
    }
    if !full {
        context.out.line("          --full shows each")?;
    }
    Ok(())
}

/// A number of entries in words.
pub(super) fn entries(number: u64) -> String {
    count(number, "entry", "entries")
}
