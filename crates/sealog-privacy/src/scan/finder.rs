//! Candidates that no pattern of bounded length describes: what stands around an `@`, after `://`, in PEM, in a token,
//! and after the name of a secret.

use std::ops::Range;

use memchr::memmem;

use crate::limits::{CANDIDATE_BYTES_MAX, PRIVATE_KEY_BYTES_MAX, TOKEN_BYTES_MAX};

/// Bytes of an address before its `@`, at most (RFC 5321, 4.5.3.1.1).
const LOCAL_PART_MAX: usize = 64;
/// Bytes of a domain, at most.
const DOMAIN_MAX: usize = 253;
/// Ends of names of files, which are no top-level domains.
const FILE_ENDS: &[&[u8]] = &[
    b"bmp", b"css", b"dll", b"exe", b"gif", b"html", b"ico", b"jpeg", b"jpg", b"js", b"json",
    b"jsx", b"pdf", b"png", b"scss", b"svg", b"tsx", b"txt", b"webp", b"xml", b"yaml", b"yml",
];

/// The address around the `@` at `at`.
pub(super) fn email(view: &[u8], at: usize) -> Option<Range<usize>> {
    let start = local_part(view, at)?;
    let domain = view.get(at + 1..view.len().min(at + 1 + DOMAIN_MAX))?;
    let len = domain_len(domain)?;
    let is_remote = view.get(start..at) == Some(b"git") && view.get(at + 1 + len) == Some(&b':');
    (!is_remote).then_some(start..at + 1 + len)
}

fn local_part(view: &[u8], at: usize) -> Option<usize> {
    let from = at.saturating_sub(LOCAL_PART_MAX);
    let before = view.get(from..at)?;
    if let Some(quoted) = before.strip_suffix(b"\"") {
        let open = quoted
            .iter()
            .rposition(|byte| matches!(byte, b'"' | b'\n'))?;
        let is_quote = quoted.get(open) == Some(&b'"') && open + 1 < quoted.len();
        return is_quote.then_some(from + open);
    }
    let stop = before.iter().rposition(|byte| !is_local(*byte));
    let mut start = stop.map_or(0, |stop| stop + 1);
    let part = before.get(start..)?;
    // After two dots in a row an address begins anew.
    if let Some(dots) = part.windows(2).rposition(|pair| pair == b"..") {
        start += dots + 2;
    }
    let part = before.get(start..)?;
    let first = part
        .iter()
        .position(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | 0x80..))?;
    (!part.ends_with(b".")).then_some(from + start + first)
}

const fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'.' | b'_'
                | b'%'
                | b'+'
                | b'-'
                | b'~'
                | b'\''
                | b'!'
                | b'#'
                | b'$'
                | b'^'
                | b'*'
                | 0x80..
        )
}

/// Bytes of the domain at the start of `rest`.
fn domain_len(rest: &[u8]) -> Option<usize> {
    if rest.first() == Some(&b'[') {
        let end = rest.iter().take(48).position(|byte| *byte == b']')?;
        let inner = str::from_utf8(rest.get(1..end)?).ok()?;
        let inner = inner.strip_prefix("IPv6:").unwrap_or(inner);
        return inner.parse::<std::net::IpAddr>().is_ok().then_some(end + 1);
    }
    let is_domain =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | 0x80..);
    let run = rest.iter().take_while(|byte| is_domain(byte)).count();
    let mut len = 0;
    let mut end = None;
    let mut labels = 0;
    for label in rest.get(..run)?.split(|byte| *byte == b'.') {
        if label.is_empty() || label.starts_with(b"-") {
            break;
        }
        let used = top_level_len(label);
        labels += 1;
        if labels > 1 && is_top_level(label.get(..used)?) {
            end = Some(len + used);
        }
        if label.ends_with(b"-") {
            break;
        }
        len += label.len() + 1;
    }
    end
}

/// Bytes of a label that a top-level domain can have: letters of ASCII end where another script begins.
fn top_level_len(label: &[u8]) -> usize {
    let ascii = label.iter().take_while(|byte| byte.is_ascii()).count();
    if ascii >= 2 { ascii } else { label.len() }
}

fn is_top_level(label: &[u8]) -> bool {
    let lower = label.to_ascii_lowercase();
    if lower.starts_with(b"xn--") {
        return lower.len() > 5;
    }
    let letters = label
        .iter()
        .all(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii());
    letters && label.len() >= 2 && !FILE_ENDS.contains(&&*lower)
}

/// User, password and host after the `://` at `at`.
pub(super) fn url_credentials(view: &[u8], at: usize) -> Option<Range<usize>> {
    let before = at.checked_sub(1).and_then(|before| view.get(before))?;
    if !before.is_ascii_alphanumeric() {
        return None;
    }
    let start = at + 3;
    let rest = view.get(start..view.len().min(start + 2 * CANDIDATE_BYTES_MAX))?;
    let is_end = |byte: &u8| matches!(byte, b'/' | b'"' | b'<' | b'>' | b'\\' | 0..=b' ');
    let len = rest.iter().position(is_end).unwrap_or(rest.len());
    let authority = rest.get(..len)?;
    let sign = authority.iter().rposition(|byte| *byte == b'@')?;
    let user = authority.get(..sign)?;
    let colon = user.iter().position(|byte| *byte == b':')?;
    (colon + 1 < user.len() && sign + 1 < len).then_some(start..start + len)
}

/// The private key whose `-----BEGIN ` stands at `at`.
pub(super) fn private_key(view: &[u8], at: usize) -> Option<Range<usize>> {
    let rest = view.get(at..view.len().min(at + PRIVATE_KEY_BYTES_MAX))?;
    let title = rest.get(..rest.len().min(64))?;
    memmem::find(title, b"PRIVATE KEY")?;
    if let Some(end) = memmem::find(rest, b"-----END ") {
        let after = rest.get(end + 9..)?;
        if let Some(close) = memmem::find(after.get(..after.len().min(64))?, b"-----") {
            return Some(at..at + end + 9 + close + 5);
        }
    }
    // Cut off: all that can belong to it.
    let belongs = |byte: &u8| {
        byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'+' | b'/' | b'=' | b'-' | b'\n' | b'\r' | b' ' | b'\\' | b':' | b','
            )
    };
    let len = rest.iter().take_while(|byte| belongs(byte)).count();
    Some(at..at + len)
}

/// The token (RFC 7515, 7516) whose `eyJ` stands at `at`.
pub(super) fn jwt(view: &[u8], at: usize) -> Option<Range<usize>> {
    let before = at.checked_sub(1).and_then(|before| view.get(before));
    // Within a longer run it would be read again and again.
    if matches!(before, Some(b'-' | b'_' | b'.')) {
        return None;
    }
    let rest = view.get(at..view.len().min(at + TOKEN_BYTES_MAX))?;
    let is_sign = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let len = rest.iter().take_while(|byte| is_sign(byte)).count();
    let run = rest.get(..len)?;
    let mut parts = run.split(|byte| *byte == b'.');
    let (header, body) = (parts.next()?, parts.next()?);
    let signature = parts.next()?;
    let rest: usize = match (parts.next(), parts.next()) {
        (Some(text), Some(tag)) if !text.is_empty() && !tag.is_empty() => {
            text.len() + tag.len() + 2
        }
        _ => 0,
    };
    let len = header.len() + body.len() + signature.len() + 2 + rest;
    (header.len() >= 8 && (body.len() >= 4 || rest > 0)).then_some(at..at + len)
}
