//! Extracts by a whole request: fingerprints in place of keys, and the policy's witnesses.

use std::io::{BufReader, Read, Seek, SeekFrom};

use sealog_core::finding::{Code, Finding};
use sealog_core::tlog::checkpoint::VerifiedCheckpoint;
use sealog_core::tlog::note::VerifiedSignature;
use sealog_core::tlog::policy::Policy;

use super::Request;
use super::extract::{VerifiedExtract, verify_extract_on};
use super::pins::{self, Pins, Told};
use super::pipeline;
use super::report::Level;
use crate::error::Error;
use crate::read::Entry;

/// Verifies an extract as it is asked for, and says how far it is vouched for. Entries are given to `each` as by
/// [`verify_extract`](super::verify_extract).
///
/// # Errors
/// [`Error::Extract`] with the line and what fails there, or what reading gave.
pub fn verify_extract_as_asked<R: Read + Seek>(
    mut input: R,
    request: &Request,
    each: &mut dyn FnMut(&Entry),
) -> Result<(VerifiedExtract, Level), Error> {
    let pins = Pins::of(request, || told(&mut input, request));
    let read = Error::io("read", "the extract");
    input.seek(SeekFrom::Start(0)).map_err(read)?;
    let keys = pins.with_policy(request);
    let threads = pipeline::threads(request.threads);
    let verified = verify_extract_on(threads, &mut BufReader::new(input), &keys, each);
    let verified = verified.map_err(|error| match error {
        Error::Extract { line, finding } => Error::Extract {
            line,
            finding: Box::new(pins.judged(*finding)),
        },
        other => other,
    })?;
    let is_witnessed = witnessed(verified.checkpoint(), request).map_err(|finding| {
        // The checkpoint stands in the first line.
        Error::Extract {
            line: 1,
            finding: Box::new(finding),
        }
    })?;
    let level = if is_witnessed {
        Level::Witnessed
    } else {
        Level::SelfSigned
    };
    Ok((verified, level))
}

fn told<R: Read + Seek>(input: &mut R, request: &Request) -> Told {
    if input.seek(SeekFrom::Start(0)).is_err() {
        return Told::default();
    }
    pins::of_extract(&mut BufReader::new(input), &request.fingerprints)
}

/// Whether witnesses were asked for and vouch.
fn witnessed(checkpoint: &VerifiedCheckpoint, request: &Request) -> Result<bool, Finding> {
    let policy = request.policy.as_ref();
    let Some(policy) = policy.filter(|policy| policy.asks_for_witnesses()) else {
        return Ok(false);
    };
    held_to_policy(checkpoint, policy, request).map(|()| true)
}

/// The policy's witnesses have cosigned a checkpoint, and recently enough if that is asked. Where nobody is asked for,
/// nobody has.
pub(super) fn held_to_policy(
    checkpoint: &VerifiedCheckpoint,
    policy: &Policy,
    request: &Request,
) -> Result<(), Finding> {
    let cosignatures = checkpoint.cosignatures();
    if !policy.asks_for_witnesses() || !policy.is_fulfilled_by(cosignatures) {
        let found = format!("{} cosignatures that count", cosignatures.len());
        return Err(Finding::new(Code::WitnessQuorum).found(found));
    }
    if let (Some(max_age), Some(now)) = (request.max_age, request.now) {
        let now = u64::try_from(now.seconds()).unwrap_or(0);
        let time = cosignatures
            .iter()
            .filter_map(VerifiedSignature::time)
            .max();
        if time.is_none_or(|time| now.saturating_sub(time) > max_age.as_secs()) {
            return Err(Finding::new(Code::TooOld));
        }
    }
    Ok(())
}
