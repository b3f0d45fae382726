use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tempfile::TempDir;

use super::*;
use crate::limits::{COMPONENT_BYTES_MAX, PATH_BYTES_MAX};

fn model(files: &[(&str, &str)]) -> TempDir {
    let root = TempDir::new().unwrap();
    for (path, content) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    root
}

fn walk(root: &Path) -> Result<FileSet, Error> {
    FileSet::walk(root, &WalkOptions::default())
}

fn paths(set: &FileSet) -> Vec<&str> {
    set.files()
        .iter()
        .map(|file| file.path().as_str())
        .collect()
}

fn reason(result: Result<FileSet, Error>) -> Unfit {
    match result.unwrap_err() {
        Error::Unfit { reason, .. } => reason,
        other => panic!("{other}"),
    }
}

#[test]
fn files_are_sorted_by_the_bytes_of_their_whole_path() {
    let root = model(&[
        ("a/b", "1"),
        ("a-b", "2"),
        ("a b", "3"),
        ("Z", "4"),
        ("é", "5"),
    ]);
    assert_eq!(
        paths(&walk(root.path()).unwrap()),
        ["Z", "a b", "a-b", "a/b", "é"]
    );
}

#[test]
fn a_model_has_so_many_files() {
    let root = model(&[("a", ""), ("b/c", ""), ("b/d", "")]);
    let up_to = |max| FileSet::walk_up_to(root.path(), &WalkOptions::default(), max);
    assert_eq!(up_to(3).unwrap().files().len(), 3);
    assert!(matches!(
        up_to(2).unwrap_err(),
        Error::Limit { limit: 2, .. }
    ));
    assert_eq!(FILES_MAX, 1_000_000);
}

#[test]
fn a_directory_swapped_for_a_link_while_it_is_walked_lets_nothing_from_outside_in() {
    let home = model(&[("model/sub/inside", "1"), ("outside/secret", "2")]);
    let (sub, kept) = (home.path().join("model/sub"), home.path().join("kept"));
    let stop = AtomicBool::new(false);
    let outcomes = thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                fs::rename(&sub, &kept).unwrap();
                symlink(home.path().join("outside"), &sub).unwrap();
                fs::remove_file(&sub).unwrap();
                fs::rename(&kept, &sub).unwrap();
            }
        });
        let walk = || match walk(&home.path().join("model")) {
            Ok(set) => {
                let all: Vec<String> = paths(&set).iter().map(ToString::to_string).collect();
                all.join(" ")
            }
            Err(error) => error.code().to_owned(),
        };
        let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
        // On a machine with other work the thread may stand still for thousands of walks, with the link in place.
        for number in 0..300_000 {
            *outcomes.entry(walk()).or_default() += 1;
            if number >= 3_000 && outcomes.contains_key("sub/inside") {
                break;
            }
        }
        stop.store(true, Ordering::Relaxed);
        outcomes
    });
    // What the walk met: the directory, the link, or nothing at all.
    let known = [
        "sub/inside",
        "model_unfit",
        "model_changed",
        "model_empty",
        "model_io",
    ];
    for outcome in outcomes.keys() {
        assert!(known.contains(&outcome.as_str()), "{outcomes:?}");
    }
    assert!(outcomes.contains_key("sub/inside"), "{outcomes:?}");
}

#[test]
fn one_file_is_a_model_of_its_own_name() {
    let root = model(&[("model.pkl", "x")]);
    let set = walk(&root.path().join("model.pkl")).unwrap();
    assert_eq!(
        (paths(&set), set.is_single_file()),
        (vec!["model.pkl"], true)
    );
}

#[test]
fn an_empty_model_is_refused_also_when_all_of_it_is_ignored() {
    let root = model(&[]);
    assert!(matches!(walk(root.path()), Err(Error::Empty { .. })));
    fs::create_dir(root.path().join("empty")).unwrap();
    assert!(matches!(walk(root.path()), Err(Error::Empty { .. })));
    fs::write(root.path().join(".gitignore"), "x").unwrap();
    let options = WalkOptions {
        ignore: IgnoreRules::oms(),
        ..WalkOptions::default()
    };
    assert!(matches!(
        FileSet::walk(root.path(), &options),
        Err(Error::Empty { .. })
    ));
}

#[test]
fn oms_names_are_left_out_at_the_top_only_and_counted() {
    let root = model(&[
        (".git/config", "1"),
        (".git/objects/ab", "2"),
        (".gitignore", "3"),
        ("sub/.git/config", "4"),
        ("weights", "5"),
    ]);
    let options = WalkOptions {
        ignore: IgnoreRules::oms(),
        ..WalkOptions::default()
    };
    let set = FileSet::walk(root.path(), &options).unwrap();
    assert_eq!(paths(&set), ["sub/.git/config", "weights"]);
    let ignored: Vec<(&str, u64)> = set
        .ignored()
        .iter()
        .map(|found| (found.path.as_str(), found.files))
        .collect();
    assert_eq!(ignored, [(".git", 2), (".gitignore", 1)]);
}

#[test]
fn an_ignored_path_is_exact_and_no_pattern() {
    let root = model(&[("logs/a", "1"), ("logs2/a", "2"), ("x/logs/a", "3")]);
    let mut options = WalkOptions::default();
    options.ignore.add("logs").unwrap();
    let set = FileSet::walk(root.path(), &options).unwrap();
    assert_eq!(paths(&set), ["logs2/a", "x/logs/a"]);
    for path in ["/logs", "../x", "a/../b", "a//b", "", "a\\b", "C:/x", "./a"] {
        assert!(options.ignore.add(path).is_err(), "{path}");
    }
}

#[test]
fn links_are_refused_by_default_to_files_and_to_directories() {
    let root = model(&[("a", "1"), ("d/b", "2")]);
    symlink("a", root.path().join("link")).unwrap();
    assert_eq!(reason(walk(root.path())), Unfit::Link);
    fs::remove_file(root.path().join("link")).unwrap();
    symlink("d", root.path().join("link")).unwrap();
    assert_eq!(reason(walk(root.path())), Unfit::Link);
}

#[test]
fn inside_root_follows_links_to_files_of_the_model_and_no_others() {
    let outside = model(&[("secret", "s")]);
    let root = model(&[("a", "1"), ("d/b", "2")]);
    let options = WalkOptions {
        links: LinkPolicy::InsideRoot,
        ..WalkOptions::default()
    };
    let link = root.path().join("link");
    symlink("d/b", &link).unwrap();
    assert_eq!(
        paths(&FileSet::walk(root.path(), &options).unwrap()),
        ["a", "d/b", "link"]
    );
    let secret = outside.path().join("secret");
    let bad = [
        (secret.as_path(), Unfit::LinkOutside),
        (Path::new("nothing"), Unfit::DanglingLink),
        (Path::new("d"), Unfit::LinkToNoFile),
    ];
    for (target, expected) in bad {
        fs::remove_file(&link).unwrap();
        symlink(target, &link).unwrap();
        assert_eq!(reason(FileSet::walk(root.path(), &options)), expected);
    }
}

#[test]
fn hub_cache_follows_links_to_blobs_of_its_own_repository_only() {
    let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let blob = format!("blobs/{hex}");
    let root = model(&[
        (&blob, "abc"),
        ("blobs/plain", "x"),
        ("snapshots/c/README", "r"),
    ]);
    let snapshot = root.path().join("snapshots/c");
    let options = WalkOptions {
        links: LinkPolicy::HubCache,
        ..WalkOptions::default()
    };
    let link = snapshot.join("model.safetensors");
    symlink(format!("../../{blob}"), &link).unwrap();
    let set = FileSet::walk(&snapshot, &options).unwrap();
    assert_eq!(paths(&set), ["README", "model.safetensors"]);
    for target in ["../../blobs/plain", "README"] {
        fs::remove_file(&link).unwrap();
        symlink(target, &link).unwrap();
        assert_eq!(
            reason(FileSet::walk(&snapshot, &options)),
            Unfit::LinkOutside
        );
    }
}

#[test]
fn what_is_no_file_is_refused_and_does_not_hang() {
    let root = model(&[("a", "1")]);
    let _socket = UnixListener::bind(root.path().join("socket")).unwrap();
    assert_eq!(reason(walk(root.path())), Unfit::Special);
    assert_eq!(reason(walk(Path::new("/dev/null"))), Unfit::Special);
    let root = model(&[("a", "1")]);
    let fifo = root.path().join("fifo");
    let made = std::process::Command::new("mkfifo")
        .arg(&fifo)
        .status()
        .unwrap();
    assert!(made.success());
    assert_eq!(reason(walk(root.path())), Unfit::Special);
}

#[test]
fn names_that_no_other_system_can_hold_are_refused() {
    for (name, expected) in [
        (&b"\xff"[..], Unfit::NotUtf8),
        (b"a\nb", Unfit::Character),
        (b"a\\b", Unfit::Character),
    ] {
        let root = model(&[("a", "1")]);
        fs::write(root.path().join(OsStr::from_bytes(name)), "x").unwrap();
        assert_eq!(reason(walk(root.path())), expected);
    }
}

#[test]
fn names_that_differ_by_case_clash_also_in_their_directories() {
    for pair in [
        ["Model", "model"],
        ["D/a", "d/b"],
        ["STRASSE", "stra\u{df}e"],
        ["below/one/A", "below/one/a"],
    ] {
        let root = model(&[(pair[0], "1"), (pair[1], "1")]);
        assert!(
            matches!(reason(walk(root.path())), Unfit::CaseClash { .. }),
            "{pair:?}"
        );
    }
}

#[test]
fn hard_links_are_reported() {
    let root = model(&[("a", "1"), ("b", "2")]);
    fs::hard_link(root.path().join("a"), root.path().join("c")).unwrap();
    let set = walk(root.path()).unwrap();
    let linked: Vec<&str> = set.hard_linked().iter().map(ModelPath::as_str).collect();
    assert_eq!(linked, ["a", "c"]);
}

#[test]
fn the_callers_own_file_is_left_out_and_a_directory_of_its_name_is_not() {
    let root = model(&[("a", "1"), ("model.json", "{}")]);
    let mut options = WalkOptions::default();
    options
        .ignore
        .add_own(ModelPath::parse("model.json").unwrap());
    assert_eq!(paths(&FileSet::walk(root.path(), &options).unwrap()), ["a"]);
    fs::remove_file(root.path().join("model.json")).unwrap();
    fs::create_dir(root.path().join("model.json")).unwrap();
    fs::write(root.path().join("model.json/x"), "x").unwrap();
    let set = FileSet::walk(root.path(), &options).unwrap();
    assert_eq!(paths(&set), ["a", "model.json/x"]);
}

#[test]
fn paths_end_at_their_limits() {
    let component = "c".repeat(COMPONENT_BYTES_MAX);
    ModelPath::parse(&component).unwrap();
    assert_eq!(
        ModelPath::parse(&format!("{component}c")),
        Err(Unfit::PathLength)
    );
    let whole = format!("{component}/").repeat(PATH_BYTES_MAX / 256 - 1);
    let path = format!("{whole}{}/{}", "d".repeat(127), "e".repeat(128));
    assert_eq!(path.len(), PATH_BYTES_MAX);
    ModelPath::parse(&path).unwrap();
    assert_eq!(
        ModelPath::parse(&format!("{path}x")),
        Err(Unfit::PathLength)
    );
}

#[test]
fn directories_end_at_their_depth() {
    let deep = |levels: usize| format!("{}f", "d/".repeat(levels));
    walk(model(&[(&deep(DEPTH_MAX), "1")]).path()).unwrap();
    let beyond = walk(model(&[(&deep(DEPTH_MAX + 1), "1")]).path());
    assert!(matches!(beyond, Err(Error::Limit { .. })));
}
