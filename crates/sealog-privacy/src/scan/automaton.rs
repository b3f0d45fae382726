//! All patterns as one automaton, run from one start.

use regex_automata::Anchored;
use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::util::start;

use super::starts::is_word;
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
    let mut at = 0;
    loop {
        if !state.is_tagged() {
            (state, at) = skim(states, cache, state, text, at);
        }
        let Some(byte) = text.get(at) else {
            break;
        };
        state = states.next_state(cache, state, *byte).map_err(failed)?;
        if state.is_match() {
            let before = at.checked_sub(1).and_then(|before| text.get(before));
            let joined = byte.is_ascii_alphanumeric() && is_word(before);
            if !joined {
                push(states, cache, state, start + at, matches);
            }
        } else if state.is_dead() || state.is_quit() {
            return Ok(start + at + 1);
        }
        at += 1;
    }
    if end == view.len() && text.len() <= CANDIDATE_BYTES_MAX {
        state = states.next_eoi_state(cache, state).map_err(failed)?;
        if state.is_match() {
            push(states, cache, state, end, matches);
        }
    }
    Ok(end)
}

/// Goes on through states that are known and in which nothing ends, as most are: the last of them, and which byte leads
/// to another.
fn skim(
    states: &DFA,
    cache: &Cache,
    mut state: LazyStateID,
    text: &[u8],
    mut at: usize,
) -> (LazyStateID, usize) {
    while let Some(byte) = text.get(at) {
        let next = states.next_state_untagged(cache, state, *byte);
        if next.is_tagged() {
            break;
        }
        state = next;
        at += 1;
    }
    (state, at)
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
