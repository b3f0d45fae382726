//! Time and randomness of a simulated run: the same for the same seed.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use sealog_core::time::Timestamp;
use sealog_ledger::{Clock, Error, Random};
use sealog_store::disk::sim;

/// A clock that goes on by one millisecond each time it is read.
#[derive(Debug, Default)]
pub(crate) struct Ticks(AtomicU64);

impl Ticks {
    pub(crate) fn advance(&self, milliseconds: u64) {
        self.0.fetch_add(milliseconds, Ordering::Relaxed);
    }
}

impl Clock for Ticks {
    fn now(&self) -> Timestamp {
        let milliseconds = self.0.fetch_add(1, Ordering::Relaxed);
        let seconds = i64::try_from(1_750_000_000 + milliseconds / 1_000).unwrap();
        let nanos = u32::try_from(milliseconds % 1_000 * 1_000_000).unwrap();
        Timestamp::from_unix(seconds, nanos).unwrap()
    }
}

/// Random bytes of a seed.
#[derive(Debug)]
pub(crate) struct Seeded(Mutex<sim::Random>);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(sim::Random::new(seed)))
    }
}

impl Random for Seeded {
    fn fill(&self, out: &mut [u8]) -> Result<(), Error> {
        let mut random = self.0.lock().unwrap();
        for chunk in out.chunks_mut(8) {
            let bytes = random.bits().to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
        Ok(())
    }
}
