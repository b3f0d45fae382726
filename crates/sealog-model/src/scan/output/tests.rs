use super::*;
use crate::formats::source::Source;
use crate::scan::baseline::Baseline;
use crate::scan::{Limits, Report, scan_source};

fn report() -> Report {
    let bad = Source::memory(&b"cos\nsystem\n(S'id'\ntR."[..]);
    let good = Source::memory(&b"\x80\x04N."[..]);
    let limits = Limits::default();
    Report {
        files: vec![
            scan_source("a <b>,\n.pkl", &bad, &limits),
            scan_source("good.pkl", &good, &limits),
        ],
    }
}

#[test]
fn sarif_names_rule_place_and_message() {
    let value = sarif(&report(), &Baseline::default());
    let run = &value.member("runs").unwrap().as_array().unwrap()[0];
    let results = run.member("results").unwrap().as_array().unwrap();
    assert_eq!(results.len(), 1);
    let result = &results[0];
    let id = result.member("ruleId").unwrap().as_str().unwrap();
    assert_eq!(id, "pickle.dangerous_global");
    let index = result.member("ruleIndex").unwrap().as_u64().unwrap();
    let driver = run.member("tool").unwrap().member("driver").unwrap();
    let rules = driver.member("rules").unwrap().as_array().unwrap();
    let rule = &rules[usize::try_from(index).unwrap()];
    assert_eq!(rule.member("id").unwrap().as_str(), Some(id));
    assert_eq!(result.member("level").unwrap().as_str(), Some("error"));
    let text = String::from_utf8(value.to_canonical()).unwrap();
    assert!(text.contains("a%20%3Cb%3E%2C%0A.pkl"), "{text}");
}

#[test]
fn junit_counts_files_and_escapes() {
    let text = junit(&report(), &Baseline::default());
    assert!(text.contains("tests=\"2\" failures=\"1\""), "{text}");
    assert!(text.contains("a &lt;b&gt;,\\u{a}.pkl"), "{text}");
    assert!(text.contains("name=\"good.pkl\"></testcase>"), "{text}");
}

#[test]
fn an_annotation_is_one_line() {
    let text = github(&report(), &Baseline::default());
    assert_eq!(text.lines().count(), 1, "{text}");
    let start = "::error file=a <b>%2C%0A.pkl,title=pickle.dangerous_global::";
    assert!(text.starts_with(start), "{text}");
}

#[test]
fn json_holds_every_finding_with_its_global() {
    let value = json(&report(), &Baseline::default());
    assert_eq!(value.member("verdict").unwrap().as_str(), Some("malicious"));
    let files = value.member("files").unwrap().as_array().unwrap();
    let finding = &files[0].member("findings").unwrap().as_array().unwrap()[0];
    assert_eq!(finding.member("module").unwrap().as_str(), Some("os"));
    assert_eq!(finding.member("name").unwrap().as_str(), Some("system"));
    assert_eq!(finding.member("offset").unwrap().as_u64(), Some(0));
    assert_eq!(files[1].member("verdict").unwrap().as_str(), Some("clean"));
}
