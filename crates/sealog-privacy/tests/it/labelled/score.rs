//! What a search found of a labelled set, and what it should not have found.

use std::collections::BTreeMap;
use std::ops::Range;

use sealog_privacy::scan::Scanner;

use super::set::Sample;

/// Figures of a type, or of a group of types.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Score {
    pub(super) values: u32,
    /// Values all bytes of which were found, as what they are.
    pub(super) found: u32,
    /// Findings where no such value is.
    pub(super) wrong: u32,
}

impl Score {
    pub(super) fn add(&mut self, other: Self) {
        self.values += other.values;
        self.found += other.found;
        self.wrong += other.wrong;
    }

    pub(super) fn recall(self) -> f64 {
        share(self.found, self.values)
    }

    pub(super) fn precision(self) -> f64 {
        share(self.found, self.found + self.wrong)
    }
}

fn share(part: u32, whole: u32) -> f64 {
    if whole == 0 {
        1.0
    } else {
        f64::from(part) / f64::from(whole)
    }
}

/// The figures of each type, and a line for each mistake.
pub(super) fn score(samples: &[Sample]) -> (BTreeMap<String, Score>, Vec<String>) {
    let scanner = Scanner::usual().unwrap();
    let mut session = scanner.session();
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    let mut mistakes = Vec::new();
    for sample in samples {
        let found = session.scan(sample.text.as_bytes()).unwrap();
        let found: Vec<(&str, Range<usize>)> = found
            .iter()
            .map(|found| (scanner.id(found.kind), found.span.clone()))
            .collect();
        for value in &sample.values {
            let score = scores.entry(value.kind.clone()).or_default();
            let is_found = judge(&value.kind, &value.span, &found);
            score.values += 1;
            score.found += u32::from(is_found);
            if !is_found {
                mistakes.push(format!("MISSED {} {found:?} {:?}", value.kind, sample.text));
            }
        }
        for (kind, span) in &found {
            let is_right = sample
                .values
                .iter()
                .any(|value| value.kind == *kind && overlap(&value.span, span));
            if !is_right {
                scores.entry((*kind).to_owned()).or_default().wrong += 1;
                mistakes.push(format!("WRONG {kind} {span:?} {:?}", sample.text));
            }
        }
    }
    (scores, mistakes)
}

fn judge(kind: &str, span: &Range<usize>, found: &[(&str, Range<usize>)]) -> bool {
    let mut at = span.start;
    let mut is_kind = false;
    for (id, found) in found.iter().filter(|(_, found)| overlap(found, span)) {
        if found.start <= at {
            at = at.max(found.end);
        }
        is_kind |= *id == kind;
    }
    at >= span.end && is_kind
}

fn overlap(left: &Range<usize>, right: &Range<usize>) -> bool {
    left.start < right.end && right.start < left.end
}
