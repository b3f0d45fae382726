//! Every command line of the documents is one that the command understands.
//!
//! In a fenced block of `sh`, and after `$ ` in one of `console`, a line that runs `sealog` has to parse whole. In
//! running text `sealog ...` between backticks is the name of a command: it may leave out what the command requires.
//! The tour of the README is run. **What is absent**: what the others print, which is the business of the golden
//! sessions.

use std::fs;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use sealog_cli::cli;

use crate::golden::World;

/// A command line in a document.
#[derive(Debug, PartialEq)]
struct Mention {
    line: usize,
    words: Vec<String>,
    /// Whether it stands in a block that a reader copies.
    whole: bool,
}

/// The command lines of a document.
fn mentions(text: &str) -> Vec<Mention> {
    let mut found = Vec::new();
    for part in parts(text) {
        match part {
            Part::Text(line, text) => {
                let spans = text.split('`').skip(1).step_by(2);
                let spans = spans.filter(|span| span.starts_with("sealog ") && !is_mark(span));
                found.extend(spans.map(|span| Mention {
                    line,
                    words: words(span).remove(0),
                    whole: false,
                }));
            }
            Part::Typed(line, typed) => {
                let commands = words(&typed).into_iter().filter_map(ours);
                found.extend(commands.map(|words| Mention {
                    line,
                    words,
                    whole: true,
                }));
            }
        }
    }
    found
}

/// A line of a document, with its number.
enum Part<'a> {
    /// Of running text.
    Text(usize, &'a str),
    /// What a reader types, continued lines put together.
    Typed(usize, String),
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut fence: Option<&str> = None;
    let mut lines = (1..).zip(text.lines());
    while let Some((number, line)) = lines.next() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            fence = fence.is_none().then_some(language);
            continue;
        }
        let mut typed = match fence {
            None => {
                parts.push(Part::Text(number, line));
                continue;
            }
            Some("sh") => line.to_owned(),
            Some("console") => line.strip_prefix("$ ").unwrap_or_default().to_owned(),
            Some(_) => continue,
        };
        while typed.ends_with('\\') {
            typed.pop();
            typed += lines.next().unwrap().1;
        }
        parts.push(Part::Typed(number, typed));
    }
    parts
}

/// First lines of binary files are called like commands: `sealog head v1`.
fn is_mark(span: &str) -> bool {
    span.ends_with(" v1")
}

/// The arguments, from the program's name on, if it is ours.
fn ours(mut words: Vec<String>) -> Option<Vec<String>> {
    let is_assignment = |word: &String| {
        let name = word.split_once('=').map(|(name, _)| name);
        name.is_some_and(|name| {
            name.bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
        })
    };
    let first = words.iter().position(|word| !is_assignment(word))?;
    words.drain(..first);
    if words.starts_with(&["python".into(), "-m".into(), "sealog".into()]) {
        words.drain(..2);
    }
    (words[0] == "sealog").then_some(words)
}

/// What a shell would make of a line: commands parted by `|`, `&&` and `;`, without redirections and comments.
fn words(line: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut redirected = false;
    for letter in line.chars().chain([' ']) {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, ' ' | '|' | ';' | '&' | '<' | '>') => {
                if let Some(done) = word.take()
                    && !std::mem::take(&mut redirected)
                {
                    commands.last_mut().unwrap().push(done);
                }
                match letter {
                    ' ' => {}
                    '<' | '>' => redirected = true,
                    _ => commands.push(Vec::new()),
                }
            }
            (None, '#') if word.is_none() => break,
            _ => word.get_or_insert_default().push(letter),
        }
    }
    assert_eq!(quote, None, "a quote without an end: {line}");
    commands.retain(|words| !words.is_empty());
    commands
}

/// Why a mention is not a command of ours; nothing if it is one.
fn fault(mention: &Mention) -> Option<String> {
    let error = cli::parse(mention.words.iter().map(Into::into)).err()?;
    let holds = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => true,
        ErrorKind::MissingRequiredArgument
        | ErrorKind::MissingSubcommand
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => !mention.whole,
        _ => false,
    };
    (!holds).then(|| error.to_string())
}

fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folders = [
        ".",
        "docs",
        "docs/decisions",
        "docs/formats",
        "crates/sealog-python",
    ];
    let files = folders
        .iter()
        .flat_map(|folder| fs::read_dir(root.join(folder)).unwrap());
    let paths = files.map(|file| file.unwrap().path());
    let mut paths: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .collect();
    paths.sort();
    paths
}

#[test]
fn every_command_line_in_the_documents_is_understood() {
    let (mut count, mut faults) = (0, Vec::new());
    for path in documents() {
        for mention in mentions(&fs::read_to_string(&path).unwrap()) {
            count += 1;
            let place = format!("{}:{}", path.display(), mention.line);
            faults.extend(
                fault(&mention)
                    .map(|fault| format!("{place}: {}\n{fault}", mention.words.join(" "))),
            );
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(
        count >= 20,
        "only {count} were found: are they still marked as `sh` or `console`?"
    );
    println!("checked: {count} command lines in the documents");
}

#[test]
fn what_does_not_exist_is_found() {
    let whole = |line: &str| mentions(&format!("```sh\n{line}\n```"));
    let named = |line: &str| mentions(&format!("`{line}`"));
    for good in [
        whole("sealog verify audit.sealog --key log.vkey   # a comment"),
        whole("A=b sealog init --operator 'Example Bank' && cat x | sealog record > y.json"),
        whole("python -m sealog --help"),
        whole("sealog verify \\\n  a.sealog"),
        named("sealog key show"),
        named("sealog config set"),
        named("sealog key"),
    ] {
        assert!(!good.is_empty());
        assert!(
            good.iter().all(|mention| fault(mention).is_none()),
            "{good:?}"
        );
    }
    for bad in [
        whole("sealog gate model/"),
        whole("sealog verify --no-such-option"),
        whole("cat x | sealog recrod"),
        whole("sealog config set risk"),
        whole("sealog verify \\\n  --no-such-option"),
        named("sealog gate"),
        named("sealog key show --no-such-option"),
    ] {
        assert!(
            bad.iter().any(|mention| fault(mention).is_some()),
            "{bad:?}"
        );
    }
}

#[test]
fn other_blocks_and_other_programs_are_passed_over() {
    assert_eq!(
        mentions("```text\nsealog gate\n```\n```console\nsealog gate\n$ ls\n```"),
        []
    );
    assert_eq!(
        mentions("`sealog head v1` and `sealog_core` and sealog gate"),
        []
    );
    assert_eq!(mentions("```sh\n# sealog gate\ncat sealog\n```"), []);
}

/// Runs what the README has a reader type in its tour of the command, line by line, in a world of its own.
#[test]
#[cfg(unix)]
fn the_tour_of_the_readme_does_what_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = fs::read_to_string(root.join("README.md")).unwrap();
    let from = text.find("## Five minutes with the command").unwrap();
    let tour = &text[from..];
    let to = tour[3..].find("\n## ").unwrap();
    let world = World::new();
    let binary = Path::new(env!("CARGO_BIN_EXE_sealog"));
    let path = format!("{}:/usr/bin:/bin", binary.parent().unwrap().display());
    let mut ran = 0;
    for part in parts(&tour[..to]) {
        let Part::Typed(_, typed) = part else {
            continue;
        };
        let expected = typed.split("exits with ").nth(1);
        let expected = expected.map_or(0, |rest| rest[..1].parse().unwrap());
        let mut shell = world.of("sh");
        let done = shell
            .args(["-c", &typed])
            .env("PATH", &path)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(expected), "{typed}\n{said}");
        ran += 1;
    }
    assert!(ran >= 12, "only {ran} lines were run");
}
