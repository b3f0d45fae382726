//! All patterns as one automaton, run from one start.

use regex_automata::Anchored;
use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::util::start;

use crate::Error;
use crate::limits::CANDIDATE_BYTES_MAX;

/// Every match from `start`: pattern and end, where the match ends with a word. Says where the first byte stands that
/// was not looked at.
pub(super) fn ends(
    states: &DFA,
    cache: &mut Cache,
    view: &[u8],
    start: usize,
    matches: &mut Vec<(usize, usize)>,
) -> Result<usize, Error> {
    let config = start::Config::new().anchored(Anchored::Yes);
    let mut state = states.start_state(cache, &config).map_err(failed)?;
    // The end of a match is seen one byte later.
    let end = view.len().min(start + CANDIDATE_BYTES_MAX + 1);
    let text = view.get(start..end).unwrap_or_default();
    let mut last = 0;
    for (at, byte) in text.iter().enumerate() {
        let before = std::mem::replace(&mut last, *byte);
        if !state.is_tagged() {
            // Most states are known, and nothing ends in them.
            let next = states.next_state_untagged(cache, state, *byte);
            if !next.is_tagged() {
                state = next;
                continue;
            }
        }
        state = states.next_state(cache, state, *byte).map_err(failed)?;
        if state.is_match() {
            let joined = byte.is_ascii_alphanumeric() && before.is_ascii_alphanumeric();
            if !joined {
                push(states, cache, state, start + at, matches);
            }
        } else if state.is_dead() || state.is_quit() {
            return Ok(start + at + 1);
        }
    }
    if end == view.len() && text.len() <= CANDIDATE_BYTES_MAX {
        state = states.next_eoi_state(cache, state).map_err(failed)?;
        if state.is_match() {
            push(states, cache, state, end, matches);
        }
    }
    Ok(end)
}

/// The patterns of a state that matches.
fn push(
    states: &DFA,
    cache: &Cache,
    state: LazyStateID,
    end: usize,
    matches: &mut Vec<(usize, usize)>,
) {
    for index in 0..states.match_len(cache, state) {
        let pattern = states.match_pattern(cache, state, index).as_usize();
        matches.push((pattern, end));
    }
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Engine {
        why: error.to_string(),
    }
}
