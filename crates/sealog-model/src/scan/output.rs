//! The report of a scan for machines: JSON here, the other forms by the writers of [`report`].

mod json;

use sealog_core::json::Value;

use super::Report;
use super::baseline::Baseline;
use crate::report::{self, Table};

pub use json::json;

/// A report as a SARIF log of one run.
pub fn sarif(report: &Report, baseline: &Baseline) -> Value {
    report::sarif(&Table::of_scan(report, baseline))
}

/// One test case for each file, as `JUnit` has it.
pub fn junit(report: &Report, baseline: &Baseline) -> String {
    report::junit(&Table::of_scan(report, baseline))
}

/// One workflow command for each finding that is not accepted.
pub fn github(report: &Report, baseline: &Baseline) -> String {
    report::github(&Table::of_scan(report, baseline))
}

#[cfg(test)]
mod tests;
