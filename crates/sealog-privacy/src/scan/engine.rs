//! Searches a text window by window, and each window through its views.

use std::ops::Range;

use regex_automata::hybrid::dfa::{Cache, DFA};

use super::Found;
use super::layer::Layer;
use super::overlap::Overlaps;
use super::place::Place;
use super::reach::{Changes, Reach, Tried};
use super::scanner::Scanner;
use super::signs::{Seen, Where, signs};
use crate::Error;
use crate::limits::{LAYERS_MAX, LOOK_AHEAD_BYTES, LOOK_BEHIND_BYTES, WINDOW_BYTES};
use crate::view::{OffsetMap, Spare, View};

/// One search, with the memory that it needs.
#[derive(Debug)]
pub struct Session<'s> {
    pub(super) scanner: &'s Scanner,
    pub(super) cache: Cache,
    pub(super) own_cache: Option<Cache>,
    /// Pattern and end of each match from one start.
    pub(super) matches: Vec<(usize, usize)>,
    /// From where the patterns were tried in one view.
    pub(super) tried: Vec<Tried>,
    /// Memory of the views of windows before.
    spare: Spare,
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
            tried: Vec::new(),
            spare: Spare::default(),
            #[cfg(test)]
            thorough: false,
        }
    }

    #[cfg(test)]
    pub(super) const fn is_thorough(&self) -> bool {
        self.thorough
    }

    #[cfg(not(test))]
    #[expect(clippy::unused_self, reason = "a test can ask for a thorough search")]
    pub(super) const fn is_thorough(&self) -> bool {
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
            decoded: None,
            is_plain: false,
            seen: Seen::default(),
            tried: None,
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
        let view = match layered.decoded {
            Some(decoded) if layered.is_plain && !self.is_thorough() => {
                View::of_decoded(layered.source, decoded, &mut self.spare)
            }
            _ => View::of_into(layered.source, &mut self.spare),
        };
        let done = self.view(&view, layered, window, levels, out);
        self.spare.keep(view);
        done
    }

    /// Searches a view and what is encoded in it.
    fn view(
        &mut self,
        view: &View<'_>,
        layered: &Layered<'_, '_>,
        window: &Window<'_>,
        levels: usize,
        out: &mut Vec<(Found, u8)>,
    ) -> Result<(), Error> {
        let layer = match layered.below {
            Some(below) => Layer::over(view.map(), below),
            None => Layer::first(view.map(), window.offset),
        };
        let place = Place::new(view.bytes(), &layer, window);
        let changes = layered.decoded.filter(|_| !self.is_thorough());
        let changes = changes.map(|decoded| Changes::of(decoded, view.map()));
        let reach = match (&changes, layered.tried) {
            (None, _) => Reach::everything(),
            (Some(changes), Some(tried)) => Reach::touched(place.view, changes, tried),
            (Some(changes), None) => Reach::around(changes),
        };
        let places = Where::of(changes.as_ref(), layered.seen);
        let seen = signs(self.scanner, &place, &places, out);
        self.walk(&place, &reach, out)?;
        let Some(levels) = levels.checked_sub(1) else {
            return Ok(());
        };
        // Patterns of the user are tried at every word: too many to be kept.
        let is_whole = changes.is_none() && !self.is_thorough() && self.own_cache.is_none();
        let tried = std::mem::take(&mut self.tried);
        let decoded = View::decoded_into(place.view, &mut self.spare);
        let unquoted = View::unquoted_into(place.view, &mut self.spare);
        for inner in decoded.iter().chain(&unquoted) {
            let inner_layer = Layer::over(inner.map(), &layer);
            let inner = Layered {
                source: inner.bytes(),
                below: Some(&inner_layer),
                decoded: Some(inner.map()),
                is_plain: view.is_plain(),
                seen,
                tried: is_whole.then_some(&tried),
            };
            self.layer(&inner, window, levels, out)?;
        }
        self.tried = tried;
        for run in self.runs(&place, changes.as_ref()) {
            let inner_layer = Layer::over(run.map(), &layer);
            let inner = Layered {
                source: run.bytes(),
                below: Some(&inner_layer),
                decoded: None,
                is_plain: false,
                seen: Seen::default(),
                tried: None,
            };
            self.layer(&inner, window, levels, out)?;
        }
        for done in [decoded, unquoted].into_iter().flatten() {
            self.spare.keep(done);
        }
        Ok(())
    }

    /// What the runs of base64 of a view decode to that were not decoded in the view below.
    fn runs(&self, place: &Place<'_>, changes: Option<&Changes>) -> Vec<View<'static>> {
        let limit = place.limit.clone();
        match changes {
            None if self.is_thorough() => View::encoded_runs(place.view),
            None => View::encoded_runs_at(place.view, std::iter::once(limit)),
            Some(changes) => {
                let here = changes.iter().map(|change| change.here.clone());
                let here = here.filter(|here| here.start <= limit.end && limit.start <= here.end);
                View::encoded_runs_at(place.view, here)
            }
        }
    }
}

/// What a view is made of.
struct Layered<'a, 'l> {
    source: &'a [u8],
    below: Option<&'a Layer<'l>>,
    /// How it was decoded from the view below; none if nothing of it was searched there.
    decoded: Option<&'a OffsetMap>,
    /// Whether nothing was folded in the view below.
    is_plain: bool,
    /// Of which kinds that one has signs.
    seen: Seen,
    /// From where the patterns were tried in the view below, if all that is known.
    tried: Option<&'a [Tried]>,
}

/// The start of the character that holds the byte at `at`.
pub(super) fn floor_of(text: &[u8], at: usize) -> usize {
    let is_inside = |at: &usize| text.get(*at).is_some_and(|byte| byte & 0xc0 == 0x80);
    let back = (0..4)
        .filter_map(|back| at.checked_sub(back))
        .find(|at| !is_inside(at));
    back.unwrap_or(at)
}
