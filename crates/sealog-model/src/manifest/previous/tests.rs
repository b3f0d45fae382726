use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use sealog_core::time::Timestamp;
use tempfile::TempDir;

use super::*;
use crate::digest::{DigestOptions, RACY_NANOSECONDS, Taken};
use crate::keys::{PrivateKey, new_private_key};
use crate::manifest::{Authorship, Manifest};
use crate::sign::sign_statement;
use crate::walk::{FileSet, WalkOptions};

struct Fixture {
    home: TempDir,
    key: PrivateKey,
}

impl Fixture {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let key = new_private_key(&home.path().join("key.pem"), &[7; 32], None).unwrap();
        let fixture = Self { home, key };
        fs::create_dir(fixture.model()).unwrap();
        fs::write(fixture.model().join("a"), b"one").unwrap();
        fs::write(fixture.model().join("b"), b"second").unwrap();
        fixture
    }

    fn model(&self) -> PathBuf {
        self.home.path().join("model")
    }

    fn set(&self) -> FileSet {
        FileSet::walk(&self.model(), &WalkOptions::default()).unwrap()
    }

    /// A statement over what is there, begun at a moment, and its signature.
    fn signed(&self, begun: i128) -> (Vec<u8>, Vec<u8>) {
        let set = self.set();
        let seconds = i64::try_from(begun / 1_000_000_000).unwrap();
        let nanos = u32::try_from(begun % 1_000_000_000).unwrap();
        let time = Timestamp::from_unix(seconds, nanos).unwrap();
        let options = DigestOptions::new(&[Algorithm::Sha256]);
        let manifest = Manifest::of_files(&set, &options).unwrap();
        let authorship = Authorship {
            name: "model".into(),
            version: "1".into(),
            created_by: "jo".into(),
            created_at: time.format_micros(),
        };
        let statement = Statement::new(authorship, manifest, &set).unwrap();
        let signature = sign_statement(&statement, &self.key).unwrap();
        (statement.to_canonical(), signature)
    }

    fn previous(&self, begun: i128) -> Previous {
        let (statement, signature) = self.signed(begun);
        Previous::read(&statement, &signature, self.key.public(), "model").unwrap()
    }

    fn reuse(&self, previous: &Previous) -> (Manifest, Taken) {
        let options = DigestOptions::new(&[Algorithm::Sha256]);
        Manifest::of_files_reusing(&self.set(), &options, previous).unwrap()
    }

    fn newest(&self) -> i128 {
        let set = self.set();
        let newest = set.files().iter().map(|file| file.stamp.changed).max();
        newest.unwrap()
    }

    fn truth(&self) -> Manifest {
        let options = DigestOptions::new(&[Algorithm::Sha256]);
        Manifest::of_files(&self.set(), &options).unwrap()
    }
}

#[test]
fn what_has_not_changed_since_is_not_read() {
    let fixture = Fixture::new();
    let previous = fixture.previous(fixture.newest() + 10 * RACY_NANOSECONDS);
    let (found, taken) = fixture.reuse(&previous);
    assert_eq!((taken.files, taken.bytes), (2, 9));
    assert_eq!(found, fixture.truth());
}

#[test]
fn what_changed_since_is_read_also_with_its_time_set_back_and_of_the_same_size() {
    let fixture = Fixture::new();
    // The files are just old enough; what is changed a moment later is not.
    let begun = fixture.newest() + RACY_NANOSECONDS + 1_000_000;
    let previous = fixture.previous(begun);
    thread::sleep(Duration::from_millis(50));
    let path = fixture.model().join("a");
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    fs::write(&path, b"two").unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(before).unwrap();
    let (found, taken) = fixture.reuse(&previous);
    assert_eq!((taken.files, taken.bytes), (1, 6));
    assert_eq!(found, fixture.truth());
}

#[test]
fn a_file_of_another_size_or_path_is_read() {
    let fixture = Fixture::new();
    let previous = fixture.previous(fixture.newest() + 1_000 * RACY_NANOSECONDS);
    fs::write(fixture.model().join("a"), b"longer").unwrap();
    fs::rename(fixture.model().join("b"), fixture.model().join("c")).unwrap();
    let (found, taken) = fixture.reuse(&previous);
    assert_eq!(taken.files, 0);
    assert_eq!(found, fixture.truth());
}

#[test]
fn what_changed_within_the_clocks_granularity_is_read() {
    let fixture = Fixture::new();
    let border = fixture.newest() + RACY_NANOSECONDS;
    // The statement's time is cut to microseconds.
    let (_, taken) = fixture.reuse(&fixture.previous(border));
    assert!(taken.files <= 1, "{taken:?}");
    let (_, taken) = fixture.reuse(&fixture.previous(border + 1_000));
    assert_eq!(taken.files, 2);
}

#[test]
fn a_digest_that_the_statement_lacks_is_made() {
    let fixture = Fixture::new();
    let previous = fixture.previous(fixture.newest() + 10 * RACY_NANOSECONDS);
    let options = DigestOptions::new(&[Algorithm::Blake3]);
    let (found, taken) = Manifest::of_files_reusing(&fixture.set(), &options, &previous).unwrap();
    assert_eq!(taken.files, 0);
    assert_eq!(found.algorithms(), [Algorithm::Blake3, Algorithm::Sha256]);
}

#[test]
fn an_unsigned_changed_or_foreign_statement_is_refused() {
    let fixture = Fixture::new();
    let (statement, signature) = fixture.signed(fixture.newest());
    let read = |statement: &[u8], signature: &[u8], key: &PublicKey, name: &str| {
        Previous::read(statement, signature, key, name)
            .unwrap_err()
            .code()
    };
    let own = fixture.key.public();
    let text = String::from_utf8(statement.clone()).unwrap();
    let changed = text.replace("\"version\":\"1\"", "\"version\":\"2\"");
    assert_eq!(
        read(changed.as_bytes(), &signature, own, "model"),
        "model_signature"
    );
    assert_eq!(read(&statement, b"{}", own, "model"), "model_malformed");
    assert_eq!(
        read(&statement, &signature, own, "other"),
        "model_not_expected"
    );
    let other = new_private_key(&fixture.home.path().join("other.pem"), &[8; 32], None).unwrap();
    assert_eq!(
        read(&statement, &signature, other.public(), "model"),
        "model_signature"
    );
    assert!(Previous::read(&statement, &signature, own, "model").is_ok());
}
