//! Key stores that are missing, damaged, readable by others, wrapped by another key, or another ledger's.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use sealog_ledger::{
    Creation, Erasure, ErasureSubject, Error, KEK_FILE, KEY_STORE_FILE, Ledger, Options,
};
use sealog_privacy::limits::{WRAPPED_KEY_BYTES_MAX, WRAPPED_KEY_BYTES_MIN, WRAPPER_ID_BYTES_MAX};
use sealog_privacy::wrap::{KeyWrapper, LocalWrapper};
use zeroize::Zeroizing;

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

/// What is made of the bytes that wrap a key, and of the key.
type Wrap = fn(Vec<u8>, &[u8; 32]) -> Vec<u8>;

/// A wrapper of the host's own that answers as it is told.
#[derive(Debug)]
struct Told {
    id: &'static str,
    right: LocalWrapper,
    wrap: Wrap,
}

impl Told {
    fn given(id: &'static str, wrap: Wrap) -> Arc<dyn KeyWrapper> {
        Arc::new(Self {
            id,
            right: LocalWrapper::new([7; 32]),
            wrap,
        })
    }
}

impl KeyWrapper for Told {
    fn id(&self) -> &str {
        self.id
    }
    fn wrap(&self, key: &[u8; 32], context: &[u8]) -> Result<Vec<u8>, sealog_privacy::Error> {
        Ok((self.wrap)(self.right.wrap(key, context)?, key))
    }
    fn unwrap(
        &self,
        wrapped: &[u8],
        context: &[u8],
    ) -> Result<Zeroizing<[u8; 32]>, sealog_privacy::Error> {
        let len = wrapped.len().min(60);
        if wrapped.iter().all(|byte| *byte == b'x') {
            return Ok(Zeroizing::new([9; 32]));
        }
        self.right.unwrap(&wrapped[..len], context)
    }
}

fn with_wrapper(ground: &Ground, wrapper: Arc<dyn KeyWrapper>) -> Ledger {
    let options = Options {
        key_wrapper: Some(wrapper),
        ..ground.options()
    };
    Ledger::open_or_create(&ground.path(), &Creation::default(), options).unwrap()
}

#[test]
fn what_a_wrapper_of_the_host_cannot_give_back_is_not_stored() {
    let cases: [(Wrap, &str); 5] = [
        (
            |_, _| b"x".repeat(WRAPPED_KEY_BYTES_MIN - 1),
            "it has 15 bytes",
        ),
        (
            |_, _| b"x".repeat(WRAPPED_KEY_BYTES_MAX + 1),
            "it has 16385 bytes",
        ),
        (
            |_, _| b"x".repeat(WRAPPED_KEY_BYTES_MIN),
            "gives back another key",
        ),
        (|wrapped, _| wrapped[1..].to_vec(), "was changed"),
        (|wrapped, key| [&*wrapped, key].concat(), "in the clear"),
    ];
    for (wrap, said) in cases {
        let ground = Ground::new();
        let ledger = with_wrapper(&ground, Told::given("told-1", wrap));
        let failed = ledger.subject_ref(None, "john").unwrap_err();
        assert_eq!(failed.code(), "key_wrapper", "{failed}");
        assert!(failed.to_string().contains(said), "{failed}");
    }
}

#[test]
fn a_wrapper_of_the_host_wraps_up_to_the_limits_and_is_asked_again_by_the_next_handle() {
    let wraps: [Wrap; 2] = [
        |wrapped, _| wrapped,
        |mut wrapped, _| {
            wrapped.resize(WRAPPED_KEY_BYTES_MAX, 0);
            wrapped
        },
    ];
    for wrap in wraps {
        let ground = Ground::new();
        let ledger = with_wrapper(&ground, Told::given("told-1", wrap));
        let index = ledger.producer().unwrap().append(message("john", MAIL));
        let reference = ledger.subject_ref(None, "john").unwrap();
        let index = index.unwrap().index();
        let secrets = ledger.secrets().unwrap();
        ledger.close().unwrap();
        assert!(!secrets.join(KEK_FILE).exists());
        let again = with_wrapper(&ground, Told::given("told-1", wrap));
        assert_eq!(again.subject_ref(None, "john").unwrap(), reference);
        assert!(again.entry(index).is_ok());
        let other = with_wrapper(&ground, Told::given("told-2", wrap));
        let refused = other.subject_ref(None, "john").unwrap_err();
        assert!(refused.to_string().contains("told-1"), "{refused}");
    }
}

#[test]
fn an_id_of_a_wrapper_has_a_form() {
    let longest: &'static str = "a".repeat(WRAPPER_ID_BYTES_MAX).leak();
    let longer: &'static str = "a".repeat(WRAPPER_ID_BYTES_MAX + 1).leak();
    for (id, is_right) in [
        (longest, true),
        ("arn:aws:kms:eu-1:key/1 ~", true),
        (longer, false),
        ("", false),
        ("a\n", false),
        ("\u{e9}", false),
    ] {
        let ground = Ground::new();
        let ledger = with_wrapper(&ground, Told::given(id, |wrapped, _| wrapped));
        let made = ledger.subject_ref(None, "john");
        match made {
            Ok(_) => assert!(is_right, "{id:?}"),
            Err(error) => assert!(!is_right && error.code() == "argument", "{error}"),
        }
    }
}
