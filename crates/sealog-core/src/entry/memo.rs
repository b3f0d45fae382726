//! Map keys of names that come again and again: a hash for every entry's stream and run would cost a quarter of
//! the verification time.

use alloc::vec::Vec;

use crate::hash::Hash;
use crate::map;

/// Number of names that are remembered; a power of two.
const SLOTS: usize = 512;
/// Names that are hashed before the memory is made: whoever reads one receipt has no use for it.
const FORGOTTEN: u32 = 8;

/// A small cache from (domain, two names) to the state map's key. Worker-local; a miss only costs time.
#[derive(Debug, Default)]
pub struct KeyMemo {
    slots: Vec<Option<(Vec<u8>, Hash)>>,
    forgotten: u32,
}

impl KeyMemo {
    /// An empty cache.
    pub fn new() -> Self {
        Self::default()
    }

    /// The state map's key of a stream.
    pub fn stream(&mut self, tenant_id: &[u8], stream_id: &[u8]) -> Hash {
        self.key("stream", tenant_id, stream_id)
    }

    /// The state map's key of a producer's run.
    pub fn run(&mut self, producer_id: &[u8], run: &[u8]) -> Hash {
        self.key("producer", producer_id, run)
    }

    fn key(&mut self, domain: &str, first: &[u8], second: &[u8]) -> Hash {
        let text = |bytes| str::from_utf8(bytes).unwrap_or_default();
        let fresh = || map::key(domain, &[text(first), text(second)]);
        if self.slots.is_empty() {
            if self.forgotten < FORGOTTEN {
                self.forgotten += 1;
                return fresh();
            }
            self.slots.resize(SLOTS, None);
        }
        let slot = fnv(&[domain.as_bytes(), first, second]) & (SLOTS - 1);
        let Some(place) = self.slots.get_mut(slot) else {
            return fresh();
        };
        if let Some((name, key)) = place
            && is_name(name, domain, first, second)
        {
            return *key;
        }
        let key = fresh();
        let mut name = Vec::with_capacity(domain.len() + first.len() + second.len() + 2);
        for (position, part) in [domain.as_bytes(), first, second].into_iter().enumerate() {
            if position > 0 {
                name.push(0);
            }
            name.extend_from_slice(part);
        }
        *place = Some((name, key));
        key
    }
}

/// Whether a remembered name is the three parts joined by zero bytes; identifiers hold none.
fn is_name(name: &[u8], domain: &str, first: &[u8], second: &[u8]) -> bool {
    let rest = name
        .strip_prefix(domain.as_bytes())
        .and_then(|rest| rest.strip_prefix(&[0]));
    let rest = rest.and_then(|rest| rest.strip_prefix(first));
    let rest = rest.and_then(|rest| rest.strip_prefix(&[0]));
    rest == Some(second)
}

/// FNV-1a, only to choose a slot: a collision is told apart by the name.
fn fnv(parts: &[&[u8]]) -> usize {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in parts {
        for byte in *part {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        hash = hash.wrapping_mul(0x0100_0000_01b3);
    }
    usize::try_from((hash ^ (hash >> 32)) & 0xffff_ffff).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn a_remembered_key_is_the_key_whatever_shares_its_slot() {
        let mut memo = KeyMemo::new();
        for _ in 0..2 {
            for n in 0..2_000 {
                let name = format!("system-{n}");
                assert_eq!(
                    memo.stream(b"t", name.as_bytes()),
                    map::key("stream", &["t", &name])
                );
                assert_eq!(
                    memo.run(b"t", name.as_bytes()),
                    map::key("producer", &["t", &name])
                );
            }
        }
    }
}
