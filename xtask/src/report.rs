//! What a run says at its end: a line for each stage with its minutes, what was left out, and the count.

use std::fmt::Write as _;
use std::time::Duration;

/// Tests as their runners counted them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// What came of a stage.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) counts: Counts,
    /// Why the stage failed; empty if it held.
    pub(crate) faults: Vec<String>,
    /// What was left out, each with its reason.
    pub(crate) skips: Vec<String>,
    /// What was checked, in a line or two, where the name of the stage does not say it.
    pub(crate) notes: Vec<String>,
}

impl Outcome {
    pub(crate) fn fault(why: impl Into<String>) -> Self {
        Self {
            faults: vec![why.into()],
            ..Self::default()
        }
    }

    pub(crate) fn of_faults(faults: Vec<String>) -> Self {
        Self {
            faults,
            ..Self::default()
        }
    }

    pub(crate) fn note(why: impl Into<String>) -> Self {
        Self {
            notes: vec![why.into()],
            ..Self::default()
        }
    }

    pub(crate) fn skip(why: impl Into<String>) -> Self {
        Self {
            skips: vec![why.into()],
            ..Self::default()
        }
    }

    /// Takes in what came of another part of the same stage.
    pub(crate) fn add(&mut self, other: Self) {
        self.counts.add(other.counts);
        self.faults.extend(other.faults);
        self.skips.extend(other.skips);
        self.notes.extend(other.notes);
    }
}

/// A stage that was run.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) name: &'static str,
    pub(crate) took: Duration,
    pub(crate) outcome: Outcome,
}

/// The end of a run. The last line has the form `N passed, N failed, N skipped`.
pub(crate) fn summary(done: &[Done], left_out: &[String]) -> (String, bool) {
    let mut text = String::from("\nstages\n");
    let mut total = Counts::default();
    let mut whole = Duration::ZERO;
    let mut skips: Vec<&str> = Vec::new();
    for stage in done {
        let mut counts = stage.outcome.counts;
        let held = stage.outcome.faults.is_empty() && counts.failed == 0;
        // A stage that fails without a failed test still counts: the last line may not look like success.
        counts.failed += u64::from(!held && counts.failed == 0);
        total.add(counts);
        whole += stage.took;
        skips.extend(stage.outcome.skips.iter().map(String::as_str));
        let word = if held { "ok" } else { "FAILED" };
        let _ = writeln!(
            text,
            "  {:<22} {:<7} {:>6.1} min",
            stage.name,
            word,
            minutes(stage.took)
        );
        for fault in &stage.outcome.faults {
            let _ = writeln!(text, "      {}", fault.replace('\n', "\n      "));
        }
    }
    let _ = writeln!(
        text,
        "  {:<22} {:<7} {:>6.1} min",
        "all",
        "",
        minutes(whole)
    );
    section(
        &mut text,
        "checked",
        done.iter().flat_map(|stage| &stage.outcome.notes),
    );
    section(
        &mut text,
        "skipped, each for the reason given",
        skips.iter(),
    );
    section(&mut text, "left out of this run", left_out.iter());
    let Counts {
        passed,
        failed,
        skipped,
    } = total;
    let _ = writeln!(
        text,
        "\n{passed} passed, {failed} failed, {skipped} skipped"
    );
    (text, failed == 0)
}

fn section<S: AsRef<str>>(text: &mut String, title: &str, lines: impl Iterator<Item = S>) {
    let mut lines = lines.peekable();
    if lines.peek().is_some() {
        let _ = writeln!(text, "\n{title}");
        for line in lines {
            let _ = writeln!(text, "  {}", line.as_ref());
        }
    }
}

fn minutes(time: Duration) -> f64 {
    time.as_secs_f64() / 60.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(outcome: Outcome) -> Done {
        Done {
            name: "stage",
            took: Duration::from_secs(90),
            outcome,
        }
    }

    #[test]
    fn the_last_line_is_the_count() {
        let counts = Counts {
            passed: 4,
            failed: 0,
            skipped: 1,
        };
        let (text, held) = summary(
            &[done(Outcome {
                counts,
                ..Outcome::default()
            })],
            &[],
        );
        assert!(held);
        assert_eq!(text.lines().last(), Some("4 passed, 0 failed, 1 skipped"));
        assert!(text.contains("1.5 min"));
    }

    #[test]
    fn a_failed_stage_without_failed_tests_is_a_failure_of_the_run() {
        let (text, held) = summary(&[done(Outcome::fault("does not build"))], &[]);
        assert!(!held);
        assert!(text.contains("does not build"));
        assert_eq!(text.lines().last(), Some("0 passed, 1 failed, 0 skipped"));
    }

    #[test]
    fn a_failed_test_is_not_counted_twice() {
        let counts = Counts {
            passed: 4,
            failed: 2,
            skipped: 0,
        };
        let outcome = Outcome {
            counts,
            ..Outcome::fault("tests failed")
        };
        let (text, held) = summary(&[done(outcome)], &[]);
        assert!(!held);
        assert_eq!(text.lines().last(), Some("4 passed, 2 failed, 0 skipped"));
    }

    #[test]
    fn what_was_left_out_is_named() {
        let skips = vec!["full disk: no small file system".to_owned()];
        let outcome = Outcome {
            skips,
            ..Outcome::default()
        };
        let (text, _) = summary(&[done(outcome)], &["200 more seeds".to_owned()]);
        assert!(text.contains("full disk: no small file system"));
        assert!(text.contains("200 more seeds"));
    }
}
