//! Signers that may be slow, far away, or somebody else's code: called with a deadline.
//!
//! Signing happens under the log's lock, so a signer that never answers would stop every writer of the log. One that
//! does not answer at once ([`Signer::answers_at_once`]) is asked on a thread of its own. Who waits longer than the
//! deadline is refused; nothing is written; what the signer answers later is dropped, and until it has answered it is
//! asked nothing else.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use sealog_core::tlog::sign::{SignError, Signer};
use sealog_core::tlog::vkey::VerifierKey;

use crate::queue::lock;

/// The signer, asked with a deadline if it may keep its caller waiting.
pub(crate) fn with_deadline(signer: Arc<dyn Signer>, wait: Duration) -> Arc<dyn Signer> {
    if signer.answers_at_once() {
        return signer;
    }
    Arc::new(Timed {
        signer,
        wait,
        asking: Mutex::default(),
        desk: Arc::default(),
        process: std::process::id(),
    })
}

/// A signer behind a desk at which one question at a time is answered.
#[derive(Debug)]
struct Timed {
    signer: Arc<dyn Signer>,
    wait: Duration,
    /// Held by who asks, so that an answer at the desk is theirs or a late one. Taken before the desk's own lock.
    asking: Mutex<()>,
    desk: Arc<Desk>,
    /// In a fork there is no thread, and the desk's lock may be held for ever by one that is not there.
    process: u32,
}

#[derive(Debug, Default)]
struct Desk {
    lies: Mutex<Lies>,
    /// Told whenever something on the desk changes.
    changed: Condvar,
}

/// What lies on the desk.
#[derive(Debug, Default)]
struct Lies {
    /// Whether the thread was started.
    staffed: bool,
    /// The number of the last question.
    number: u64,
    /// A question that nobody has taken up.
    question: Option<(u64, Vec<u8>)>,
    /// The question that the signer works on.
    answering: Option<u64>,
    answer: Option<(u64, Result<[u8; 64], SignError>)>,
    /// Whether nobody will ask any more.
    closed: bool,
}

impl Signer for Timed {
    fn verifier_key(&self) -> &VerifierKey {
        self.signer.verifier_key()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        if std::process::id() != self.process {
            return Err(self.unavailable("it belongs to the process that this one was forked from"));
        }
        let _asking = lock(&self.asking);
        let until = Instant::now() + self.wait;
        let mut lies = lock(&self.desk.lies);
        self.staff(&mut lies)?;
        while lies.question.is_some() || lies.answering.is_some() {
            lies = self.wait(lies, until)?;
        }
        lies.number += 1;
        let number = lies.number;
        lies.question = Some((number, message.to_vec()));
        self.desk.changed.notify_all();
        loop {
            if let Some((_, answer)) = lies.answer.take_if(|(of, _)| *of == number) {
                return answer;
            }
            lies = self.wait(lies, until)?;
        }
    }

    fn answers_at_once(&self) -> bool {
        // As far as any caller is concerned: it keeps nobody beyond its deadline.
        true
    }
}

impl Timed {
    /// Waits until something changes; past the deadline the question, if it is still there, is taken back.
    fn wait<'a>(
        &self,
        lies: MutexGuard<'a, Lies>,
        until: Instant,
    ) -> Result<MutexGuard<'a, Lies>, SignError> {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let mut lies = lies;
            lies.question = None;
            return Err(SignError::TimedOut {
                name: self.name(),
                milliseconds: u64::try_from(self.wait.as_millis()).unwrap_or(u64::MAX),
            });
        }
        let waited = self.desk.changed.wait_timeout(lies, left);
        Ok(waited.map_or_else(|poisoned| poisoned.into_inner().0, |(lies, _)| lies))
    }

    /// Starts the thread that asks the signer, once.
    fn staff(&self, lies: &mut Lies) -> Result<(), SignError> {
        if lies.staffed {
            return Ok(());
        }
        let (desk, signer) = (Arc::clone(&self.desk), Arc::clone(&self.signer));
        thread::Builder::new()
            .name("sealog-signer".into())
            .spawn(move || desk.serve(&*signer))
            .map_err(|error| self.unavailable(&error.to_string()))?;
        lies.staffed = true;
        Ok(())
    }

    fn name(&self) -> String {
        self.signer.verifier_key().name().into()
    }

    fn unavailable(&self, reason: &str) -> SignError {
        SignError::Unavailable {
            name: self.name(),
            reason: reason.into(),
        }
    }
}

impl Drop for Timed {
    fn drop(&mut self) {
        if std::process::id() == self.process {
            lock(&self.desk.lies).closed = true;
            self.desk.changed.notify_all();
        }
    }
}

impl Desk {
    /// Asks the signer what is asked, until nobody will ask any more.
    fn serve(&self, signer: &dyn Signer) {
        let mut lies = lock(&self.lies);
        loop {
            if lies.closed {
                return;
            }
            let Some((number, message)) = lies.question.take() else {
                lies = self
                    .changed
                    .wait(lies)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            lies.answering = Some(number);
            drop(lies);
            let answer = catch_unwind(AssertUnwindSafe(|| signer.sign(&message)));
            let answer = answer.unwrap_or_else(|_| {
                Err(SignError::Unavailable {
                    name: signer.verifier_key().name().into(),
                    reason: "it panicked".into(),
                })
            });
            lies = lock(&self.lies);
            lies.answering = None;
            // Nobody takes one that comes late: who asks next does so under another number.
            lies.answer = Some((number, answer));
            self.changed.notify_all();
        }
    }
}

#[cfg(test)]
mod tests;
