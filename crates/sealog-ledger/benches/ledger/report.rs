//! Rows, the printed table, and the part of `docs/benchmarks.md` between two markers.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::measure::median;

const BEGIN: &str = "<!-- bench ledger: written by `cargo xtask bench ledger` -->\n";
const END: &str = "<!-- bench ledger: end -->\n";

/// What a row should reach.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    AtLeast(f64, &'static str),
    AtMost(f64, &'static str),
    /// For people to know; the design sets no goal.
    None,
}

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Row {
    what: String,
    goal: Goal,
    value: f64,
    measured: String,
    note: String,
}

impl Row {
    /// The median of the values is held against the goal.
    pub(crate) fn new(what: &str, goal: Goal, values: &[f64]) -> Self {
        Self {
            what: what.into(),
            goal,
            value: median(values),
            measured: String::new(),
            note: String::new(),
        }
    }

    pub(crate) fn measured(mut self, measured: String) -> Self {
        self.measured = measured;
        self
    }

    pub(crate) fn note(mut self, note: String) -> Self {
        self.note = note;
        self
    }

    fn goal(&self) -> String {
        match self.goal {
            Goal::AtLeast(value, unit) => format!("at least {value} {unit}"),
            Goal::AtMost(value, unit) => format!("at most {value} {unit}"),
            Goal::None => "none".into(),
        }
    }

    /// How much of the goal is reached: one and more is met.
    fn reached(&self) -> Option<f64> {
        match self.goal {
            Goal::AtLeast(value, _) => Some(self.value / value),
            Goal::AtMost(value, _) => Some(value / self.value),
            Goal::None => None,
        }
    }

    fn verdict(&self) -> String {
        match self.reached() {
            None => "-".into(),
            Some(part) if part >= 1.0 => format!("met ({part:.2})"),
            Some(part) => format!("**missed** ({part:.2})"),
        }
    }
}

/// The table as Markdown.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| what | goal | measured: median (least to most of the rounds) | goal met (part of it) | beside it |\n\
         |---|---|---|---|---|\n",
    );
    for row in rows {
        let (goal, verdict) = (row.goal(), row.verdict());
        let _ = writeln!(
            text,
            "| {} | {goal} | {} | {verdict} | {} |",
            row.what, row.measured, row.note
        );
    }
    text
}

/// Puts text between the markers of a page that has them.
pub(crate) fn write(page: &Path, text: &str) -> Result<()> {
    let old = fs::read_to_string(page).with_context(|| format!("reading {}", page.display()))?;
    let (before, rest) = old
        .split_once(BEGIN)
        .context("the page has no begin marker")?;
    let (_, after) = rest.split_once(END).context("the page has no end marker")?;
    fs::write(page, format!("{before}{BEGIN}\n{text}\n{END}{after}"))?;
    Ok(())
}
