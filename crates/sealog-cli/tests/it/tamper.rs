//! Every way of tampering with a signed model, through the command: the exact exit status, reason and differences, of
//! `sealog model verify` and of `sealog model gate`, for each form of what vouches. Before each attack its unattacked
//! twin verifies and is admitted. A row that holds nevertheless says why that is right.

mod envelope;
mod flips;
mod world;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use sealog_core::json::Value;

use world::{Answer, Form, Signed, TREES};

/// What an attack has to come to.
#[derive(Clone, Copy)]
enum Expected {
    /// Status 1 and `model_differs`, with exactly these differences.
    Differs(&'static [&'static str]),
    /// Status 2 for this reason.
    Undecided(&'static str),
    /// Status 0, because of this.
    Holds(&'static str),
}

use Expected::{Differs, Holds, Undecided};

impl Expected {
    fn answer(self) -> Answer {
        let (status, reason, changes) = match self {
            Differs(changes) => (1, "model_differs", changes),
            Undecided(reason) => (2, reason, &[][..]),
            Holds(why) => {
                assert!(!why.is_empty());
                (0, "", &[][..])
            }
        };
        Answer {
            status,
            reason: reason.to_owned(),
            changes: changes.iter().map(|change| (*change).to_owned()).collect(),
        }
    }
}

type Attack = fn(&Signed);

fn write(signed: &Signed, path: &str, content: impl AsRef<[u8]>) {
    let path = signed.at(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn rename(signed: &Signed, from: &str, to: &str) {
    fs::rename(signed.at(from), signed.at(to)).unwrap();
}

/// Attacks, each on all forms over a directory.
fn play(rows: &[(&str, Attack, Expected)]) {
    for (name, attack, expected) in rows {
        for form in TREES {
            play_one(name, *attack, form, *expected);
        }
    }
}

fn play_one(name: &str, attack: Attack, form: Form, expected: Expected) {
    let signed = Signed::new(form);
    let twin = Holds("nothing was done to it").answer();
    assert_eq!(signed.verify(&[]), twin, "twin of {name}, {form:?}");
    assert_eq!(signed.gate(&[]), twin, "twin of {name}, {form:?}");
    attack(&signed);
    let expected = expected.answer();
    assert_eq!(signed.verify(&[]), expected, "verify: {name}, {form:?}");
    assert_eq!(signed.gate(&[]), expected, "gate: {name}, {form:?}");
}

#[test]
fn content_that_differs_in_any_way_is_refuted() {
    play(&[
        (
            "a byte appended",
            |s| write(s, "m/a.bin", "weights of a!"),
            Differs(&["modified a.bin"]),
        ),
        (
            "a byte cut off",
            |s| write(s, "m/a.bin", "weights of "),
            Differs(&["modified a.bin"]),
        ),
        (
            "cut to nothing",
            |s| write(s, "m/a.bin", ""),
            Differs(&["modified a.bin"]),
        ),
        (
            "an empty file filled",
            |s| write(s, "m/empty", "x"),
            Differs(&["modified empty"]),
        ),
        (
            "other bytes of the same length, size and times as before",
            |s| {
                let old = fs::metadata(s.at("m/a.bin")).unwrap().modified().unwrap();
                write(s, "m/a.bin", "weights of z");
                let file = fs::File::options().write(true).open(s.at("m/a.bin"));
                file.unwrap().set_modified(old).unwrap();
            },
            Differs(&["modified a.bin"]),
        ),
        (
            "two files swapped",
            |s| {
                rename(s, "m/a.bin", "kept");
                rename(s, "m/b.bin", "m/a.bin");
                rename(s, "kept", "m/b.bin");
            },
            Differs(&["modified a.bin", "modified b.bin"]),
        ),
    ]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of attacks")]
fn names_that_come_go_or_change_are_refuted() {
    play(&[
        (
            "a file added",
            |s| write(s, "m/x.py", "import os"),
            Differs(&["added x.py"]),
        ),
        (
            "an empty file added",
            |s| write(s, "m/sub/__init__.py", ""),
            Differs(&["added sub/__init__.py"]),
        ),
        (
            "a file added by a name of two lines",
            |s| write(s, "m/x\n::error::y", "x"),
            Differs(&["added x\n::error::y"]),
        ),
        (
            "a file added by a name that is no text",
            |s| fs::write(s.at("m").join(OsStr::from_bytes(b"x\xff")), "x").unwrap(),
            Differs(&["added x\u{fffd}"]),
        ),
        (
            "a file removed",
            |s| fs::remove_file(s.at("m/sub/c.json")).unwrap(),
            Differs(&["removed sub/c.json"]),
        ),
        (
            "an empty file removed",
            |s| fs::remove_file(s.at("m/empty")).unwrap(),
            Differs(&["removed empty"]),
        ),
        (
            "a file renamed",
            |s| rename(s, "m/a.bin", "m/z.bin"),
            Differs(&["renamed a.bin to z.bin"]),
        ),
        (
            "a file moved to another folder",
            |s| rename(s, "m/a.bin", "m/sub/a.bin"),
            Differs(&["renamed a.bin to sub/a.bin"]),
        ),
        (
            "renamed by case",
            |s| rename(s, "m/a.bin", "m/A.bin"),
            Differs(&["renamed a.bin to A.bin"]),
        ),
        (
            "a second name that differs by case alone",
            |s| write(s, "m/A.BIN", "weights of a"),
            Differs(&["added A.BIN"]),
        ),
        (
            "renamed to the other spelling of its letters",
            |s| rename(s, "m/caf\u{e9}.txt", "m/cafe\u{301}.txt"),
            Differs(&["renamed caf\u{e9}.txt to cafe\u{301}.txt"]),
        ),
        (
            "everything removed",
            |s| {
                fs::remove_dir_all(s.at("m")).unwrap();
                fs::create_dir(s.at("m")).unwrap();
            },
            Differs(&[
                "removed a.bin",
                "removed b.bin",
                "removed caf\u{e9}.txt",
                "removed empty",
                "removed sub/c.json",
            ]),
        ),
        (
            "the directory itself removed: there is nothing to refute, most likely the path is wrong",
            |s| fs::remove_dir_all(s.at("m")).unwrap(),
            Undecided("model_io"),
        ),
    ]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of attacks")]
fn links_and_other_types_in_the_place_of_files_are_refuted() {
    play(&[
        (
            "a link to the same bytes outside",
            |s| {
                rename(s, "m/a.bin", "kept");
                symlink("../kept", s.at("m/a.bin")).unwrap();
            },
            Differs(&["type_changed a.bin"]),
        ),
        (
            "a link to a file inside",
            |s| {
                fs::remove_file(s.at("m/a.bin")).unwrap();
                symlink("b.bin", s.at("m/a.bin")).unwrap();
            },
            Differs(&["type_changed a.bin"]),
        ),
        (
            "a link added",
            |s| symlink("/etc/passwd", s.at("m/x")).unwrap(),
            Differs(&["added x"]),
        ),
        (
            "a link to nowhere added",
            |s| symlink("nowhere", s.at("m/x")).unwrap(),
            Differs(&["added x"]),
        ),
        (
            "a folder becomes a link to the same folder outside",
            |s| {
                rename(s, "m/sub", "kept");
                symlink("../kept", s.at("m/sub")).unwrap();
            },
            Differs(&["added sub"]),
        ),
        (
            "a hard link to other bytes",
            |s| {
                write(s, "evil", "evil");
                fs::remove_file(s.at("m/a.bin")).unwrap();
                fs::hard_link(s.at("evil"), s.at("m/a.bin")).unwrap();
            },
            Differs(&["modified a.bin"]),
        ),
        (
            "a hard link added",
            |s| fs::hard_link(s.at("m/a.bin"), s.at("m/x")).unwrap(),
            Differs(&["added x"]),
        ),
        (
            "a file becomes a folder",
            |s| {
                fs::remove_file(s.at("m/a.bin")).unwrap();
                write(s, "m/a.bin/a.bin", "weights of a");
            },
            Differs(&["type_changed a.bin", "added a.bin/a.bin"]),
        ),
        (
            "a folder becomes a file",
            |s| {
                fs::remove_dir_all(s.at("m/sub")).unwrap();
                write(s, "m/sub", "{}");
            },
            Differs(&["type_changed sub", "removed sub/c.json"]),
        ),
        (
            "a FIFO added, which nobody reads from",
            |s| {
                let made = Command::new("mkfifo").arg(s.at("m/x")).status().unwrap();
                assert!(made.success());
            },
            Differs(&["added x"]),
        ),
        (
            "a FIFO in the place of a file",
            |s| {
                fs::remove_file(s.at("m/a.bin")).unwrap();
                let made = Command::new("mkfifo").arg(s.at("m/a.bin")).status();
                assert!(made.unwrap().success());
            },
            Differs(&["type_changed a.bin"]),
        ),
    ]);
}

#[test]
fn what_no_manifest_covers_holds_and_says_why() {
    play(&[
        (
            "a hard link to the same bytes",
            |s| fs::hard_link(s.at("m/a.bin"), s.at("other")).unwrap(),
            Holds(
                "bytes are covered, names outside are not: it is told, and a gate hands out a copy",
            ),
        ),
        (
            "an empty folder added",
            |s| fs::create_dir(s.at("m/new")).unwrap(),
            Holds("no manifest covers folders; the gate's copy does not have it"),
        ),
        (
            "another mode",
            |s| fs::set_permissions(s.at("m/a.bin"), fs::Permissions::from_mode(0o755)).unwrap(),
            Holds("no manifest covers modes"),
        ),
        (
            "written anew with the same bytes",
            |s| write(s, "m/a.bin", "weights of a"),
            Holds("no manifest covers times"),
        ),
        (
            "the whole model behind a link",
            |s| {
                rename(s, "m", "kept");
                symlink("kept", s.at("m")).unwrap();
            },
            Holds("the user named this path; what is in it is the same"),
        ),
    ]);
}

#[test]
fn a_hard_link_that_holds_is_told() {
    let signed = Signed::new(Form::Own);
    let told = |signed: &Signed| {
        let said = signed.said(&[]);
        let links = said.member("hard_links").and_then(Value::as_array);
        links.unwrap().to_vec()
    };
    assert_eq!(told(&signed), []);
    fs::hard_link(signed.at("m/a.bin"), signed.at("other")).unwrap();
    assert_eq!(told(&signed), [Value::from("a.bin")]);
}

#[test]
fn folders_that_tools_ignore_are_no_hiding_place() {
    for path in [
        "__pycache__/x.pyc",
        ".cache/x",
        "keys/x",
        "sub/.git/x",
        ".DS_Store",
    ] {
        for form in TREES {
            let signed = Signed::new(form);
            write(&signed, &format!("m/{path}"), "x");
            let expected = Answer {
                changes: vec![format!("added {path}")],
                ..Differs(&[]).answer()
            };
            assert_eq!(signed.verify(&[]), expected, "{path}, {form:?}");
            assert_eq!(signed.gate(&[]), expected, "{path}, {form:?}");
        }
    }
    // What was not there when it was signed is a difference for the forms that record what they left out.
    let hidden: Attack = |s| write(s, "m/.git/payload", "x");
    let added = Differs(&["added .git/payload"]);
    play_one("a .git added", hidden, Form::Own, added);
    play_one("a .git added", hidden, Form::HashTrace, added);
    let told = Holds("an OMS bundle leaves git's own paths out by its specification: it is told");
    play_one("a .git added", hidden, Form::Oms, told);
}

/// Files under a path that was left out: told, not in the gate's copy, and refused on request.
#[test]
fn files_under_ignored_paths_are_told_and_refused_on_request() {
    for form in [Form::Own, Form::Oms] {
        let signed = Signed::with(form, &[(".git/config", "x")]);
        let refused = Answer {
            status: 1,
            reason: "model_not_covered".into(),
            changes: Vec::new(),
        };
        let told = |files: u64| {
            let said = signed.said(&[]);
            let ignored = said.member("ignored").and_then(Value::as_array);
            let found = ignored.unwrap().iter().map(|found| {
                let path = found.member("path").and_then(Value::as_str);
                (
                    path.unwrap().to_owned(),
                    found.member("files").unwrap().as_u64(),
                )
            });
            let found: Vec<_> = found.collect();
            assert_eq!(found, [(".git".to_owned(), Some(files))], "{form:?}");
        };
        told(1);
        write(&signed, "m/.git/hooks/payload", "x");
        told(2);
        assert_eq!(signed.verify(&[]).status, 0, "{form:?}");
        assert_eq!(signed.verify(&["--strict"]), refused, "{form:?}");
        assert_eq!(signed.gate(&["--strict"]), refused, "{form:?}");
        let script = "touch ran; test ! -e $SEALOG_MODEL/.git";
        assert_eq!(signed.gate_running(script).status, 0, "{form:?}");
    }
    // The twin of --strict: nothing lies there.
    for form in TREES {
        let signed = Signed::new(form);
        let holds = Holds("nothing was left out").answer();
        assert_eq!(signed.verify(&["--strict"]), holds);
        assert_eq!(signed.gate(&["--strict"]), holds);
    }
}

/// The hash file is of one pickle: what else lies in its directory refutes it, as does every change of it.
#[test]
fn a_pickle_with_a_hash_file_is_as_closed() {
    let rows: &[(&str, Attack, Expected)] = &[
        (
            "a byte appended",
            |s| {
                let old = fs::read(s.at("m/model.pkl")).unwrap();
                write(s, "m/model.pkl", [&old[..], b"."].concat());
            },
            Differs(&["modified model.pkl"]),
        ),
        (
            "a byte cut off",
            |s| {
                let old = fs::read(s.at("m/model.pkl")).unwrap();
                write(s, "m/model.pkl", &old[..old.len() - 1]);
            },
            Differs(&["modified model.pkl"]),
        ),
        (
            "emptied",
            |s| write(s, "m/model.pkl", ""),
            Differs(&["modified model.pkl"]),
        ),
        (
            "a file added",
            |s| write(s, "m/predict.py", "import os"),
            Differs(&["added predict.py"]),
        ),
        (
            "a file added below .git",
            |s| write(s, "m/.git/x", "x"),
            Differs(&["added .git/x"]),
        ),
        (
            "the pickle renamed: the file that the format is of cannot be read",
            |s| rename(s, "m/model.pkl", "m/other.pkl"),
            Undecided("model_io"),
        ),
        (
            "a link to the same bytes",
            |s| {
                rename(s, "m/model.pkl", "kept");
                symlink("../kept", s.at("m/model.pkl")).unwrap();
            },
            Differs(&["type_changed model.pkl"]),
        ),
        (
            "a hard link to the same bytes",
            |s| fs::hard_link(s.at("m/model.pkl"), s.at("other")).unwrap(),
            Holds("bytes are covered, names outside are not"),
        ),
    ];
    for (name, attack, expected) in rows {
        play_one(name, *attack, Form::Triple, *expected);
    }
}
