//! `sealog import` of manifests that Python signed by the description of `HashTraceAI`, and of hash files of
//! mlsecops-integrity: what holds, and each weakness and damage with its status and its codes.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use sealog_core::json::Value;

use crate::golden::World;

/// A pickle by hand, of a class that the inspector reads: nothing ever loads it.
const PICKLE: &str = "ccopy_reg\n_reconstructor\n(csklearn.linear_model._base\nLinearRegression\n\
c__builtin__\nobject\nNtR(dS'n_features_in_'\nI4\nsS'_sklearn_version'\nS'1.5.0'\nsb.";
const MANIFESTS: [&str; 3] = ["a.json", "b.json", "c.json"];

/// A ledger, and a directory `iris` with what an older tool left there.
struct Old(World);

impl Old {
    fn new() -> Self {
        let old = Self(World::new());
        assert!(old.run("init main.sealog").0 == 0);
        fs::create_dir(old.at("iris")).unwrap();
        old
    }

    /// A model and its manifest.
    fn manifest(name: &str) -> Self {
        let old = Self::new();
        for (path, content) in [
            ("model.bin", "weights"),
            ("sub/caf\u{e9} \u{1f600}.txt", "text"),
            (".gitattributes", "x"),
        ] {
            let to = old.at("iris").join(path);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::write(to, content).unwrap();
        }
        for (from, to) in [
            (name.to_owned(), "iris/m.json"),
            (format!("{name}.sig"), "iris/m.json.sig"),
        ] {
            if vector(&from).exists() {
                fs::copy(vector(&from), old.at(to)).unwrap();
            }
        }
        for key in ["key.pub", "other.pub"] {
            fs::copy(vector(key), old.at(key)).unwrap();
        }
        old
    }

    /// A pickle and the two texts about it.
    fn triple() -> Self {
        let old = Self::new();
        fs::write(old.at("iris/model.pkl"), PICKLE).unwrap();
        old.write_texts();
        old
    }

    fn write_texts(&self) {
        let written = self
            .run("model manifest iris --format mlsecops --created-by jo --out iris/model_hash.txt");
        assert_eq!(written.0, 0, "{}", written.1);
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.here().join(name)
    }

    fn run(&self, line: &str) -> (i32, String) {
        let output = self.0.command().args(line.split(' ')).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8(text).unwrap();
        assert!(!text.contains("panicked"), "{text}");
        (output.status.code().unwrap(), text)
    }

    /// Status and codes of a check, those of notes left out where the status is another's work.
    fn check(&self, arguments: &str) -> (i32, BTreeSet<String>) {
        let (status, text) = self.run(&format!("import {arguments} --check --json"));
        let value = Value::parse(text.trim().as_bytes()).unwrap_or_else(|_| panic!("{text}"));
        let Some(counts) = value.member("counts").and_then(Value::as_object) else {
            let reason = value.member("reason").and_then(Value::as_str);
            return (status, BTreeSet::from([reason.unwrap().to_owned()]));
        };
        let codes = counts.iter().map(|(code, _)| code.to_owned());
        (status, codes.collect())
    }

    fn replace(&self, name: &str, old: &str, new: &str) {
        let text = fs::read_to_string(self.at(name)).unwrap();
        assert!(text.contains(old), "{text}");
        fs::write(self.at(name), text.replacen(old, new, 1)).unwrap();
    }

    /// Kinds and capture modes of what stands in the log behind its first entry.
    fn entries(&self) -> Vec<(String, String)> {
        let (_, text) = self.run("log --all --json --ledger main.sealog");
        let read = |line: &str| {
            let value = Value::parse(line.as_bytes()).unwrap();
            let record = value.member("record").unwrap().clone();
            let text = |name| {
                record
                    .member(name)
                    .and_then(Value::as_str)
                    .unwrap()
                    .to_owned()
            };
            (text("kind"), text("capture_mode"))
        };
        text.lines().skip(1).map(read).collect()
    }
}

fn vector(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("../sealog-model/tests/testdata/hashtrace")
        .join(name)
}

fn codes<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names
        .into_iter()
        .map(|name| format!("import.{name}"))
        .collect()
}

/// What each form is noted for, wherever it holds.
fn notes(manifest: &str) -> Vec<&'static str> {
    match manifest {
        "a.json" => vec!["size_not_stated", "model_not_named"],
        "b.json" => vec!["size_not_stated"],
        _ => vec!["size_not_stated", "name_not_signed"],
    }
}

#[test]
fn manifests_of_every_form_hold_under_the_pinned_key_and_are_adopted_with_their_model() {
    for name in MANIFESTS {
        let old = Old::manifest(name);
        // By its file and by its directory.
        for source in ["iris", "iris/m.json"] {
            let found = old.check(&format!("{source} --key key.pub"));
            assert_eq!(found, (0, codes(notes(name))), "{name} {source}");
        }
        let named = if name == "a.json" {
            " --model-id iris --model-version 1.0"
        } else {
            ""
        };
        let import =
            format!("import iris --system credit --key key.pub{named} --ledger main.sealog");
        let (status, text) = old.run(&import);
        assert_eq!(status, 0, "{text}");
        let entries = old.entries();
        let count = |kind: &str| {
            let of_kind = entries.iter().filter(|(found, _)| found == kind);
            of_kind.count()
        };
        assert_eq!(count("model.registered"), 1, "{name}: {entries:?}");
        let files = if name == "c.json" { 1 } else { 2 };
        assert_eq!(count("import.adopted"), files, "{name}: {entries:?}");
        for (kind, mode) in &entries {
            // The run of the import itself.
            let is_ours = kind == "log.state";
            assert!(is_ours || mode == "imported", "{name}: {kind} {mode}");
        }
        let (status, text) = old.run(&import);
        assert!(status == 2 && text.contains("imported_before"), "{text}");
        assert_eq!(old.entries(), entries);
        assert_eq!(old.run("verify main.sealog").0, 0);
    }
}

#[test]
fn h1_a_manifest_that_does_not_hold_is_never_a_success_and_nothing_is_adopted() {
    for name in MANIFESTS {
        for (key, code, status) in [
            ("--key other.pub", "signature", 1),
            ("", "key_not_pinned", 2),
        ] {
            let old = Old::manifest(name);
            let (found, all) = old.check(format!("iris {key}").trim());
            assert_eq!(found, status, "{name}");
            assert!(all.is_superset(&codes([code])), "{name}: {all:?}");
            let line = format!("import iris {key} --system credit --ledger main.sealog");
            assert_eq!(old.run(&line.replace("  ", " ")).0, status);
            assert_eq!(old.entries(), []);
        }
    }
}

#[test]
fn h2_what_form_c_does_not_sign_can_be_changed_and_is_said() {
    let old = Old::manifest("c.json");
    old.replace("iris/m.json", "\"jo\"", "\"mallory\"");
    let (status, found) = old.check("iris --key key.pub");
    assert_eq!((status, found), (0, codes(notes("c.json"))));
    // What the other two sign cannot.
    for name in ["a.json", "b.json"] {
        let old = Old::manifest(name);
        old.replace("iris/m.json", "Jos\\u00e9", "Mallory");
        let (status, found) = old.check("iris --key key.pub");
        assert!(
            status == 1 && found.contains("import.signature"),
            "{found:?}"
        );
    }
}

#[test]
fn h3_h7_what_is_added_changed_removed_or_linked_refutes_and_what_is_left_out_is_said() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 7] = [
        ("added keys/payload.py", |iris| {
            fs::create_dir(iris.join("keys")).unwrap();
            fs::write(iris.join("keys/payload.py"), "").unwrap();
        }),
        ("added .cache/x", |iris| {
            fs::create_dir(iris.join(".cache")).unwrap();
            fs::write(iris.join(".cache/x"), "").unwrap();
        }),
        ("modified model.bin", |iris| {
            fs::write(iris.join("model.bin"), "Weights").unwrap();
        }),
        ("removed model.bin", |iris| {
            fs::remove_file(iris.join("model.bin")).unwrap();
        }),
        ("type changed model.bin", |iris| {
            fs::remove_file(iris.join("model.bin")).unwrap();
            symlink("../key.pub", iris.join("model.bin")).unwrap();
        }),
        ("added linked", |iris| {
            symlink("..", iris.join("linked")).unwrap();
        }),
        ("added pipe", |iris| {
            let made = Command::new("mkfifo").arg(iris.join("pipe")).status();
            assert!(made.unwrap().success());
        }),
    ];
    for name in MANIFESTS {
        for (change, damage) in damages {
            let old = Old::manifest(name);
            damage(&old.at("iris"));
            let (status, found) = old.check("iris --key key.pub");
            assert_eq!(status, 1, "{name} {change}: {found:?}");
            assert!(found.contains("import.model_differs"), "{name}: {found:?}");
            let (_, text) = old.run("import iris --key key.pub --check --json");
            assert!(text.contains(change), "{name} {change}: {text}");
        }
        let old = Old::manifest(name);
        fs::create_dir(old.at("iris/keys")).unwrap();
        fs::write(old.at("iris/keys/mine.pem"), "").unwrap();
        let (status, found) = old.check("iris --key key.pub --ignore keys");
        assert!(
            status == 0 && found.contains("import.model_uncovered"),
            "{found:?}"
        );
    }
}

#[test]
fn a_model_that_is_not_there_is_said_and_is_no_success() {
    for name in MANIFESTS {
        let old = Old::manifest(name);
        fs::create_dir(old.at("alone")).unwrap();
        for file in ["m.json", "m.json.sig"] {
            let _ = fs::rename(old.at("iris").join(file), old.at("alone").join(file));
        }
        let (status, found) = old.check("alone --key key.pub");
        assert!(
            status == 2 && found.contains("import.model_absent"),
            "{found:?}"
        );
        assert_eq!(old.check("alone --key key.pub --model iris").0, 0);
        // Whoever names it has it held against the manifest, however empty it is.
        fs::create_dir(old.at("empty")).unwrap();
        let (status, found) = old.check("alone --key key.pub --model empty");
        assert!(
            status == 1 && found.contains("import.model_differs"),
            "{found:?}"
        );
        let accepted =
            "import alone --key key.pub --system credit --accept-findings --ledger main.sealog";
        let (status, text) = old.run(accepted);
        assert_eq!(status, 0, "{text}");
        let entries = old.entries();
        assert!(
            entries.iter().all(|(kind, _)| kind == "import.adopted"),
            "{entries:?}"
        );
        // With the model it says more than before, once.
        let with_model = "import alone --key key.pub --model iris --model-id iris --model-version 1.0 \
                          --system credit --ledger main.sealog";
        let (status, text) = old.run(with_model);
        assert_eq!(status, 0, "{text}");
        assert!(text.contains("by an earlier import"), "{text}");
        let count = |kind: &str| {
            let entries = old.entries();
            entries.iter().filter(|(found, _)| found == kind).count()
        };
        assert_eq!(count("model.registered"), 1);
        assert_eq!(count("import.adopted"), entries.len() + 1);
        let (status, text) = old.run(with_model);
        assert!(status == 2 && text.contains("imported_before"), "{text}");
        assert_eq!(old.run("verify main.sealog").0, 0);
    }
}

#[test]
fn h4_h7_a_signature_is_found_under_both_names_and_none_is_no_success() {
    let old = Old::manifest("a.json");
    fs::rename(old.at("iris/m.json.sig"), old.at("iris/m.sig")).unwrap();
    let (status, found) = old.check("iris --key key.pub");
    assert!(
        status == 0 && found.contains("import.signature_elsewhere"),
        "{found:?}"
    );
    fs::rename(old.at("iris/m.sig"), old.at("there.sig")).unwrap();
    let (status, found) = old.check("iris --key key.pub");
    assert!(
        status == 2 && found.contains("import.unsigned"),
        "{found:?}"
    );
    assert_eq!(old.check("iris --key key.pub --signature there.sig").0, 0);
    for name in ["b.json", "c.json"] {
        let old = Old::manifest(name);
        let text = fs::read_to_string(old.at("iris/m.json")).unwrap();
        let at = text.find("\"signature\": ").unwrap() + 13;
        let end = at + 2 + text[at + 1..].find('"').unwrap();
        old.replace("iris/m.json", &text[at..end], "null");
        let (status, found) = old.check("iris --key key.pub");
        assert!(
            status == 2 && found.contains("import.unsigned"),
            "{found:?}"
        );
    }
    let old = Old::manifest("c.json");
    let (status, found) = old.check("iris --key key.pub --signature key.pub");
    assert_eq!(
        (status, found),
        (2, BTreeSet::from(["model_malformed".to_owned()]))
    );
}

#[test]
fn h5_and_damaged_manifests_refute_with_their_codes() {
    let a = fs::read_to_string(vector("a.json")).unwrap();
    let c = fs::read_to_string(vector("c.json")).unwrap();
    let path = |path: &str| a.replace("\"model.bin\"", path);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("path_escapes", path("\"../outside\"").into_bytes()),
        ("path_escapes", path("\"/etc/passwd\"").into_bytes()),
        ("path_escapes", path("\"a/../../b\"").into_bytes()),
        ("not_json", a.as_bytes()[..a.len() / 2].to_vec()),
        ("not_json", a.replace("model.bin", "\u{1}").into_bytes()),
        ("not_json", [a.as_bytes(), b"\xff"].concat()),
        ("not_json", format!("{a}{a}").into_bytes()),
        ("not_json", a.replace("\"1.0\"", "NaN").into_bytes()),
        (
            "duplicate_member",
            a.replacen("\"version\"", "\"version\": \"1.0\", \"version\"", 1)
                .into_bytes(),
        ),
        (
            "duplicate_member",
            c.replace("\"created_by\"", "\"created_by\": \"x\", \"created_by\"")
                .into_bytes(),
        ),
        (
            "document_malformed",
            a.replace("\"1.0\"", "\"1.1\"").into_bytes(),
        ),
        (
            "document_malformed",
            a.replace("\"version\"", "\"more\"").into_bytes(),
        ),
        (
            "document_malformed",
            path("\".gitattributes\"").into_bytes(),
        ),
        (
            "document_malformed",
            c.replace("\"signature\": \"", "\"signature\": \"*")
                .into_bytes(),
        ),
    ];
    for (code, bytes) in cases {
        let old = Old::manifest("a.json");
        fs::write(old.at("iris/m.json"), &bytes).unwrap();
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        for source in ["iris", "iris/m.json"] {
            let found = old.check(&format!("{source} --key key.pub"));
            assert_eq!(found, (1, codes([code])), "{code}: {shown}");
        }
        // The bytes are worth keeping all the same.
        let accepted = "import iris --system credit --accept-findings --ledger main.sealog";
        assert_eq!(old.run(accepted).0, 0, "{code}: {shown}");
        assert_eq!(old.entries().len(), 2, "{code}: {shown}");
    }
}

#[test]
fn h9_what_a_manifest_does_not_state_is_noted() {
    for name in MANIFESTS {
        let (_, found) = Old::manifest(name).check("iris --key key.pub");
        assert!(found.contains("import.size_not_stated"), "{found:?}");
    }
}

#[test]
fn a_directory_has_to_hold_exactly_one_document() {
    let old = Old::manifest("a.json");
    let one = |code: &str| (2, BTreeSet::from([code.to_owned()]));
    fs::copy(old.at("iris/m.json"), old.at("iris/n.json")).unwrap();
    assert_eq!(old.check("iris"), one("several_documents"));
    fs::remove_file(old.at("iris/m.json")).unwrap();
    fs::remove_file(old.at("iris/n.json")).unwrap();
    assert_eq!(old.check("iris"), one("unknown_format"));
    fs::write(old.at("iris/config.json"), "{\"files\": []}").unwrap();
    assert_eq!(old.check("iris"), one("unknown_format"));
    assert_eq!(old.check("iris --from llm-audit-trail"), one("not_a_file"));
    assert_eq!(old.check("absent"), one("io"));
}

#[test]
fn what_is_brought_and_has_no_use_is_refused() {
    let old = Old::manifest("b.json");
    fs::write(old.at("secret"), "x").unwrap();
    fs::write(old.at("ring"), "x").unwrap();
    fs::write(
        old.at("old.jsonl"),
        "{\"event_type\":\"A\",\"prev_hash\":\"GENESIS\"}\n",
    )
    .unwrap();
    for (arguments, code) in [
        ("iris --key key.pub --hmac-key-file secret", "pin_unused"),
        ("iris --key key.pub --model-id other", "pin_unused"),
        ("iris --key key.pub --model-version 2", "pin_unused"),
        ("iris --openpgp-keyring ring", "model_malformed"),
        ("iris --key absent", "model_io"),
        ("old.jsonl --model iris", "pin_unused"),
        ("old.jsonl --signature secret", "pin_unused"),
        ("old.jsonl --openpgp-keyring ring", "pin_unused"),
        ("old.jsonl --ignore x", "pin_unused"),
        ("old.jsonl --model-id x", "pin_unused"),
        ("old.jsonl --model-version x", "pin_unused"),
        ("iris --key key.pub --ignore ../x", "argument"),
    ] {
        assert_eq!(
            old.check(arguments),
            (2, BTreeSet::from([code.to_owned()])),
            "{arguments}"
        );
    }
    // What it says itself may be said again.
    assert_eq!(
        old.check("iris --key key.pub --model-id iris --model-version 1.0")
            .0,
        0
    );
}

#[test]
fn a_triple_is_held_to_its_texts_and_no_text_is_a_signature() {
    let old = Old::triple();
    let unsigned = codes(["name_not_signed", "unsigned", "model_not_named"]);
    for source in ["iris", "iris/model_hash.txt"] {
        assert_eq!(old.check(source), (2, unsigned.clone()), "{source}");
    }
    fs::write(old.at("iris/model.pkl.sig"), b"\x88\x01\x02").unwrap();
    let (status, found) = old.check("iris");
    assert!(
        status == 2 && found.contains("import.key_not_pinned"),
        "{found:?}"
    );
    let line = "import iris --system credit --accept-findings --model-id iris --model-version 1";
    let (status, text) = old.run(&format!("{line} --ledger main.sealog"));
    assert_eq!(status, 0, "{text}");
    let entries = old.entries();
    let kinds: Vec<&str> = entries.iter().map(|(kind, _)| kind.as_str()).collect();
    let is_adopted = |kind: &&&str| **kind == "import.adopted";
    // The import, the metadata and the signature; the hash file came with the model.
    assert_eq!(kinds.iter().filter(is_adopted).count(), 3, "{kinds:?}");
    assert!(kinds.contains(&"model.registered"), "{kinds:?}");
    assert_eq!(old.run("verify main.sealog").0, 0);
}

#[test]
fn m1_m4_another_pickle_is_refuted_and_never_loaded() {
    let old = Old::triple();
    let ran = old.at("ran");
    let payload = format!("cos\nsystem\n(S'touch {}'\ntR.", ran.display());
    fs::write(old.at("iris/model.pkl"), &payload).unwrap();
    let (status, found) = old.check("iris");
    assert!(
        status == 1 && found.contains("import.model_differs"),
        "{found:?}"
    );
    // With both texts made anew nothing differs but the class, which such a pickle has not.
    fs::remove_file(old.at("iris/model_hash.txt")).unwrap();
    let hash = sealog_core::Hash::of(&[payload.as_bytes()]).to_hex();
    fs::write(old.at("iris/model_hash.txt"), hash).unwrap();
    let (status, found) = old.check("iris");
    assert!(status > 0, "{found:?}");
    assert!(!ran.exists());
}

#[test]
fn m2_a_text_that_is_missing_lets_nothing_through() {
    let old = Old::triple();
    let one = |code: &str| (2, BTreeSet::from([code.to_owned()]));
    fs::rename(old.at("iris/model_hash.txt"), old.at("hash")).unwrap();
    assert_eq!(old.check("iris"), one("unknown_format"));
    fs::rename(old.at("hash"), old.at("iris/model_hash.txt")).unwrap();
    fs::remove_file(old.at("iris/model_metadata.json")).unwrap();
    assert_eq!(old.check("iris"), one("model_io"));
    let old = Old::triple();
    fs::remove_file(old.at("iris/model.pkl")).unwrap();
    let (status, found) = old.check("iris");
    assert!(
        status == 2 && found.contains("import.model_absent"),
        "{found:?}"
    );
}

#[test]
fn m5_what_the_metadata_say_is_compared_and_damaged_texts_refute() {
    let old = Old::triple();
    let metadata = fs::read_to_string(old.at("iris/model_metadata.json")).unwrap();
    let hash = fs::read_to_string(old.at("iris/model_hash.txt")).unwrap();
    let put = |name: &str, text: &str| fs::write(old.at("iris").join(name), text).unwrap();
    for (from, to, status, code) in [
        ("LinearRegression", "Ridge", 1, "model_not_as_stated"),
        ("    4\n", "    5\n", 1, "model_not_as_stated"),
        (
            "\"file_size_bytes\": ",
            "\"file_size_bytes\": 1",
            1,
            "model_not_as_stated",
        ),
        (
            "\"model_type\"",
            "\"model_type\": \"X\", \"model_type\"",
            1,
            "duplicate_member",
        ),
        ("{", "", 1, "not_json"),
        ("\"model_type\"", "\"type\"", 1, "document_malformed"),
    ] {
        put("model_metadata.json", &metadata.replacen(from, to, 1));
        let (found, all) = old.check("iris");
        assert_eq!(found, status, "{code}: {all:?}");
        assert!(all.is_superset(&codes([code])), "{code}: {all:?}");
    }
    put("model_metadata.json", &metadata);
    put("model_hash.txt", &format!("{hash}\n"));
    assert_eq!(old.check("iris").0, 2, "a newline is no mismatch");
    put("model_hash.txt", &format!("{hash}{hash}"));
    assert_eq!(old.check("iris"), (1, codes(["document_malformed"])));
    put("model_hash.txt", &hash[1..]);
    let (status, found) = old.check("iris");
    assert_eq!((status, found), (1, codes(["document_malformed"])));
}

/// Two processes at once take a log once: which of them, chance decides.
#[test]
fn two_imports_of_one_file_at_once_take_it_once() {
    let old = Old::new();
    let events = 3_000;
    fs::write(old.at("old.jsonl"), crate::interrupted::old_log(events)).unwrap();
    let words = [
        "import",
        "old.jsonl",
        "--system",
        "credit",
        "--ledger",
        "main.sealog",
        "--json",
    ];
    let children: Vec<_> = (0..3)
        .map(|_| {
            let mut command = old.0.command();
            command.args(words).stdout(std::process::Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    let mut won = 0;
    for child in children {
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        match output.status.code() {
            Some(0) => won += 1,
            Some(2) => assert!(
                text.contains("import_busy") || text.contains("imported_before"),
                "{text}"
            ),
            status => panic!("{status:?}: {text}"),
        }
    }
    assert_eq!(won, 1);
    let ids = crate::interrupted::adopted(&old.0, "main.sealog");
    let expected: Vec<String> = (0..events).map(|n| format!("e{n}")).collect();
    assert_eq!(ids, expected);
    assert_eq!(old.run("verify main.sealog").0, 0);
}
