use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::*;
use crate::digest::{DigestOptions, RACY_NANOSECONDS, Taken};
use crate::manifest::Manifest;
use crate::walk::WalkOptions;

/// A moment long after everything here was made: nothing is racy.
fn later() -> i128 {
    now() + 10 * RACY_NANOSECONDS
}

fn now() -> i128 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    i128::try_from(since.unwrap().as_nanos()).unwrap()
}

struct Fixture {
    home: TempDir,
}

impl Fixture {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("model")).unwrap();
        let fixture = Self { home };
        fixture.write("a", b"one");
        fixture.write("b", b"second");
        fixture
    }

    fn write(&self, name: &str, content: &[u8]) {
        fs::write(self.model().join(name), content).unwrap();
    }

    fn model(&self) -> PathBuf {
        self.home.path().join("model")
    }

    fn file(&self) -> PathBuf {
        self.home.path().join("cache")
    }

    fn read(&self, began: i128) -> (Manifest, Taken, Option<String>) {
        self.read_by(&[Algorithm::Sha256], began)
    }

    /// One run: opens the cache, reads the model, saves the cache.
    fn read_by(&self, algorithms: &[Algorithm], began: i128) -> (Manifest, Taken, Option<String>) {
        let set = FileSet::walk(&self.model(), &WalkOptions::default()).unwrap();
        let mut cache = DigestCache::open(&self.file()).unwrap();
        let options = DigestOptions::new(algorithms);
        let (manifest, taken) =
            Manifest::of_files_cached(&set, &options, &mut cache, began).unwrap();
        cache.save().unwrap();
        (manifest, taken, cache.refused().map(str::to_owned))
    }

    fn truth(&self) -> Manifest {
        let options = DigestOptions::new(&[Algorithm::Sha256]);
        let walk = WalkOptions::default();
        Manifest::of(&self.model(), &walk, &options).unwrap().0
    }
}

#[test]
fn a_second_run_reads_nothing_and_finds_the_same() {
    let fixture = Fixture::new();
    let (first, taken, refused) = fixture.read(later());
    assert_eq!((taken, refused), (Taken::default(), None));
    let (second, taken, refused) = fixture.read(later());
    assert_eq!((taken.files, taken.bytes, refused), (2, 9, None));
    assert_eq!(first, second);
    assert_eq!(second, fixture.truth());
    let mode = fs::metadata(fixture.file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_file_whose_content_changed_is_read_though_its_size_and_time_are_set_back() {
    let fixture = Fixture::new();
    fixture.read(later());
    let path = fixture.model().join("a");
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    fixture.write("a", b"two");
    let file = File::options().write(true).open(&path).unwrap();
    file.set_modified(before).unwrap();
    let (found, taken, _) = fixture.read(later());
    assert_eq!(taken.files, 1);
    assert_eq!(found, fixture.truth());
}

#[test]
fn a_file_that_was_replaced_by_one_of_the_same_size_and_time_is_read() {
    let fixture = Fixture::new();
    fixture.read(later());
    let path = fixture.model().join("a");
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    let other = fixture.home.path().join("other");
    fs::write(&other, b"two").unwrap();
    let file = File::options().write(true).open(&other).unwrap();
    file.set_modified(before).unwrap();
    fs::rename(&other, &path).unwrap();
    let (found, taken, _) = fixture.read(later());
    assert_eq!(taken.files, 1);
    assert_eq!(found, fixture.truth());
}

#[test]
fn a_file_changed_within_the_clocks_granularity_of_the_reading_is_not_kept() {
    let fixture = Fixture::new();
    let set = FileSet::walk(&fixture.model(), &WalkOptions::default()).unwrap();
    let newest = set.files().iter().map(|file| file.stamp.changed).max();
    let border = newest.unwrap() + RACY_NANOSECONDS;
    fixture.read(border);
    // At the border one of the two may be older; the newest is not kept.
    let (_, taken, _) = fixture.read(border);
    assert!(taken.files <= 1, "{taken:?}");
    fixture.read(border + 1);
    let (_, taken, _) = fixture.read(border + 1);
    assert_eq!(taken.files, 2);
}

#[test]
fn a_file_from_the_future_is_not_kept() {
    let fixture = Fixture::new();
    let path = fixture.model().join("a");
    let file = File::options().write(true).open(&path).unwrap();
    let future = SystemTime::now() + Duration::from_secs(1_000_000);
    file.set_modified(future).unwrap();
    fixture.read(later());
    let (_, taken, _) = fixture.read(later());
    assert_eq!(taken.files, 1);
}

#[test]
fn a_cache_without_the_digest_that_is_asked_for_is_no_help() {
    let fixture = Fixture::new();
    fixture.read(later());
    let (found, taken, _) = fixture.read_by(&[Algorithm::Blake3], later());
    assert_eq!(taken.files, 0);
    let all = found
        .files()
        .iter()
        .all(|file| file.digests().iter().count() == 2);
    assert!(all);
    // What was learnt holds both now, and what was not asked for stays out of the manifest.
    let (found, taken, _) = fixture.read(later());
    assert_eq!((found, taken.files), (fixture.truth(), 2));
}

#[test]
fn a_hostile_cache_is_refused_and_built_anew() {
    let fixture = Fixture::new();
    let whole = || {
        fixture.read(later());
        fs::read_to_string(fixture.file()).unwrap()
    };
    let text = whole();
    let sum = |body: &str| format!("{body}sha256 {}\n", Hash::of(&[body.as_bytes()]).to_hex());
    let at = text.trim_end().rfind('\n').unwrap() + 1;
    let body = &text[..at];
    let line = body.lines().nth(1).unwrap();
    let attacks = [
        (
            "one digit of a digest",
            text.replacen("sha256:", "sha256:0", 1),
        ),
        ("another format", sum(&body.replace("cache 1", "cache 2"))),
        ("cut", text[..text.len() - 1].to_owned()),
        ("cut in the middle", text[..text.len() / 2].to_owned()),
        ("nothing", String::new()),
        ("no sum", body.to_owned()),
        ("text behind", format!("{text}x")),
        (
            "a line twice",
            sum(&body.replace(line, &format!("{line}\n{line}"))),
        ),
        (
            "a digest twice",
            sum(&body.replace(" sha256:", " sha256:00 sha256:")),
        ),
        ("an unknown digest", sum(&body.replace(" sha256:", " md5:"))),
        (
            "a number too large",
            sum(&format!("{FIRST_LINE}99999999999999999999{line}\n")),
        ),
        ("a sign", sum(&body.replace(line, &format!("-{line}")))),
        ("no digest", sum(&format!("{FIRST_LINE}1 2 3 4 5\n"))),
        (
            "a word too many",
            sum(&body.replace(line, &format!("{line} "))),
        ),
    ];
    for (what, attack) in attacks {
        fs::write(fixture.file(), attack).unwrap();
        let (found, taken, refused) = fixture.read(later());
        assert!(refused.is_some(), "{what}");
        assert_eq!(taken.files, 0, "{what}");
        assert_eq!(found, fixture.truth(), "{what}");
        let (_, taken, refused) = fixture.read(later());
        assert_eq!((taken.files, refused), (2, None), "{what}");
    }
}

#[test]
fn a_cache_that_others_may_write_or_that_is_no_file_is_refused() {
    let fixture = Fixture::new();
    for mode in [0o620, 0o602] {
        fixture.read(later());
        fs::set_permissions(fixture.file(), fs::Permissions::from_mode(mode)).unwrap();
        let (_, taken, refused) = fixture.read(later());
        assert_eq!(taken.files, 0);
        assert_eq!(refused.as_deref(), Some("other users may write it"));
    }
    fixture.read(later());
    let real = fixture.home.path().join("real");
    fs::rename(fixture.file(), &real).unwrap();
    symlink(&real, fixture.file()).unwrap();
    let (_, taken, refused) = fixture.read(later());
    assert_eq!(taken.files, 0);
    assert!(refused.is_some());
    // Written anew in the link's place, not through it.
    assert!(fs::symlink_metadata(fixture.file()).unwrap().is_file());
}

#[test]
fn a_cache_is_read_to_its_limit_and_not_beyond() {
    let line = |at: usize| format!("1 {at} 0 0 0 git-sha1:{}\n", "0".repeat(40));
    let whole = |count: usize| {
        let body = FIRST_LINE.to_owned() + &(0..count).map(line).collect::<String>();
        let sum = Hash::of(&[body.as_bytes()]).to_hex();
        format!("{body}{LAST_LINE}{sum}\n")
    };
    assert_eq!(
        parse(&whole(CACHE_ENTRIES_MAX)).map(|entries| entries.len()),
        Some(CACHE_ENTRIES_MAX)
    );
    assert_eq!(parse(&whole(CACHE_ENTRIES_MAX + 1)), None);
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("cache");
    fs::write(&path, "x".repeat(CACHE_BYTES_MAX)).unwrap();
    let format = "it does not follow its format";
    assert_eq!(DigestCache::open(&path).unwrap().refused(), Some(format));
    fs::write(&path, "x".repeat(CACHE_BYTES_MAX + 1)).unwrap();
    let refused = DigestCache::open(&path).unwrap();
    assert!(refused.refused().unwrap().starts_with("it is longer than"));
}

#[test]
fn what_a_run_did_not_see_makes_room_for_what_it_saw() {
    let fixture = Fixture::new();
    let set = FileSet::walk(&fixture.model(), &WalkOptions::default()).unwrap();
    let mut cache = DigestCache::open(&fixture.file()).unwrap();
    let digests = crate::digest::of_bytes(b"", &[Algorithm::Sha256]);
    for inode in 0..u64::try_from(CACHE_ENTRIES_MAX).unwrap() {
        let key = FileKey {
            device: u64::MAX,
            inode,
            size: 0,
            modified: 0,
            changed: 0,
        };
        let entry = Entry {
            digests: digests.clone(),
            seen: false,
        };
        cache.entries.insert(key, entry);
    }
    let read = crate::digest::digest(&set, &DigestOptions::new(&[Algorithm::Sha256])).unwrap();
    cache.learn(&set, &read, &[false, false], later());
    assert_eq!(cache.len(), 2);
    let wanted = [Algorithm::Sha256];
    assert!(
        set.files()
            .iter()
            .all(|file| cache.find(file, &wanted).is_some())
    );
}
