//! The worked examples of the format pages, as the tests read them: fenced blocks whose first line is a language and a
//! name, "text checkpoint" for one.

use std::fs;
use std::path::Path;

/// The text of the page `docs/formats/<page>.md`.
pub(crate) fn page(page: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/formats")
        .join(format!("{page}.md"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The content of the one block named `name`, with the newline of its last line; no such block, or two, fail the test.
pub(crate) fn block(page: &str, name: &str) -> String {
    let text = self::page(page);
    let mut found = blocks(&text)
        .into_iter()
        .filter(|(_, other, _)| *other == name);
    let (_, _, content) = found
        .next()
        .unwrap_or_else(|| panic!("{page}.md has no block {name}"));
    assert!(found.next().is_none(), "{page}.md has two blocks {name}");
    content
}

/// The block named `name`, read as JSON.
pub(crate) fn json(page: &str, name: &str) -> serde_json::Value {
    serde_json::from_str(&block(page, name))
        .unwrap_or_else(|error| panic!("{page}.md, {name}: {error}"))
}

/// Language, name and content of every block that has both.
fn blocks(text: &str) -> Vec<(&str, &str, String)> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(fence) = line.strip_prefix("```") else {
            continue;
        };
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        if let Some((language, name)) = fence.split_once(' ') {
            found.push((
                language,
                name,
                body.iter().flat_map(|line| [line, "\n"]).collect(),
            ));
        }
    }
    found
}

#[test]
fn blocks_are_found_by_name_and_keep_their_bytes() {
    let text = "a\n```\nplain\n```\n```text one\nx\n\ny\n```\nb\n```json two\n[]\n```\n";
    let found = blocks(text);
    assert_eq!(
        found,
        [
            ("text", "one", "x\n\ny\n".into()),
            ("json", "two", "[]\n".into())
        ]
    );
}
