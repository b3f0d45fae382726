//! The digests of files.

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use blake2::Blake2b512;
use sealog_core::hash::{decode_hex, push_hex};
use sealog_hash::Sha256Stream;
use sha2::{Digest as _, Sha512};

/// A digest of a file's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// `BLAKE2b` with 64 bytes (RFC 7693).
    Blake2b,
    /// BLAKE3 with 32 bytes.
    Blake3,
    /// SHA-1 over git's header `blob <size> NUL` and the content: what git and hubs name files by. It does not resist
    /// whoever makes two files at once, so no manifest rests on it alone.
    GitSha1,
    /// SHA-256 (FIPS 180-4).
    Sha256,
    /// SHA-512 (FIPS 180-4).
    Sha512,
}

impl Algorithm {
    /// All of them, in the order of their names.
    pub const ALL: [Self; 5] = [
        Self::Blake2b,
        Self::Blake3,
        Self::GitSha1,
        Self::Sha256,
        Self::Sha512,
    ];

    /// Its name in manifests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blake2b => "blake2b",
            Self::Blake3 => "blake3",
            Self::GitSha1 => "git-sha1",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// Reads the name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
    }

    /// Bytes of a value.
    const fn width(self) -> usize {
        match self {
            Self::Blake2b | Self::Sha512 => 64,
            Self::Blake3 | Self::Sha256 => 32,
            Self::GitSha1 => 20,
        }
    }

    /// Its bit among all.
    const fn bit(self) -> u8 {
        match self {
            Self::Blake2b => 1,
            Self::Blake3 => 1 << 1,
            Self::GitSha1 => 1 << 2,
            Self::Sha256 => 1 << 3,
            Self::Sha512 => 1 << 4,
        }
    }

    /// Reads a value: lowercase hex of exactly the right length.
    pub fn parse_hex(self, text: &str) -> Option<Vec<u8>> {
        let mut bytes = vec![0; self.width()];
        decode_hex(text.as_bytes(), &mut bytes)?;
        Some(bytes)
    }
}

/// The digests of one content, by algorithm. As small as can be: a model may have a hundred thousand files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Digests {
    /// A bit for each algorithm of [`Algorithm::ALL`] that has a value.
    present: u8,
    /// Their values one behind the other, in the order of the names.
    values: Box<[u8]>,
}

impl Digests {
    /// Adds one, or takes the place of the one that is there. A value of another width than the algorithm's is cut, or
    /// filled with zeroes.
    pub(crate) fn insert(&mut self, algorithm: Algorithm, mut value: Vec<u8>) {
        value.resize(algorithm.width(), 0);
        let mut all: Vec<(Algorithm, Vec<u8>)> = self
            .iter()
            .filter(|(other, _)| *other != algorithm)
            .map(|(other, value)| (other, value.to_vec()))
            .collect();
        all.push((algorithm, value));
        all.sort_unstable();
        self.present |= algorithm.bit();
        self.values = all.into_iter().flat_map(|(_, value)| value).collect();
    }

    /// The value by an algorithm.
    pub fn get(&self, algorithm: Algorithm) -> Option<&[u8]> {
        self.iter()
            .find_map(|(found, value)| (found == algorithm).then_some(value))
    }

    /// The value by an algorithm as lowercase hex.
    pub fn hex(&self, algorithm: Algorithm) -> Option<String> {
        let mut text = String::new();
        push_hex(&mut text, self.get(algorithm)?);
        Some(text)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.present == 0
    }

    /// All of them, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (Algorithm, &[u8])> {
        let mut left = &*self.values;
        let present = self.present;
        let has = move |algorithm: &Algorithm| present & algorithm.bit() != 0;
        Algorithm::ALL
            .into_iter()
            .filter(has)
            .map_while(move |algorithm| {
                let (value, rest) = left.split_at_checked(algorithm.width())?;
                left = rest;
                Some((algorithm, value))
            })
    }

    /// The same content without those algorithms that are not asked for.
    pub(crate) fn only(self, wanted: &[Algorithm]) -> Self {
        if self
            .iter()
            .all(|(algorithm, _)| wanted.contains(&algorithm))
        {
            return self;
        }
        let mut kept = Self::default();
        for (algorithm, value) in self.iter().filter(|(found, _)| wanted.contains(found)) {
            kept.insert(algorithm, value.to_vec());
        }
        kept
    }
}

/// A content being hashed.
pub(super) enum Hasher {
    Blake2b(Box<Blake2b512>),
    Blake3(Box<blake3::Hasher>),
    GitSha1(Box<Context>),
    Sha256(Box<Sha256Stream>),
    Sha512(Box<Sha512>),
}

impl Hasher {
    /// Begins. `size` is that of the whole content, which git's header states.
    pub(super) fn new(algorithm: Algorithm, size: u64) -> Self {
        match algorithm {
            Algorithm::Blake2b => Self::Blake2b(Box::default()),
            Algorithm::Blake3 => Self::Blake3(Box::default()),
            Algorithm::GitSha1 => {
                let mut context = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
                context.update(format!("blob {size}\0").as_bytes());
                Self::GitSha1(Box::new(context))
            }
            Algorithm::Sha256 => Self::Sha256(Box::default()),
            Algorithm::Sha512 => Self::Sha512(Box::default()),
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Blake2b(hasher) => hasher.update(bytes),
            Self::Blake3(hasher) => {
                hasher.update(bytes);
            }
            Self::GitSha1(hasher) => hasher.update(bytes),
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
        }
    }

    pub(super) fn finish(self) -> (Algorithm, Vec<u8>) {
        match self {
            Self::Blake2b(hasher) => (Algorithm::Blake2b, hasher.finalize().to_vec()),
            Self::Blake3(hasher) => (Algorithm::Blake3, hasher.finalize().as_bytes().to_vec()),
            Self::GitSha1(hasher) => (Algorithm::GitSha1, hasher.finish().as_ref().to_vec()),
            Self::Sha256(hasher) => (Algorithm::Sha256, hasher.finish().to_vec()),
            Self::Sha512(hasher) => (Algorithm::Sha512, hasher.finalize().to_vec()),
        }
    }
}

/// The next parts of two contents, each with its hashers: SHA-256 in step, the others one after the other.
pub(super) fn update_both(
    one: &mut [Hasher],
    bytes: &[u8],
    other: &mut [Hasher],
    other_bytes: &[u8],
) {
    let sha256 = update_others(one, bytes);
    let other_sha256 = update_others(other, other_bytes);
    match (sha256, other_sha256) {
        (Some(one), Some(other)) => one.update_both(bytes, other, other_bytes),
        (one, other) => {
            if let Some(one) = one {
                one.update(bytes);
            }
            if let Some(other) = other {
                other.update(other_bytes);
            }
        }
    }
}

/// All but SHA-256, which is returned; there is at most one of each.
fn update_others<'h>(hashers: &'h mut [Hasher], bytes: &[u8]) -> Option<&'h mut Sha256Stream> {
    let mut sha256 = None;
    for hasher in hashers {
        match hasher {
            Hasher::Sha256(hasher) => sha256 = Some(&mut **hasher),
            hasher => hasher.update(bytes),
        }
    }
    sha256
}

/// The digests of bytes in memory.
pub fn of_bytes(bytes: &[u8], algorithms: &[Algorithm]) -> Digests {
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let mut digests = Digests::default();
    for algorithm in algorithms {
        let mut hasher = Hasher::new(*algorithm, size);
        hasher.update(bytes);
        let (algorithm, value) = hasher.finish();
        digests.insert(algorithm, value);
    }
    digests
}
