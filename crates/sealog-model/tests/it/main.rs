//! The scanner against a corpus of its own: files made by hand, one for each technique, each with a harmless twin; and
//! files that real libraries wrote, none of which may be flagged.
//!
//! `SEALOG_CORPUS=DIR` writes the malicious corpus there, for other scanners. Nothing here loads any of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::too_many_lines,
    clippy::format_collect,
    reason = "tests, most of them tables of cases"
)]

mod archives;
mod assemble;
mod benign;
mod beside;
mod containers;
mod coverage;
mod frameworks;
mod inspect;
mod limits;
mod loaders;
mod pickles;
mod properties;
#[cfg(feature = "sources")]
mod sources;
mod texts;

use std::collections::BTreeSet;

use sealog_model::formats::source::Source;
use sealog_model::scan::{FileReport, Limits, Severity, Verdict, rule, scan_source};

/// A technique.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) bad: Vec<u8>,
    /// Exactly the rules that are broken.
    pub(crate) rules: Vec<&'static str>,
    pub(crate) twin: Vec<u8>,
}

impl Case {
    pub(crate) fn new(name: &str, bad: &[u8], rules: &[&'static str], twin: &[u8]) -> Self {
        Self {
            name: name.to_owned(),
            bad: bad.to_vec(),
            rules: rules.to_vec(),
            twin: twin.to_vec(),
        }
    }

    fn verdict(&self) -> Verdict {
        let weights = self
            .rules
            .iter()
            .map(|id| rule::rule(id).unwrap().severity());
        weights.max().map_or(Verdict::Clean, Verdict::from)
    }
}

pub(crate) fn scan(bytes: &[u8]) -> FileReport {
    scan_source("file", &Source::memory(bytes), &Limits::default())
}

fn corpus() -> Vec<Case> {
    let mut cases = pickles::gadgets();
    cases.extend(pickles::opcodes());
    cases.extend(pickles::attributes());
    cases.extend(pickles::distributions());
    cases.extend(pickles::streams());
    cases.extend(loaders::cases());
    cases.extend(containers::zips());
    cases.extend(containers::streams());
    cases.extend(containers::models());
    cases.extend(archives::zips());
    cases.extend(archives::tars());
    cases.extend(archives::packed());
    cases.extend(frameworks::pickles());
    cases.extend(frameworks::keras());
    cases.extend(frameworks::graphs());
    cases.extend(frameworks::headers());
    cases.extend(frameworks::descriptions());
    cases
}

#[test]
fn every_technique_is_caught_by_its_rule_and_its_twin_is_clean() {
    let cases = corpus();
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), cases.len(), "two cases of one name");
    assert!(
        cases.len() >= 120,
        "the corpus has shrunk to {}",
        cases.len()
    );
    let mut wrong = Vec::new();
    for case in &cases {
        let report = scan(&case.bad);
        let mut expected = case.rules.clone();
        expected.sort_unstable();
        let found: BTreeSet<&str> = report
            .findings()
            .iter()
            .map(|finding| finding.rule().id())
            .collect();
        if found.iter().copied().ne(expected) || report.verdict() != case.verdict() {
            wrong.push(format!("{}: {:#?}", case.name, report.findings()));
        }
        let twin = scan(&case.twin);
        if twin.verdict() != Verdict::Clean {
            wrong.push(format!("the twin of {}: {:#?}", case.name, twin.findings()));
        }
    }
    if let Some(directory) = std::env::var_os("SEALOG_CORPUS") {
        for (number, case) in cases.iter().enumerate() {
            let directory = std::path::Path::new(&directory);
            std::fs::write(directory.join(format!("{number:03}.bad")), &case.bad).unwrap();
            std::fs::write(directory.join(format!("{number:03}.twin")), &case.twin).unwrap();
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_cut_of_every_case_has_the_same_answer_twice() {
    for case in corpus().iter().filter(|case| case.bad.len() < 600) {
        for end in (0..case.bad.len()).step_by(3) {
            let cut = &case.bad[..end];
            assert_eq!(scan(cut), scan(cut), "{} cut at {end}", case.name);
        }
    }
}

#[test]
fn what_was_called_before_a_cut_stays_malicious() {
    for case in pickles::gadgets() {
        let whole = case.bad.len();
        for end in [whole - 1, whole - 2] {
            let report = scan(&case.bad[..end]);
            assert_eq!(
                report.verdict(),
                Verdict::Malicious,
                "{} cut at {end}",
                case.name
            );
        }
    }
}

#[test]
fn a_pickle_that_is_cut_is_never_clean() {
    let pickle = assemble::harmless();
    for end in 1..pickle.len() {
        let report = scan(&pickle[..end]);
        assert_ne!(report.verdict(), Verdict::Clean, "cut at {end}");
        let weights = report
            .findings()
            .iter()
            .map(|finding| finding.rule().severity());
        assert!(weights.max() < Some(Severity::Malicious), "cut at {end}");
    }
}
