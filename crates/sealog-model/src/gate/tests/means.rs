//! The means by which what is loaded is what was checked, and what is left of a gate that was killed.

use std::fs::{File, OpenOptions};
use std::time::{Duration, SystemTime};

use super::*;
use crate::gate::home;
#[cfg(target_os = "linux")]
use crate::limits::{HELD_FILES_MAX, SEALED_MEMORY_BYTES_MAX};

fn by(signed: &Signed, means: Means) -> Policy {
    Policy {
        means,
        ..signed.policy()
    }
}

/// A directory as a gate makes them.
fn left(inside: &Path, mode: u32) -> PathBuf {
    let path = inside.join(format!("{}abc123", home::PREFIX));
    fs::create_dir_all(path.join("model/sub")).unwrap();
    fs::write(path.join("model/sub/w"), "weights").unwrap();
    for (path, mode) in [
        ("model/sub/w", 0o400),
        ("model/sub", 0o500),
        ("model", 0o500),
        ("", mode),
    ] {
        let path = inside.join(format!("{}abc123", home::PREFIX)).join(path);
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    path
}

fn later() -> SystemTime {
    SystemTime::now() + Duration::from_secs(61)
}

#[test]
fn names_are_read_as_they_are_written() {
    for means in [Means::Sealed, Means::SealedMemory, Means::Held] {
        assert_eq!(Means::from_name(means.name()), Some(means));
    }
    assert_eq!(Means::from_name("sealed "), None);
    assert_eq!(Means::default(), Means::Sealed);
    assert_eq!(Means::SealedMemory.protection(), "sealed");
    assert_eq!(Means::Held.protection(), "held");
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_sealed_in_memory_cannot_be_written_to_by_anybody() {
    let signed = Signed::new();
    let model = signed.admit(&by(&signed, Means::SealedMemory)).unwrap();
    fs::remove_dir_all(signed.model()).unwrap();
    assert_eq!(model.model_digest(), signed.digest());
    for (path, content) in [("a.txt", &b"weights of a"[..]), ("sub/deep/c.txt", b"c")] {
        let place = model.path().join(path);
        assert_eq!(fs::read(&place).unwrap(), content);
        assert_eq!(read(&model, path), content);
        assert_eq!(read(&model, path), content, "each opening begins anew");
        if let Ok(mut file) = OpenOptions::new().write(true).open(&place) {
            file.write_all(b"x").unwrap_err();
            file.set_len(0).unwrap_err();
        }
        assert_eq!(read(&model, path), content);
    }
    model.recheck().unwrap();
    assert_eq!(model.open("absent").unwrap_err().code(), "model_no_file");
    drop(model);
    signed.nothing_is_left();
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_held_survives_replacement_and_a_later_look_tells_writes() {
    let signed = Signed::new();
    let model = signed.admit(&by(&signed, Means::Held)).unwrap();
    let original = signed.model().join("a.txt");
    fs::remove_file(&original).unwrap();
    fs::write(&original, "another one").unwrap();
    assert_eq!(read(&model, "a.txt"), b"weights of a");
    assert_eq!(
        fs::read(model.path().join("a.txt")).unwrap(),
        b"weights of a"
    );
    model.recheck().unwrap();
    // Not replaced but written to: nothing keeps that from happening, and a second look tells.
    fs::write(signed.model().join("sub/deep/c.txt"), "x").unwrap();
    assert_eq!(read(&model, "sub/deep/c.txt"), b"x");
    let error = model.recheck().unwrap_err();
    assert_eq!(
        (error.code(), error.kind()),
        ("model_differs", ErrorKind::Refuted)
    );
    assert_eq!(error.changes().len(), 1);
    assert_eq!(error.changes()[0].path, "sub/deep/c.txt");
    model.close().unwrap();
    signed.nothing_is_left();
}

#[cfg(target_os = "linux")]
#[test]
fn every_means_refuses_the_same_and_leaves_nothing() {
    for means in [Means::SealedMemory, Means::Held] {
        let signed = Signed::new();
        fs::write(signed.model().join("a.txt"), "weights of b").unwrap();
        let refusal = signed.refused(&by(&signed, means), "model_differs");
        assert!(refusal.found.is_some(), "what was found is told");
        let signed = Signed::new();
        fs::write(signed.model().join("more"), "x").unwrap();
        signed.refused(&by(&signed, means), "model_differs");
        fs::remove_file(signed.model().join("more")).unwrap();
        fs::remove_file(signed.model().join("a.txt")).unwrap();
        signed.refused(&by(&signed, means), "model_differs");
        symlink("empty", signed.model().join("a.txt")).unwrap();
        signed.refused(&by(&signed, means), "model_differs");
        let harmful = Signed::with(&[("model.pkl", HARMFUL)]);
        harmful.refused(&by(&harmful, means), "model_not_clean");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn in_place_writes_before_a_copy_in_memory_is_sealed_give_out_nothing_unchecked() {
    let good = vec![b'g'; 300_000];
    let signed = Signed::with(&[("a.txt", &good), ("b.txt", &good)]);
    let ending = AtomicBool::new(false);
    let mut refused = 0;
    thread::scope(|scope| {
        scope.spawn(|| {
            let path = signed.model().join("b.txt");
            let mut file = OpenOptions::new().write(true).open(path).unwrap();
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
            match signed.admit(&by(&signed, Means::SealedMemory)) {
                Ok(model) => {
                    assert!(read(&model, "b.txt") == good && read(&model, "a.txt") == good);
                }
                Err(refusal) => {
                    let code = refusal.error.code();
                    assert!(["model_differs", "model_changed"].contains(&code), "{code}");
                    refused += 1;
                }
            }
        }
    });
    assert!(refused > 0, "the writer never struck");
    signed.nothing_is_left();
}

#[cfg(target_os = "linux")]
#[test]
fn so_many_files_are_held_and_no_more() {
    let names: Vec<String> = (0..=HELD_FILES_MAX)
        .map(|number| format!("f{number}"))
        .collect();
    let files: Vec<(&str, &[u8])> = names
        .iter()
        .map(|name| (name.as_str(), &b"x"[..]))
        .collect();
    let signed = Signed::with(&files[..HELD_FILES_MAX]);
    signed.admit(&by(&signed, Means::Held)).unwrap();
    let signed = Signed::with(&files);
    for means in [Means::Held, Means::SealedMemory] {
        signed.refused(&by(&signed, means), "model_limit");
    }
    signed.admit(&signed.policy()).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn so_many_bytes_are_sealed_in_memory_and_no_more() {
    let signed = |bytes: u64| {
        let root = TempDir::new().unwrap();
        fs::create_dir(root.path().join("model")).unwrap();
        let file = File::create(root.path().join("model/w.txt")).unwrap();
        file.set_len(bytes).unwrap();
        let set = FileSet::walk(&root.path().join("model"), &WalkOptions::default()).unwrap();
        let made = descriptors::Descriptors::in_memory(&set, root.path());
        made.map(|made| made.open("w.txt").unwrap().metadata().unwrap().len())
    };
    assert_eq!(
        signed(SEALED_MEMORY_BYTES_MAX).unwrap(),
        SEALED_MEMORY_BYTES_MAX
    );
    let error = signed(SEALED_MEMORY_BYTES_MAX + 1).unwrap_err();
    assert_eq!(error.code(), "model_limit");
}

#[test]
fn what_a_killed_gate_left_is_swept_by_the_next() {
    let signed = Signed::new();
    let copies = signed.root.path().join("copies");
    let path = left(&copies, 0o700);
    // Too young: its process may be about to lock it.
    signed.admit(&signed.policy()).unwrap();
    assert!(path.exists());
    home::sweep(&copies, later());
    signed.nothing_is_left();
}

#[test]
fn what_is_in_use_or_nobody_s_of_ours_is_not_swept() {
    let signed = Signed::new();
    let copies = signed.root.path().join("copies");
    let model = signed.admit(&signed.policy()).unwrap();
    home::sweep(&copies, later());
    assert_eq!(read(&model, "a.txt"), b"weights of a", "it is in use");
    drop(model);
    // Others may enter it, so no gate made it.
    let path = left(&copies, 0o755);
    home::sweep(&copies, later());
    assert!(path.exists());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    home::sweep(&copies, later());
    signed.nothing_is_left();
    // A link of that name leads nowhere, and nothing of another name is touched.
    let other = signed.root.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::set_permissions(&other, fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(other.join("kept"), "x").unwrap();
    symlink(&other, copies.join(format!("{}link", home::PREFIX))).unwrap();
    fs::create_dir(copies.join("sealog-other")).unwrap();
    fs::set_permissions(
        copies.join("sealog-other"),
        fs::Permissions::from_mode(0o700),
    )
    .unwrap();
    home::sweep(&copies, later());
    assert!(other.join("kept").exists() && copies.join("sealog-other").exists());
}

#[cfg(unix)]
#[test]
fn a_command_that_outlives_its_gate_keeps_what_it_runs_on() {
    let signed = Signed::new();
    let copies = signed.root.path().join("copies");
    let model = signed.admit(&signed.policy()).unwrap();
    model.keep_with_children().unwrap();
    let path = model.path().to_owned();
    let mut child = std::process::Command::new("cat")
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // What a killed process leaves: the directory, and whatever descriptors its children have.
    model.abandon();
    home::sweep(&copies, later());
    assert!(path.exists(), "a child holds the lock");
    drop(child.stdin.take());
    child.wait().unwrap();
    home::sweep(&copies, later());
    signed.nothing_is_left();
}

#[test]
fn the_structure_that_is_expected_has_to_hold() {
    let line: &[u8] = b"\x80\x02csklearn.linear_model._base\nLinearRegression\n)\x81}X\x0e\x00\x00\x00n_features_in_K\x04sb.";
    let signed = Signed::with(&[("model.pkl", line)]);
    let with = |features| {
        let mut policy = signed.policy();
        policy.expectations.structure.features = Some(features);
        policy
    };
    signed.admit(&with(4)).unwrap();
    let refusal = signed.refused(&with(5), "model_not_expected");
    assert_eq!(refusal.kind(), ErrorKind::Refuted);
    assert!(refusal.scan.is_some() && refusal.found == Some(signed.digest()));
    let words = Signed::new();
    let mut policy = words.policy();
    policy.expectations.structure.class = Some("LinearRegression".into());
    let refusal = words.refused(&policy, "model_not_determined");
    assert_eq!(refusal.kind(), ErrorKind::Refused);
    policy.expectations = Expectations {
        bytes: Some(13),
        ..Expectations::default()
    };
    words.admit(&policy).unwrap();
    policy.expectations.bytes = Some(12);
    words.refused(&policy, "model_not_expected");
}
