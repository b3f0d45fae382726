//! The answer to a request: its status as an error, its body bounded.

use std::io::Read;
use std::time::Duration;

use sealog_core::json::Value;
use ureq::Body;
use ureq::http::{HeaderMap, Response};

use crate::Error;
use crate::sources::limits::REPLY_BYTES_MAX;
use crate::sources::trouble::Trouble;
use crate::sources::url::Url;

/// An answer that is no redirect.
pub(in crate::sources) struct Reply {
    url: Url,
    status: u16,
    response: Response<Body>,
    /// Heads of the answers of the own server on the way here.
    heads: Vec<HeaderMap>,
}

impl Reply {
    pub(super) fn new(url: Url, response: Response<Body>, heads: Vec<HeaderMap>) -> Self {
        let status = response.status().as_u16();
        Self {
            url,
            status,
            response,
            heads,
        }
    }

    /// The server may answer otherwise a little later.
    pub(super) const fn is_passing(&self) -> bool {
        matches!(self.status, 429 | 500 | 502 | 503 | 504)
    }

    /// The wait that the server asks for, if it does in seconds.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        let seconds = self.header("retry-after")?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds))
    }

    pub(in crate::sources) fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// Every value of a header that the own server sent on the way here.
    pub(in crate::sources) fn on_the_way(&self, name: &str) -> impl Iterator<Item = &str> {
        let values = self.heads.iter().filter_map(move |head| head.get(name));
        values.filter_map(|value| value.to_str().ok())
    }

    pub(in crate::sources) const fn url(&self) -> &Url {
        &self.url
    }

    pub(in crate::sources) const fn status(&self) -> u16 {
        self.status
    }

    /// The same, if it is a success; of another status the error. `what` was asked for.
    pub(in crate::sources) fn success(self, what: &'static str) -> Result<Self, Error> {
        let refused = |trouble: Trouble| Err(trouble.at(self.url.to_string()));
        match self.status {
            200 | 206 => {
                let encoding = self.header("content-encoding").unwrap_or("identity");
                if encoding.eq_ignore_ascii_case("identity") {
                    return Ok(self);
                }
                let why = "its body is compressed, which was not asked for".into();
                refused(Trouble::Reply { why })
            }
            401 => refused(Trouble::Unauthorized),
            403 if self.header("x-error-code") == Some("GatedRepo") => refused(Trouble::Gated),
            403 => refused(Trouble::Forbidden),
            404 => {
                let what = match self.header("x-error-code") {
                    Some("RevisionNotFound") => "the revision",
                    Some("EntryNotFound") => "the file",
                    _ => what,
                };
                refused(Trouble::NotFound { what })
            }
            429 => refused(Trouble::Throttled {
                wait: self.retry_after().map(|wait| wait.as_secs()),
            }),
            status => refused(Trouble::Status { status }),
        }
    }

    /// The first byte of the body in its file, where the bytes from `from` on were asked for.
    ///
    /// # Errors
    /// A part that begins elsewhere.
    pub(in crate::sources) fn start(&self, from: u64) -> Result<u64, Error> {
        if self.status != 206 {
            return Ok(0);
        }
        let range = self.header("content-range").unwrap_or_default();
        let start = range
            .strip_prefix("bytes ")
            .and_then(|range| range.split('-').next());
        if from > 0 && start.and_then(|start| start.parse().ok()) == Some(from) {
            return Ok(from);
        }
        let why = "it sends another part of the file than was asked for".into();
        Err(Trouble::Reply { why }.at(self.url.to_string()))
    }

    /// The body as JSON.
    pub(in crate::sources) fn json(self) -> Result<Value, Error> {
        let place = self.url.to_string();
        let bad = |why: String| Trouble::Reply { why }.at(place.clone());
        let limit = u64::try_from(REPLY_BYTES_MAX).unwrap_or(u64::MAX);
        let mut text = Vec::new();
        let mut reader = self.into_reader().take(limit.saturating_add(1));
        let read = reader.read_to_end(&mut text);
        if text.len() > REPLY_BYTES_MAX {
            let what = "bytes of the reply";
            return Err(Error::Limit { what, limit });
        }
        read.map_err(|error| {
            let why = error.to_string();
            Trouble::Unreachable { why }.at(place.clone())
        })?;
        Value::parse(&text).map_err(|error| bad(error.to_string()))
    }

    /// The body as it comes.
    pub(in crate::sources) fn into_reader(self) -> impl Read + use<> {
        self.response.into_body().into_reader()
    }
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Reply")
            .field("url", &self.url.to_string())
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
