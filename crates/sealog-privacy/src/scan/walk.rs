//! One pass over a view: where a word begins that can begin an identifier, all patterns are tried at once.

use std::ops::Range;

use super::automaton::ends;
use super::engine::Session;
use super::marks::Block;
use super::place::{Outcome, Place};
use super::reach::{Reach, Tried};
use super::scanner::Scanner;
use super::starts::{begins_sign, can_begin, is_word, word_len};
use super::{Found, KindIndex};
use crate::Error;
use crate::blocks::BLOCK;

/// Bytes from the start of a word within which the passing over of prose stops for it: sixteen letters, or twelve and
/// the two signs behind them.
const WORD_BYTES: usize = 18;

impl Session<'_> {
    /// One pass over a view, or over the stretches of it that are within reach of a change.
    pub(super) fn walk(
        &mut self,
        place: &Place<'_>,
        reach: &Reach,
        out: &mut Vec<(Found, u8)>,
    ) -> Result<(), Error> {
        self.tried.clear();
        self.scanner.words.find(place.view, &mut |span, kind| {
            offer(self.scanner, place, span, kind, out) == Outcome::Found
        });
        let limit = if self.is_thorough() {
            0..place.view.len()
        } else {
            place.limit.clone()
        };
        let mut done = 0;
        for stretch in reach.stretches(limit) {
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
        place: &Place<'_>,
        stretch: Range<usize>,
        out: &mut Vec<(Found, u8)>,
    ) -> Result<usize, Error> {
        let view = place.view;
        let Range { start: mut at, end } = stretch;
        // A pattern of the user may begin at any word; and a few bytes are not worth a block.
        if self.own_cache.is_some() || self.is_thorough() || end < at + BLOCK / 2 {
            while at < end {
                at = self.starts(place, at, out)?;
            }
            return Ok(at);
        }
        let mut base = at;
        while base < view.len().min(end + WORD_BYTES) {
            let block = Block::at(view, base);
            while let Some(mark) = block.mark_from(at) {
                let (word, sign) = block.word_at(view, mark);
                if word.start.max(at) >= end {
                    return Ok(end);
                }
                // One that began before is done.
                if word.start >= at && (block.is_digit(mark) || can_begin(view, &word)) {
                    self.patterns(place, word.start, out)?;
                }
                at = word.end;
                if let Some(sign) = sign {
                    if begins_sign(sign, view.get(at + 1)) {
                        self.patterns(place, at, out)?;
                    }
                    at += 1;
                }
            }
            base = at.max(base + BLOCK);
        }
        Ok(at.max(end))
    }

    /// Tries the patterns at the word or sign at `at`; says where the next one is.
    fn starts(
        &mut self,
        place: &Place<'_>,
        start: usize,
        out: &mut Vec<(Found, u8)>,
    ) -> Result<usize, Error> {
        let view = place.view;
        let word = start..start + word_len(view, start);
        if word.is_empty() {
            let sign = view.get(start).copied().unwrap_or(0);
            if begins_sign(sign, view.get(start + 1)) {
                self.patterns(place, start, out)?;
            }
            return Ok(start + 1);
        }
        if can_begin(view, &word) {
            self.patterns(place, start, out)?;
        }
        if self.own_cache.is_some() {
            self.own_patterns(place, start, out)?;
        }
        Ok(word.end)
    }

    /// Tries all patterns from one start.
    fn patterns(
        &mut self,
        place: &Place<'_>,
        start: usize,
        out: &mut Vec<(Found, u8)>,
    ) -> Result<(), Error> {
        let scanner = self.scanner;
        let (states, cache, matches) = (&scanner.states, &mut self.cache, &mut self.matches);
        let end = ends(states, cache, place.view, start, matches)?;
        let looks_around = settle(scanner, &scanner.patterns, place, start, matches, out);
        self.tried.push(Tried {
            start,
            end,
            looks_around,
        });
        Ok(())
    }

    fn own_patterns(
        &mut self,
        place: &Place<'_>,
        start: usize,
        out: &mut Vec<(Found, u8)>,
    ) -> Result<(), Error> {
        let scanner = self.scanner;
        let (Some(states), Some(cache)) = (&scanner.own_states, &mut self.own_cache) else {
            return Ok(());
        };
        let matches = &mut self.matches;
        ends(states, cache, place.view, start, matches)?;
        settle(scanner, &scanner.own_patterns, place, start, matches, out);
        Ok(())
    }
}

/// Of each pattern the longest match that holds. Says whether something was found that what stands around it decides
/// about.
fn settle(
    scanner: &Scanner,
    patterns: &[KindIndex],
    place: &Place<'_>,
    start: usize,
    matches: &mut Vec<(usize, usize)>,
    out: &mut Vec<(Found, u8)>,
) -> bool {
    if matches.is_empty() {
        return false;
    }
    matches.sort_unstable_by_key(|(pattern, end)| (*pattern, std::cmp::Reverse(*end)));
    let mut done = None;
    let mut looks_around = false;
    for (pattern, end) in matches.drain(..) {
        let Some(kind) = patterns.get(pattern).copied() else {
            continue;
        };
        if done == Some(pattern) {
            continue;
        }
        let outcome = offer(scanner, place, start..end, kind, out);
        looks_around |= outcome != Outcome::Nothing;
        if outcome == Outcome::Found {
            done = Some(pattern);
        }
    }
    looks_around
}

/// Offers a candidate of this type.
pub(super) fn offer(
    scanner: &Scanner,
    place: &Place<'_>,
    span: Range<usize>,
    index: KindIndex,
    out: &mut Vec<(Found, u8)>,
) -> Outcome {
    let kind = scanner.kind(index);
    kind.map_or(Outcome::Nothing, |kind| place.offer(span, index, kind, out))
}
