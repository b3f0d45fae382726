use std::fs;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::TempDir;

use super::*;
use crate::limits::READ_BYTES;
use crate::walk::{LinkPolicy, WalkOptions};

struct Sum(AtomicU64);

impl Progress for Sum {
    fn add(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}

#[test]
fn known_answers_of_abc() {
    let digests = of_bytes(b"abc", &Algorithm::ALL);
    let known = [
        (
            Algorithm::Sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
        (
            Algorithm::Sha512,
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ),
        (
            Algorithm::Blake2b,
            "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1\
             7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923",
        ),
        (
            Algorithm::Blake3,
            "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85",
        ),
        // `printf abc | git hash-object --stdin`
        (
            Algorithm::GitSha1,
            "f2ba8f84ab5c1bce84a7b441cb1959cfc7093b7f",
        ),
    ];
    for (algorithm, expected) in known {
        assert_eq!(
            digests.hex(algorithm).as_deref(),
            Some(expected),
            "{}",
            algorithm.name()
        );
        assert_eq!(
            algorithm.parse_hex(expected).as_deref(),
            digests.get(algorithm)
        );
        assert_eq!(algorithm.parse_hex(&expected.to_uppercase()), None);
        assert_eq!(algorithm.parse_hex(&expected[1..]), None);
        assert_eq!(Algorithm::from_name(algorithm.name()), Some(algorithm));
    }
}

#[test]
fn files_hash_as_their_bytes_do_on_any_number_of_threads() {
    let root = TempDir::new().unwrap();
    let sizes = [
        0,
        1,
        READ_BYTES - 1,
        READ_BYTES,
        READ_BYTES + 1,
        3 * READ_BYTES,
    ];
    let mut total = 0;
    for (at, size) in sizes.into_iter().enumerate() {
        let bytes: Vec<u8> = (0..size)
            .map(|n| u8::try_from((n + at) % 251).unwrap())
            .collect();
        total += size;
        fs::write(root.path().join(format!("{at}")), bytes).unwrap();
    }
    let set = FileSet::walk(root.path(), &WalkOptions::default()).unwrap();
    let expected: Vec<Digests> = set
        .files()
        .iter()
        .map(|file| of_bytes(&fs::read(file.source()).unwrap(), &Algorithm::ALL))
        .collect();
    for threads in [1, 2, 7] {
        let sum = Sum(AtomicU64::new(0));
        let options = DigestOptions {
            algorithms: &Algorithm::ALL,
            threads: NonZeroUsize::new(threads).unwrap(),
            progress: &sum,
        };
        assert_eq!(digest(&set, &options).unwrap(), expected);
        assert_eq!(sum.0.into_inner(), u64::try_from(total).unwrap());
    }
}

#[test]
fn a_file_that_was_replaced_cut_or_turned_into_a_link_after_the_walk_is_noticed() {
    let attacks: [fn(&std::path::Path); 3] = [
        |file| {
            fs::write(file.with_extension("new"), "12345").unwrap();
            fs::rename(file.with_extension("new"), file).unwrap();
        },
        |file| fs::write(file, "123").unwrap(),
        |file| {
            fs::rename(file, file.with_extension("old")).unwrap();
            symlink(file.with_extension("old"), file).unwrap();
        },
    ];
    for attack in attacks {
        let root = TempDir::new().unwrap();
        let file = root.path().join("weights");
        fs::write(&file, "01234").unwrap();
        let set = FileSet::walk(root.path(), &WalkOptions::default()).unwrap();
        attack(&file);
        digest(&set, &DigestOptions::new(&[Algorithm::Sha256])).unwrap_err();
    }
}

#[test]
fn a_blob_of_a_hub_cache_has_to_be_what_its_name_says() {
    let root = TempDir::new().unwrap();
    let snapshot = root.path().join("snapshots/c");
    let blobs = root.path().join("blobs");
    fs::create_dir_all(&snapshot).unwrap();
    fs::create_dir(&blobs).unwrap();
    for algorithm in [Algorithm::Sha256, Algorithm::GitSha1] {
        let name = of_bytes(b"abc", &[algorithm]).hex(algorithm).unwrap();
        fs::write(blobs.join(&name), "abc").unwrap();
        let link = snapshot.join(algorithm.name());
        symlink(blobs.join(&name), &link).unwrap();
        let options = WalkOptions {
            links: LinkPolicy::HubCache,
            ..WalkOptions::default()
        };
        let set = FileSet::walk(&snapshot, &options).unwrap();
        let digests = digest(&set, &DigestOptions::new(&[Algorithm::Blake3])).unwrap();
        assert!(digests.iter().all(|digests| digests.iter().count() == 1));
        fs::write(blobs.join(&name), "abd").unwrap();
        let failed = digest(&set, &DigestOptions::new(&[Algorithm::Blake3]));
        assert!(matches!(failed, Err(Error::Blob { .. })), "{failed:?}");
        fs::remove_file(link).unwrap();
    }
}

#[test]
fn digests_of_one_content_stand_in_the_order_of_their_names_whatever_the_order_they_came_in() {
    let all = of_bytes(b"content", &Algorithm::ALL);
    let mut backwards = Digests::default();
    assert!(backwards.is_empty());
    for algorithm in Algorithm::ALL.into_iter().rev() {
        assert_eq!(backwards.get(algorithm), None);
        backwards.insert(algorithm, b"to be replaced".to_vec());
        backwards.insert(algorithm, all.get(algorithm).unwrap().to_vec());
    }
    assert_eq!(backwards, all);
    let names: Vec<Algorithm> = all.iter().map(|(algorithm, _)| algorithm).collect();
    assert_eq!(names, Algorithm::ALL);
    for wanted in Algorithm::ALL {
        let one = all.clone().only(&[wanted]);
        assert_eq!(one, of_bytes(b"content", &[wanted]));
        assert_eq!(
            one.iter().collect::<Vec<_>>(),
            [(wanted, all.get(wanted).unwrap())]
        );
    }
    assert!(all.only(&[]).is_empty());
}
