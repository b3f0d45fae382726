//! Every limit of the formats, in one place. Each has a test at the limit and one beyond it.

/// Bytes of an entry's line without its newline, at most: its base64 then fits the 64 KiB lines of public note tools.
pub const ENTRY_BYTES_MAX: usize = 49_146;
/// Bytes of the `record` member, at most: leaves room for what the log adds.
pub const RECORD_BYTES_MAX: usize = ENTRY_BYTES_MAX - 1_024;
/// Entries in one commit group, at most.
pub const GROUP_ENTRIES_MAX: usize = 65_536;
/// Bytes of one commit group, at most.
pub const GROUP_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Bytes of a checkpoint line without its newline, at most: a note with a few signatures, escaped for JSON.
pub const CHECKPOINT_LINE_BYTES_MAX: usize = 16 * 1024;
/// Bytes of any line of a segment without its newline, at most.
pub const LINE_BYTES_MAX: usize = ENTRY_BYTES_MAX;
/// Nesting of JSON values, at most: an entry's own envelope takes three levels.
pub const JSON_DEPTH_MAX: usize = 32;
/// Bytes of one JSON text, at most: no line of a log comes near, and 32 bits then hold every index.
pub const JSON_TEXT_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Bytes of an identifier, at most.
pub const ID_BYTES_MAX: usize = 200;
/// Bytes of a one-line string, at most.
pub const STRING_BYTES_MAX: usize = 1_024;
/// Bytes of a free text, at most: as much as a payload that stands inline.
pub const TEXT_BYTES_MAX: usize = 32 * 1024;
/// Bytes of an unknown field's name that an error shows, at most.
pub const SCHEMA_NAME_BYTES_SHOWN_MAX: usize = 64;
/// The largest magnitude of an integer in an entry: what every JSON reader keeps exactly.
pub const INTEGER_MAX: u64 = (1 << 53) - 1;
/// Bytes of a payload that may stand inline in an entry, at most.
pub const PAYLOAD_INLINE_BYTES_MAX: usize = 32 * 1024;
/// Leaves of a tree, at most: what fits a signed 64-bit number.
pub const TREE_SIZE_MAX: u64 = (1 << 63) - 1;
/// Hashes in an inclusion or consistency proof, at most: one for each bit of the largest size.
pub const PROOF_HASHES_MAX: usize = 63;
/// Bytes of a signed note, at most.
pub const NOTE_BYTES_MAX: usize = 1024 * 1024;
/// Signature lines of a note that are read, at most.
pub const NOTE_SIGNATURES_MAX: usize = 64;
/// Bytes of a log's origin, at most: ML-DSA cosignatures carry it in a one-byte length.
pub const ORIGIN_BYTES_MAX: usize = 255;
/// Levels of lists, dictionaries and the like in a value that is committed to, at most.
pub const VALUE_DEPTH_MAX: usize = 128;
/// Bytes of a value's encoding, at most; arrays and bytes beyond the next limit count as their digests.
pub const VALUE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Bytes and array contents up to this many stand in a value's encoding, longer ones are named by their SHA-256.
pub const VALUE_INLINE_BYTES_MAX: usize = 4 * 1024;
/// Bytes of a key's name, at most: a log's key is named by its origin.
pub const KEY_NAME_BYTES_MAX: usize = ORIGIN_BYTES_MAX;
/// Bytes of a verifier key in text form, at most: room for the longer keys of types that are only named, not read.
pub const VKEY_BYTES_MAX: usize = 4 * 1024;
/// Signatures that a key verifies before its multiples are laid out: making them takes as long as about a dozen.
pub const KEY_TABLE_USES_MIN: u32 = 64;
/// Keys whose multiples are laid out at once in a process, at most, of 370 KiB each, and as much for the base point;
/// others verify as before.
pub const KEY_TABLES_MAX: usize = 16;
/// The latest time of a cosignature, in POSIX seconds.
pub const COSIGNATURE_TIME_MAX: u64 = (1 << 63) - 1;
/// Bytes of the `extra` data of a proof file, at most: an entry.
pub const PROOF_EXTRA_BYTES_MAX: usize = ENTRY_BYTES_MAX;
/// Bytes of a proof file, at most: its parts at their largest.
pub const PROOF_FILE_BYTES_MAX: usize =
    NOTE_BYTES_MAX + PROOF_EXTRA_BYTES_MAX.div_ceil(3) * 4 + PROOF_HASHES_MAX * 45 + 64;
/// Bytes of a policy file, at most.
pub const POLICY_BYTES_MAX: usize = 256 * 1024;
/// Logs, witnesses and groups of a policy, at most of each: no note has more signatures.
pub const POLICY_ITEMS_MAX: usize = NOTE_SIGNATURES_MAX;
/// The last level of tiles.
pub const TILE_LEVEL_MAX: u8 = 63;
/// Bytes of an entry in a bundle, at most: its length has 16 bits.
pub const BUNDLE_ENTRY_BYTES_MAX: usize = 65_535;
/// Siblings in a proof of the state map, at most: one for each bit of the key.
pub const MAP_SIBLINGS_MAX: usize = 256;
/// Bytes of filler (0x0A) after the last line of the active segment, at most.
pub const FILLER_BYTES_MAX: u64 = 256 * 1024;
/// Bytes of a disk sector: the unit in which a torn write is told from a changed one.
pub const SECTOR_BYTES: u64 = 512;
/// The largest segment number: ten decimal digits in its file name.
pub const SEGMENT_NUMBER_MAX: u64 = 9_999_999_999;
/// Bytes of one file beside the log (payload, anchor, snapshot), at most.
pub const SHELF_FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Bytes of the name of a file beside the log, at most.
pub const SHELF_NAME_BYTES_MAX: usize = 120;
/// Bytes of a note in a head copy, at most: what a checkpoint line can carry.
pub const HEAD_NOTE_BYTES_MAX: usize = CHECKPOINT_LINE_BYTES_MAX;
/// Bytes of the poison file that are read, at most.
pub const POISON_BYTES_MAX: usize = 4 * 1024;
/// Bands of one configuration, at most.
pub const BANDS_MAX: usize = 256;
/// Separate holes in the numbers of one producer's run, at most: calls that are under way at once.
pub const RUN_HOLES_MAX: usize = 1_024;
/// Entries after its last record at which a silent run leaves the state map.
pub const RUN_SILENT_ENTRIES: u64 = 1_048_576;
/// Entries after an epoch at which the next one is due.
pub const EPOCH_ENTRIES: u64 = 65_536;
/// Bytes of a line of an extract without its newline, at most: an entry with the longest proof, or the first line.
pub const EXPORT_LINE_BYTES_MAX: usize = 64 * 1024;
/// Newest checkpoints whose roots verification remembers, to compare anchors with.
pub const ANCHOR_ROOTS_KEPT: usize = 4_096;
/// Entries of one page of a search, at most.
pub const SEARCH_ENTRIES_MAX: usize = 10_000;

const _: () = assert!(RECORD_BYTES_MAX < ENTRY_BYTES_MAX);
const _: () = assert!(CHECKPOINT_LINE_BYTES_MAX <= LINE_BYTES_MAX);
const _: () = assert!(ENTRY_BYTES_MAX + PROOF_HASHES_MAX * 47 + 64 <= EXPORT_LINE_BYTES_MAX);
const _: () = assert!(PAYLOAD_INLINE_BYTES_MAX.div_ceil(3) * 4 <= RECORD_BYTES_MAX);
const _: () = assert!(ENTRY_BYTES_MAX.div_ceil(3) * 4 + "extra \n".len() <= 65_536);
const _: () = assert!(TREE_SIZE_MAX.count_ones() == 63 && PROOF_HASHES_MAX == 63);
const _: () = assert!(KEY_NAME_BYTES_MAX + "+01234567+".len() + 44 <= VKEY_BYTES_MAX);
const _: () = assert!(ENTRY_BYTES_MAX <= BUNDLE_ENTRY_BYTES_MAX);
const _: () = assert!(FILLER_BYTES_MAX.is_multiple_of(SECTOR_BYTES));
const _: () = assert!(SEGMENT_NUMBER_MAX == 10_u64.pow(10) - 1);
