//! The tests that take long: what is never run otherwise, and what the short run does a part of.

use anyhow::Result;

use crate::process::Job;
use crate::report::Outcome;
use crate::stages::run_tests;

/// A test that does more than in the short run where a variable asks for it.
struct More {
    /// The target of `sealog-ledger` that it is in.
    target: &'static str,
    test: &'static str,
    variable: &'static str,
    value: &'static str,
}

const MORE: &[More] = &[
    More {
        target: "sim",
        test: "no_receipt_is_lost_and_no_log_forks_whatever_fails",
        variable: "SEALOG_SIM_SEEDS",
        value: "3000",
    },
    More {
        target: "it",
        test: "kill::whatever_a_killed_process_piped_out_is_in_the_log",
        variable: "SEALOG_KILLS",
        value: "1000",
    },
    More {
        target: "it",
        test: "flips::every_flipped_bit_of_log_and_payloads_is_seen",
        variable: "SEALOG_FLIPS",
        value: "all",
    },
];

/// Runs all of them, even if one fails.
pub(crate) fn run() -> Result<Outcome> {
    let mut outcome = ignored()?;
    for more in MORE {
        outcome.add(more.run()?);
    }
    Ok(outcome)
}

/// Those that are always ignored.
fn ignored() -> Result<Outcome> {
    let arguments = [
        "test",
        "--workspace",
        "--locked",
        "--profile",
        "ci",
        "--no-fail-fast",
        "--",
        "--show-output",
        "--ignored",
        "--skip",
        "child_", // bodies of child processes: the tests that start them run them
        "--skip",
        "real_", // they have a stage of their own
    ];
    run_tests("long-tests", Job::cargo(&arguments)?)
}

impl More {
    fn run(&self) -> Result<Outcome> {
        let arguments = [
            "test",
            "--package",
            "sealog-ledger",
            "--locked",
            "--profile",
            "ci",
            "--test",
            self.target,
            "--",
            "--show-output",
            "--exact",
            self.test,
        ];
        let job = Job::cargo(&arguments)?.variable(self.variable, self.value);
        run_tests(&format!("long-{}", self.variable.to_lowercase()), job)
    }
}
