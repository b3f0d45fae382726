//! Time and randomness, which are arguments everywhere: tests and the simulator bring their own.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use sealog_core::time::Timestamp;

use crate::Error;

/// Ids whose random bits are drawn at once.
const IDS_DRAWN_MAX: usize = 256;

/// Where the log's times come from.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// What stands behind it, an identifier of `kinds.json` (`log.clock.source`).
    fn source(&self) -> &'static str {
        "system"
    }

    /// How sure it is, in milliseconds, if that is known.
    fn uncertainty_ms(&self) -> Option<u64> {
        None
    }
}

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::from_unix(
            i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            since.subsec_nanos(),
        )
        .unwrap_or(Timestamp::EPOCH)
    }
}

/// Where nonces, runs, record ids and keys come from.
pub trait Random: Send + Sync + fmt::Debug {
    /// Fills `out` with unpredictable bytes.
    fn fill(&self, out: &mut [u8]) -> Result<(), Error>;
}

/// The operating system's random source.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), Error> {
        getrandom::fill(out).map_err(|error| Error::Random {
            reason: error.to_string(),
        })
    }
}

/// A new version 7 UUID in its lowercase form: milliseconds, then random bits.
pub(crate) fn new_uuid(clock: &dyn Clock, random: &dyn Random) -> Result<String, Error> {
    NewIds::new(clock, random, 1).next()
}

/// Ids for the records of one call, whose random bits are drawn at once. Never kept beyond the call: a fork would
/// have the same.
pub(crate) struct NewIds<'a> {
    clock: &'a dyn Clock,
    random: &'a dyn Random,
    /// Ids that are still to be asked for, about.
    left: usize,
    drawn: Vec<[u8; 16]>,
}

impl<'a> NewIds<'a> {
    pub(crate) const fn new(clock: &'a dyn Clock, random: &'a dyn Random, count: usize) -> Self {
        Self {
            clock,
            random,
            left: count,
            drawn: Vec::new(),
        }
    }

    /// The next id.
    pub(crate) fn next(&mut self) -> Result<String, Error> {
        if self.drawn.is_empty() {
            self.drawn
                .resize(self.left.clamp(1, IDS_DRAWN_MAX), [0; 16]);
            self.random.fill(self.drawn.as_flattened_mut())?;
            self.left = self.left.saturating_sub(self.drawn.len());
        }
        let bytes = self.drawn.pop().unwrap_or_default();
        Ok(uuid_of(bytes, self.clock.now()))
    }
}

fn uuid_of(mut bytes: [u8; 16], now: Timestamp) -> String {
    let millis = now.unix_millis().to_be_bytes();
    let [_, _, stamp @ ..] = millis;
    let (time, rest) = bytes.split_at_mut(stamp.len());
    time.copy_from_slice(&stamp);
    if let [version, _, variant, ..] = rest {
        *version = (*version & 0x0f) | 0x70;
        *variant = (*variant & 0x3f) | 0x80;
    }
    sealog_core::state::format_uuid(&bytes)
}

/// Thirty-two random lowercase hex digits.
pub(crate) fn new_token(random: &dyn Random) -> Result<String, Error> {
    let mut bytes = [0; 16];
    random.fill(&mut bytes)?;
    let mut text = String::with_capacity(32);
    sealog_core::hash::push_hex(&mut text, &bytes);
    Ok(text)
}
