//! `sealog model scan`: the verdict of the scanner, and each finding with its rule and place.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use sealog_ledger::{Clock, SystemClock};
use sealog_model::report::Table;
use sealog_model::scan::baseline::{BASELINE_BYTES_MAX, Baseline};
use sealog_model::scan::{
    FileReport, Finding, Limits, Report, Severity, Verdict, output, scan_path,
};

use super::report::{ReportArgs, Told};
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{Tone, count, plain};

/// Arguments of `model scan`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 clean; 1 malicious or suspicious; 2 undecided, or not done.
Nothing is loaded. What each rule means and what to do: docs/scan-rules.md")]
pub struct Args {
    /// A file, or a directory of which every file is scanned
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) report: ReportArgs,
    /// Findings that are accepted: lines of rule, SHA-256, last day and reason
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
}

/// Scans.
pub fn scan(args: &Args, context: &mut Context) -> Result<u8, Error> {
    args.report.begin(context)?;
    match decide(args, context) {
        Ok((report, baseline)) => tell(&report, &baseline, args, context),
        Err(error) => {
            let table = Table::of_model("scan", &named(args), []);
            Err(args.report.fail(error, table, context))
        }
    }
}

fn named(args: &Args) -> String {
    let first = args.paths.first();
    first.map_or_else(String::new, |path| path.to_string_lossy().into_owned())
}

fn decide(args: &Args, context: &Context) -> Result<(Report, Baseline), Error> {
    let directory = context.settings.environment().directory().to_owned();
    let baseline = match &args.baseline {
        Some(path) => read_baseline(&directory.join(path))?,
        None => Baseline::default(),
    };
    let mut report = Report::default();
    for path in &args.paths {
        let whole = directory.join(path);
        if !whole.exists() {
            return Err(Error::Absent { path: whole });
        }
        let failed = |error| match error {
            sealog_model::Error::Io { path, source, .. } => Error::Io {
                action: "scan",
                path,
                source,
            },
            other => Error::Argument {
                argument: "PATH",
                problem: other.to_string(),
            },
        };
        report.append(scan_path(&whole, &Limits::default()).map_err(failed)?);
    }
    Ok((report, baseline))
}

fn tell(
    report: &Report,
    baseline: &Baseline,
    args: &Args,
    context: &mut Context,
) -> Result<u8, Error> {
    let verdict = baseline.verdict(report);
    let told = Told {
        json: output::json(report, baseline),
        table: Table::of_scan(report, baseline),
    };
    if !args.report.tell(&told, context)? {
        people(report, baseline, verdict, context)?;
    }
    Ok(match verdict {
        Verdict::Clean => exit::HOLDS,
        Verdict::Suspicious | Verdict::Malicious => exit::REFUTED,
        Verdict::Undecided => exit::UNDECIDED,
    })
}

pub(super) fn read_baseline(path: &Path) -> Result<Baseline, Error> {
    let failed = |source| Error::Io {
        action: "read",
        path: path.to_owned(),
        source,
    };
    let refused = |problem: String| Error::Argument {
        argument: "--baseline",
        problem,
    };
    // What has no size, as a pipe, is read no further either.
    let most = u64::try_from(BASELINE_BYTES_MAX).unwrap_or(u64::MAX);
    let file = fs::File::open(path).map_err(failed)?;
    let mut text = String::new();
    let read = file.take(most.saturating_add(1)).read_to_string(&mut text);
    read.map_err(failed)?;
    let now = SystemClock.now().format_micros();
    let today = now.get(..10).unwrap_or_default();
    Baseline::parse(&text, today).map_err(|error| refused(error.to_string()))
}

fn people(
    report: &Report,
    baseline: &Baseline,
    verdict: Verdict,
    context: &mut Context,
) -> Result<(), Error> {
    show_findings(report, baseline, context)?;
    let tone = match verdict {
        Verdict::Clean => Tone::Good,
        Verdict::Undecided => Tone::Open,
        Verdict::Suspicious | Verdict::Malicious => Tone::Bad,
    };
    let word = context.out.paint(tone, verdict.word());
    let files = u64::try_from(report.files().len()).unwrap_or(u64::MAX);
    let files = count(files, "file", "files");
    context.out.line(&format!("{word}: {files} scanned"))
}

/// Each file of which something is to be said, and its findings.
pub(super) fn show_findings(
    report: &Report,
    baseline: &Baseline,
    context: &mut Context,
) -> Result<(), Error> {
    for file in report
        .files()
        .iter()
        .filter(|file| !file.findings().is_empty())
    {
        context.out.line(&plain(file.path()))?;
        for finding in file.findings() {
            print(file, finding, baseline, context)?;
        }
    }
    Ok(())
}

fn print(
    file: &FileReport,
    finding: &Finding,
    baseline: &Baseline,
    context: &mut Context,
) -> Result<(), Error> {
    let rule = finding.rule();
    let tone = match rule.severity() {
        Severity::Undecided => Tone::Open,
        Severity::Suspicious | Severity::Malicious => Tone::Bad,
    };
    let id = context.out.paint(tone, rule.id());
    let lead = format!("  {}  {id}  ", rule.severity());
    let columns = rule.severity().to_string().len() + rule.id().len() + 6;
    context.out.wrapped(&lead, columns, rule.title())?;
    let place = format!(
        "{} at byte {}: {}",
        finding.path(),
        finding.offset(),
        finding.detail()
    );
    context.out.wrapped("      ", 6, &place)?;
    if let Some(accepted) = baseline.accepts(file, finding) {
        let text = format!(
            "accepted until {}: {}",
            accepted.expires(),
            accepted.reason()
        );
        context.out.wrapped("      ", 6, &text)?;
    }
    Ok(())
}
