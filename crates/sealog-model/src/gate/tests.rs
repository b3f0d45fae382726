//! What is admitted, what is refused, and that nothing the checks did not see is given out.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tempfile::TempDir;

mod means;
mod records;

use super::*;
use crate::keys::{PrivateKey, new_private_key};
use crate::manifest::{Authorship, Statement};
use crate::scan::Limits;
use crate::sign::{Uncovered, sign_statement, verify_statement};

const SHA256: &[Algorithm] = &[Algorithm::Sha256];
/// A pickle that calls `os.system`.
const HARMFUL: &[u8] = b"cos\nsystem\n(S'id'\ntR.";

/// A signed model, `model/`, and a directory for copies, `copies/`.
struct Signed {
    root: TempDir,
    key: PrivateKey,
    statement: Vec<u8>,
    signature: Vec<u8>,
}

impl Signed {
    fn new() -> Self {
        Self::with(&[
            (".gitignore", b"not covered"),
            ("a.txt", b"weights of a"),
            ("sub/deep/c.txt", b"c"),
            ("empty", b""),
        ])
    }

    fn with(files: &[(&str, &[u8])]) -> Self {
        let root = TempDir::new().unwrap();
        for (path, content) in files {
            let path = root.path().join("model").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        fs::create_dir(root.path().join("copies")).unwrap();
        let key = new_private_key(&root.path().join("key"), &[7; 32], None).unwrap();
        let walk = WalkOptions {
            ignore: IgnoreRules::oms(),
            ..WalkOptions::default()
        };
        let model = root.path().join("model");
        let (manifest, set) = Manifest::of(&model, &walk, &DigestOptions::new(SHA256)).unwrap();
        let authorship = Authorship {
            name: "iris".into(),
            version: "1.0".into(),
            created_by: "jo".into(),
            created_at: "2026-01-02T03:04:05Z".into(),
        };
        let statement = Statement::new(authorship, manifest, &set).unwrap();
        let signature = sign_statement(&statement, &key).unwrap();
        Self {
            root,
            key,
            statement: statement.to_canonical(),
            signature,
        }
    }

    fn model(&self) -> PathBuf {
        self.root.path().join("model")
    }

    fn policy(&self) -> Policy {
        Policy {
            copies_in: Some(self.root.path().join("copies")),
            ..Policy::default()
        }
    }

    fn admit(&self, policy: &Policy) -> Result<VerifiedModel, Refusal> {
        let vouched = verify_statement(&self.statement, &self.signature, self.key.public());
        let options = DigestOptions::new(SHA256);
        admit(&self.model(), &[], vouched.unwrap(), policy, &options)
    }

    /// Refused for this reason, with nothing left behind.
    fn refused(&self, policy: &Policy, code: &str) -> Refusal {
        let refusal = self.admit(policy).unwrap_err();
        assert_eq!(refusal.error.code(), code, "{refusal}");
        self.nothing_is_left();
        refusal
    }

    fn nothing_is_left(&self) {
        let left = fs::read_dir(self.root.path().join("copies")).unwrap();
        assert_eq!(left.count(), 0, "a copy is left");
    }

    fn digest(&self) -> Hash {
        let statement = Statement::parse(&self.statement).unwrap();
        statement.manifest().model_digest()
    }
}

fn text<'a>(body: &'a sealog_core::json::Object, name: &str) -> &'a str {
    body.get(name).unwrap().as_str().unwrap()
}

fn read(model: &VerifiedModel, path: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    model.open(path).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn what_is_given_out_is_a_private_copy_of_what_is_covered() {
    let signed = Signed::new();
    let model = signed.admit(&signed.policy()).unwrap();
    assert_eq!(model.model_digest(), signed.digest());
    assert_eq!(model.scan().verdict(), Verdict::Clean);
    assert!(model.path().starts_with(signed.root.path().join("copies")));
    assert!(model.path().ends_with("model"));
    // Nothing of the original is looked at any more.
    fs::remove_dir_all(signed.model()).unwrap();
    assert_eq!(read(&model, "a.txt"), b"weights of a");
    assert_eq!(read(&model, "sub/deep/c.txt"), b"c");
    assert_eq!(read(&model, "empty"), b"");
    assert!(!model.path().join(".gitignore").exists());
    for path in ["absent", ".gitignore", "../key", "sub", "/etc/passwd"] {
        let error = model.open(path).unwrap_err();
        assert_eq!(error.code(), "model_no_file", "{path}");
    }
    model.close().unwrap();
    signed.nothing_is_left();
}

#[test]
fn only_this_user_enters_the_copy_and_nothing_in_it_can_be_written() {
    let signed = Signed::new();
    let model = signed.admit(&signed.policy()).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(model.path().parent().unwrap()), 0o700);
    for directory in ["", "sub", "sub/deep"] {
        assert_eq!(mode(&model.path().join(directory)), 0o500, "{directory}");
    }
    for file in ["a.txt", "sub/deep/c.txt", "empty"] {
        assert_eq!(mode(&model.path().join(file)), 0o400, "{file}");
    }
    drop(model);
    signed.nothing_is_left();
}

#[test]
fn a_single_file_is_admitted_as_a_file() {
    let signed = Signed::with(&[("a.txt", b"weights of a")]);
    let file = signed.model().join("a.txt");
    let walk = WalkOptions::default();
    let (manifest, set) = Manifest::of(&file, &walk, &DigestOptions::new(SHA256)).unwrap();
    let authorship = Statement::parse(&signed.statement)
        .unwrap()
        .authorship()
        .clone();
    let statement = Statement::new(authorship, manifest, &set).unwrap();
    let signature = sign_statement(&statement, &signed.key).unwrap();
    let vouched =
        verify_statement(&statement.to_canonical(), &signature, signed.key.public()).unwrap();
    let options = DigestOptions::new(SHA256);
    let model = admit(&file, &[], vouched, &signed.policy(), &options).unwrap();
    assert_eq!(fs::read(model.path()).unwrap(), b"weights of a");
    assert_eq!(read(&model, "a.txt"), b"weights of a");
}

#[test]
fn other_files_than_the_signed_ones_are_refused_and_their_digest_is_told() {
    type Attack = fn(&Path);
    let attacks: &[Attack] = &[
        |model| fs::write(model.join("a.txt"), "weights of b").unwrap(),
        |model| fs::write(model.join("new.txt"), "new").unwrap(),
        |model| fs::remove_file(model.join("empty")).unwrap(),
        |model| fs::rename(model.join("a.txt"), model.join("b.txt")).unwrap(),
    ];
    let mut found = BTreeSet::new();
    for attack in attacks {
        let signed = Signed::new();
        attack(&signed.model());
        let refusal = signed.refused(&signed.policy(), "model_differs");
        assert_eq!(refusal.kind(), ErrorKind::Refuted);
        let digest = refusal.found.unwrap();
        assert_ne!(digest, signed.digest());
        found.insert(digest.to_string());
    }
    assert_eq!(found.len(), attacks.len());
}

#[test]
fn a_link_in_place_of_a_file_is_refused_before_anything_is_copied() {
    let signed = Signed::new();
    let file = signed.model().join("a.txt");
    fs::rename(&file, signed.root.path().join("elsewhere")).unwrap();
    symlink(signed.root.path().join("elsewhere"), file).unwrap();
    let refusal = signed.refused(&signed.policy(), "model_differs");
    assert_eq!(refusal.found, None);
}

#[test]
fn files_that_are_not_covered_are_refused_where_the_policy_says_so() {
    let signed = Signed::new();
    let policy = Policy {
        uncovered: Uncovered::Refuse,
        ..signed.policy()
    };
    signed.refused(&policy, "model_not_covered");
    fs::remove_file(signed.model().join(".gitignore")).unwrap();
    signed.admit(&policy).unwrap();
}

#[test]
fn what_is_signed_and_not_clean_is_refused_unless_a_baseline_accepts_it() {
    let signed = Signed::with(&[("model.pkl", HARMFUL), ("a.txt", b"a")]);
    let refusal = signed.refused(&signed.policy(), "model_not_clean");
    assert_eq!(refusal.kind(), ErrorKind::Refuted);
    assert_eq!(refusal.found, Some(signed.digest()));
    let scan = refusal.scan.unwrap();
    assert_eq!(scan.verdict(), Verdict::Malicious);
    let lines: BTreeSet<String> = scan
        .files()
        .iter()
        .flat_map(|file| {
            let line = |finding: &crate::scan::Finding| {
                let rule = finding.rule().id();
                format!("{rule} {} 2026-12-31 it is meant so", file.sha256())
            };
            file.findings().iter().map(line).collect::<Vec<_>>()
        })
        .collect();
    let text = Vec::from_iter(lines).join("\n");
    let policy = |today| Policy {
        baseline: Baseline::parse(&text, today).unwrap(),
        ..signed.policy()
    };
    let model = signed.admit(&policy("2026-11-28")).unwrap();
    assert_eq!(
        model.scan().verdict(),
        Verdict::Malicious,
        "it is still shown"
    );
    drop(model);
    signed.refused(&policy("2026-12-31"), "model_not_clean");
}

#[test]
fn what_cannot_be_scanned_whole_is_undecided_and_refused() {
    let signed = Signed::with(&[("model.pkl", b"\x80\x04N")]);
    let refusal = signed.refused(&signed.policy(), "model_not_clean");
    assert_eq!(refusal.kind(), ErrorKind::Refused);
}

#[test]
fn tensors_beside_a_model_are_admitted_with_it_and_not_alone() {
    let model = b"\x08\x08\x3a\x17\x2a\x15\x6a\x11\x0a\x08location\x12\x05w.bin\x70\x01";
    let numbers = b"\x00\x00\x80\x3f\x00\x00\x80\x3f".as_slice();
    let signed = Signed::with(&[("m.onnx", model), ("w.bin", numbers)]);
    for means in [Means::Sealed, Means::SealedMemory, Means::Held] {
        let policy = Policy {
            means,
            ..signed.policy()
        };
        let admitted = signed.admit(&policy).unwrap();
        assert_eq!(admitted.scan().files()[1].kind(), "tensor data");
    }
    let other = [("m.onnx", model.as_slice()), ("v.bin", numbers)];
    for files in [&[("w.bin", numbers)][..], &other] {
        let signed = Signed::with(files);
        signed.refused(&signed.policy(), "model_not_clean");
    }
}

#[test]
fn what_is_expected_has_to_hold() {
    let signed = Signed::new();
    let with = |expectations| Policy {
        expectations,
        ..signed.policy()
    };
    let none = Expectations::default();
    let bytes = |bytes_max| Expectations {
        bytes_max: Some(bytes_max),
        ..none.clone()
    };
    let digest = |digest| Expectations {
        model_digest: Some(digest),
        ..none.clone()
    };
    let version = |version: &str| Expectations {
        version: Some(version.into()),
        name: Some("iris".into()),
        ..none.clone()
    };
    for held in [bytes(13), digest(signed.digest()), version("1.0")] {
        signed.admit(&with(held)).unwrap();
    }
    for missed in [bytes(12), digest(Hash::of(&[b""])), version("2.0")] {
        let refusal = signed.refused(&with(missed), "model_not_expected");
        assert_eq!(refusal.kind(), ErrorKind::Refuted);
    }
}

/// Tells the writer of a race to end, also where the test panics: the scope waits for it.
struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_race_ends_where_its_test_panics() {
    let ending = AtomicBool::new(false);
    let race = || {
        thread::scope(|scope| {
            scope.spawn(|| {
                while !ending.load(Ordering::Relaxed) {
                    thread::yield_now();
                }
            });
            let _ending = Ending(&ending);
            panic!("as a failing assertion does");
        });
    };
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(race)).is_err());
}

/// Whoever writes to the original during the gate changes what is copied, and never what was checked.
#[test]
fn in_place_writes_during_the_gate_give_out_nothing_unchecked() {
    let good = vec![b'g'; 300_000];
    let signed = Signed::with(&[("a.txt", &good), ("b.txt", &good)]);
    let ending = AtomicBool::new(false);
    let (mut admitted, mut refused) = (0, 0);
    thread::scope(|scope| {
        scope.spawn(|| {
            let path = signed.model().join("b.txt");
            let mut file = fs::OpenOptions::new().write(true).open(path).unwrap();
            while !ending.load(Ordering::Relaxed) {
                for byte in [b"x", b"g"] {
                    file.seek(SeekFrom::Start(299_999)).unwrap();
                    file.write_all(byte).unwrap();
                    thread::yield_now();
                }
            }
        });
        let _ending = Ending(&ending);
        for _ in 0..60 {
            match signed.admit(&signed.policy()) {
                Ok(model) => {
                    assert_eq!(model.model_digest(), signed.digest());
                    assert!(read(&model, "a.txt") == good && read(&model, "b.txt") == good);
                    admitted += 1;
                }
                Err(refusal) => {
                    let code = refusal.error.code();
                    assert!(
                        ["model_differs", "model_changed"].contains(&code),
                        "{refusal}"
                    );
                    refused += 1;
                }
            }
        }
    });
    assert_eq!(admitted + refused, 60);
    assert!(refused > 0, "the writer never struck");
    signed.nothing_is_left();
}

#[test]
fn copies_that_cannot_be_made_are_told() {
    let signed = Signed::new();
    let policy = Policy {
        copies_in: Some(signed.root.path().join("absent")),
        ..Policy::default()
    };
    signed.refused(&policy, "model_io");
}

/// Each of what a structure asks for.
fn structures() -> [Structure; 5] {
    let none = Structure::default;
    [
        Structure {
            class: Some("a".into()),
            ..none()
        },
        Structure {
            framework: Some("a".into()),
            ..none()
        },
        Structure {
            features: Some(1),
            ..none()
        },
        Structure {
            parameters: Some(1),
            ..none()
        },
        Structure {
            shapes: vec![ExpectedShape::parse("1").unwrap()],
            ..none()
        },
    ]
}

#[test]
fn a_policy_is_named_by_all_that_it_asks_for() {
    let accepted = format!("pickle.trailing {} 2027-01-01 why", "0".repeat(64));
    let expect = |expectations| Policy {
        expectations,
        ..Policy::default()
    };
    let none = Expectations::default;
    let policies = [
        Policy::default(),
        Policy {
            uncovered: Uncovered::Refuse,
            ..Policy::default()
        },
        Policy {
            baseline: Baseline::parse(&accepted, "2026-11-28").unwrap(),
            ..Policy::default()
        },
        Policy {
            limits: Limits {
                depth: 4,
                ..Limits::default()
            },
            ..Policy::default()
        },
        expect(Expectations {
            name: Some("a".into()),
            ..none()
        }),
        expect(Expectations {
            version: Some("a".into()),
            ..none()
        }),
        expect(Expectations {
            bytes_max: Some(1),
            ..none()
        }),
        expect(Expectations {
            bytes: Some(1),
            ..none()
        }),
        expect(Expectations {
            model_digest: Some(Hash::of(&[b""])),
            ..none()
        }),
    ];
    let structures = structures().map(|structure| {
        expect(Expectations {
            structure,
            ..none()
        })
    });
    let policies: Vec<Policy> = policies.into_iter().chain(structures).collect();
    let digests: BTreeSet<String> = policies
        .iter()
        .map(|policy| policy.digest().to_string())
        .collect();
    assert_eq!(digests.len(), policies.len());
    let elsewhere = Policy {
        copies_in: Some("/elsewhere".into()),
        ..Policy::default()
    };
    assert_eq!(elsewhere.digest(), Policy::default().digest());
}
