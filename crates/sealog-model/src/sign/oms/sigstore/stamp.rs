//! Timestamps of RFC 3161: an authority of the root saw the signature, and says when.
//!
//! Each that a bundle carries has to hold, whoever made it. **What is absent**: an authority's policy and the accuracy
//! of its clock, which it signs and which decide nothing here.

mod info;
mod named;
mod token;

use sealog_core::json::Value;
use sealog_core::time::Timestamp;
use x509_cert::der;

use self::token::Token;
use super::super::bundle::decode;
use super::super::certificate::{Certificate, TIME_STAMPING_DER, refuted, unix};
use super::root::{TimeAuthority, TrustedRoot};
use super::{bad, only};
use crate::Error;
use crate::limits::{TIMESTAMP_BYTES_MAX, TIMESTAMPS_MAX};

pub(super) fn malformed(why: &str) -> Error {
    bad(format!("its timestamp: {why}"))
}

/// Why a timestamp cannot be read: it is no DER of its structure, or what is in it is named.
enum Unreadable {
    Form,
    Named(Error),
}

impl From<der::Error> for Unreadable {
    fn from(_: der::Error) -> Self {
        Self::Form
    }
}

impl From<Error> for Unreadable {
    fn from(error: Error) -> Self {
        Self::Named(error)
    }
}

impl From<Unreadable> for Error {
    fn from(why: Unreadable) -> Self {
        match why {
            Unreadable::Form => malformed("it is no DER of RFC 3161"),
            Unreadable::Named(error) => error,
        }
    }
}

/// Holds the timestamps of a bundle over a signature, and returns their times.
pub(super) fn hold(
    data: Option<&Value>,
    signature: &[u8],
    root: &TrustedRoot,
) -> Result<Vec<Timestamp>, Error> {
    let Some(data) = data else {
        return Ok(Vec::new());
    };
    let list = only(data.as_object(), &["rfc3161Timestamps"])?.get("rfc3161Timestamps");
    let list = list.map_or(Some(&[][..]), Value::as_array);
    let list = list.ok_or_else(|| bad("its timestamps are no array"))?;
    if list.len() > TIMESTAMPS_MAX {
        return Err(bad(format!("it has more than {TIMESTAMPS_MAX} timestamps")));
    }
    let read = |value: &Value| {
        let stamp = only(value.as_object(), &["signedTimestamp"])?;
        let stamp = decode(stamp.get("signedTimestamp"));
        stamp.ok_or_else(|| bad("a timestamp of it is no base64"))
    };
    let stamps = list.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let mut times = Vec::new();
    for (at, stamp) in stamps.iter().enumerate() {
        if stamps
            .iter()
            .skip(at.saturating_add(1))
            .any(|other| other == stamp)
        {
            return Err(bad("it has a timestamp twice"));
        }
        times.push(hold_one(stamp, signature, root)?);
    }
    Ok(times)
}

fn hold_one(stamp: &[u8], signature: &[u8], root: &TrustedRoot) -> Result<Timestamp, Error> {
    if stamp.len() > TIMESTAMP_BYTES_MAX {
        let why = format!("a timestamp of it has more than {TIMESTAMP_BYTES_MAX} bytes");
        return Err(bad(why));
    }
    let token = Token::read(stamp)?;
    if token.info.hashing.of(signature).as_ref() != token.info.imprint {
        return Err(refuted("its timestamp is about another signature"));
    }
    let at = token.info.time;
    let mut last = refuted("the trusted root names no authority of timestamps for its time");
    for authority in root.time_authorities() {
        if !authority.counts_at(at) {
            continue;
        }
        match hold_by(&token, authority) {
            Ok(()) => return Ok(at),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Holds a timestamp to have been made by an authority.
fn hold_by(token: &Token<'_>, authority: &TimeAuthority) -> Result<(), Error> {
    let signer = signer(token, authority)?;
    token.hold_signed(signer)?;
    let held = signer
        .hold_stamps_times()
        .and_then(|()| signer.hold_valid("its certificate", unix(token.info.time)?))
        .and_then(|()| authority.hold_issued(signer, token.info.time, TIME_STAMPING_DER));
    held.map_err(|error| match error {
        Error::Signature { why } => refuted(format!("its timestamp: {why}")),
        other => other,
    })
}

/// The certificate that a timestamp says to be signed by: the one that the root names, where it names one, or else one
/// that the timestamp carries. Beside that it carries no other than those of the authority.
fn signer<'a>(
    token: &'a Token<'_>,
    authority: &'a TimeAuthority,
) -> Result<&'a Certificate, Error> {
    let carried = || token.certificates.iter();
    let found = match authority.leaf() {
        Some(leaf) => Some(leaf).filter(|leaf| token.is_by(leaf)),
        None => carried().find(|one| token.is_by(one)),
    };
    let found = found
        .ok_or_else(|| refuted("its timestamp is by none of the trusted root's authorities"))?;
    if carried().all(|one| one == found || authority.is_above(one)) {
        Ok(found)
    } else {
        Err(refuted(
            "its timestamp carries a certificate that is none of its authority's",
        ))
    }
}
