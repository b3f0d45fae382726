//! What stands around a sign: addresses, keys, tokens, and the values of names.

use memchr::{memchr_iter, memchr2_iter, memmem};

use super::place::Place;
use super::reach::{Changes, Reach};
use super::scanner::Scanner;
use super::starts::is_word;
use super::walk::offer;
use super::{Found, finder, named};

/// Of which kinds a view has signs. Where a view has none, one that was decoded from it has them at its changes alone.
#[derive(Debug, Default, Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a set of four, each asked for by name"
)]
pub(super) struct Seen {
    emails: bool,
    keys: bool,
    tokens: bool,
    /// Of names of secrets, and of URLs.
    names: bool,
}

/// Before a private key.
const KEY: &[u8] = b"-----BEGIN ";
/// Before and behind a change: what a sign is told by.
const NEAR: usize = 16;
const _: () = assert!(KEY.len() <= NEAR && named::NAME_REACH <= NEAR);

/// Where the signs of a view are looked for.
#[derive(Debug)]
pub(super) struct Where {
    everywhere: Reach,
    /// At changes.
    near: Reach,
    /// What the view below has.
    below: Seen,
}

impl Where {
    /// Everywhere, or in a view with these changes to one in which this was seen.
    pub(super) fn of(changes: Option<&Changes>, below: Seen) -> Self {
        Self {
            everywhere: Reach::everything(),
            near: changes.map_or(Reach::everything(), |changes| {
                Reach::grown(changes, NEAR, NEAR)
            }),
            below,
        }
    }

    /// Stretches of a view with where each begins.
    fn stretches<'v>(&self, view: &'v [u8], seen: bool) -> impl Iterator<Item = (usize, &'v [u8])> {
        let reach = if seen { &self.everywhere } else { &self.near };
        let stretches = reach.stretches(0..view.len());
        stretches.map(|range| (range.start, view.get(range).unwrap_or_default()))
    }
}

/// Offers what is found around the signs of a view; says what it has.
pub(super) fn signs(
    scanner: &Scanner,
    place: &Place<'_>,
    places: &Where,
    out: &mut Vec<(Found, u8)>,
) -> Seen {
    let view = place.view;
    let shapes = scanner.shapes;
    let mut seen = places.below;
    if let Some(kind) = shapes.email {
        for (start, stretch) in places.stretches(view, places.below.emails) {
            for at in memchr_iter(b'@', stretch) {
                seen.emails = true;
                if let Some(span) = finder::email(view, start + at) {
                    offer(scanner, place, span, kind, out);
                }
            }
        }
    }
    if let Some(kind) = shapes.private_key {
        let keys = memmem::Finder::new(KEY);
        for (start, stretch) in places.stretches(view, places.below.keys) {
            for at in keys.find_iter(stretch) {
                seen.keys = true;
                if let Some(span) = finder::private_key(view, start + at) {
                    offer(scanner, place, span, kind, out);
                }
            }
        }
    }
    if let Some(kind) = shapes.jwt {
        let tokens = memmem::Finder::new(b"eyJ");
        for (start, stretch) in places.stretches(view, places.below.tokens) {
            for at in tokens.find_iter(stretch).map(|at| start + at) {
                seen.tokens = true;
                let begins = at == 0 || !is_word(view.get(at - 1));
                if begins && let Some(span) = finder::jwt(view, at) {
                    offer(scanner, place, span, kind, out);
                }
            }
        }
    }
    if shapes.url_credentials.is_some() || shapes.named_secret.is_some() {
        for (start, stretch) in places.stretches(view, places.below.names) {
            for at in memchr2_iter(b':', b'=', stretch) {
                seen.names |= name(scanner, place, start + at, out);
            }
        }
    }
    seen
}

/// Offers what stands behind one sign of a name or a URL; says whether it is one, as far as what is near says so.
fn name(scanner: &Scanner, place: &Place<'_>, sign: usize, out: &mut Vec<(Found, u8)>) -> bool {
    let view = place.view;
    let shapes = scanner.shapes;
    let is_url = view
        .get(sign..)
        .is_some_and(|rest| rest.starts_with(b"://"));
    if let Some(kind) = shapes.url_credentials
        && is_url
        && let Some(span) = finder::url_credentials(view, sign)
    {
        offer(scanner, place, span, kind, out);
    }
    let word = named::word_before(view, sign);
    if let Some(kind) = shapes.named_secret
        && let Some(word) = &word
        && let Some(span) = named::secret(view, word, sign)
        && place.is_near(word.start, span.start)
    {
        offer(scanner, place, span, kind, out);
    }
    is_url || word.is_some()
}
