//! Rules for Markdown: one title, links that lead somewhere, paths that exist.

use super::rules;
use super::{File, Found};

pub(super) fn check(
    file: &File<'_>,
    content: &str,
    exists: &dyn Fn(&str) -> bool,
    found: &mut Found,
) {
    let mut titles = 0;
    let mut fenced = false;
    for (number, line) in (1..).zip(content.lines()) {
        commands(file, number, line, found);
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            titles += usize::from(line.starts_with("# "));
            links(file, number, line, exists, found);
            paths(file, number, line, exists, found);
        }
    }
    if titles != 1 {
        found.error(file, 1, format!("has {titles} titles, not one"));
    }
    if fenced {
        found.error(
            file,
            content.lines().count(),
            "has a code block without an end",
        );
    }
}

/// `cargo xtask` and a command, in examples too.
fn commands(file: &File<'_>, number: usize, line: &str, found: &mut Found) {
    for rest in line.split("cargo xtask ").skip(1) {
        let name = rest
            .split(|letter: char| !letter.is_ascii_alphanumeric())
            .next();
        if !name.is_some_and(|name| rules::COMMANDS.contains(&name)) {
            found.error(file, number, "a chore that does not exist");
        }
    }
}

/// `[text](target)` with a relative target.
fn links(
    file: &File<'_>,
    number: usize,
    line: &str,
    exists: &dyn Fn(&str) -> bool,
    found: &mut Found,
) {
    for (at, _) in line.match_indices("](") {
        let rest = line.get(at + 2..).unwrap_or_default();
        let Some((target, _)) = rest.split_once(')') else {
            continue;
        };
        let target = target.split(['#', ' ']).next().unwrap_or_default();
        if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
            continue;
        }
        match resolve(file.path, target) {
            Some(path) if exists(&path) => {}
            _ => found.error(file, number, format!("the link `{target}` leads nowhere")),
        }
    }
}

/// `code` that looks like a path of this repository.
fn paths(
    file: &File<'_>,
    number: usize,
    line: &str,
    exists: &dyn Fn(&str) -> bool,
    found: &mut Found,
) {
    for code in line.split('`').skip(1).step_by(2) {
        let named = rules::ROOT_FOLDERS
            .iter()
            .any(|folder| code.starts_with(folder));
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "._/-".contains(letter);
        if named && code.chars().all(plain) && !exists(code) {
            found.error(file, number, format!("the path `{code}` does not exist"));
        }
    }
}

/// `target` as seen from the folder of `from`, relative to the root; nothing if it leaves the tree.
fn resolve(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}
