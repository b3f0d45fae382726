//! Why a model cannot be had from where it is said to be.

use sealog_core::ErrorKind;

/// What is wrong with a source, or with what it sent. No message holds a token, a password or a signed query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Trouble {
    /// The name of the source does not follow its form.
    #[error("it is no name of a model there: {why}")]
    Name {
        /// What is wrong with it.
        why: &'static str,
    },
    /// Plain HTTP to another machine, which anyone on the way can read and change.
    #[error("it would go over plain http to another machine")]
    PlainHttp,
    /// A setting about sources cannot be used; its value is not shown.
    #[error("{setting} cannot be used: {why}")]
    Setting {
        /// Which one.
        setting: &'static str,
        /// Why not.
        why: &'static str,
    },
    /// Nothing may be asked over the network, and it is not here.
    #[error("the network is switched off, and it is not in the cache {cache}")]
    Offline {
        /// Where it was looked for.
        cache: String,
    },
    /// There is no connection.
    #[error("it cannot be reached: {why}")]
    Unreachable {
        /// What the connection said.
        why: String,
    },
    /// Status 401.
    #[error("it is not there, or it is not shown without a valid token (status 401)")]
    Unauthorized,
    /// Status 403 of a model whose authors grant access one by one.
    #[error("its authors grant access one by one, and did not grant it to this token (status 403)")]
    Gated,
    /// Status 403.
    #[error("access is refused (status 403)")]
    Forbidden,
    /// Status 404.
    #[error("{what} is not there (status 404)")]
    NotFound {
        /// What: the model, its revision, a file.
        what: &'static str,
    },
    /// A server says in other words that something is not there.
    #[error("{what} is not there")]
    Missing {
        /// What.
        what: &'static str,
    },
    /// Status 429.
    #[error("too many requests were made (status 429){}", after(*.wait))]
    Throttled {
        /// Seconds that it asks to wait.
        wait: Option<u64>,
    },
    /// Any other status but success.
    #[error("it answered with status {status}")]
    Status {
        /// Which.
        status: u16,
    },
    /// A redirect that is not followed.
    #[error("it redirects to where is not gone: {why}")]
    Redirect {
        /// Why not.
        why: &'static str,
    },
    /// A reply that is not what the interface is described to answer.
    #[error("its reply is not understood: {why}")]
    Reply {
        /// What is wrong with it.
        why: String,
    },
    /// The reply is about another commit than the one that was asked for.
    #[error("it answered with the commit {found}, {expected} was asked for")]
    Commit {
        /// The one that was asked for.
        expected: String,
        /// The one that came.
        found: String,
    },
    /// The content of a file is not the one that its listing names.
    #[error("`{path}` has the {algorithm} {found}, the listing says {expected}")]
    Content {
        /// Its path in the model.
        path: String,
        /// By which digest.
        algorithm: &'static str,
        /// The digest in the listing.
        expected: String,
        /// That of what came.
        found: String,
    },
    /// More bytes came than the listing says.
    #[error("`{path}` is longer than the {size} bytes that the listing says")]
    TooLong {
        /// Its path in the model.
        path: String,
        /// Its size in the listing.
        size: u64,
    },
    /// The bytes ended before the file did, each time.
    #[error("`{path}` ends after {found} of {size} bytes: {why}")]
    TooShort {
        /// Its path in the model.
        path: String,
        /// Its size in the listing.
        size: u64,
        /// How much came.
        found: u64,
        /// What the connection said last.
        why: String,
    },
    /// Artifacts lie in a store that the server does not give out by itself.
    #[error("its files lie in a store that the server does not hand out: {store}")]
    NotProxied {
        /// The scheme of the store.
        store: String,
    },
    /// Another process fetches to the same place.
    #[error("another process is fetching to the same place")]
    Busy,
}

fn after(wait: Option<u64>) -> String {
    wait.map_or_else(String::new, |wait| {
        format!("; it asks to wait {wait} seconds")
    })
}

impl Trouble {
    pub(crate) const fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }

    /// Which of the four kinds of error this is.
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Name { .. }
            | Self::Setting { .. }
            | Self::Redirect { .. }
            | Self::Reply { .. } => ErrorKind::Malformed,
            Self::PlainHttp
            | Self::Offline { .. }
            | Self::Unauthorized
            | Self::Gated
            | Self::Forbidden
            | Self::NotProxied { .. }
            | Self::Busy => ErrorKind::Refused,
            Self::Unreachable { .. }
            | Self::NotFound { .. }
            | Self::Missing { .. }
            | Self::Throttled { .. }
            | Self::Status { .. }
            | Self::TooShort { .. } => ErrorKind::Unavailable,
            Self::Commit { .. } | Self::Content { .. } | Self::TooLong { .. } => ErrorKind::Refuted,
        }
    }

    /// A stable reason code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Name { .. } => "source_name",
            Self::PlainHttp => "source_plain_http",
            Self::Setting { .. } => "source_setting",
            Self::Offline { .. } => "source_offline",
            Self::Unreachable { .. } => "source_unreachable",
            Self::Unauthorized => "source_unauthorized",
            Self::Gated => "source_gated",
            Self::Forbidden => "source_forbidden",
            Self::NotFound { .. } | Self::Missing { .. } => "source_not_found",
            Self::Throttled { .. } => "source_throttled",
            Self::Status { .. } => "source_status",
            Self::Redirect { .. } => "source_redirect",
            Self::Reply { .. } => "source_reply",
            Self::Commit { .. } => "source_commit",
            Self::Content { .. } => "source_content",
            Self::TooLong { .. } => "source_too_long",
            Self::TooShort { .. } => "source_too_short",
            Self::NotProxied { .. } => "source_not_proxied",
            Self::Busy => "source_busy",
        }
    }

    /// Together with where it was met.
    pub(crate) fn at(self, place: impl Into<String>) -> crate::Error {
        crate::Error::Source {
            place: place.into(),
            trouble: Box::new(self),
        }
    }
}
