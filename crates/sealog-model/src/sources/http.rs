//! Requests over HTTP: few kinds, bounded in time, size and number, and careful with whom a token is shown to.
//!
//! A token goes to the server that it was given for, and not behind the first redirect that leaves it. Redirects never
//! lead from https to http, nor from elsewhere to this machine. **What is absent**: compressed bodies, cookies, other
//! versions than HTTP/1.1, and proxies towards this machine.

mod reply;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use ureq::http::{HeaderMap, Response};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body, Proxy};

pub(super) use reply::Reply;

use super::limits::{
    BODY_TIME_MAX, BYTES_PER_SECOND_MIN, CONNECT_TIME_MAX, HEAD_BYTES_MAX, REDIRECTS_MAX,
    RETRY_TIME, RETRY_TIME_MAX, SILENCE_TIME_MAX, TRIES_MAX,
};
use super::secret::Authorization;
use super::trouble::Trouble;
use super::url::Url;
use crate::Error;

/// How requests are made.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// Whether plain http may go to other machines than this one.
    pub plain_http: bool,
    /// Whether the proxies that the environment names are used, for other machines than this one.
    pub proxies: bool,
    /// Time before the second try where the server names none.
    pub retry_time: Duration,
    /// Time between a request and the head of its reply, and between two pieces of its body.
    pub silence_time: Duration,
    /// How a wait passes; tests have no time for it.
    pub wait: fn(Duration),
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            plain_http: false,
            proxies: true,
            retry_time: RETRY_TIME,
            silence_time: SILENCE_TIME_MAX,
            wait: thread::sleep,
        }
    }
}

/// A `GET`: everything that is asked here is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Request {
    /// From which byte on; 0: all, without a header that says so.
    pub(super) from: u64,
    /// Bytes that are expected at most: they give the reply more time.
    pub(super) bytes: u64,
}

/// Requests to one server, and to where it redirects.
#[derive(Debug)]
pub(super) struct Client {
    base: Url,
    authorization: Option<Authorization>,
    options: HttpOptions,
    /// By whether it encrypts, and whether it may use a proxy: roots are read only where they are needed.
    agents: Mutex<BTreeMap<(bool, bool), Agent>>,
}

impl Client {
    /// A client of the server of `base`.
    ///
    /// # Errors
    /// [`Trouble::PlainHttp`] where that would be plain http to another machine and nobody allowed it.
    pub(super) fn new(
        base: Url,
        authorization: Option<Authorization>,
        options: HttpOptions,
    ) -> Result<Self, Error> {
        if !(base.is_https() || base.is_loopback() || options.plain_http) {
            return Err(Trouble::PlainHttp.at(base.to_string()));
        }
        Ok(Self {
            base,
            authorization,
            options,
            agents: Mutex::default(),
        })
    }

    /// The server's address, and what all its paths begin with.
    pub(super) const fn base(&self) -> &Url {
        &self.base
    }

    /// An address of this server. `path` begins with a slash and is encoded.
    pub(super) fn url(&self, path: &str) -> Result<Url, Error> {
        let failed = |why: &'static str| Trouble::Name { why }.at(self.base.to_string());
        self.base.with(path).map_err(failed)
    }

    /// Sends a request until there is an answer that is no reason to try again: any status but redirects, 429, 500,
    /// 502, 503 and 504.
    pub(super) fn send(&self, url: &Url, request: &Request) -> Result<Reply, Error> {
        let mut tried = 0;
        loop {
            tried += 1;
            let outcome = self.follow(url, request);
            let asked = match &outcome {
                Ok(reply) if reply.is_passing() => reply.retry_after(),
                Err(Error::Source { trouble, .. }) if trouble.is_unreachable() => None,
                _ => return outcome,
            };
            let Some(wait) = next_wait(tried, asked, self.options.retry_time) else {
                return outcome;
            };
            (self.options.wait)(wait);
        }
    }

    fn follow(&self, url: &Url, request: &Request) -> Result<Reply, Error> {
        let mut url = url.clone();
        let mut own = url.same_server(&self.base);
        let mut heads = Vec::new();
        for _ in 0..=REDIRECTS_MAX {
            let reply = self.once(&url, own, request)?;
            if !matches!(reply.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
                let head = reply.headers().clone();
                heads.extend(own.then_some(head));
                return Ok(Reply::new(url, reply, heads));
            }
            let next = self.next(&url, reply.headers())?;
            heads.extend(own.then(|| reply.headers().clone()));
            // Once it was led away it stays without the token, also where it is led back.
            own = own && next.same_server(&self.base);
            url = next;
        }
        let why = "there are too many redirects";
        Err(Trouble::Redirect { why }.at(self.base.to_string()))
    }

    /// Where a redirect leads, if that may be gone.
    fn next(&self, from: &Url, head: &HeaderMap) -> Result<Url, Error> {
        let refused = |why| Trouble::Redirect { why }.at(from.to_string());
        let location = head.get("location").and_then(|value| value.to_str().ok());
        let location = location.ok_or_else(|| refused("the redirect names no address"))?;
        let next = from.join(location).map_err(refused)?;
        if from.is_https() && !next.is_https() {
            return Err(refused("it leads from https to http"));
        }
        if next.is_loopback() && !self.base.is_loopback() {
            return Err(refused("it leads to this machine"));
        }
        if !(next.is_https() || next.is_loopback() || self.options.plain_http) {
            return Err(refused("it leads to plain http on another machine"));
        }
        Ok(next)
    }

    fn once(&self, url: &Url, own: bool, request: &Request) -> Result<Response<Body>, Error> {
        let agent = self.agent(url)?;
        let whole = url.whole();
        let authorization = self.authorization.as_ref().filter(|_| own);
        let authorization = authorization.and_then(Authorization::header);
        let mut builder = agent.get(&whole).header("accept-encoding", "identity");
        if let Some(value) = authorization {
            builder = builder.header("authorization", value);
        }
        if request.from > 0 {
            builder = builder.header("range", format!("bytes={}-", request.from));
        }
        let configured = builder
            .config()
            .timeout_recv_body(Some(body_time(request.bytes)))
            .build();
        let sent = configured.call();
        sent.map_err(|error| match error {
            ureq::Error::LargeResponseHeader(..) => Error::Limit {
                what: "bytes of the head of a reply",
                limit: u64::try_from(HEAD_BYTES_MAX).unwrap_or(u64::MAX),
            },
            error => {
                let why = reason(&error);
                Trouble::Unreachable { why }.at(url.to_string())
            }
        })
    }

    fn agent(&self, url: &Url) -> Result<Agent, Error> {
        let proxied = self.options.proxies && !url.is_loopback();
        let mut agents = self.agents.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(agent) = agents.get(&(url.is_https(), proxied)) {
            return Ok(agent.clone());
        }
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .https_only(url.is_https())
            .user_agent(concat!("sealog/", env!("CARGO_PKG_VERSION")))
            .max_response_header_size(HEAD_BYTES_MAX)
            .timeout_connect(Some(CONNECT_TIME_MAX))
            .timeout_send_request(Some(self.options.silence_time))
            .timeout_recv_response(Some(self.options.silence_time))
            .timeout_per_read(Some(self.options.silence_time))
            .proxy(if proxied { Proxy::try_from_env() } else { None });
        if url.is_https() {
            config = config.tls_config(tls().map_err(|trouble| trouble.at(url.to_string()))?);
        }
        let agent: Agent = config.build().into();
        agents.insert((url.is_https(), proxied), agent.clone());
        Ok(agent)
    }
}

/// TLS 1.2 and 1.3 by the crypto library of this crate, with the roots of the system: `SSL_CERT_FILE` and
/// `SSL_CERT_DIR` name others.
fn tls() -> Result<TlsConfig, Trouble> {
    let found = rustls_native_certs::load_native_certs();
    let roots: Vec<Certificate<'static>> = found
        .certs
        .iter()
        .map(|root| Certificate::from_der(root).to_owned())
        .collect();
    if roots.is_empty() {
        let setting = "the certificates of this system";
        let why = "none can be read; install them, or name a file in SSL_CERT_FILE";
        return Err(Trouble::Setting { setting, why });
    }
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    Ok(TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(roots)))
        .unversioned_rustls_crypto_provider(Arc::new(provider))
        .build())
}

/// How long the body of a reply may take that is expected to have so many bytes.
fn body_time(bytes: u64) -> Duration {
    let seconds = bytes.checked_div(BYTES_PER_SECOND_MIN).unwrap_or(0);
    BODY_TIME_MAX.saturating_add(Duration::from_secs(seconds))
}

/// How long to wait before the next try; none: there is no other.
fn next_wait(tried: u32, asked: Option<Duration>, retry_time: Duration) -> Option<Duration> {
    if tried >= TRIES_MAX {
        return None;
    }
    if let Some(asked) = asked {
        return (asked <= RETRY_TIME_MAX).then_some(asked);
    }
    let doubled = retry_time.saturating_mul(1 << tried.saturating_sub(1).min(8));
    Some(doubled.min(RETRY_TIME_MAX))
}

/// What a connection said, without the address.
fn reason(error: &ureq::Error) -> String {
    match error {
        ureq::Error::BadUri(_) => "the address is not accepted".into(),
        ureq::Error::HostNotFound => "the host is not known".into(),
        ureq::Error::Timeout(what) => format!("no answer in time ({what})"),
        ureq::Error::Io(error) => error.to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
