//! What a ledger is told of an admission or a refusal: the body of a `model.verified` record.

use sealog_core::json::Object;
use sealog_core::kinds::is_id;
use sealog_core::{ErrorKind, Hash};

use super::{Policy, Refusal, VerifiedModel};
use crate::Error;
use crate::scan::Report;
use crate::scan::output;
use crate::sign::Voucher;

/// What came of it.
#[derive(Debug, Clone, Copy)]
pub enum Outcome<'a> {
    /// It was admitted.
    Admitted(&'a VerifiedModel),
    /// It was refused.
    Refused(&'a Refusal),
}

/// The body of a `model.verified` record, by the time at which the check ended (RFC 3339). `envelope` is what was
/// checked: its text's digest goes in.
///
/// None where the model was not read, or not whole, so that there is no digest to speak of.
pub fn verified_body(
    outcome: Outcome<'_>,
    policy: &Policy,
    envelope: &[u8],
    at: &str,
) -> Option<Object> {
    let mut body = Object::new();
    let (found, scan, result) = match outcome {
        Outcome::Admitted(model) => {
            // A signed name may be any line; one that is no identifier is left to the digest.
            let signed = model.vouched().authorship();
            if let Some(signed) = signed.filter(|signed| is_id(signed.name.as_bytes())) {
                body.insert("model_id", signed.name.as_str());
            }
            if let Some(signer) = signer(model.vouched().voucher()) {
                body.insert("signer", signer);
            }
            body.insert("protection", model.means().protection());
            (model.model_digest(), Some(model.scan()), "match")
        }
        Outcome::Refused(refusal) => {
            let result = result(&refusal.error);
            (refusal.found?, refusal.scan.as_ref(), result)
        }
    };
    if let Some(expected) = policy.expectations.model_digest {
        body.insert("expected_digest", digest(expected));
    }
    body.insert("envelope_digest", digest(Hash::of(&[envelope])));
    body.insert("model_digest", digest(found));
    body.insert("policy_digest", digest(policy.digest()));
    body.insert("result", result);
    body.insert("verified_at", at);
    if let Some(scan) = scan {
        body.insert("findings_digest", digest(findings(scan, policy)));
    }
    Some(body)
}

/// Who signed: the identity that was asked for, where that decides, it is a job's, and a ledger takes it as an
/// identifier; or else the key. The key behind an identity lives for minutes and is never seen again, but a person's
/// address does not belong into a log from which it could not be taken.
pub(super) fn signer(voucher: &Voucher) -> Option<&str> {
    let identity = voucher.identity().map(|(identity, _)| identity);
    let is_address = |identity: &&str| identity.contains('@') && !identity.contains("://");
    let identity = identity.filter(|identity| is_id(identity.as_bytes()));
    identity
        .filter(|identity| !is_address(identity))
        .or_else(|| voucher.key_id())
}

fn digest(hash: Hash) -> String {
    format!("sha256:{hash}")
}

fn findings(scan: &Report, policy: &Policy) -> Hash {
    Hash::of(&[&output::json(scan, &policy.baseline).to_canonical()])
}

/// Other bytes; a signature, policy or scan that says no; or nothing that could be decided.
const fn result(error: &Error) -> &'static str {
    match error {
        Error::Differs { .. } => "mismatch",
        _ if matches!(error.kind(), ErrorKind::Refuted) => "refused",
        _ => "undecided",
    }
}
