//! Key stores that are missing, damaged, readable by others, wrapped by another key, or another ledger's.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use sealog_ledger::{Erasure, ErasureSubject, Error, KEK_FILE, KEY_STORE_FILE, Ledger};

use crate::ground::Ground;
use crate::privacy::{MAIL, access, message, with_policy};

const SEALING: &str = r#","types":{"EMAIL":"seal"}"#;

/// A ledger with one sealed record, closed, and the paths of its key store and key-encryption key.
fn closed() -> (Ground, u64, PathBuf, PathBuf) {
    let ground = Ground::new();
    let ledger = with_policy(&ground, SEALING);
    let producer = ledger.producer().unwrap();
    let index = producer.append(message("john", MAIL)).unwrap().index();
    let secrets = ledger.secrets().unwrap();
    ledger.close().unwrap();
    (
        ground,
        index,
        secrets.join(KEY_STORE_FILE),
        secrets.join(KEK_FILE),
    )
}

fn shown(ledger: &Ledger, index: u64) -> Result<Vec<u8>, Error> {
    let shown = ledger.reveal(index, "/text", &access())?;
    Ok(shown.bytes.to_vec())
}

#[test]
fn its_files_are_private() {
    let (_ground, _, store, kek) = closed();
    for path in [&store, &kek] {
        let mode = fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
    }
}

#[test]
fn a_lost_store_is_not_made_anew_in_silence() {
    let (ground, _, store, _) = closed();
    fs::remove_file(&store).unwrap();
    let ledger = ground.open();
    let refused = ledger.subject_ref(None, "john").unwrap_err();
    assert_eq!(refused.code(), "key_store_missing", "{refused}");
    assert!(refused.to_string().contains("(entries: 1)"));
    assert!(!store.exists());
}

#[test]
fn a_store_whose_keys_were_all_erased_is_not_missed() {
    let (ground, _, store, _) = closed();
    let ledger = ground.open();
    let order = Erasure {
        tenant: None,
        subject: ErasureSubject::Person("john".into()),
        request_id: None,
        executed_by: "officer-1".into(),
        approvals: 0,
        despite_retention: false,
    };
    ledger.erase(&order).unwrap();
    ledger.close().unwrap();
    fs::remove_file(&store).unwrap();
    let ledger = ground.open();
    assert_eq!(ledger.subject_ref(None, "jane").unwrap().len(), 32);
    assert!(store.exists());
}

#[test]
fn without_the_right_key_encryption_key_nothing_opens() {
    let (ground, index, _, kek) = closed();
    let right = fs::read(&kek).unwrap();
    fs::write(&kek, format!("{}\n", "0f".repeat(32))).unwrap();
    let refused = shown(&ground.open(), index).unwrap_err();
    assert_eq!(refused.code(), "key_store");
    assert!(
        refused
            .to_string()
            .contains("wrapped by the key-encryption key kek-"),
        "{refused}"
    );
    fs::write(&kek, "no key").unwrap();
    assert_eq!(shown(&ground.open(), index).unwrap_err().code(), "key_file");
    fs::remove_file(&kek).unwrap();
    assert_eq!(
        shown(&ground.open(), index).unwrap_err().code(),
        "key_missing"
    );
    fs::write(&kek, right).unwrap();
    fs::set_permissions(&kek, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(shown(&ground.open(), index).unwrap_err().code(), "key_file");
    fs::set_permissions(&kek, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(shown(&ground.open(), index).unwrap(), MAIL.as_bytes());
}

#[test]
fn another_ledgers_store_a_damaged_one_and_one_that_others_may_read_are_refused() {
    let (ground, index, store, kek) = closed();
    let (_other, _, other_store, other_kek) = closed();
    let right = (fs::read(&store).unwrap(), fs::read(&kek).unwrap());
    fs::copy(&other_store, &store).unwrap();
    fs::copy(&other_kek, &kek).unwrap();
    let refused = shown(&ground.open(), index).unwrap_err();
    assert!(
        refused.to_string().contains("it belongs to the log"),
        "{refused}"
    );
    fs::write(&store, b"no database").unwrap();
    assert_eq!(
        shown(&ground.open(), index).unwrap_err().code(),
        "key_store"
    );
    fs::write(&store, b"").unwrap();
    assert_eq!(
        shown(&ground.open(), index).unwrap_err().code(),
        "key_store"
    );
    fs::write(&store, right.0).unwrap();
    fs::write(&kek, right.1).unwrap();
    fs::set_permissions(&store, fs::Permissions::from_mode(0o640)).unwrap();
    let refused = shown(&ground.open(), index).unwrap_err();
    assert!(refused.to_string().contains("chmod 600"), "{refused}");
}

#[test]
fn a_new_key_encryption_key_wraps_all_keys_for_every_handle() {
    let (ground, index, store, kek) = closed();
    let ledger = ground.open();
    let other = ground.open();
    assert!(shown(&other, index).is_ok());
    let old = fs::read(&kek).unwrap();
    assert_eq!(ledger.rotate_kek().unwrap(), 1);
    assert_ne!(fs::read(&kek).unwrap(), old);
    assert!(!store.with_file_name("kek.key.new").exists());
    assert_eq!(shown(&ledger, index).unwrap(), MAIL.as_bytes());
    assert_eq!(
        shown(&other, index).unwrap(),
        MAIL.as_bytes(),
        "a handle that was open"
    );
    assert_eq!(shown(&ground.open(), index).unwrap(), MAIL.as_bytes());
    fs::write(&kek, old).unwrap();
    assert_eq!(
        shown(&ground.open(), index).unwrap_err().code(),
        "key_store"
    );
}

#[test]
fn a_crash_while_the_key_encryption_key_is_replaced_loses_nothing() {
    let (ground, index, store, kek) = closed();
    let new = store.with_file_name("kek.key.new");
    let old = fs::read(&kek).unwrap();
    // Before the keys were wrapped by it: it is passed over.
    fs::write(&new, format!("{}\n", "0f".repeat(32))).unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(shown(&ground.open(), index).unwrap(), MAIL.as_bytes());
    assert_eq!(fs::read(&kek).unwrap(), old);
    // After it: it takes the place of the old one.
    ground.open().rotate_kek().unwrap();
    fs::rename(&kek, &new).unwrap();
    fs::write(&kek, &old).unwrap();
    fs::set_permissions(&kek, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(shown(&ground.open(), index).unwrap(), MAIL.as_bytes());
    assert!(!new.exists());
}
