//! Reads what test runners print: counts, named skips, and what a test says it covered.
//!
//! A test that cannot run where it stands prints a line `skipped: WHAT: WHY`; one whose coverage depends on what it
//! found prints `checked: HOW MUCH`. Both reach the end of the run, so neither is ever silent.

use crate::report::{Counts, Outcome};

/// Why a test is ignored that another test starts as a process of its own: it does run.
const CHILD: &str = ", the body of a child process";
const SKIPPED: &str = "skipped: ";
const CHECKED: &str = "checked: ";

/// Collects from the lines of `cargo test -- --show-output`.
#[derive(Debug, Default)]
pub(crate) struct CargoTests {
    outcome: Outcome,
    /// Inside the list of what succeeded, which is for the log only.
    quiet: bool,
    /// Tests that said they left something out; their runner counts them as passed.
    skipped_tests: u64,
    /// Whether the test whose output is being read is already among them.
    said_skipped: bool,
    /// Ignored tests that another test runs.
    children: u64,
}

impl CargoTests {
    /// Takes the next line; tells whether it is worth showing at once.
    pub(crate) fn line(&mut self, line: &str) -> bool {
        if let Some(counts) = result(line) {
            self.outcome.counts.add(counts);
            self.quiet = false;
            return true;
        }
        match line {
            "successes:" => self.quiet = true,
            "failures:" => self.quiet = false,
            _ if line.starts_with("---- ") => self.said_skipped = false,
            _ => self.mark(line),
        }
        let passed = line.starts_with("test ") && (line.ends_with(" ... ok") || ignored(line));
        !self.quiet && !passed && !line.is_empty()
    }

    fn mark(&mut self, line: &str) {
        if let Some(skip) = line.strip_prefix(SKIPPED) {
            self.outcome.skips.push(skip.to_owned());
            self.skipped_tests += u64::from(!self.said_skipped);
            self.said_skipped = true;
        } else if let Some(checked) = line.strip_prefix(CHECKED) {
            self.outcome.notes.push(checked.to_owned());
        } else if ignored(line) && line.ends_with(CHILD) {
            self.children += 1;
        } else if ignored(line) {
            let shown = line
                .trim_start_matches("test ")
                .replacen(" ... ignored", "", 1);
            self.outcome.skips.push(shown);
        }
    }

    pub(crate) fn finish(mut self) -> Outcome {
        let counts = &mut self.outcome.counts;
        let moved = self.skipped_tests.min(counts.passed);
        counts.passed -= moved;
        counts.skipped = (counts.skipped + moved).saturating_sub(self.children);
        if self.outcome.counts.passed == 0 {
            self.outcome.faults.push("no test passed at all".to_owned());
        }
        self.outcome
    }
}

fn ignored(line: &str) -> bool {
    line.starts_with("test ") && line.contains(" ... ignored")
}

/// `test result: ok. 3 passed; 0 failed; 1 ignored; ...`
fn result(line: &str) -> Option<Counts> {
    let rest = line.strip_prefix("test result: ")?;
    let rest = rest.split_once(". ")?.1;
    let mut counts = Counts::default();
    for part in rest.split("; ") {
        counted(&mut counts, part);
    }
    Some(counts)
}

/// The closing line of pytest: `=== 3 failed, 10 passed, 1 skipped in 2.10s ===`, with or without its frame.
pub(crate) fn pytest(line: &str) -> Option<Counts> {
    let line = line.trim_matches(|letter| letter == '=' || letter == ' ');
    let (list, time) = line.rsplit_once(" in ")?;
    if !time.starts_with(|letter: char| letter.is_ascii_digit()) {
        return None;
    }
    let mut counts = Counts::default();
    for part in list.split(", ") {
        part.split_once(' ')?.0.parse::<u64>().ok()?;
        counted(&mut counts, part);
    }
    Some(counts)
}

fn counted(counts: &mut Counts, part: &str) {
    let Some((number, word)) = part.trim().split_once(' ') else {
        return;
    };
    let Ok(number) = number.parse::<u64>() else {
        return;
    };
    match word {
        "passed" | "xfailed" => counts.passed += number,
        "failed" | "error" | "errors" | "xpassed" => counts.failed += number,
        "ignored" | "skipped" => counts.skipped += number,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_results_are_added_up() {
        let mut tests = CargoTests::default();
        for line in [
            "     Running unittests src/lib.rs",
            "test a::b ... ok",
            "test a::slow ... ignored, a long run: cargo xtask test --all",
            "test a::child ... ignored, the body of a child process",
            "successes:",
            "---- a::b stdout ----",
            "skipped: full disk: no small file system can be made here",
            "skipped: quota: no quota can be set here",
            "checked: 412 cases of the shared vectors",
            "successes:",
            "    a::b",
            "test result: ok. 7 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.1s",
            "test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s",
        ] {
            tests.line(line);
        }
        let outcome = tests.finish();
        assert_eq!(
            outcome.counts,
            Counts {
                passed: 8,
                failed: 3,
                skipped: 2
            }
        );
        assert_eq!(outcome.skips.len(), 3);
        assert_eq!(outcome.notes, ["412 cases of the shared vectors"]);
    }

    #[test]
    fn only_what_succeeded_is_kept_from_the_screen() {
        let mut tests = CargoTests::default();
        assert!(!tests.line("test a ... ok"));
        assert!(tests.line("test b ... FAILED"));
        assert!(!tests.line("successes:"));
        assert!(!tests.line("noise of a test that passed"));
        assert!(tests.line("failures:"));
        assert!(tests.line("panicked at"));
    }

    #[test]
    fn a_run_without_tests_is_a_fault() {
        assert_eq!(CargoTests::default().finish().faults.len(), 1);
    }

    #[test]
    fn pytest_closes_with_its_counts() {
        let line = "=========== 2 failed, 10 passed, 1 skipped, 3 warnings in 2.10s ===========";
        assert_eq!(
            pytest(line),
            Some(Counts {
                passed: 10,
                failed: 2,
                skipped: 1
            })
        );
        assert_eq!(
            pytest("12 passed in 0.5s"),
            Some(Counts {
                passed: 12,
                failed: 0,
                skipped: 0
            })
        );
        assert_eq!(
            pytest("1 passed, 1 error in 61.00s (0:01:01)").map(|c| c.failed),
            Some(1)
        );
    }

    #[test]
    fn other_lines_of_pytest_are_no_result() {
        for line in [
            "collected 12 items",
            "tests/test_a.py ..... [100%]",
            "interest in 12 things",
        ] {
            assert_eq!(pytest(line), None, "{line}");
        }
    }
}
