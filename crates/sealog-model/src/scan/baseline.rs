//! A list of findings that somebody accepts, each with a reason and a day on which that ends.
//!
//! A line is `RULE SHA256 EXPIRES REASON`: rule id, digest of the file in hex, a day `YYYY-MM-DD` from which on it is
//! no longer accepted, and words. Empty lines and lines that begin with `#` are passed over. An accepted finding is
//! still shown; nothing accepts a finding of a file whose digest is another.

use sealog_core::json::{Object, Value};

use super::finding::{FileReport, Finding, Report, Verdict, worst};
use super::rule;

/// Bytes of a baseline at most.
pub const BASELINE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// One accepted rule of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    rule: String,
    sha256: String,
    expires: String,
    reason: String,
}

/// Why a baseline cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct BaselineError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
}

/// A baseline, as of a day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Baseline {
    accepted: Vec<Acceptance>,
    today: String,
}

impl Acceptance {
    /// Why it is accepted.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The day from which on it is not.
    pub fn expires(&self) -> &str {
        &self.expires
    }
}

impl Baseline {
    /// Reads a baseline. `today` is the day as `YYYY-MM-DD`.
    pub fn parse(text: &str, today: &str) -> Result<Self, BaselineError> {
        let mut accepted = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let entry = acceptance(line).map_err(|problem| BaselineError {
                line: number,
                problem,
            })?;
            accepted.push(entry);
        }
        if !is_day(today) {
            let problem = "today is no day".into();
            return Err(BaselineError { line: 0, problem });
        }
        Ok(Self {
            accepted,
            today: today.to_owned(),
        })
    }

    /// All that it accepts, as of its day: what a policy is named by.
    pub(crate) fn to_value(&self) -> Value {
        let accepted = self.accepted.iter().map(|accepted| {
            let mut object = Object::new();
            object.insert("expires", accepted.expires.as_str());
            object.insert("reason", accepted.reason.as_str());
            object.insert("rule", accepted.rule.as_str());
            object.insert("sha256", accepted.sha256.as_str());
            Value::Object(object)
        });
        Value::Array(accepted.collect())
    }

    /// The acceptance of a finding, if there is one that has not run out.
    pub fn accepts(&self, file: &FileReport, finding: &Finding) -> Option<&Acceptance> {
        self.accepted.iter().find(|accepted| {
            accepted.rule == finding.rule().id()
                && !file.sha256().is_empty()
                && accepted.sha256 == file.sha256()
                && self.today < accepted.expires
        })
    }

    /// The answer that is left when accepted findings do not count.
    pub fn verdict(&self, report: &Report) -> Verdict {
        let files = report.files().iter().map(|file| {
            let open = file
                .findings()
                .iter()
                .filter(|finding| self.accepts(file, finding).is_none());
            worst(open.map(|finding| finding.rule().severity()))
        });
        files.max().unwrap_or(Verdict::Undecided)
    }
}

fn acceptance(line: &str) -> Result<Acceptance, String> {
    let mut words = line.splitn(4, char::is_whitespace);
    let mut word = |name: &str| {
        words
            .next()
            .filter(|word| !word.is_empty())
            .ok_or(format!("there is no {name}"))
    };
    let (id, sha256) = (word("rule")?, word("digest")?);
    let (expires, reason) = (word("day")?, word("reason")?);
    if rule::rule(id).is_none() {
        return Err(format!("there is no rule {id}"));
    }
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if sha256.len() != 64 || !sha256.bytes().all(hex) {
        return Err("the digest is no SHA-256 in lower-case hex".into());
    }
    if !is_day(expires) {
        return Err("the day has not the form YYYY-MM-DD".into());
    }
    Ok(Acceptance {
        rule: id.to_owned(),
        sha256: sha256.to_owned(),
        expires: expires.to_owned(),
        reason: reason.trim().to_owned(),
    })
}

fn is_day(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::source::Source;
    use crate::scan::{Limits, scan_source};

    fn report() -> Report {
        let source = Source::memory(&b"\x80\x04cmine\nNet\n."[..]);
        Report {
            files: vec![scan_source("m.pkl", &source, &Limits::default())],
        }
    }

    #[test]
    fn only_the_same_rule_of_the_same_bytes_before_the_day_is_accepted() {
        let report = report();
        assert_eq!(report.verdict(), Verdict::Suspicious);
        let digest = report.files()[0].sha256().to_owned();
        let other = "0".repeat(64);
        for (rule, digest, today, verdict) in [
            (
                "pickle.unknown_global",
                &digest,
                "2026-01-01",
                Verdict::Clean,
            ),
            (
                "pickle.unknown_global",
                &digest,
                "2026-01-02",
                Verdict::Suspicious,
            ),
            (
                "pickle.unknown_global",
                &other,
                "2026-01-01",
                Verdict::Suspicious,
            ),
            ("pickle.broken", &digest, "2026-01-01", Verdict::Suspicious),
        ] {
            let text = format!("# a comment\n\n{rule} {digest} 2026-01-02 our own class\n");
            let baseline = Baseline::parse(&text, today).unwrap();
            assert_eq!(baseline.verdict(&report), verdict, "{rule} {today}");
        }
    }

    #[test]
    fn a_baseline_that_says_too_little_is_refused() {
        let digest = "a".repeat(64);
        for line in [
            "pickle.unknown_global".to_owned(),
            format!("pickle.unknown_global {digest} 2026-01-02"),
            format!("no.such_rule {digest} 2026-01-02 why"),
            format!(
                "pickle.unknown_global {} 2026-01-02 why",
                digest.to_uppercase()
            ),
            format!("pickle.unknown_global {digest} 02.01.2026 why"),
            format!("pickle.unknown_global {digest} never why"),
        ] {
            assert_eq!(
                Baseline::parse(&line, "2026-01-01").unwrap_err().line,
                1,
                "{line}"
            );
        }
    }
}
