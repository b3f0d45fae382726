//! The limits of what comes over a network: how much, how often, how long.

use std::time::Duration;

/// Bytes of a URL, signed ones of stores behind a hub among them.
pub const URL_BYTES_MAX: usize = 16 * 1024;
/// Redirects of one request.
pub const REDIRECTS_MAX: usize = 5;
/// Times that one request is sent, the first among them.
pub const TRIES_MAX: u32 = 4;
/// Times that a download is taken up where it broke off, the first among them.
pub const RESUMES_MAX: u32 = 5;
/// Bytes of the head of a reply.
pub const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a reply that is read whole.
pub const REPLY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Pages of one listing.
pub const PAGES_MAX: usize = 10_000;
/// Directories that are asked for one after the other, where a listing is not given whole.
pub const DIRECTORIES_MAX: usize = 10_000;
/// Bytes of a model that is fetched, unless its user says otherwise.
pub const FETCH_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024 * 1024;
/// Bytes of a token, user name or password.
pub const SECRET_BYTES_MAX: usize = 8 * 1024;
/// Bytes of the name of a revision.
pub const REVISION_BYTES_MAX: usize = 255;
/// Bytes of one component of a name on a hub.
pub const NAME_BYTES_MAX: usize = 96;
/// Steps from a name to what it stands for, in a registry of models.
pub const STEPS_MAX: usize = 8;
/// Time to connect.
pub const CONNECT_TIME_MAX: Duration = Duration::from_secs(15);
/// Time between a request and the head of its reply, and between two pieces of its body.
pub const SILENCE_TIME_MAX: Duration = Duration::from_mins(1);
/// Time for the body of a reply, besides what its size is given.
pub const BODY_TIME_MAX: Duration = Duration::from_mins(2);
/// Bytes a second below which a download is given up.
pub const BYTES_PER_SECOND_MIN: u64 = 4 * 1024;
/// Time before the second try where the server names none; it doubles from try to try.
pub const RETRY_TIME: Duration = Duration::from_secs(1);
/// The longest wait that a server may ask for. One that asks for more is not waited for.
pub const RETRY_TIME_MAX: Duration = Duration::from_mins(1);

const _: () = assert!(REPLY_BYTES_MAX <= crate::limits::DOCUMENT_BYTES_MAX);
const _: () = assert!(DIRECTORIES_MAX <= crate::limits::FILES_MAX);
