//! What one file's scan carries along: limits, where it is, what it found.

use super::beside::{Beside, TENSORS_BESIDE_MAX};
use super::finding::{Finding, Severity};
use super::limits::Limits;
use super::pickle::Sights;
use super::rule::{ARCHIVE_DEPTH, Rule};

/// Bytes of a detail that are kept.
const DETAIL_BYTES_MAX: usize = 300;

/// The scan of one file.
#[derive(Debug)]
pub(super) struct Scan<'o> {
    pub(super) limits: &'o Limits,
    path: String,
    depth: usize,
    findings: Vec<Finding>,
    pub(super) opcodes: u64,
    pub(super) inflated: u64,
    /// Bytes that may come out of all archives in the file.
    total: u64,
    /// Structure, where somebody wants to know it.
    pub(super) sights: Option<Sights>,
    /// Tensors that the file keeps in others beside it.
    pub(super) beside: Vec<Beside>,
}

impl<'o> Scan<'o> {
    pub(super) const fn new(path: String, limits: &'o Limits) -> Self {
        Self {
            limits,
            path,
            depth: 0,
            findings: Vec::new(),
            opcodes: 0,
            inflated: 0,
            total: limits.inflated,
            sights: None,
            beside: Vec::new(),
        }
    }

    /// Says how long the file is, by which is measured what its archives may inflate to.
    pub(super) fn of_length(mut self, len: u64) -> Self {
        self.total = self.limits.total(len);
        self
    }

    /// Bytes that a compressed content may inflate to.
    pub(super) fn allowed(&self, compressed: u64) -> u64 {
        let limits = self.limits;
        let allowed = compressed
            .saturating_mul(limits.ratio)
            .max(limits.ratio_free);
        allowed.min(self.total.saturating_sub(self.inflated))
    }

    pub(super) fn report(&mut self, rule: &'static Rule, offset: u64, detail: impl Into<String>) {
        self.push(rule, offset, &detail.into(), None);
    }

    pub(super) fn report_global(
        &mut self,
        rule: &'static Rule,
        offset: u64,
        global: (&str, &str),
        detail: impl Into<String>,
    ) {
        let global = (shortened(global.0), shortened(global.1));
        self.push(rule, offset, &detail.into(), Some(global));
    }

    fn push(
        &mut self,
        rule: &'static Rule,
        offset: u64,
        detail: &str,
        global: Option<(String, String)>,
    ) {
        // Beyond the limit only what makes the answer worse is kept, so that noise cannot hide it.
        let full = self.findings.len() >= self.limits.findings;
        if full && self.worst_since(0) >= Some(rule.severity()) {
            return;
        }
        self.findings.push(Finding {
            rule,
            path: self.path.clone(),
            offset,
            detail: shortened(detail),
            global,
        });
    }

    /// How many findings there are: a mark for [`Self::worst_since`] and [`Self::take_since`].
    pub(super) const fn mark(&self) -> usize {
        self.findings.len()
    }

    pub(super) fn worst_since(&self, mark: usize) -> Option<Severity> {
        let since = self.findings.get(mark..).unwrap_or_default();
        since.iter().map(|finding| finding.rule.severity()).max()
    }

    /// Whether something that does harm was named since then. Random bytes run into extension codes and computed names
    /// now and then; they do not spell `os` and `system`.
    pub(super) fn named_harm_since(&self, mark: usize) -> bool {
        let since = self.findings.get(mark..).unwrap_or_default();
        since.iter().any(|finding| {
            finding.rule.severity() == Severity::Malicious && finding.global.is_some()
        })
    }

    pub(super) fn take_since(&mut self, mark: usize) -> Vec<Finding> {
        self.findings.split_off(mark.min(self.findings.len()))
    }

    pub(super) fn put_back(&mut self, findings: Vec<Finding>) {
        self.findings.extend(findings);
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    /// Remembers a tensor in a file beside this one; not of a model inside an archive, which has none beside it.
    pub(super) fn remember_beside(&mut self, tensor: Beside) {
        if self.depth == 0 && self.beside.len() < TENSORS_BESIDE_MAX {
            self.beside.push(tensor);
        }
    }

    /// Whether one more level may be entered; says so if not.
    pub(super) fn may_enter(&mut self, offset: u64) -> bool {
        if self.depth >= self.limits.depth {
            let detail = format!("more than {} levels", self.limits.depth);
            self.report(&ARCHIVE_DEPTH, offset, detail);
            return false;
        }
        true
    }

    /// Runs a step one level deeper, at `path!name`.
    pub(super) fn inside<T>(&mut self, name: &str, step: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.path.len();
        self.path.push('!');
        self.path.push_str(&shortened(name));
        self.depth += 1;
        let result = step(self);
        self.depth -= 1;
        self.path.truncate(outer);
        result
    }
}

/// The beginning of a text, cut at a character.
fn shortened(text: &str) -> String {
    if text.len() <= DETAIL_BYTES_MAX {
        return text.to_owned();
    }
    let mut end = DETAIL_BYTES_MAX;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}...", text.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::rule::{FILE_UNKNOWN, PICKLE_DANGEROUS_GLOBAL};
    use super::*;

    #[test]
    fn noise_does_not_hide_what_is_worse() {
        let limits = Limits {
            findings: 2,
            ..Limits::default()
        };
        let mut scan = Scan::new("x".into(), &limits);
        for at in 0..5 {
            scan.report(&FILE_UNKNOWN, at, "noise");
        }
        scan.report(&PICKLE_DANGEROUS_GLOBAL, 9, "harm");
        scan.report(&PICKLE_DANGEROUS_GLOBAL, 10, "harm");
        let found: Vec<u64> = scan.into_findings().iter().map(Finding::offset).collect();
        assert_eq!(found, [0, 1, 9]);
    }

    #[test]
    fn the_path_says_how_deep() {
        let limits = Limits {
            depth: 1,
            ..Limits::default()
        };
        let mut scan = Scan::new("a.zip".into(), &limits);
        assert!(scan.may_enter(0));
        scan.inside("b.zip", |scan| assert!(!scan.may_enter(7)));
        let found = scan.into_findings();
        assert_eq!((found[0].path(), found[0].offset()), ("a.zip!b.zip", 7));
    }

    #[test]
    fn long_details_are_cut_at_a_character() {
        let text = "é".repeat(DETAIL_BYTES_MAX);
        assert!(shortened(&text).ends_with("é..."));
    }
}
