//! Golden transcripts: each file of `tests/golden` is a session with the binary, compared whole.
//!
//! ```text
//! # what the session shows
//! @ NAME=VALUE          a variable for the commands that follow; without a value it is taken away
//! % VERB ARGUMENTS      something done to files: see `act`
//! $ sealog ARGUMENTS    a command; words in single quotes keep their spaces
//! < TEXT                its standard input, or the content that `% write` writes
//! ? STATUS              its exit status
//! > TEXT                its standard output
//! ! TEXT                its standard error
//! ```
//!
//! What changes from run to run is masked. `SEALOG_BLESS=1` writes the files anew: look at the difference.

mod act;
mod mask;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// The files that make up a session's world.
pub(crate) struct World {
    root: TempDir,
    variables: Vec<(String, String)>,
}

impl World {
    pub(crate) fn new() -> Self {
        // Not where the environment says: how text is broken over lines depends on the length of the path.
        let root = if cfg!(unix) {
            TempDir::new_in("/tmp")
        } else {
            TempDir::new()
        };
        let root = root.unwrap();
        for name in ["home", "here"] {
            fs::create_dir(root.path().join(name)).unwrap();
        }
        Self {
            root,
            variables: Vec::new(),
        }
    }

    pub(crate) fn here(&self) -> PathBuf {
        self.root.path().join("here")
    }

    /// The binary, in this world and with nothing of ours.
    pub(crate) fn command(&self) -> Command {
        self.of(env!("CARGO_BIN_EXE_sealog"))
    }

    /// Another program in this world.
    pub(crate) fn of(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.here())
            .env_clear()
            .env("HOME", self.root.path().join("home"));
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    fn set(&mut self, text: &str) {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        self.variables.retain(|(old, _)| old != name);
        if !value.is_empty() {
            self.variables.push((name.into(), value.into()));
        }
    }

    /// Runs a command and returns what it did, masked, as lines of a transcript.
    fn run(&self, words: &[String], input: &str) -> String {
        let mut command = self.command();
        command.args(words.iter().skip(1));
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that does not read its input closes it.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let mut text = format!("? {}\n", output.status.code().unwrap());
        for (mark, bytes) in [('>', &output.stdout), ('!', &output.stderr)] {
            let shown = mask::mask(&String::from_utf8_lossy(bytes), self.root.path());
            for line in shown.lines() {
                text.push_str(format!("{mark} {line}").trim_end());
                text.push('\n');
            }
        }
        text
    }
}

/// Plays a transcript and returns it with what really happened.
fn play(script: &str) -> String {
    let mut world = World::new();
    let mut text = String::new();
    let lines: Vec<&str> = script.lines().collect();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        if matches!(line.chars().next(), Some('?' | '>' | '!')) {
            continue;
        }
        text.push_str(line);
        text.push('\n');
        let mut input = String::new();
        while let Some(more) = lines.get(at).and_then(|line| line.strip_prefix('<')) {
            text.push_str(lines[at]);
            text.push('\n');
            input.push_str(more.strip_prefix(' ').unwrap_or(more));
            input.push('\n');
            at += 1;
        }
        match line.split_at_checked(2) {
            Some(("$ ", command)) => text.push_str(&world.run(&words(command), &input)),
            Some(("@ ", variable)) => world.set(variable),
            Some(("% ", action)) => act::act(&words(action), &input, &world.here()),
            _ => assert!(
                line.is_empty() || line.starts_with('#'),
                "not understood: {line}"
            ),
        }
    }
    text
}

/// Splits at spaces outside of single quotes.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for char in text.chars() {
        match char {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            char => words.last_mut().unwrap().push(char),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn every_session_goes_as_written() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let bless = std::env::var_os("SEALOG_BLESS").is_some_and(|value| value == "1");
    let only = std::env::var("SEALOG_GOLDEN").unwrap_or_default();
    let mut files: Vec<PathBuf> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() >= 10, "the sessions are gone");
    let mut failed = Vec::new();
    for file in files {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        if !name.contains(&only) {
            continue;
        }
        if name == "model_openpgp" && !cfg!(feature = "openpgp") {
            println!("skipped: the session {name}: this build has no feature `openpgp`");
            continue;
        }
        let expected = fs::read_to_string(&file).unwrap();
        let found = play(&expected);
        if found == expected {
            continue;
        }
        if bless {
            fs::write(&file, &found).unwrap();
            continue;
        }
        let mut lines = expected.lines().zip(found.lines()).enumerate();
        let first = lines.find(|(_, (expected, found))| expected != found);
        failed.push(format!("{name}: {first:#?}\n--- all of it:\n{found}"));
    }
    assert!(
        failed.is_empty(),
        "{}\nSEALOG_BLESS=1 writes them anew",
        failed.join("\n")
    );
}

#[test]
fn a_transcript_that_differs_is_noticed() {
    let script = "$ sealog --version\n? 1\n> something else\n";
    let found = play(script);
    assert_ne!(found, script);
    assert!(
        found.starts_with("$ sealog --version\n? 0\n> sealog "),
        "{found}"
    );
}
