//! What a ledger is told.

use sealog_core::json::{Object, Tape, Value};
use sealog_core::kinds::{SCHEMA_VERSION, check_body};

use super::*;
use crate::sign::{SigstoreSigner, TrustedRoot, Voucher, verify_oms_sigstore};

const AT: &str = "2026-11-28T10:00:00.000000Z";
const ROOT: &[u8] = include_bytes!("../../../tests/testdata/sigstore/trusted_root.json");
const BUNDLE: &[u8] = include_bytes!("../../../tests/testdata/sigstore/v1.0.0.sig");
const SIGNER: &str = "stefanb@us.ibm.com";

fn check(body: &Object) {
    let text = Value::Object(body.clone()).to_canonical();
    let mut tape = Tape::new();
    let body = tape.read(&text).unwrap();
    check_body("model.verified", SCHEMA_VERSION, body).unwrap();
}

#[test]
fn what_a_ledger_is_told_follows_its_schema() {
    let told = |signed: &Signed, policy: &Policy| {
        let admitted = signed.admit(policy);
        let outcome = match &admitted {
            Ok(model) => Outcome::Admitted(model),
            Err(refusal) => Outcome::Refused(refusal),
        };
        verified_body(outcome, policy, &signed.statement, AT)
    };
    let signed = Signed::new();
    let body = told(&signed, &signed.policy()).unwrap();
    check(&body);
    assert_eq!(text(&body, "result"), "match");
    assert_eq!(text(&body, "protection"), "sealed");
    assert_eq!(text(&body, "signer"), signed.key.public().key_id());
    assert_eq!(
        text(&body, "model_digest"),
        format!("sha256:{}", signed.digest())
    );
    fs::write(signed.model().join("a.txt"), "other").unwrap();
    let body = told(&signed, &signed.policy()).unwrap();
    check(&body);
    assert_eq!(text(&body, "result"), "mismatch");
    let harmful = Signed::with(&[("model.pkl", HARMFUL)]);
    let body = told(&harmful, &harmful.policy()).unwrap();
    check(&body);
    assert_eq!(text(&body, "result"), "refused");
    assert!(body.contains_key("findings_digest"));
    // Nothing was read: there is no digest to speak of.
    fs::remove_dir_all(signed.model()).unwrap();
    assert!(told(&signed, &signed.policy()).is_none());
}

/// The genuine bundle was signed by a person, whose address is not for a log.
#[test]
fn of_a_model_that_a_person_signed_through_sigstore_a_ledger_is_told_the_key() {
    let root = TrustedRoot::parse(ROOT).unwrap();
    let signer = SigstoreSigner::new(SIGNER, "https://sigstore.verify.ibm.com/oauth2").unwrap();
    let vouched = verify_oms_sigstore(BUNDLE, &root, &signer).unwrap();
    let key = vouched.voucher().key_id().unwrap().to_owned();
    let place = TempDir::new().unwrap();
    for name in ["signme-1", "signme-2"] {
        fs::write(place.path().join(name), name).unwrap();
    }
    let policy = Policy::default();
    let options = DigestOptions::new(SHA256);
    let model = admit(place.path(), &[], vouched, &policy, &options).unwrap();
    let body = verified_body(Outcome::Admitted(&model), &policy, BUNDLE, AT).unwrap();
    check(&body);
    assert_eq!(text(&body, "signer"), key);
}

/// A key that lived for ten minutes says nothing to whoever reads the ledger; the job that it was made for does.
#[test]
fn an_identity_that_is_no_jobs_or_no_identifier_leaves_the_key() {
    let by = |identity: &str| {
        let voucher = Voucher::Sigstore {
            key_id: "0".repeat(64),
            identity: identity.to_owned(),
            identity_provider: "https://accounts.example".into(),
            at: sealog_core::time::Timestamp::EPOCH,
            log_index: 0,
        };
        record::signer(&voucher).map(str::to_owned)
    };
    let key = Some("0".repeat(64));
    let job = "https://ci.example/org/models/release.yml@refs/heads/main";
    assert_eq!(by(job), Some(job.to_owned()));
    let longest = "i".repeat(sealog_core::limits::ID_BYTES_MAX);
    assert_eq!(by(&longest), Some(longest.clone()));
    assert_eq!(by(&format!("{longest}i")), key);
    assert_eq!(by("jo smith"), key);
    assert_eq!(by("jo@models.example"), key);
}
