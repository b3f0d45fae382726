//! The tables of the figures, in the document and in a file: compared, and written anew with `SEALOG_BLESS=1`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use sealog_core::Hash;

use super::score::Score;

const BEGIN: &str = "<!-- accuracy: written by the test -->\n";
const END: &str = "<!-- accuracy: end -->";

/// What is told of the sets, the frozen one first.
#[derive(Default)]
pub(super) struct Page {
    groups: Vec<(&'static str, Vec<Score>)>,
    evasions: Vec<Score>,
    types: BTreeMap<String, Vec<String>>,
}

impl Page {
    pub(super) fn group(&mut self, name: &'static str, score: Score) {
        match self.groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, scores)) => scores.push(score),
            None => self.groups.push((name, vec![score])),
        }
    }

    pub(super) fn evasions(&mut self, score: Score) {
        self.evasions.push(score);
    }

    pub(super) fn types(&mut self, scores: &BTreeMap<String, Score>) {
        for (kind, score) in scores {
            self.types
                .entry(kind.clone())
                .or_default()
                .push(cells(*score));
        }
    }

    /// Fails if a figure is not the one that is written down.
    pub(super) fn compare(&self) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let document = folder.join("../../docs/privacy.md");
        let text = fs::read_to_string(&document).unwrap();
        let (before, rest) = text.split_once(BEGIN).unwrap();
        let (_, after) = rest.split_once(END).unwrap();
        same(
            document,
            &text,
            &format!("{before}{BEGIN}{}{END}{after}", self.table()),
        );
        let file = folder.join("tests/testdata/accuracy.txt");
        let text = fs::read_to_string(&file).unwrap_or_default();
        same(file, &text, &self.list());
    }

    fn table(&self) -> String {
        let mut table = "\n| group | values | recall | precision | held out: values | recall | precision |\n|---|---|---|---|---|---|---|\n".to_owned();
        for (name, scores) in &self.groups {
            let cells: Vec<String> = scores.iter().map(|score| cells(*score)).collect();
            let _ = writeln!(table, "| {name} | {} |", cells.join(" | "));
        }
        let cells: Vec<String> = self
            .evasions
            .iter()
            .map(|score| format!("{} | {:.4} | -", score.values, score.recall()))
            .collect();
        let _ = writeln!(table, "| hidden values | {} |\n", cells.join(" | "));
        table
    }

    fn list(&self) -> String {
        let mut list =
            "type | values | recall | precision | held out: values | recall | precision\n"
                .to_owned();
        for (kind, cells) in &self.types {
            let _ = writeln!(list, "{kind} | {}", cells.join(" | "));
        }
        list
    }
}

fn cells(score: Score) -> String {
    format!(
        "{} | {:.4} | {:.4}",
        score.values,
        score.recall(),
        score.precision()
    )
}

fn same(file: PathBuf, is: &str, should_be: &str) {
    if is == should_be {
        return;
    }
    assert!(
        std::env::var_os("SEALOG_BLESS").is_some(),
        "{} is not what the sets give now:\n{should_be}",
        file.display()
    );
    fs::write(file, should_be).unwrap();
}

/// Fails if anything is found elsewhere in the sets than is written down: by type, how much, and the digest of all
/// places.
pub(super) fn compare_results(found: &BTreeMap<String, (usize, String)>) {
    let mut list = "type | found | SHA-256 of the places\n".to_owned();
    for (kind, (count, places)) in found {
        let digest = Hash::of(&[places.as_bytes()]).to_hex();
        let _ = writeln!(list, "{kind} | {count} | {digest}");
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testdata/results.txt");
    let text = fs::read_to_string(&file).unwrap_or_default();
    same(file, &text, &list);
}
