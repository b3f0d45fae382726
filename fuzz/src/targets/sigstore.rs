//! Bundles of the Sigstore method, and the trusted roots by which they are held.
#![expect(
    clippy::expect_used,
    reason = "the test data is the target's own: without it there is nothing to hold"
)]

use std::sync::LazyLock;

use sealog_model::sign::{SigstoreSigner, TrustedRoot, Vouched, verify_oms_sigstore};

use super::owned;
use super::vouched::refused;
use crate::Answer;

/// Text of the test data of the model crate, whose README says where each file is from.
macro_rules! data {
    ($name:literal) => {
        include_bytes!(concat!(
            "../../../crates/sealog-model/tests/testdata/sigstore/",
            $name
        ))
    };
}

const ROOT: &[u8] = data!("trusted_root.json");
const STAGING_ROOT: &[u8] = data!("staging_root.json");
const GITHUB_ROOT: &[u8] = data!("github_root.json");
/// Bundles of the first root.
const BUNDLES: [&[u8]; 2] = [data!("v1.0.0.sig"), data!("v1.1.0.sig")];
/// Of the second, whose log is one of tiles.
const TILES: [&[u8]; 2] = [
    data!("rekor2-dsse.sigstore.json"),
    data!("rekor2-hashedrekord.sigstore.json"),
];
/// Of the third, whose time is an authority's.
const STAMPED: &[u8] = data!("github-timestamp.sigstore.json");

/// By whom the bundles of the first root are.
const SIGNER: (&str, &str) = (
    "stefanb@us.ibm.com",
    "https://sigstore.verify.ibm.com/oauth2",
);

static ROOTS: LazyLock<[TrustedRoot; 3]> = LazyLock::new(|| {
    [ROOT, STAGING_ROOT, GITHUB_ROOT]
        .map(|text| TrustedRoot::parse(text).expect("a root of the test data"))
});

fn signer() -> SigstoreSigner {
    SigstoreSigner::new(SIGNER.0, SIGNER.1).expect("the signer of the test data")
}

/// What was signed and where its log has it.
fn said(vouched: &Vouched) -> (Option<u64>, Vec<String>) {
    let entries = vouched.closed_set().entries();
    let files = entries.map(|(path, content)| format!("{path} {content:?}"));
    (vouched.voucher().log_index(), files.collect())
}

static GENUINE: LazyLock<[(Option<u64>, Vec<String>); 2]> = LazyLock::new(|| {
    BUNDLES.map(|text| {
        let [root, ..] = &*ROOTS;
        let held = verify_oms_sigstore(text, root, &signer());
        said(&held.expect("a bundle of the test data"))
    })
});

/// What is accepted says what one of the genuine bundles says; the other roots lead into other parsers.
pub(super) fn bundle(bytes: &[u8]) -> Answer {
    let answers = ROOTS
        .iter()
        .map(|root| match verify_oms_sigstore(bytes, root, &signer()) {
            Ok(vouched) => {
                assert!(GENUINE.contains(&said(&vouched)), "nobody signed that");
                "accepted".to_owned()
            }
            Err(error) => refused(&error),
        });
    answers.collect::<Vec<_>>().join("; ")
}

/// Whatever a root says, what it vouches for was signed as it stands in the bundle.
pub(super) fn root(bytes: &[u8]) -> Answer {
    let root = match TrustedRoot::parse(bytes) {
        Ok(root) => root,
        Err(error) => return refused(&error),
    };
    let answers = BUNDLES.iter().zip(&*GENUINE).map(|(text, genuine)| {
        match verify_oms_sigstore(text, &root, &signer()) {
            Ok(vouched) => {
                assert_eq!(said(&vouched), *genuine, "it says something else");
                "accepted".to_owned()
            }
            Err(error) => refused(&error),
        }
    });
    answers.collect::<Vec<_>>().join("; ")
}

pub(super) fn bundle_seeds() -> Vec<Vec<u8>> {
    let [plain, stamped] = BUNDLES;
    let [dsse, hashed] = TILES;
    owned([plain, stamped, dsse, hashed, STAMPED])
}

pub(super) fn root_seeds() -> Vec<Vec<u8>> {
    owned([ROOT, STAGING_ROOT, GITHUB_ROOT])
}
