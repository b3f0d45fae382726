//! Addresses of requests: the part of RFC 3986 that servers of models use, and nothing that is ambiguous.

use std::fmt;
use std::net::IpAddr;

use super::limits::URL_BYTES_MAX;

/// An absolute address of `http` or `https`, without user, password and fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    https: bool,
    /// In lower case; an IPv6 address in brackets.
    host: String,
    port: u16,
    /// Path and query, from the slash on.
    target: String,
}

impl Url {
    /// Reads an address.
    ///
    /// # Errors
    /// Says why it is none: other schemes, a user or password, a fragment, characters that have to be encoded, more
    /// than [`URL_BYTES_MAX`] bytes. The text is not repeated, as it may hold a secret.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > URL_BYTES_MAX {
            return Err("the address is too long");
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) || text.contains(['\\', '"', '<', '>'])
        {
            return Err("the address holds characters that have to be encoded");
        }
        let (scheme, rest) = text.split_once("://").ok_or("the address has no scheme")?;
        let https = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err("the address is neither http nor https"),
        };
        if rest.contains('#') {
            return Err("the address has a fragment");
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        if authority.contains('@') {
            return Err("the address holds a user or a password");
        }
        let (host, port) = split_port(authority)?;
        let port = match port {
            Some(port) => port,
            None if https => 443,
            None => 80,
        };
        let slash = if target.starts_with('/') { "" } else { "/" };
        Ok(Self {
            https,
            host: host.to_ascii_lowercase(),
            port,
            target: format!("{slash}{target}"),
        })
    }

    /// Where a reply of this address redirects to: an absolute address, or a path from the root.
    pub(super) fn join(&self, location: &str) -> Result<Self, &'static str> {
        let location = location.split('#').next().unwrap_or_default();
        if location.starts_with("//") {
            let scheme = if self.https { "https" } else { "http" };
            return Self::parse(&format!("{scheme}:{location}"));
        }
        if location.starts_with('/') {
            return Self::parse(&format!("{}{location}", self.root()));
        }
        Self::parse(location)
    }

    /// This address with more behind its path. `more` begins with a slash and is encoded already.
    pub(super) fn with(&self, more: &str) -> Result<Self, &'static str> {
        let base = self.target.trim_end_matches('/');
        Self::parse(&format!("{}{base}{more}", self.root()))
    }

    fn root(&self) -> String {
        let scheme = if self.https { "https" } else { "http" };
        format!("{scheme}://{}:{}", self.host, self.port)
    }

    /// Whether it is encrypted.
    pub const fn is_https(&self) -> bool {
        self.https
    }

    /// Whether two addresses are of one server: same scheme, host and port.
    pub fn same_server(&self, other: &Self) -> bool {
        (self.https, &self.host, self.port) == (other.https, &other.host, other.port)
    }

    /// Whether it is this machine by its very name, without asking anyone.
    pub fn is_loopback(&self) -> bool {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        let address: Option<IpAddr> = bare.parse().ok();
        self.host == "localhost" || address.is_some_and(|address| address.is_loopback())
    }

    /// The path without the query.
    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The whole text, for the request itself. Its query may be a secret.
    pub(super) fn whole(&self) -> String {
        format!("{}{}", self.root(), self.target)
    }
}

/// For messages: without the query, in which signatures stand.
impl fmt::Display for Url {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.https { "https" } else { "http" };
        write!(formatter, "{scheme}://{}", self.host)?;
        if self.port != if self.https { 443 } else { 80 } {
            write!(formatter, ":{}", self.port)?;
        }
        formatter.write_str(self.path().trim_end_matches('/'))
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), &'static str> {
    let bad = "the address has no usable host";
    let (host, rest) = if authority.starts_with('[') {
        let end = authority.find(']').ok_or(bad)?;
        authority.split_at(end + 1)
    } else {
        authority.split_at(authority.find(':').unwrap_or(authority.len()))
    };
    let port = match rest.strip_prefix(':') {
        None if rest.is_empty() => None,
        Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(
                digits
                    .parse()
                    .map_err(|_| "the address has no usable port")?,
            )
        }
        _ => return Err("the address has no usable port"),
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let fits = match host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
    {
        Some(inside) => inside.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.len() <= 253 && host.bytes().all(plain),
    };
    if fits { Ok((host, port)) } else { Err(bad) }
}

/// Encodes one component of a path, or a value of a query: all but the unreserved characters of RFC 3986.
pub(super) fn encode(text: &str) -> String {
    use fmt::Write as _;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Encodes a path, component by component.
pub(super) fn encode_path(path: &str) -> String {
    let parts: Vec<String> = path.split('/').map(encode).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written() {
        for (text, whole, shown) in [
            (
                "https://hub.example",
                "https://hub.example:443/",
                "https://hub.example",
            ),
            (
                "HTTPS://Hub.Example/a/?q=1",
                "https://hub.example:443/a/?q=1",
                "https://hub.example/a",
            ),
            (
                "http://127.0.0.1:80/x",
                "http://127.0.0.1:80/x",
                "http://127.0.0.1/x",
            ),
            (
                "http://[::1]:5000?x",
                "http://[::1]:5000/?x",
                "http://[::1]:5000",
            ),
        ] {
            let url = Url::parse(text).unwrap();
            assert_eq!(url.whole(), whole);
            assert_eq!(url.to_string(), shown);
        }
    }

    #[test]
    fn ambiguous_addresses_are_refused() {
        let long = format!("https://h/{}", "x".repeat(URL_BYTES_MAX - 9));
        assert_eq!(long.len(), URL_BYTES_MAX + 1);
        for bad in [
            "",
            "hub.example",
            "ftp://h/",
            "file:///etc/passwd",
            "https://",
            "https:///x",
            "https://user@h/",
            "https://u:p@h/",
            "https://h/#f",
            "https://h:99999/",
            "https://h:/",
            "https://h:+1/",
            "https://h/a b",
            "https://h\\@evil/",
            "https://h/\u{e4}",
            "https://[::1/",
            "https://[nonsense]/",
            "https://h/\r\nHost:x",
            "https://a%2eb/",
            &long,
        ] {
            assert!(Url::parse(bad).is_err(), "{bad}");
        }
        let fits = format!("https://h/{}", "x".repeat(URL_BYTES_MAX - 10));
        assert!(Url::parse(&fits).is_ok());
    }

    #[test]
    fn a_redirect_is_absolute_or_from_the_root() {
        let url = Url::parse("https://h:8443/a/b?q").unwrap();
        for (location, whole) in [
            ("/c?d#e", "https://h:8443/c?d"),
            ("//other/c", "https://other:443/c"),
            ("http://h/", "http://h:80/"),
        ] {
            assert_eq!(url.join(location).unwrap().whole(), whole);
        }
        for bad in ["", "c", "../c", "javascript:alert(1)", "https://u@h/"] {
            assert!(url.join(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn this_machine_is_known_by_its_name_alone() {
        for (text, loopback) in [
            ("http://127.0.0.1/", true),
            ("http://127.9.9.9/", true),
            ("http://[::1]/", true),
            ("http://localhost:1/", true),
            ("http://localhost.evil/", false),
            ("http://10.0.0.1/", false),
            ("http://127.0.0.1.evil/", false),
            ("http://0.0.0.0/", false),
        ] {
            assert_eq!(Url::parse(text).unwrap().is_loopback(), loopback, "{text}");
        }
    }

    #[test]
    fn a_server_is_scheme_host_and_port() {
        let url = |text| Url::parse(text).unwrap();
        assert!(url("https://h/a").same_server(&url("https://H:443/b?c")));
        for other in [
            "http://h/a",
            "https://h:444/a",
            "https://h.evil/a",
            "https://x.h/a",
        ] {
            assert!(!url("https://h/a").same_server(&url(other)), "{other}");
        }
    }

    #[test]
    fn components_are_encoded() {
        assert_eq!(encode("refs/pr/1"), "refs%2Fpr%2F1");
        assert_eq!(encode_path("a b/ü%?.bin"), "a%20b/%C3%BC%25%3F.bin");
    }
}
