//! The pages `docs/predecessors.md` and `docs/bad-input.md` name only tests that exist, the first each weakness once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// How many weaknesses of each of the five systems there are.
const WEAKNESSES: [(char, u32); 5] = [('A', 14), ('B', 11), ('H', 9), ('L', 10), ('M', 6)];
/// What the page says where nothing is there to be tested.
const NOT_BUILT: &str = "not built yet: ";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Adds the names of all test functions below a directory.
fn tests_below(directory: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            tests_below(&path, names);
            continue;
        }
        let (mark, define) = match path.extension().and_then(|extension| extension.to_str()) {
            Some("rs") => ("#[test]", "fn "),
            Some("py") => ("def test_", "def "),
            _ => continue,
        };
        let text = fs::read_to_string(&path).unwrap();
        let mut marked = define == "def ";
        for line in text.lines().map(str::trim_start) {
            marked |= line == mark;
            let Some(rest) = line.strip_prefix(define).filter(|_| marked) else {
                continue;
            };
            let name = rest.split('(').next().unwrap_or_default();
            if define == "fn " || name.starts_with("test_") {
                names.insert(name.to_owned());
            }
            marked = define == "def ";
        }
    }
}

/// The rows of the page's tables: the weakness, and the last cell.
fn rows(page: &str) -> Vec<(String, String)> {
    page.lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line
                .strip_prefix("| ")?
                .strip_suffix(" |")?
                .split(" | ")
                .collect();
            let id = cells.first()?.trim();
            let digits = id.strip_prefix(WEAKNESSES.map(|(system, _)| system))?;
            digits.parse::<u32>().ok()?;
            Some((id.to_owned(), (*cells.last()?).to_owned()))
        })
        .collect()
}

/// What is wrong with the page.
fn faults(page: &str, tests: &BTreeSet<String>) -> Vec<String> {
    let mut faults = Vec::new();
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for (id, shown_by) in rows(page) {
        *seen.entry(id.clone()).or_default() += 1;
        let named: Vec<&str> = shown_by.split('`').skip(1).step_by(2).collect();
        for name in named.iter().filter(|name| !tests.contains(**name)) {
            faults.push(format!("{id} names {name}, which is no test"));
        }
        if named.is_empty() && !shown_by.contains(NOT_BUILT) {
            faults.push(format!(
                "{id} names neither a test nor what is not built yet"
            ));
        }
    }
    for (system, count) in WEAKNESSES {
        for number in 1..=count {
            let id = format!("{system}{number}");
            let times = seen.remove(&id).unwrap_or(0);
            if times != 1 {
                faults.push(format!("{id} has {times} rows"));
            }
        }
    }
    faults.extend(
        seen.into_keys()
            .map(|id| format!("{id} is no weakness of the list")),
    );
    faults
}

#[test]
fn the_page_of_the_predecessors_names_each_weakness_once_and_only_tests_that_exist() {
    let mut tests = BTreeSet::new();
    tests_below(&root().join("crates"), &mut tests);
    let page = fs::read_to_string(root().join("docs/predecessors.md")).unwrap();
    assert_eq!(faults(&page, &tests), Vec::<String>::new());
    // What is named after a weakness stands on the page.
    for name in &tests {
        let bare = name.strip_prefix("test_").unwrap_or(name);
        let (id, _) = bare.split_once('_').unwrap_or((bare, ""));
        let weakness = id
            .strip_prefix(WEAKNESSES.map(|(system, _)| system.to_ascii_lowercase()))
            .is_some_and(|n| n.parse::<u32>().is_ok());
        assert!(
            !weakness || page.contains(&format!("`{name}`")),
            "{name} is not on the page"
        );
    }
}

#[test]
fn the_page_of_bad_input_names_only_tests_and_sessions_that_exist() {
    let mut known = BTreeSet::new();
    tests_below(&root().join("crates"), &mut known);
    let sessions = fs::read_dir(root().join("crates/sealog-cli/tests/golden")).unwrap();
    known.extend(sessions.map(|file| file.unwrap().file_name().to_string_lossy().into_owned()));
    let page = fs::read_to_string(root().join("docs/bad-input.md")).unwrap();
    let rows = page
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains('`'));
    let mut count = 0;
    for row in rows {
        count += 1;
        for name in row.split('`').skip(1).step_by(2) {
            assert!(known.contains(name), "{name} is no test and no session");
        }
    }
    assert!(count >= 13, "{count} rows");
}

#[test]
fn a_page_that_leaves_something_out_or_makes_it_up_is_noticed() {
    let tests = BTreeSet::from(["a1_x".to_owned()]);
    let found = faults(
        "| A1 | x | `a1_x`, `a1_y` |\n| A1 | x | nothing |\n| L99 | x | not built yet: z |\n",
        &tests,
    );
    for wanted in [
        "A1 names a1_y, which is no test",
        "A1 names neither a test nor what is not built yet",
        "A1 has 2 rows",
        "A2 has 0 rows",
        "L99 is no weakness of the list",
    ] {
        assert!(
            found.iter().any(|fault| fault == wanted),
            "{wanted}: {found:?}"
        );
    }
}
