//! The limits of this crate: how much a model directory and the texts about it may hold.

use sealog_core::limits::JSON_TEXT_BYTES_MAX;

/// Files in one model.
pub const FILES_MAX: usize = 1_000_000;
/// Directories below each other.
pub const DEPTH_MAX: usize = 64;
/// Bytes of a path relative to the model.
pub const PATH_BYTES_MAX: usize = 4_096;
/// Bytes of one component of a path.
pub const COMPONENT_BYTES_MAX: usize = 255;
/// Bytes of a manifest, statement or bundle.
pub const DOCUMENT_BYTES_MAX: usize = JSON_TEXT_BYTES_MAX;
/// Bytes of a detached signature.
pub const SIGNATURE_FILE_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a key file or a list of trusted keys.
pub const KEY_FILE_BYTES_MAX: usize = 1024 * 1024;
/// Bits of an RSA modulus at least: what is shorter can be broken.
pub const RSA_BITS_MIN: usize = 2_048;
/// Bits of an RSA modulus at most.
pub const RSA_BITS_MAX: usize = 8_192;
/// Bytes of one certificate.
pub const CERTIFICATE_BYTES_MAX: usize = 64 * 1024;
/// Certificates of a signer's chain, its own included.
pub const CHAIN_CERTIFICATES_MAX: usize = 8;
/// Certificates that a verifier may trust at once; the list of an operating system has about 150.
pub const ROOTS_MAX: usize = 512;
/// Packets of an OpenPGP keyring.
pub const OPENPGP_PACKETS_MAX: usize = 10_000;
/// Signatures of an OpenPGP key over itself, one of its users or a subkey that are tried: each is arithmetic with large
/// numbers.
pub const OPENPGP_OWN_SIGNATURES_MAX: usize = 256;
/// Bytes of a trusted root of Sigstore; the public one has 7 kB.
pub const TRUSTED_ROOT_BYTES_MAX: usize = 1024 * 1024;
/// Logs of one kind, and authorities of one kind, in a trusted root.
pub const TRUSTED_ROOT_ITEMS_MAX: usize = 64;
/// Bytes of an identity, or of the name of its provider.
pub const IDENTITY_BYTES_MAX: usize = 1_024;
/// Promises of certificate logs in one certificate; the public authority asks one log.
pub const SCTS_MAX: usize = 8;
/// Timestamps of one bundle; a signer asks one authority, or a few.
pub const TIMESTAMPS_MAX: usize = 8;
/// Bytes of one timestamp, with the certificates that it carries; one of the public authority has 1.5 kB.
pub const TIMESTAMP_BYTES_MAX: usize = 64 * 1024;
/// Attributes that a timestamp signs; usually four.
pub const TIMESTAMP_ATTRIBUTES_MAX: usize = 16;
/// Bytes of a name, version or author in a statement.
pub const LABEL_BYTES_MAX: usize = 200;
/// Bytes that a thread reads of a file at a time; it reads two files in step. Both buffers have to stay in the second
/// cache of a core: with 256 KiB each, the system's copy into them took three times as long.
pub const READ_BYTES: usize = 64 * 1024;
/// Bytes that a thread reads at a time at least, also when the file beside this one ends sooner.
pub const STEP_BYTES_MIN: usize = 16 * 1024;
/// Files that a digest cache knows at most; those that a run did not see go first.
pub const CACHE_ENTRIES_MAX: usize = 100_000;
/// Bytes of a digest cache.
pub const CACHE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Threads that hash, at most: with their buffers they stay below the memory that is promised.
pub const THREADS_MAX: usize = 64;
/// Files of a model that is held open, each by a descriptor.
pub const HELD_FILES_MAX: usize = 256;
/// Bytes of a model that is sealed in memory.
pub const SEALED_MEMORY_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Shapes that a gate is told to expect.
pub const EXPECTED_SHAPES_MAX: usize = 64;
/// Lengths of such a shape.
pub const EXPECTED_RANK_MAX: usize = 64;

const _: () = assert!(COMPONENT_BYTES_MAX < PATH_BYTES_MAX);
const _: () = assert!(STEP_BYTES_MIN <= READ_BYTES);
const _: () = assert!(THREADS_MAX * 2 * READ_BYTES <= 32 * 1024 * 1024);
