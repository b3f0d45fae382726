//! Rules for Rust: head, length, width, banned calls, reasons of exceptions.

use super::rules::{self, Scope};
use super::{File, Found, text};

pub(super) fn check(file: &File<'_>, content: &str, found: &mut Found) {
    let lines: Vec<&str> = content.lines().collect();
    let shipped = shipped_lines(file, &lines);
    if shipped > 0 && !lines.first().is_some_and(|line| line.starts_with("//!")) {
        found.error(file, 1, "has no head: `//!` and what it is for");
    }
    length(file, shipped, found);
    for (at, line) in lines.iter().enumerate() {
        width(file, at + 1, line, at < shipped, found);
        calls(file, at + 1, line, at < shipped, found);
    }
    reasons(file, &lines, shipped, found);
}

/// How many lines from the top are code that ships: all up to an inline test module, none of a test file.
fn shipped_lines(file: &File<'_>, lines: &[&str]) -> usize {
    let folders = ["tests", "benches", "examples"];
    let is_test =
        file.name() == "tests.rs" || file.path.split('/').any(|part| folders.contains(&part));
    if is_test {
        return 0;
    }
    let opens_tests = |at: &usize| {
        let mut after = lines.iter().skip(at + 1).map(|line| line.trim());
        let item = after.find(|line| !line.starts_with("#[") && !line.starts_with("//"));
        item.is_some_and(|item| item.starts_with("mod ") && item.ends_with('{'))
    };
    let mut marks = (0..lines.len()).filter(|at| lines.get(*at) == Some(&"#[cfg(test)]"));
    marks.find(opens_tests).unwrap_or(lines.len())
}

fn length(file: &File<'_>, shipped: usize, found: &mut Found) {
    if shipped > rules::FILE_LINES_MAX {
        let max = rules::FILE_LINES_MAX;
        found.error(
            file,
            1,
            format!("{shipped} lines without tests, more than {max}: split by noun"),
        );
    } else if shipped > rules::FILE_LINES_WARN {
        found.warning(file, 1, format!("{shipped} lines without tests"));
    }
}

fn width(file: &File<'_>, number: usize, line: &str, ships: bool, found: &mut Found) {
    let comment = line.trim_start().starts_with("//");
    if !comment && line.contains('"') {
        return;
    }
    let free = comment || !ships;
    let max = if free {
        rules::FREE_LINE_CHARACTERS_MAX
    } else {
        rules::LINE_CHARACTERS_MAX
    };
    let characters = line.chars().count();
    if characters > max {
        found.error(
            file,
            number,
            format!("{characters} characters wide, more than {max}"),
        );
    }
}

fn calls(file: &File<'_>, number: usize, line: &str, ships: bool, found: &mut Found) {
    let code = line.split("//").next().unwrap_or(line);
    let in_core = file.path.starts_with("crates/sealog-core/src/");
    let in_library = file.path.starts_with("crates/")
        && file.path.contains("/src/")
        && !file.path.starts_with("crates/sealog-cli/")
        && !file.path.contains("/src/bin/");
    for banned in rules::BANNED_WORDS {
        let applies = match banned.scope {
            Scope::Everywhere => false,
            Scope::Rust => true,
            Scope::Safe => !file.path.starts_with(rules::UNSAFE_CRATE),
            Scope::Library => in_library && ships,
            Scope::Core => in_core && ships,
        };
        let word = rules::word(banned.word);
        if applies && text::stands_in(code, &word) {
            found.error(
                file,
                number,
                format!("`{word}` may not stand here: {}", banned.instead),
            );
        }
    }
}

/// Every exception from a lint in code that ships says why.
fn reasons(file: &File<'_>, lines: &[&str], shipped: usize, found: &mut Found) {
    for (at, line) in lines.iter().enumerate().take(shipped) {
        let attribute = line.trim_start();
        let exception = ["#[allow(", "#![allow(", "#[expect(", "#![expect("]
            .iter()
            .any(|start| attribute.starts_with(start));
        if !exception {
            continue;
        }
        let closing = lines
            .iter()
            .skip(at)
            .position(|line| line.trim_end().ends_with(")]"));
        let whole = lines
            .iter()
            .skip(at)
            .take(closing.map_or(1, |lines| lines + 1));
        if !whole.into_iter().any(|line| line.contains("reason = ")) {
            found.error(
                file,
                at + 1,
                "an exception from a lint without `reason = \"...\"`",
            );
        }
    }
}
