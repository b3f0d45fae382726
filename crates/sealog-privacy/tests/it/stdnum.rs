//! Every checksum type against python-stdnum: the script beside this folder makes the numbers and judges them.

use std::collections::BTreeMap;
use std::process::Command;

use sealog_privacy::catalogue::identifier_type;
use sealog_privacy::scan::{Scanner, Session};

/// Valid and changed numbers of each type.
const NUMBERS: &str = "10000";

/// Numbers that python-stdnum and we take otherwise, with the reason: type, and which of its numbers.
type Different = (&'static str, fn(&str) -> bool, &'static str);

const DIFFERENT: &[Different] = &[
    (
        "AR_CUIT",
        |number| number.starts_with('5'),
        "the referee takes the numbers for international purposes too, which people do not have",
    ),
    (
        "BE_NN",
        |number| number > "26",
        "the referee knows what day it is: to us a year may be one of this century that is still to come",
    ),
    (
        "CREDIT_CARD",
        |_| true,
        "the referee knows Luhn alone; ours asks for an issuer and its lengths too",
    ),
    (
        "IN_PAN",
        |number| number.get(3..4) == Some("E"),
        "partnerships of limited liability have an E, which the referee does not have",
    ),
    (
        "MX_CURP",
        |number| {
            number
                .get(1..2)
                .is_some_and(|second| !"AEIOUX".contains(second))
        },
        "the referee does not ask for a vowel, or X, as the second letter",
    ),
    (
        "SE_PERSONNUMMER",
        |number| number.get(4..6).is_some_and(|day| day > "60"),
        "a number of coordination, whose day is sixty more, is one of a person too",
    ),
    (
        "SK_VAT",
        |number| has_birth_date(number.trim_start_matches("SK")),
        "the referee takes a birth number for one too",
    ),
    (
        "US_ITIN",
        |number| {
            number
                .get(3..5)
                .is_some_and(|group| ("50".."66").contains(&group))
        },
        "the tax office gives out the groups 50 to 65 too, which the referee does not have",
    ),
];

/// Whether a number begins as a Slovak birth number: women have fifty more for their month, late ones twenty more.
fn has_birth_date(number: &str) -> bool {
    let two = |from: usize| number.get(from..from + 2)?.parse::<u32>().ok();
    let month = two(2).is_some_and(|month| (1..=12).contains(&(month % 50 % 20)));
    month && two(4).is_some_and(|day| (1..=31).contains(&day))
}

/// Programs that make numbers side by side.
const PARTS: usize = 2;

/// What the script says: type, number and verdict, by lines.
#[expect(clippy::unwrap_used, reason = "a part of the test")]
fn numbers() -> String {
    let python = std::env::var("SEALOG_PRIVACY_PYTHON").unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stdnum_numbers.py");
    let count = std::env::var("SEALOG_PRIVACY_NUMBERS").unwrap_or_else(|_| NUMBERS.to_owned());
    let make = |part: usize| {
        // The script's own seed is the name of the type.
        let (part, parts) = (part.to_string(), PARTS.to_string());
        let arguments = [script, count.as_str(), part.as_str(), parts.as_str()];
        let made = Command::new(&python).args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "{said}");
        String::from_utf8(made.stdout).unwrap()
    };
    let make = &make;
    std::thread::scope(|scope| {
        let running = std::array::from_fn::<_, PARTS, _>(|part| scope.spawn(move || make(part)));
        running.map(|part| part.join().unwrap()).concat()
    })
}

/// Whether the scanner takes the whole of a number for one, with a word beside it.
fn is_found(session: &mut Session<'_>, word: &str, number: &str) -> bool {
    let text = format!("{word} {number}");
    let found = session.scan(text.as_bytes());
    let whole = word.len() + 1..text.len();
    found.is_ok_and(|found| found.iter().any(|found| found.span == whole))
}

#[test]
#[ignore = "needs a Python with python-stdnum: the stage `identifiers elsewhere`"]
fn real_every_check_agrees_with_python_stdnum() {
    let text = numbers();
    let mut numbers: BTreeMap<&str, Vec<(&str, bool)>> = BTreeMap::new();
    for line in text.lines() {
        let [id, number, verdict] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        numbers
            .entry(id)
            .or_default()
            .push((number, verdict == "1"));
    }
    let mut faults = Vec::new();
    for (id, numbers) in &numbers {
        let identifier = identifier_type(id).unwrap_or_else(|| panic!("{id} is unknown"));
        let scanner = Scanner::of(&[identifier]).unwrap();
        // One for all numbers: each new one would make all its states anew.
        let mut session = scanner.session();
        let word = identifier.words()[0];
        let is_known = |number: &str| {
            let mut different = DIFFERENT.iter().filter(|(name, _, _)| name == id);
            different.any(|(_, is_known, _)| is_known(number))
        };
        let (known, wrong): (Vec<&str>, Vec<&str>) = numbers
            .iter()
            .filter(|(number, is_valid)| is_found(&mut session, word, number) != *is_valid)
            .map(|(number, _)| *number)
            .partition(|number| is_known(number));
        let valid = numbers.iter().filter(|(_, is_valid)| *is_valid).count();
        println!(
            "{id}: {valid} of {} valid, {} taken otherwise for a known reason",
            numbers.len(),
            known.len()
        );
        if !wrong.is_empty() {
            faults.push(format!(
                "{id}: {} of {}, {:?}",
                wrong.len(),
                numbers.len(),
                &wrong[..wrong.len().min(3)]
            ));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(numbers.len() >= 80, "{}", numbers.len());
    println!(
        "checked: {} types against python-stdnum, {} numbers",
        numbers.len(),
        text.lines().count()
    );
}
