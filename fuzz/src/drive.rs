//! The driver of the ordinary suite: deterministic, single-threaded, no clock.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::mutate::Mutator;
use crate::{Answer, Target};

/// Inputs kept per target at most.
const KEPT_MAX: usize = 512;

/// What a run of one target came to.
#[derive(Debug)]
pub struct Run {
    /// Inputs that were tried, the seeds among them.
    pub inputs: u64,
    /// How often each answer was given.
    pub answers: BTreeMap<Answer, u64>,
}

/// Feeds `target` its seeds and then `rounds` inputs made from them.
///
/// # Panics
///
/// If the target does; the message then holds the input, so that it can become a test.
#[must_use]
pub fn drive(target: &Target, seed: u64, rounds: u64) -> Run {
    let mut kept = (target.seeds)();
    let mut run = Run {
        inputs: 0,
        answers: BTreeMap::new(),
    };
    for input in &kept {
        run.ask(target, input);
    }
    let mut mutator = Mutator::new(seed);
    for _ in 0..rounds {
        let pick = mutator.below(kept.len());
        let other = mutator.below(kept.len());
        let (Some(base), Some(other)) = (kept.get(pick), kept.get(other)) else {
            break;
        };
        let input = mutator.change(base, other);
        if run.ask(target, &input) && kept.len() < KEPT_MAX {
            kept.push(input);
        }
    }
    run
}

impl Run {
    /// Whether the answer was new.
    fn ask(&mut self, target: &Target, input: &[u8]) -> bool {
        let answer = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
        let Ok(answer) = answer else {
            panic!(
                "target {} fails on b\"{}\"",
                target.name,
                input.escape_ascii()
            );
        };
        self.inputs += 1;
        let count = self.answers.entry(answer).or_insert(0);
        *count += 1;
        *count == 1
    }
}
