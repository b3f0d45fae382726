//! The report on a receipt. Nothing of its entry is shown before it is verified.

use std::path::Path;

use sealog_core::json::Value;
use sealog_core::tlog::vkey::VerifierKey;
use sealog_ledger::verify::{Interval, Level, ReceiptReport};

use super::show::{entries, head, interval_text, key, row};
use crate::command::read::print_value;
use crate::context::Context;
use crate::error::Error;
use crate::findings;

/// Shows a report.
pub(super) fn show(
    path: &Path,
    report: &ReceiptReport,
    context: &mut Context,
) -> Result<(), Error> {
    if context.json() {
        let mut value = report.to_json();
        if let Some(object) = value.as_object_mut() {
            object.insert("file", path.display().to_string());
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
    if let Some(verified) = report.verified() {
        let checkpoint = verified.checkpoint();
        row("log", checkpoint.origin(), context)?;
        let place = format!("{} of {}", verified.index(), entries(checkpoint.size()));
        row("entry", &place, context)?;
        row("root", &checkpoint.root().to_hex(), context)?;
        let signer = checkpoint.log_keys().first().map(VerifierKey::to_string);
        key(signer.as_deref(), report.pinned_by(), context)?;
        let (level, limit) = match report.level() {
            Level::Witnessed => (
                "witnessed",
                "the policy's witnesses cosigned the checkpoint",
            ),
            _ => (
                "self",
                "only the operator's own key vouches for the checkpoint",
            ),
        };
        row("level", &format!("{level}: {limit}"), context)?;
        let text = match report.interval() {
            interval if interval == Interval::default() => {
                "no outside time: the times below are the log's and the producer's word".into()
            }
            interval => format!(
                "{}, by the word of the policy's witnesses",
                interval_text(interval)
            ),
        };
        row("time", &text, context)?;
        row("limit", "it does not show that the record is true", context)?;
        context.out.line("")?;
        if let Ok(entry) = Value::parse(verified.entry()) {
            print_value(&entry, 0, context)?;
        }
    }
    for finding in report.findings() {
        findings::print(finding, context)?;
    }
    Ok(())
}
