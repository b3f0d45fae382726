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

/// Characters that a message shows of a rule that is none.
const SHOWN_CHARS: usize = 80;

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
    /// Reads a baseline of at most [`BASELINE_BYTES_MAX`] bytes. `today` is the day as `YYYY-MM-DD`.
    ///
    /// # Errors
    /// A text that is too long, a line that is no acceptance, and a day that is none.
    pub fn parse(text: &str, today: &str) -> Result<Self, BaselineError> {
        if text.len() > BASELINE_BYTES_MAX {
            let problem = format!("it is larger than {BASELINE_BYTES_MAX} bytes");
            return Err(BaselineError { line: 0, problem });
        }
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
        let shown: String = id.escape_debug().take(SHOWN_CHARS).collect();
        return Err(format!("there is no rule {shown}"));
    }
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if sha256.len() != 64 || !sha256.bytes().all(hex) {
        return Err("the digest is no SHA-256 in lower-case hex".into());
    }
    if !is_day(expires) {
        return Err("the day has not the form YYYY-MM-DD".into());
    }
    // It is shown to people, as it stands.
    if reason.chars().any(char::is_control) {
        return Err("the reason holds control characters".into());
    }
    Ok(Acceptance {
        rule: id.to_owned(),
        sha256: sha256.to_owned(),
        expires: expires.to_owned(),
        reason: reason.trim().to_owned(),
    })
}

/// Days are compared as texts, and so the form is all that matters; but a month or day that is none is a mistake.
fn is_day(text: &str) -> bool {
    let form = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let within = |at: std::ops::Range<usize>, most: u8| {
        let number = text.get(at).and_then(|digits| digits.parse::<u8>().ok());
        number.is_some_and(|number| (1..=most).contains(&number))
    };
    form && within(5..7, 12) && within(8..10, 31)
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

    #[test]
    fn a_baseline_has_so_many_bytes() {
        let comment = |len: usize| format!("#{}", "x".repeat(len - 1));
        assert!(Baseline::parse(&comment(BASELINE_BYTES_MAX), "2026-01-01").is_ok());
        let refused = Baseline::parse(&comment(BASELINE_BYTES_MAX + 1), "2026-01-01").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "line 0: it is larger than 4194304 bytes"
        );
    }

    #[test]
    fn a_hostile_baseline_accepts_nothing_and_writes_nothing_to_a_screen() {
        let (rule, digest) = ("pickle.unknown_global", "a".repeat(64));
        let fits = format!("{rule} {digest} 2026-01-02 our own class");
        let refused = |text: &str| Baseline::parse(text, "2026-01-01").unwrap_err();
        assert!(Baseline::parse(&fits, "2026-01-01").is_ok());
        for day in [
            "2026-00-10",
            "2026-13-01",
            "2026-01-00",
            "2026-01-32",
            "2026-1-002",
            "+026-01-02",
        ] {
            let line = format!("{rule} {digest} {day} why");
            assert_eq!(
                refused(&line).problem,
                "the day has not the form YYYY-MM-DD",
                "{day}"
            );
            assert_eq!(Baseline::parse("", day).unwrap_err().line, 0, "{day}");
        }
        for reason in ["\u{1b}[2J", "a\u{7}", "a\u{0}b", "a\u{9b}1m"] {
            let line = format!("{rule} {digest} 2026-01-02 x{reason}x");
            assert_eq!(
                refused(&line).problem,
                "the reason holds control characters"
            );
        }
        // A rule that is none is shown in part, and nothing of it reaches a screen as it is.
        let long = refused(&format!(
            "{}\u{1b}[2J {digest} 2026-01-02 why",
            "r".repeat(1_000)
        ));
        assert!(long.problem.chars().count() < 120, "{long}");
        let odd = refused(&format!("\u{1b}[2J {digest} 2026-01-02 why"));
        assert_eq!(odd.problem, "there is no rule \\u{1b}[2J");
        for line in [
            format!("\u{feff}{fits}"),
            format!("*  {digest} 2026-01-02 why"),
            format!("{rule}  {digest} 2026-01-02 why"),
            format!("{rule} {digest}0 2026-01-02 why"),
            format!("{rule} {} 2026-01-02 why", &digest[1..]),
            format!("{rule} {} 2026-01-02 why", "\u{ff41}".repeat(64)),
        ] {
            // The first line is fine: it is the second that is refused, and with it the whole.
            assert_eq!(refused(&format!("{fits}\r\n{line}")).line, 2, "{line}");
        }
    }
}
