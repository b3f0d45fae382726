//! `JUnit`'s XML, and workflow commands of GitHub's runners.

use std::fmt::Write as _;

use crate::scan::baseline::Baseline;
use crate::scan::finding::{Finding, Report, Severity};

/// One test case for each file; findings that are not accepted are its failures.
pub fn junit(report: &Report, baseline: &Baseline) -> String {
    let mut cases = String::new();
    let mut failures = 0usize;
    for file in report.files() {
        let open = |finding: &&Finding| baseline.accepts(file, finding).is_none();
        let open: Vec<&Finding> = file.findings().iter().filter(open).collect();
        let name = xml(file.path());
        let _ = write!(
            cases,
            "  <testcase classname=\"sealog.model.scan\" name=\"{name}\">"
        );
        if !open.is_empty() {
            failures += 1;
            let worst = open.iter().map(|finding| finding.rule().severity()).max();
            let worst = worst.map(|worst| worst.to_string()).unwrap_or_default();
            let _ = writeln!(cases, "\n    <failure message=\"{worst}\">");
            for finding in open {
                let _ = writeln!(cases, "{}", xml(&sentence(finding)));
            }
            cases.push_str("    </failure>\n  ");
        }
        cases.push_str("</testcase>\n");
    }
    let tests = report.files().len();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite name=\"sealog model scan\" \
         tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">\n{cases}</testsuite>\n</testsuites>\n"
    )
}

/// One workflow command for each finding that is not accepted.
pub fn github(report: &Report, baseline: &Baseline) -> String {
    let mut lines = String::new();
    for file in report.files() {
        for finding in file.findings() {
            if baseline.accepts(file, finding).is_some() {
                continue;
            }
            let command = match finding.rule().severity() {
                Severity::Malicious => "error",
                Severity::Suspicious | Severity::Undecided => "warning",
            };
            let (path, id) = (property(file.path()), property(finding.rule().id()));
            let message = data(&sentence(finding));
            let _ = writeln!(lines, "::{command} file={path},title={id}::{message}");
        }
    }
    lines
}

fn sentence(finding: &Finding) -> String {
    let (rule, place) = (finding.rule(), finding.offset());
    let (path, detail) = (finding.path(), finding.detail());
    format!(
        "{path} byte {place}: {} [{}]: {detail}",
        rule.title(),
        rule.id()
    )
}

/// Text in XML: what XML 1.0 cannot hold is shown as its number.
fn xml(text: &str) -> String {
    text.chars()
        .fold(String::with_capacity(text.len()), |mut out, char| {
            match char {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                char if char.is_control() || matches!(char, '\u{fffe}' | '\u{ffff}') => {
                    out.extend(char.escape_unicode());
                }
                char => out.push(char),
            }
            out
        })
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
