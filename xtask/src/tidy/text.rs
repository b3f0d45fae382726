//! Rules for every file: name, size, kind, line ends, words that may not stand anywhere.

use super::rules::{self, Scope};
use super::{File, Found};

/// What holds for data too.
pub(super) fn check_file(file: &File<'_>, found: &mut Found) {
    if u64::try_from(file.bytes.len()).is_ok_and(|bytes| bytes > rules::FILE_BYTES_MAX) {
        found.error(
            file,
            1,
            format!("is larger than {} bytes", rules::FILE_BYTES_MAX),
        );
    }
    let parts = file
        .path
        .split('/')
        .map(|part| part.split('.').next().unwrap_or(part));
    for name in parts.filter(|name| rules::BANNED_NAMES.contains(name)) {
        found.error(file, 1, format!("`{name}` names nothing: split by noun"));
    }
    let known = rules::BARE_NAMES.contains(&file.path)
        || file
            .extension()
            .is_some_and(|extension| rules::EXTENSIONS.contains(&extension));
    if !known && !file.is_data() {
        found.error(
            file,
            1,
            "a kind of file that tidy does not know (xtask/src/tidy/rules.rs)",
        );
    }
}

/// What holds for every text.
pub(super) fn check(file: &File<'_>, content: &str, found: &mut Found) {
    if !content.is_empty() && !content.ends_with('\n') {
        found.error(file, content.lines().count(), "does not end with a newline");
    }
    let everywhere: Vec<(String, &str)> = rules::BANNED_WORDS
        .iter()
        .filter(|banned| banned.scope == Scope::Everywhere && !file.is_generated())
        .map(|banned| (rules::word(banned.word), banned.instead))
        .collect();
    for (number, line) in (1..).zip(content.split('\n')) {
        if line.ends_with([' ', '\t', '\r']) {
            found.error(file, number, "ends with white space");
        }
        for (word, instead) in &everywhere {
            if stands_in(line, word) {
                found.error(
                    file,
                    number,
                    format!("`{word}` may not stand here: {instead}"),
                );
            }
        }
    }
    if file.path == "CHANGELOG.md" {
        for (heading, reason) in rules::CHANGELOG_HEADINGS {
            if !content.lines().any(|line| line == *heading) {
                found.error(file, 1, format!("has no `{heading}`: {reason}"));
            }
        }
    }
}

/// Documents that code names must exist: comments, and messages that send their reader there.
pub(super) fn check_documents(
    file: &File<'_>,
    content: &str,
    exists: &dyn Fn(&str) -> bool,
    found: &mut Found,
) {
    if file.path.starts_with(rules::EXAMPLES_OF_TIDY) {
        return;
    }
    let part = |letter: char| letter.is_ascii_alphanumeric() || "._/-".contains(letter);
    for (number, line) in (1..).zip(content.lines()) {
        for (at, _) in line.match_indices("docs/") {
            let rest = line.get(at..).unwrap_or_default();
            let path = rest.split(|letter| !part(letter)).next();
            let path = path.unwrap_or_default().trim_end_matches('.');
            let document = path.rsplit_once('.').is_some_and(|(_, end)| end == "md");
            let whole = !line.get(..at).is_some_and(|before| before.ends_with(part));
            if whole && document && !exists(path) {
                found.error(
                    file,
                    number,
                    format!("the document `{path}` does not exist"),
                );
            }
        }
    }
}

/// Whether `word` stands in `line`, not as part of a longer name (`eprintln!` is not `println!`).
pub(super) fn stands_in(line: &str, word: &str) -> bool {
    let part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let named = word.starts_with(part);
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).unwrap_or_default();
        let after = line.get(at + word.len()..).unwrap_or_default();
        let longer_before = named && before.ends_with(part);
        let longer_after = word.ends_with(part) && after.starts_with(part);
        !longer_before && !longer_after
    })
}
