//! Telephone numbers of every region, as phonenumbers has them.

use std::collections::BTreeMap;
use std::process::Command;

use sealog_privacy::catalogue::identifier_type;
use sealog_privacy::scan::Scanner;

/// Digits of a national number that is looked for, at least: fewer are a count or a year.
const NATIONAL_DIGITS: usize = 7;

#[test]
#[ignore = "needs a Python with phonenumbers: the stage `identifiers elsewhere`"]
fn real_numbers_of_every_region_are_found() {
    let python = std::env::var("SEALOG_PRIVACY_PYTHON").unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/phone_numbers.py");
    let made = Command::new(python).arg(script).output().unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let text = String::from_utf8(made.stdout).unwrap();
    let scanner = Scanner::of(&[identifier_type("PHONE").unwrap()]).unwrap();
    let mut session = scanner.session();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut missed = Vec::new();
    for line in text.lines() {
        let [_, _, form, number] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let digits = number.bytes().filter(u8::is_ascii_digit).count();
        if form == "NATIONAL" && digits < NATIONAL_DIGITS {
            continue;
        }
        // With its country code it stands for itself, else beside a word.
        let before = if form == "NATIONAL" { "phone " } else { "at " };
        let text = format!("{before}{number} today");
        let found = session.scan(text.as_bytes()).unwrap();
        let whole = before.len()..before.len() + number.len();
        *counts.entry(form).or_default() += 1;
        if !found.iter().any(|found| found.span == whole) {
            missed.push(line);
        }
    }
    assert!(
        missed.is_empty(),
        "{} missed:\n{}",
        missed.len(),
        missed.join("\n")
    );
    assert!(counts["E164"] > 500, "{counts:?}");
    println!("checked: telephone numbers against phonenumbers, {counts:?}");
}
