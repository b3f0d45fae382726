//! Addresses of machines, and what opens them.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::kind::Shape::{Pattern, UrlCredentials};
use super::{IdentifierType, Mask, identifier};

pub(super) const ENTRIES: &[IdentifierType] = &[
    identifier(
        "IPV4",
        "IPv4 address",
        Pattern(r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}"),
        is_ipv4,
        &[],
    )
    .alone()
    .denied_by(&[
        "==", ">=", "<=", "~=", "^", "build", "firmware", "rel", "release", "rev", "revision", "v", "ver", "version",
    ])
    .ranked(45),
    identifier(
        "IPV6",
        "IPv6 address",
        Pattern(r"(?i)[0-9a-f]{0,4}(:[0-9a-f]{0,4}){2,7}(:?[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3})?"),
        is_ipv6,
        &[],
    )
    .alone()
    .anywhere(),
    identifier(
        "MAC_ADDRESS",
        "hardware address",
        Pattern(r"(?i)[0-9a-f]{2}(:[0-9a-f]{2}){5}|[0-9a-f]{2}(-[0-9a-f]{2}){5}|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}"),
        |text| text.iter().any(|byte| !matches!(byte, b'0' | b':' | b'-' | b'.')),
        &[],
    )
    .alone()
    .ranked(65),
    identifier("URL_CREDENTIALS", "user and password in a URL", UrlCredentials, |_| true, &[])
        .alone()
        .anywhere()
        .ranked(90)
        .masked(Mask::Whole),
];

/// Four decimal bytes without leading zeros; not the addresses that name no machine in particular.
fn is_ipv4(text: &[u8]) -> bool {
    let address = str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse::<Ipv4Addr>().ok());
    address.is_some_and(|address| {
        let [first, ..] = address.octets();
        first != 0 && !address.is_loopback() && !address.is_broadcast() && !address.is_unspecified()
    })
}

/// RFC 4291, 2.2; not the loopback and unspecified addresses, and not what a program writes between its modules.
fn is_ipv6(text: &[u8]) -> bool {
    // Most candidates have neither all the parts nor the sign for those that are left out.
    let colons = memchr::memchr_iter(b':', text).count();
    if colons < 6 && !text.windows(2).any(|pair| pair == b"::") {
        return false;
    }
    let address = str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse::<Ipv6Addr>().ok());
    address.is_some_and(|address| {
        let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
        digits > 0 && text.len() >= 6 && !address.is_loopback() && !address.is_unspecified()
    })
}
