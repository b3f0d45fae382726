//! Short texts with one spelling: times and commitments.

use sealog_core::commitment::Commitment;
use sealog_core::time::Timestamp;

use super::{owned, variant};
use crate::Answer;

/// A time that is read is written back as one that reads as the same instant.
pub(super) fn timestamp(text: &[u8]) -> Answer {
    match Timestamp::parse(text) {
        Ok(time) => {
            let written = time.to_string();
            assert_eq!(Timestamp::parse(written.as_bytes()), Ok(time), "{written}");
            assert_eq!(Timestamp::from_unix(time.seconds(), time.nanos()), Ok(time));
            let micros = Timestamp::parse(time.format_micros().as_bytes());
            assert!(micros.is_ok_and(|cut| cut.seconds() == time.seconds() && cut <= time));
            "accepted".to_owned()
        }
        Err(error) => variant(&error),
    }
}

pub(super) fn timestamp_seeds() -> Vec<Vec<u8>> {
    owned([
        b"2026-11-21T03:40:00Z",
        b"2024-02-29T23:59:59.123456789Z",
        b"0001-01-01T00:00:00.000001Z",
        b"9999-12-31T23:59:59.9Z",
        b"2026-02-29T00:00:00Z",
        b"2026-11-21T03:40:00+01:00",
        b"2016-12-31T23:59:60Z",
    ])
}

/// A commitment has one spelling.
pub(super) fn commitment(text: &[u8]) -> Answer {
    let Ok(text) = str::from_utf8(text) else {
        return "not UTF-8".to_owned();
    };
    match text.parse::<Commitment>() {
        Ok(commitment) => {
            assert_eq!(commitment.to_string(), text);
            "accepted".to_owned()
        }
        Err(error) => variant(&error),
    }
}

pub(super) fn commitment_seeds() -> Vec<Vec<u8>> {
    let (key, code) = ("0123456789abcdef".repeat(2), "00ff".repeat(16));
    vec![
        format!("hmac-sha256:{key}:{code}").into_bytes(),
        format!("hmac-sha256:{}:{code}", key.to_uppercase()).into_bytes(),
        format!("sha256:{code}").into_bytes(),
    ]
}
