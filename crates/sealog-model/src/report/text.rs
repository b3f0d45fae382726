//! `JUnit`'s XML, and workflow commands of GitHub's runners.

use std::fmt::Write as _;

use super::{Fault, Table};

/// One test case for each case; faults that are not accepted are its failures.
pub fn junit(table: &Table) -> String {
    let mut cases = String::new();
    let mut failures = 0usize;
    let command = table.command;
    for case in &table.cases {
        let faults = case.faults.iter();
        let open: Vec<&Fault> = faults.filter(|fault| fault.accepted.is_none()).collect();
        let name = xml(&case.path);
        let _ = write!(
            cases,
            "  <testcase classname=\"sealog.model.{command}\" name=\"{name}\">"
        );
        if let Some(worst) = open.iter().max_by_key(|fault| fault.level) {
            failures += 1;
            let worst = xml(&worst.word);
            let _ = writeln!(cases, "\n    <failure message=\"{worst}\">");
            for fault in open {
                let _ = writeln!(cases, "{}", xml(&sentence(fault)));
            }
            cases.push_str("    </failure>\n  ");
        }
        cases.push_str("</testcase>\n");
    }
    let tests = table.cases.len();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite name=\"sealog model {command}\" \
         tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">\n{cases}</testsuite>\n</testsuites>\n"
    )
}

/// One workflow command for each fault that is not accepted.
pub fn github(table: &Table) -> String {
    let mut lines = String::new();
    for case in &table.cases {
        for fault in &case.faults {
            if fault.accepted.is_some() {
                continue;
            }
            let command = fault.level.word();
            let (path, id) = (property(&case.path), property(&fault.rule));
            let message = data(&sentence(fault));
            let _ = writeln!(lines, "::{command} file={path},title={id}::{message}");
        }
    }
    lines
}

fn sentence(fault: &Fault) -> String {
    format!("{} [{}]", fault.message, fault.rule)
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
