//! Bundles that name who signed by a certificate: of a chain, or of a Sigstore with its root; old forms among them.
//!
//! The bundles and roots are genuine ones, which the tests of the crate verify: what is accepted has the files of one
//! of them.
#![expect(
    clippy::expect_used,
    reason = "the test data is the target's own: without it there is nothing to hold"
)]

use std::path::Path;
use std::sync::LazyLock;

use sealog_core::time::Timestamp;
use sealog_model::Error;
use sealog_model::sign::{
    CertificateRoots, SigstoreSigner, TrustedRoot, Vouched, verify_oms_certificate,
    verify_oms_sigstore,
};

use super::owned;
use super::vouched::refused;
use crate::Answer;

macro_rules! data {
    ($path:literal) => {
        include_bytes!(concat!(
            "../../../crates/sealog-model/tests/testdata/",
            $path
        ))
    };
}

const ROOT: &[u8] = data!("sigstore/trusted_root.json");
const STAGING: &[u8] = data!("sigstore/staging_root.json");
const GITHUB: &[u8] = data!("sigstore/github_root.json");
const OPENSSL: &[u8] = data!("timestamps/trusted_root.json");
const PLAIN: &[u8] = data!("sigstore/v1.0.0.sig");
const STAMPED: &[u8] = data!("sigstore/v1.1.0.sig");
const TILES: &[u8] = data!("sigstore/rekor2-dsse.sigstore.json");
const TILES_HASHED: &[u8] = data!("sigstore/rekor2-hashedrekord.sigstore.json");
const TOKEN: &[u8] = data!("sigstore/github-timestamp.sigstore.json");
const OLDEST: &[u8] = data!("oms-history/0.2.0-p256-certificate.sig");
const FIRST: &[u8] = data!("oms-history/1.0.0-p256-certificate.sig");
const NEWEST: &[u8] = data!("oms-history/1.1.1-p256-certificate.sig");
/// A time at which the certificates of the old bundles are valid.
const THEN: &[u8] = b"2026-06-01T00:00:00Z";

static PUBLIC: LazyLock<TrustedRoot> =
    LazyLock::new(|| TrustedRoot::parse(ROOT).expect("the root of the test data"));
static STAGED: LazyLock<TrustedRoot> =
    LazyLock::new(|| TrustedRoot::parse(STAGING).expect("the staging root of the test data"));
static STAMPER: LazyLock<TrustedRoot> =
    LazyLock::new(|| TrustedRoot::parse(GITHUB).expect("the root of timestamps of the test data"));
static SIGNER: LazyLock<SigstoreSigner> = LazyLock::new(|| {
    let signer = SigstoreSigner::new(
        "stefanb@us.ibm.com",
        "https://sigstore.verify.ibm.com/oauth2",
    );
    signer.expect("the signer of the test data")
});
static CHAIN_ROOTS: LazyLock<CertificateRoots> = LazyLock::new(|| {
    let path = "../crates/sealog-model/tests/testdata/oms-history/p256-root.pem";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    CertificateRoots::read(&[path]).expect("the roots of the test data")
});

type Files = Vec<(String, String)>;

fn files(vouched: &Vouched) -> Files {
    let entries = vouched.closed_set().entries();
    entries
        .map(|(path, content)| (path.to_string(), format!("{content:?}")))
        .collect()
}

fn by_chain(bytes: &[u8]) -> Result<Files, Error> {
    let at = Timestamp::parse(THEN).expect("a time");
    verify_oms_certificate(bytes, &CHAIN_ROOTS, at).map(|vouched| files(&vouched))
}

fn by_root(bytes: &[u8], root: &TrustedRoot) -> Result<Files, Error> {
    verify_oms_sigstore(bytes, root, &SIGNER).map(|vouched| files(&vouched))
}

static CHAIN_SIGNED: LazyLock<Vec<Files>> = LazyLock::new(|| {
    let all = [OLDEST, FIRST, NEWEST].into_iter();
    all.map(|text| by_chain(text).expect("a bundle of the test data"))
        .collect()
});
static ROOT_SIGNED: LazyLock<Vec<Files>> = LazyLock::new(|| {
    let all = [PLAIN, STAMPED].into_iter();
    all.map(|text| by_root(text, &PUBLIC).expect("a bundle of the test data"))
        .collect()
});

fn answer(found: Result<Files, Error>, signed: &[Files]) -> Answer {
    match found {
        Ok(found) => {
            assert!(
                signed.contains(&found),
                "other files than those that were signed"
            );
            "accepted".to_owned()
        }
        Err(error) => refused(&error),
    }
}

/// A chain that the root did not issue vouches for nothing.
pub(super) fn chain(bytes: &[u8]) -> Answer {
    answer(by_chain(bytes), &CHAIN_SIGNED)
}

/// Neither does a bundle of a Sigstore that its root, its logs and the identity do not bear out. Other roots lead into
/// other parsers: of a log of tiles, of timestamps.
pub(super) fn bundle(bytes: &[u8]) -> Answer {
    let answers =
        [&PUBLIC, &STAGED, &STAMPER].map(|root| answer(by_root(bytes, root), &ROOT_SIGNED));
    answers.join("; ")
}

/// A root that is accepted is used: whatever it trusts, it makes no bundle vouch for other files.
pub(super) fn root(bytes: &[u8]) -> Answer {
    match TrustedRoot::parse(bytes) {
        Ok(root) => {
            let [plain, stamped] = [PLAIN, STAMPED].map(|text| by_root(text, &root));
            for held in [plain, stamped] {
                answer(held, &ROOT_SIGNED);
            }
            "accepted".to_owned()
        }
        Err(error) => refused(&error),
    }
}

pub(super) fn chain_seeds() -> Vec<Vec<u8>> {
    owned([OLDEST, FIRST, NEWEST])
}

pub(super) fn bundle_seeds() -> Vec<Vec<u8>> {
    owned([PLAIN, STAMPED, TILES, TILES_HASHED, TOKEN])
}

pub(super) fn root_seeds() -> Vec<Vec<u8>> {
    owned([ROOT, STAGING, GITHUB, OPENSSL])
}
