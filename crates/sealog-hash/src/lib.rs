//! SHA-256 of many independent messages, two at a time.
//!
//! A processor with SHA instructions waits in each round for the one before. Two messages in step fill the waits of
//! one another: one core hashes about one and a half times as much. [`sha256_all`] gives the same as hashing each
//! message by itself, which is what it does on processors without these instructions. [`Sha256Stream`] is for messages
//! that come in parts, as files do: two of them can be taken in step.
//!
//! This is the only crate of the workspace with `unsafe` code (design, section 2): the calls of functions that need
//! the instructions, made only where they were found, and the loads of whole blocks, whose length the type tells.
//!
//! **What is absent**: other hashes, files, threads.

#[cfg(target_arch = "x86_64")]
mod lanes;
mod stream;

pub use stream::Sha256Stream;

use sha2::{Digest, Sha256};

/// A SHA-256 value.
pub type Digest256 = [u8; 32];

/// SHA-256 of `prefix` followed by the message, for each message in order.
pub fn sha256_all(prefix: &[u8], messages: &[&[u8]]) -> Vec<Digest256> {
    #[cfg(target_arch = "x86_64")]
    if let Some(digests) = lanes::sha256_all(prefix, messages) {
        return digests;
    }
    one_by_one(prefix, messages)
}

/// The same without any special instruction of this crate's own.
pub fn one_by_one(prefix: &[u8], messages: &[&[u8]]) -> Vec<Digest256> {
    let hash = |message: &&[u8]| {
        let mut hasher = Sha256::new();
        hasher.update(prefix);
        hasher.update(message);
        hasher.finalize().into()
    };
    messages.iter().map(hash).collect()
}

#[cfg(test)]
mod tests;
