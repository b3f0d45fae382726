//! Every checksum type against python-stdnum: the script beside this folder makes the numbers and judges them.

use std::collections::BTreeMap;
use std::process::Command;

use sealog_privacy::catalogue::identifier_type;
use sealog_privacy::scan::Scanner;

/// Valid and changed numbers of each type.
const NUMBERS: &str = "10000";

/// Types of which python-stdnum takes more or fewer than we do, with the reason.
const DIFFERENT: &[(&str, &str)] = &[
    (
        "CREDIT_CARD",
        "the referee knows Luhn alone; ours asks for an issuer and its lengths too",
    ),
    ("SK_VAT", "the referee takes a birth number for one too"),
    (
        "US_ITIN",
        "the tax office gives out the groups 50 to 65 too, which the referee does not have",
    ),
    (
        "MX_CURP",
        "the referee does not ask for a vowel, or X, as the second letter",
    ),
];

/// Whether the scanner takes the whole of a number for one, with a word beside it.
fn is_found(scanner: &Scanner, word: &str, number: &str) -> bool {
    let text = format!("{word} {number}");
    let found = scanner.session().scan(text.as_bytes());
    let whole = word.len() + 1..text.len();
    found.is_ok_and(|found| found.iter().any(|found| found.span == whole))
}

#[test]
#[ignore = "needs a Python with python-stdnum: the stage `identifiers elsewhere`"]
fn real_every_check_agrees_with_python_stdnum() {
    let python = std::env::var("SEALOG_PRIVACY_PYTHON").unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stdnum_numbers.py");
    let numbers = std::env::var("SEALOG_PRIVACY_NUMBERS").unwrap_or_else(|_| NUMBERS.to_owned());
    // The script's own seed is the name of the type.
    let made = Command::new(python)
        .args([script, &numbers])
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let text = String::from_utf8(made.stdout).unwrap();
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut scanners: BTreeMap<&str, (Scanner, &str)> = BTreeMap::new();
    let mut wrong: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in text.lines() {
        let [id, number, verdict] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let (scanner, word) = scanners.entry(id).or_insert_with(|| {
            let identifier = identifier_type(id).unwrap_or_else(|| panic!("{id} is unknown"));
            (Scanner::of(&[identifier]).unwrap(), identifier.words()[0])
        });
        let (valid, invalid) = counts.entry(id).or_default();
        *if verdict == "1" { valid } else { invalid } += 1;
        if is_found(scanner, word, number) != (verdict == "1") {
            wrong.entry(id).or_default().push(line);
        }
    }
    let known = |id: &str| DIFFERENT.iter().any(|(known, _)| *known == id);
    let faults: Vec<String> = wrong
        .iter()
        .filter(|(id, _)| !known(id))
        .map(|(id, lines)| {
            format!(
                "{id}: {} of {:?}, {:?}",
                lines.len(),
                counts[id],
                &lines[..lines.len().min(3)]
            )
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(counts.len() >= 80, "{}", counts.len());
    println!(
        "checked: {} types against python-stdnum, {} numbers",
        counts.len(),
        text.lines().count()
    );
}
