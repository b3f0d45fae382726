//! The files beside the log.

use sealog_core::limits::{SHELF_FILE_BYTES_MAX, SHELF_NAME_BYTES_MAX};
use sealog_core::{ErrorKind, Hash};
use sealog_store::disk::{Open, Reach};
use sealog_store::{Error, Shelf, Store, layout};

use crate::kit::{Bench, on_each_disk};

#[test]
fn a_file_is_put_fetched_listed_and_removed() {
    on_each_disk(|bench| {
        let store = bench.create(1);
        let digest = Hash::of(&[b"evidence"]).to_hex();
        for (shelf, name) in [
            (Shelf::Payloads, digest.as_str()),
            (Shelf::Anchors, "17.note"),
            (Shelf::Recovered, "tail"),
            (Shelf::Derived, "snapshot-3"),
        ] {
            assert_eq!(store.fetch(shelf, name).unwrap(), None);
            assert_eq!(store.list(shelf).unwrap(), [] as [&str; 0]);
            store.put(shelf, name, b"evidence").unwrap();
            store.put(shelf, name, b"evidence").unwrap();
            assert_eq!(store.fetch(shelf, name).unwrap().unwrap(), b"evidence");
            assert_eq!(bench.reader().list(shelf).unwrap(), [name]);
            store.remove(shelf, name).unwrap();
            store.remove(shelf, name).unwrap();
            assert_eq!(store.fetch(shelf, name).unwrap(), None);
        }
    });
}

#[test]
fn a_payload_stands_in_the_directory_of_its_first_two_digits() {
    let bench = Bench::memory();
    let store = bench.create(1);
    let name = Hash::of(&[b"x"]).to_hex();
    store.put(Shelf::Payloads, &name, b"x").unwrap();
    let path = bench.path(layout::PAYLOADS).join(&name[..2]).join(&name);
    assert_eq!(bench.content(&path), b"x");
}

#[test]
fn other_content_under_the_same_name_is_refused_but_for_derived_files() {
    on_each_disk(|bench| {
        let store = bench.create(1);
        store.put(Shelf::Anchors, "1.note", b"one").unwrap();
        let error = store.put(Shelf::Anchors, "1.note", b"two").unwrap_err();
        assert!(matches!(error, Error::Exists { .. }), "{error}");
        assert_eq!(
            store.fetch(Shelf::Anchors, "1.note").unwrap().unwrap(),
            b"one"
        );
        store.put(Shelf::Derived, "a", b"one").unwrap();
        store.put(Shelf::Derived, "a", b"two").unwrap();
        assert_eq!(store.fetch(Shelf::Derived, "a").unwrap().unwrap(), b"two");
    });
}

#[test]
fn a_name_that_could_lead_elsewhere_is_refused() {
    let bench = Bench::memory();
    let store = bench.create(1);
    let long = "a".repeat(SHELF_NAME_BYTES_MAX + 1);
    for name in [
        "",
        ".",
        "..",
        "../log/LOCK",
        "a/b",
        ".hidden",
        "A",
        "a b",
        "a\\b",
        "a\0",
        &long,
    ] {
        for error in [
            store.put(Shelf::Anchors, name, b"").unwrap_err(),
            store.fetch(Shelf::Anchors, name).unwrap_err(),
            store.remove(Shelf::Anchors, name).unwrap_err(),
        ] {
            assert!(matches!(error, Error::Name { .. }), "{error}");
            assert_eq!(error.kind(), ErrorKind::Malformed);
        }
    }
    store.put(Shelf::Anchors, &long[1..], b"").unwrap();
    let digest = Hash::ZERO.to_hex();
    for name in ["", "00", &digest[1..], &digest.replace('0', "A"), "../0"] {
        let error = store.put(Shelf::Payloads, name, b"").unwrap_err();
        assert!(matches!(error, Error::Name { .. }), "{error}");
    }
}

#[test]
fn a_file_beyond_the_limit_is_neither_put_nor_fetched() {
    let bench = Bench::os();
    let store = bench.create(1);
    let path = bench.path(layout::ANCHORS).join("big");
    let file = bench
        .disk
        .open(&path, Open::CreateNew(Reach::Everyone))
        .unwrap();
    // A hole: takes no room on disk.
    file.set_len(SHELF_FILE_BYTES_MAX + 1).unwrap();
    let error = store.fetch(Shelf::Anchors, "big").unwrap_err();
    assert!(matches!(error, Error::TooLong { .. }), "{error}");
    file.set_len(SHELF_FILE_BYTES_MAX).unwrap();
    let content = store.fetch(Shelf::Anchors, "big").unwrap().unwrap();
    assert_eq!(content.len() as u64, SHELF_FILE_BYTES_MAX);
    let longer = [content, vec![0]].concat();
    let error = store.put(Shelf::Derived, "big", &longer).unwrap_err();
    assert!(matches!(error, Error::TooLong { .. }), "{error}");
}

#[test]
fn an_unfinished_file_is_not_listed() {
    on_each_disk(|bench| {
        let store = bench.create(1);
        let name = format!("{}ff-0", layout::TEMPORARY_PREFIX);
        let path = bench.path(layout::ANCHORS).join(name);
        drop(
            bench
                .disk
                .open(&path, Open::CreateNew(Reach::Everyone))
                .unwrap(),
        );
        assert_eq!(store.list(Shelf::Anchors).unwrap(), [] as [&str; 0]);
    });
}

#[test]
fn a_derived_directory_that_was_deleted_is_made_again() {
    on_each_disk(|bench| {
        let store = bench.create(1);
        store.put(Shelf::Derived, "a", b"one").unwrap();
        store.remove(Shelf::Derived, "a").unwrap();
        bench.disk.remove_dir(&bench.path(layout::DERIVED)).unwrap();
        store.put(Shelf::Derived, "a", b"two").unwrap();
        assert_eq!(store.fetch(Shelf::Derived, "a").unwrap().unwrap(), b"two");
    });
}
