//! Runs the examples of `docs/formats/canonical-json.md`.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{canonical, tape_error};
use crate::json::JsonError;

const PAGE: &str = include_str!("../../../../../docs/formats/canonical-json.md");

/// The lines of the one fenced block of this name.
fn block(name: &str) -> Vec<&'static str> {
    let (_, rest) = PAGE.split_once(&format!("\n```{name}\n")).unwrap();
    let (lines, _) = rest.split_once("\n```\n").unwrap();
    lines.lines().collect()
}

/// An example of a refusal: the name of the error and its offset, and the text.
fn refusal(line: &'static str) -> (String, &'static str) {
    let mut parts = line.splitn(3, ' ');
    let (name, offset) = (parts.next().unwrap(), parts.next().unwrap());
    (format!("{name} {offset}"), parts.next().unwrap())
}

fn named(error: &JsonError) -> String {
    let debug = format!("{error:?}");
    let (name, _) = debug.split_once(' ').unwrap();
    format!("{name} {}", error.offset())
}

#[test]
fn texts_of_the_page_have_the_forms_it_gives() {
    let lines = block("json-forms");
    assert_eq!(lines.len(), 7);
    for line in lines {
        let (text, form) = line.split_once("  =>  ").unwrap();
        assert_eq!(
            String::from_utf8(canonical(text.as_bytes()).unwrap()).unwrap(),
            form
        );
        assert_eq!(tape_error(form.as_bytes()), None);
        assert_eq!(tape_error(text.as_bytes()).is_none(), text == form);
    }
}

#[test]
fn texts_that_the_page_calls_refused_are_refused_as_it_says() {
    let lines = block("json-refused");
    assert_eq!(lines.len(), 13);
    for line in lines {
        let (expected, text) = refusal(line);
        assert_eq!(
            named(&canonical(text.as_bytes()).unwrap_err()),
            expected,
            "{text}"
        );
        assert!(tape_error(text.as_bytes()).is_some(), "{text}");
    }
}

#[test]
fn texts_that_the_page_calls_not_canonical_are_refused_by_the_tape_alone() {
    let lines = block("json-not-canonical");
    assert_eq!(lines.len(), 11);
    for line in lines {
        let (expected, text) = refusal(line);
        assert_eq!(
            named(&tape_error(text.as_bytes()).unwrap()),
            expected,
            "{text}"
        );
        assert_ne!(canonical(text.as_bytes()).unwrap(), text.as_bytes());
    }
}
