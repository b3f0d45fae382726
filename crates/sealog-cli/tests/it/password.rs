//! A key's password is asked for on a terminal, and shown on none.
#![cfg(unix)]

use std::fs;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_mins(1);

fn sealog(work: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealog"));
    command
        .arg("model")
        .args(arguments)
        .current_dir(work)
        .env_remove("SEALOG_MODEL_PASSWORD")
        .env("HOME", work);
    command
}

/// A model, and a key under the password `secret`.
fn prepared() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let work = home.path();
    fs::create_dir(work.join("iris")).unwrap();
    fs::write(work.join("iris/model.bin"), "weights").unwrap();
    fs::write(work.join("password"), "secret\n").unwrap();
    let made = sealog(
        work,
        &["key", "new", "key.pem", "--password-file", "password"],
    );
    assert!(made.output_of().0);
    home
}

trait OutputOf {
    fn output_of(self) -> (bool, String);
}

impl OutputOf for Command {
    fn output_of(mut self) -> (bool, String) {
        let output = self.stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.success(), said)
    }
}

const SIGN: &[&str] = &[
    "sign",
    "iris",
    "--key",
    "key.pem",
    "--created-by",
    "jo",
    "--out",
    "iris.json",
];

/// Both ends of a new terminal.
fn terminal() -> (File, OwnedFd) {
    let own = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&own).unwrap();
    unlockpt(&own).unwrap();
    let name = ptsname(&own, Vec::new()).unwrap();
    let other = File::options()
        .read(true)
        .write(true)
        .open(name.to_str().unwrap())
        .unwrap();
    (File::from(own), other.into())
}

fn ended(child: &mut Child) -> i32 {
    let begin = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code().unwrap();
        }
        assert!(begin.elapsed() < PATIENCE, "it waits");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Signs at a terminal, where this is typed once the question stands there: status, what the terminal showed, and
/// whether it shows what is typed again.
fn typing(work: &Path, typed: &[u8]) -> (i32, String, bool) {
    let (mut own, other) = terminal();
    let end = || Stdio::from(other.try_clone().unwrap());
    let mut command = sealog(work, SIGN);
    command.stdin(end()).stdout(Stdio::null()).stderr(end());
    let mut child = command.spawn().unwrap();
    let mut shown = Vec::new();
    let mut part = [0; 1024];
    while !shown.ends_with(b": ") {
        let read = own.read(&mut part).unwrap();
        shown.extend_from_slice(&part[..read]);
    }
    // The question is asked before the terminal is silenced.
    let begin = Instant::now();
    while tcgetattr(&other)
        .unwrap()
        .local_modes
        .contains(LocalModes::ECHO)
    {
        assert!(
            begin.elapsed() < PATIENCE,
            "the terminal shows what is typed"
        );
        thread::sleep(Duration::from_millis(1));
    }
    own.write_all(typed).unwrap();
    let status = ended(&mut child);
    let echoes = tcgetattr(&other)
        .unwrap()
        .local_modes
        .contains(LocalModes::ECHO);
    drop(command);
    drop(other);
    while let Ok(read @ 1..) = own.read(&mut part) {
        shown.extend_from_slice(&part[..read]);
    }
    (status, String::from_utf8(shown).unwrap(), echoes)
}

#[test]
fn on_a_terminal_a_password_is_asked_for_and_not_shown() {
    let home = prepared();
    let (status, shown, echoes) = typing(home.path(), b"secret\n");
    assert_eq!(status, 0, "{shown}");
    assert!(shown.starts_with("password of key.pem: "), "{shown}");
    assert!(!shown.contains("secret"), "{shown}");
    assert!(echoes);
    assert!(home.path().join("iris.json").exists());
}

#[test]
fn a_wrong_password_and_giving_up_sign_nothing() {
    let home = prepared();
    for (typed, said) in [
        (&b"wrong\n"[..], "the password is wrong"),
        (b"\n", "no password was given"),
        (b"secre\x03", "no password was given"),
    ] {
        let (status, shown, echoes) = typing(home.path(), typed);
        assert_eq!(status, 2, "{shown}");
        assert!(shown.contains(said), "{shown}");
        assert!(echoes && !shown.contains("secre"), "{shown}");
        assert!(!home.path().join("iris.json").exists());
    }
}

#[test]
fn without_a_terminal_nothing_is_asked_and_the_error_says_what_to_do() {
    let home = prepared();
    let (holds, said) = sealog(home.path(), SIGN).output_of();
    assert!(!holds);
    assert!(said.contains("no password was given"), "{said}");
    assert!(said.contains("--password-file"), "{said}");
    assert!(!said.contains("password of"), "{said}");
}
