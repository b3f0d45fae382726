//! One pass over a view: where a word begins that can begin an identifier, all patterns are tried at once.

use std::ops::Range;
use std::sync::Arc;

use memchr::{memchr_iter, memchr2_iter, memmem};
use regex_automata::Anchored;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::util::start;

use super::context::Around;
use super::layer::Layer;
use super::overlap::Overlaps;
use super::reach::Reach;
use super::scanner::Scanner;
use super::starts::{DIGIT, begins_sign, can_go_on, class, is_word, word_len, word_start};
use super::{Found, KindIndex, finder, named, prefilter};
use crate::Error;
use crate::limits::{
    CANDIDATE_BYTES_MAX, CANDIDATE_SOURCE_BYTES_MAX, CONTEXT_SOURCE_BYTES, LAYERS_MAX,
    LOOK_AHEAD_BYTES, LOOK_BEHIND_BYTES, WINDOW_BYTES,
};
use crate::view::{OffsetMap, View};

/// One search, with the memory that it needs.
#[derive(Debug)]
pub struct Session<'s> {
    scanner: &'s Scanner,
    cache: Cache,
    own_cache: Option<Cache>,
    /// Pattern and end of each match from one start.
    matches: Vec<(usize, usize)>,
    /// Whether nothing is passed over: what a test holds the quick search against.
    #[cfg(test)]
    pub(super) thorough: bool,
}

/// What counts of one window: candidates that begin in this range of the original.
#[derive(Debug, Clone)]
pub(super) struct Window<'a> {
    pub(super) bytes: &'a [u8],
    /// Where it begins in the original.
    pub(super) offset: usize,
    pub(super) counts: Range<usize>,
    /// The name of the field that the text comes from, folded.
    pub(super) field: &'a [u8],
}

impl<'s> Session<'s> {
    pub(super) fn new(scanner: &'s Scanner) -> Self {
        Self {
            scanner,
            cache: scanner.states.create_cache(),
            own_cache: scanner.own_states.as_ref().map(DFA::create_cache),
            matches: Vec::new(),
            #[cfg(test)]
            thorough: false,
        }
    }

    #[cfg(test)]
    const fn is_thorough(&self) -> bool {
        self.thorough
    }

    #[cfg(not(test))]
    #[expect(clippy::unused_self, reason = "a test can ask for a thorough search")]
    const fn is_thorough(&self) -> bool {
        false
    }

    /// Bytes of the cache of states.
    #[cfg(test)]
    pub(super) fn state_cache_bytes(&self) -> usize {
        self.cache.memory_usage()
    }
}

impl Session<'_> {
    /// Everything in a text, in order and without overlaps.
    pub fn scan(&mut self, text: &[u8]) -> Result<Vec<Found>, Error> {
        self.scan_field(text, b"")
    }

    /// The same, of a text whose field has a name that may say what it holds.
    pub fn scan_field(&mut self, text: &[u8], field: &[u8]) -> Result<Vec<Found>, Error> {
        self.scan_windows(text, field, WINDOW_BYTES)
    }

    pub(super) fn scan_windows(
        &mut self,
        text: &[u8],
        field: &[u8],
        window: usize,
    ) -> Result<Vec<Found>, Error> {
        let mut out = Vec::new();
        let mut overlaps = Overlaps::default();
        let mut from = 0;
        loop {
            let until = from + window;
            let ends = until + LOOK_AHEAD_BYTES >= text.len();
            let offset = floor_of(text, from.saturating_sub(LOOK_BEHIND_BYTES));
            let end = if ends {
                text.len()
            } else {
                until + LOOK_AHEAD_BYTES
            };
            let counts = from..if ends { text.len() } else { until };
            self.candidates(&Window {
                bytes: text.get(offset..end).unwrap_or_default(),
                offset,
                counts,
                field,
            })?
            .into_iter()
            .for_each(|(found, rank)| overlaps.push(found, rank, &mut out));
            if ends {
                overlaps.finish(&mut out);
                return Ok(out);
            }
            from = until;
        }
    }

    /// The candidates of one window that hold, by their starts.
    pub(super) fn candidates(&mut self, window: &Window<'_>) -> Result<Vec<(Found, u8)>, Error> {
        let mut out = Vec::new();
        let whole = Layered {
            source: window.bytes,
            below: None,
            changes: None,
        };
        self.layer(&whole, window, LAYERS_MAX, &mut out)?;
        // What is found more than once counts where it is named.
        out.sort_by(|(left, left_rank), (right, right_rank)| {
            let order = |found: &Found| (found.span.start, found.span.end, found.kind);
            order(left)
                .cmp(&order(right))
                .then_with(|| right_rank.cmp(left_rank))
                .then_with(|| left.value.cmp(&right.value))
        });
        out.dedup_by(|(left, _), (right, _)| left.span == right.span && left.kind == right.kind);
        Ok(out)
    }

    /// Searches the view of a source and what is encoded in it.
    fn layer(
        &mut self,
        layered: &Layered<'_, '_>,
        window: &Window<'_>,
        levels: usize,
        out: &mut Vec<(Found, u8)>,
    ) -> Result<(), Error> {
        let view = View::of(layered.source);
        let layer = match layered.below {
            Some(below) => Layer::over(view.map(), below),
            None => Layer::first(view.map(), window.offset),
        };
        let place = Place {
            view: view.bytes(),
            layer: &layer,
            window,
        };
        let reach = match layered.changes {
            Some(changes) if !self.is_thorough() => Reach::around(changes, view.map()),
            _ => Reach::everything(),
        };
        self.walk(&place, &reach, out)?;
        let Some(levels) = levels.checked_sub(1) else {
            return Ok(());
        };
        let decoded = View::decoded(view.bytes());
        let unquoted = View::unquoted(view.bytes());
        for inner in decoded.iter().chain(&unquoted) {
            let inner_layer = Layer::over(inner.map(), &layer);
            let inner = Layered {
                source: inner.bytes(),
                below: Some(&inner_layer),
                changes: Some(inner.map()),
            };
            self.layer(&inner, window, levels, out)?;
        }
        for run in View::encoded_runs(view.bytes()) {
            let inner_layer = Layer::over(run.map(), &layer);
            let inner = Layered {
                source: run.bytes(),
                below: Some(&inner_layer),
                changes: None,
            };
            self.layer(&inner, window, levels, out)?;
        }
        Ok(())
    }

    /// One pass over a view, or over the stretches of it that are within reach of a change.
    fn walk(
        &mut self,
        place: &Place<'_, '_>,
        reach: &Reach,
        out: &mut Vec<(Found, u8)>,
    ) -> Result<(), Error> {
        self.signs(place, out);
        self.scanner.words.find(place.view, &mut |span, kind| {
            self.offer(place, span, kind, out)
        });
        let mut done = 0;
        for stretch in reach.stretches(place.view.len()) {
            // A word that began before it is out of reach, and passed over once, however many stretches it spans.
            let mut at = stretch.start.max(done);
            if at > 0 && is_word(place.view.get(at - 1)) {
                at += word_len(place.view, at);
            }
            done = self.stretch(place, at..stretch.end, out)?;
        }
        Ok(())
    }

    /// Tries the patterns at each start of a stretch, which does not begin within a word; says where it stopped.
    fn stretch(
        &mut self,
        place: &Place<'_, '_>,
        stretch: Range<usize>,
        out: &mut Vec<(Found, u8)>,
    ) -> Result<usize, Error> {
        let view = place.view;
        let mut at = stretch.start;
        while at < stretch.end {
            let stop = if self.own_cache.is_some() || self.is_thorough() {
                at // a pattern of the user may begin at any word
            } else {
                prefilter::next(view, at)
            };
            if stop >= stretch.end.min(view.len()) {
                return Ok(at.max(stretch.end));
            }
            at = word_start(view, at, stop);
            while at < stop + prefilter::GROUP && at < view.len() {
                at = self.starts(place, at, out)?;
            }
        }
        Ok(at)
    }

    /// Tries the patterns at the word or sign at `at`; says where the next one is.
    fn starts(
        &mut self,
        place: &Place<'_, '_>,
        start: usize,
        out: &mut Vec<(Found, u8)>,
    ) -> Result<usize, Error> {
        let view = place.view;
        let mut at = start;
        let mut classes = 0;
        while let Some(class) = view
            .get(at)
            .map(|byte| class(*byte))
            .filter(|class| *class != 0)
        {
            classes |= class;
            at += 1;
        }
        if start == at {
            let sign = view.get(at).copied().unwrap_or(0);
            if begins_sign(sign, view.get(at + 1)) {
                self.patterns(place, at, out)?;
            }
            return Ok(at + 1);
        }
        if classes & DIGIT != 0 || can_go_on(view, start, at) {
            self.patterns(place, start, out)?;
        }
        if self.own_cache.is_some() {
            self.own_patterns(place, start, out)?;
        }
        Ok(at)
    }

    /// What is found around a sign.
    fn signs(&self, place: &Place<'_, '_>, out: &mut Vec<(Found, u8)>) {
        let view = place.view;
        let shapes = self.scanner.shapes;
        if let Some(kind) = shapes.email {
            for at in memchr_iter(b'@', view) {
                if let Some(span) = finder::email(view, at) {
                    self.offer(place, span, kind, out);
                }
            }
        }
        if let Some(kind) = shapes.url_credentials {
            for at in memmem::find_iter(view, b"://") {
                if let Some(span) = finder::url_credentials(view, at) {
                    self.offer(place, span, kind, out);
                }
            }
        }
        if let Some(kind) = shapes.private_key {
            for at in memmem::find_iter(view, b"-----BEGIN ") {
                if let Some(span) = finder::private_key(view, at) {
                    self.offer(place, span, kind, out);
                }
            }
        }
        self.names(place, out);
    }

    /// Tokens, and what a name says that it is secret.
    fn names(&self, place: &Place<'_, '_>, out: &mut Vec<(Found, u8)>) {
        let view = place.view;
        let shapes = self.scanner.shapes;
        if let Some(kind) = shapes.jwt {
            for at in memmem::find_iter(view, b"eyJ") {
                let begins = at == 0 || !is_word(view.get(at - 1));
                if begins && let Some(span) = finder::jwt(view, at) {
                    self.offer(place, span, kind, out);
                }
            }
        }
        if let Some(kind) = shapes.named_secret {
            for sign in memchr2_iter(b':', b'=', view) {
                if let Some((name, span)) = named::secret(view, sign)
                    && place.is_near(name, span.start)
                {
                    self.offer(place, span, kind, out);
                }
            }
        }
    }

    /// Tries all patterns from one start.
    fn patterns(
        &mut self,
        place: &Place<'_, '_>,
        start: usize,
        out: &mut Vec<(Found, u8)>,
    ) -> Result<(), Error> {
        let scanner = self.scanner;
        let mut matches = std::mem::take(&mut self.matches);
        ends(
            &scanner.states,
            &mut self.cache,
            place.view,
            start,
            &mut matches,
        )?;
        self.settle(place, start, &mut matches, &scanner.patterns, out);
        self.matches = matches;
        Ok(())
    }

    fn own_patterns(
        &mut self,
        place: &Place<'_, '_>,
        start: usize,
        out: &mut Vec<(Found, u8)>,
    ) -> Result<(), Error> {
        let scanner = self.scanner;
        let (Some(states), Some(cache)) = (&scanner.own_states, &mut self.own_cache) else {
            return Ok(());
        };
        let mut matches = std::mem::take(&mut self.matches);
        ends(states, cache, place.view, start, &mut matches)?;
        self.settle(place, start, &mut matches, &scanner.own_patterns, out);
        self.matches = matches;
        Ok(())
    }

    /// Of each pattern the longest match that holds.
    fn settle(
        &self,
        place: &Place<'_, '_>,
        start: usize,
        matches: &mut Vec<(usize, usize)>,
        patterns: &[KindIndex],
        out: &mut Vec<(Found, u8)>,
    ) {
        if matches.is_empty() {
            return;
        }
        matches.sort_unstable_by_key(|(pattern, end)| (*pattern, std::cmp::Reverse(*end)));
        let mut done = None;
        for (pattern, end) in matches.drain(..) {
            let Some(kind) = patterns.get(pattern).copied() else {
                continue;
            };
            if done != Some(pattern) && self.offer(place, start..end, kind, out) {
                done = Some(pattern);
            }
        }
    }

    /// Takes a candidate if it holds and may stand here.
    fn offer(
        &self,
        place: &Place<'_, '_>,
        span: Range<usize>,
        kind: KindIndex,
        out: &mut Vec<(Found, u8)>,
    ) -> bool {
        let Some(entry) = self.scanner.kind(kind) else {
            return false;
        };
        let Some(value) = place.view.get(span.clone()) else {
            return false;
        };
        if !entry.holds(value) {
            return false;
        }
        let original = place.layer.original(span.clone());
        let len = original.end - original.start;
        if !place.window.counts.contains(&original.start) || len > CANDIDATE_SOURCE_BYTES_MAX {
            return false;
        }
        let floor = original.start.saturating_sub(CONTEXT_SOURCE_BYTES);
        let ceiling = place.layer.first_at(original.end + CONTEXT_SOURCE_BYTES);
        let floor = place.layer.first_at(floor).min(span.start);
        let around = Around::of(place.view, &span, floor, ceiling.max(span.end));
        if !entry.may_stand(value, &around, place.window.field) {
            return false;
        }
        let rank = entry.rank_at(&around, place.window.field);
        let found = Found {
            span: original,
            kind,
            value: Arc::from(value),
        };
        out.push((found, rank));
        true
    }
}

/// What a view is made of.
struct Layered<'a, 'l> {
    source: &'a [u8],
    below: Option<&'a Layer<'l>>,
    /// How it came to be from a view that was searched; none if nothing of it was.
    changes: Option<&'a OffsetMap>,
}

/// A view under search.
struct Place<'a, 'l> {
    view: &'a [u8],
    layer: &'a Layer<'l>,
    window: &'a Window<'a>,
}

impl Place<'_, '_> {
    /// Whether two offsets of the view stand close enough in the original for one to speak about the other.
    fn is_near(&self, left: usize, right: usize) -> bool {
        let left = self.layer.original(left..left).start;
        let right = self.layer.original(right..right).start;
        right.saturating_sub(left) <= CONTEXT_SOURCE_BYTES
    }
}

/// Every match from `start`: pattern and end, where the match ends with a word.
fn ends(
    states: &DFA,
    cache: &mut Cache,
    view: &[u8],
    start: usize,
    matches: &mut Vec<(usize, usize)>,
) -> Result<(), Error> {
    let failed = |why: &dyn std::fmt::Display| Error::Engine {
        why: why.to_string(),
    };
    let config = start::Config::new().anchored(Anchored::Yes);
    let mut state = states
        .start_state(cache, &config)
        .map_err(|error| failed(&error))?;
    let end = view.len().min(start + CANDIDATE_BYTES_MAX);
    let text = view.get(start..end).unwrap_or_default();
    for (at, byte) in text.iter().enumerate() {
        state = states
            .next_state(cache, state, *byte)
            .map_err(|error| failed(&error))?;
        if !state.is_tagged() {
            continue;
        }
        if state.is_match() {
            // A match is seen one byte after its end.
            let joined = byte.is_ascii_alphanumeric()
                && at
                    .checked_sub(1)
                    .and_then(|last| text.get(last))
                    .is_some_and(u8::is_ascii_alphanumeric);
            if !joined {
                for index in 0..states.match_len(cache, state) {
                    let pattern = states.match_pattern(cache, state, index).as_usize();
                    matches.push((pattern, start + at));
                }
            }
        } else if state.is_dead() || state.is_quit() {
            return Ok(());
        }
    }
    if end == view.len() {
        state = states
            .next_eoi_state(cache, state)
            .map_err(|error| failed(&error))?;
        if state.is_match() {
            for index in 0..states.match_len(cache, state) {
                let pattern = states.match_pattern(cache, state, index).as_usize();
                matches.push((pattern, end));
            }
        }
    }
    Ok(())
}

/// The start of the character that holds the byte at `at`.
pub(super) fn floor_of(text: &[u8], at: usize) -> usize {
    let is_inside = |at: &usize| text.get(*at).is_some_and(|byte| byte & 0xc0 == 0x80);
    let back = (0..4)
        .filter_map(|back| at.checked_sub(back))
        .find(|at| !is_inside(at));
    back.unwrap_or(at)
}
