//! The tree keeps every rule, and every rule refuses what it is there for.

use super::*;
use crate::root;

fn errors(path: &str, content: &str) -> Vec<String> {
    let mut found = Found::default();
    let exists = |path: &str| ["docs/glossary.md", "README.md"].contains(&path);
    check(
        &File {
            path,
            bytes: content.as_bytes(),
        },
        &exists,
        &mut found,
    );
    found.errors
}

fn refuses(path: &str, content: &str, expected: &str) {
    let found = errors(path, content);
    assert_eq!(found.len(), 1, "{path}: {found:?}");
    assert!(found[0].contains(expected), "{path}: {found:?}");
}

fn accepts(path: &str, content: &str) {
    assert_eq!(errors(path, content), Vec::<String>::new(), "{path}");
}

/// A word of the rules, put together here so that this file does not hold it.
fn spelled(word: &str) -> String {
    rules::word(word)
}

#[test]
fn the_tree_is_tidy() {
    let found = over_tree(&root::path().unwrap()).unwrap();
    assert!(found.files_read() > 40, "the tree was not read");
    assert!(found.holds(), "{found}");
}

#[test]
fn an_ordinary_file_is_accepted() {
    accepts(
        "crates/sealog-core/src/note.rs",
        "//! Notes.\n\nuse core::fmt; // no std::fs here\n",
    );
    accepts(
        "docs/a.md",
        "# A\n\nSee [words](glossary.md#a) and `docs/glossary.md`.\n",
    );
}

#[test]
fn names_that_say_nothing_are_refused() {
    for name in rules::BANNED_NAMES {
        refuses(
            &format!("crates/sealog-core/src/{name}.rs"),
            "//! A.\n",
            "names nothing",
        );
        refuses(
            &format!("crates/sealog-core/src/{name}/a.rs"),
            "//! A.\n",
            "names nothing",
        );
    }
    accepts("crates/sealog-core/src/record_types.rs", "//! A.\n");
}

#[test]
fn every_banned_word_is_refused_in_its_scope() {
    for banned in rules::BANNED_WORDS {
        let content = format!("//! A.\nfn a() {{ {} }}\n", spelled(banned.word));
        refuses(
            "crates/sealog-core/src/a.rs",
            &content,
            "may not stand here",
        );
    }
}

#[test]
fn a_word_banned_in_core_may_stand_elsewhere_and_in_tests() {
    let content = format!("//! A.\nuse {};\n", spelled("std|::fs"));
    accepts("crates/sealog-store/src/a.rs", &content);
    accepts("crates/sealog-core/src/a/tests.rs", &content);
    let inline = format!(
        "//! A.\n#[cfg(test)]\nmod tests {{\n    use {};\n}}\n",
        spelled("std|::fs")
    );
    accepts("crates/sealog-core/src/a.rs", &inline);
}

#[test]
fn a_longer_name_is_not_the_banned_word() {
    let content = format!("//! A.\nfn a() {{ e{}\"\"); }}\n", spelled("println|!("));
    accepts("crates/sealog-ledger/src/a.rs", &content);
}

#[test]
fn long_files_warn_and_then_fail_without_counting_tests() {
    let lines = |count: usize| format!("//! A.\n{}", "const A: u8 = 1;\n".repeat(count - 1));
    accepts("xtask/src/a.rs", &lines(rules::FILE_LINES_MAX));
    refuses(
        "xtask/src/a.rs",
        &lines(rules::FILE_LINES_MAX + 1),
        "split by noun",
    );
    let tested = format!(
        "{}#[cfg(test)]\nmod tests {{\n{}}}\n",
        lines(20),
        "// a\n".repeat(900)
    );
    accepts("xtask/src/a.rs", &tested);
    let mut found = Found::default();
    let content = lines(rules::FILE_LINES_WARN + 1);
    check(
        &File {
            path: "xtask/src/a.rs",
            bytes: content.as_bytes(),
        },
        &|_| true,
        &mut found,
    );
    assert_eq!(found.warnings.len(), 1);
}

#[test]
fn wide_lines_are_refused() {
    let wide = |count: usize| format!("//! A.\n{}\n", "a".repeat(count));
    accepts("xtask/src/a.rs", &wide(rules::LINE_CHARACTERS_MAX));
    refuses(
        "xtask/src/a.rs",
        &wide(rules::LINE_CHARACTERS_MAX + 1),
        "characters wide",
    );
    let comment = |count: usize| format!("//! {}\n", "a".repeat(count - 4));
    accepts("xtask/src/a.rs", &comment(rules::FREE_LINE_CHARACTERS_MAX));
    refuses(
        "xtask/src/a.rs",
        &comment(rules::FREE_LINE_CHARACTERS_MAX + 1),
        "characters wide",
    );
}

#[test]
fn a_module_without_a_head_is_refused() {
    refuses("xtask/src/a.rs", "use std::fmt;\n", "has no head");
}

#[test]
fn exceptions_from_lints_need_a_reason() {
    accepts(
        "xtask/src/a.rs",
        "//! A.\n#[expect(\n    clippy::exit,\n    reason = \"the end\"\n)]\nfn a() {}\n",
    );
    refuses(
        "xtask/src/a.rs",
        "//! A.\n#[allow(clippy::exit)]\nfn a() {}\n",
        "without `reason",
    );
    refuses(
        "xtask/src/a.rs",
        "//! A.\n#![expect(clippy::exit)]\nfn a() {}\n",
        "without `reason",
    );
    accepts(
        "xtask/src/a/tests.rs",
        "//! A.\n#[allow(clippy::exit)]\nfn a() {}\n",
    );
}

#[test]
fn a_document_has_one_title() {
    refuses("docs/a.md", "No title.\n", "0 titles");
    refuses("docs/a.md", "# A\n\n# B\n", "2 titles");
    accepts("docs/a.md", "# A\n\n```sh\n# a comment\n```\n");
    refuses("docs/a.md", "# A\n\n```sh\n", "without an end");
}

#[test]
fn links_and_paths_must_lead_somewhere() {
    refuses("docs/a.md", "# A\n\n[gone](gone.md)\n", "leads nowhere");
    refuses(
        "docs/a.md",
        "# A\n\n[out](../../README.md)\n",
        "leads nowhere",
    );
    accepts(
        "docs/a.md",
        "# A\n\n[up](../README.md), [far](https://example.org/), [here](#a)\n",
    );
    refuses(
        "docs/a.md",
        "# A\n\nSee `docs/gone.md`.\n",
        "does not exist",
    );
    accepts("docs/a.md", "# A\n\nAny `docs/formats/*.md`.\n");
}

#[test]
fn documents_that_code_names_must_exist() {
    accepts(
        "crates/a/src/lib.rs",
        "//! A (`docs/glossary.md`, \"Part\").\n",
    );
    accepts("crates/a/src/lib.rs", "//! A, in docs/glossary.md.\n");
    accepts(
        "crates/a/src/lib.rs",
        "//! See <https://example.org/docs/gone.md>.\n",
    );
    refuses(
        "crates/a/src/lib.rs",
        "//! A (`docs/gone.md`).\n",
        "does not exist",
    );
    refuses("demo/run.py", "# in docs/gone.md.\n", "does not exist");
}

#[test]
fn chores_that_are_named_must_exist() {
    accepts("docs/a.md", "# A\n\nRun `cargo xtask test --all`.\n");
    refuses(
        "docs/a.md",
        "# A\n\n```sh\ncargo xtask polish\n```\n",
        "does not exist",
    );
    for command in rules::COMMANDS {
        assert!(
            crate::USAGE.contains(&format!("\n  {command} ")),
            "{command}"
        );
    }
}

#[test]
fn white_space_line_ends_and_kinds_are_refused() {
    refuses("docs/a.md", "# A \n", "white space");
    refuses("docs/a.md", "# A\r\n", "white space");
    refuses("docs/a.md", "# A", "newline");
    refuses("docs/a.docx", "a\n", "does not know");
    refuses("Makefile", "a\n", "does not know");
    refuses(
        "docs/a.json",
        &format!("{}\n", "1".repeat(512 * 1024)),
        "larger than",
    );
    accepts("crates/sealog-core/testdata/a.bin", "a \r\n");
}

#[test]
fn the_lock_file_may_name_the_registry() {
    let content = format!("source = \"{}\"\n", spelled("crates|.io"));
    accepts("Cargo.lock", &content);
    refuses("deny.toml", &content, "may not stand here");
}

#[test]
fn dependencies_need_reasons_and_one_place() {
    accepts(
        "Cargo.toml",
        "[workspace.dependencies]\n# why\na = \"1\"\nb = { path = \"b\" }\n",
    );
    refuses(
        "Cargo.toml",
        "[workspace.dependencies]\n# why\na = \"1\"\nb = \"1\"\n",
        "its reason",
    );
    let lints = "[lints]\nworkspace = true\n";
    accepts(
        "crates/a/Cargo.toml",
        &format!("{lints}[dependencies]\na.workspace = true\n"),
    );
    refuses(
        "crates/a/Cargo.toml",
        &format!("{lints}[dependencies]\na = \"1\"\n"),
        "outside",
    );
    refuses(
        "crates/a/Cargo.toml",
        "[package]\nname = \"a\"\n",
        "inherit",
    );
}

#[test]
fn the_change_log_keeps_its_headings() {
    accepts(
        "CHANGELOG.md",
        "# Changes\n\n## [Unreleased]\n\n### Formats\n",
    );
    refuses("CHANGELOG.md", "# Changes\n\n## [Unreleased]\n", "Formats");
}
