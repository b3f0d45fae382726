//! Patterns of a policy: regular expressions with a bound.

use regex_automata::util::syntax;

use super::file::bad;
use crate::Error;
use crate::limits::{CANDIDATE_BYTES_MAX, PATTERN_BYTES_MAX, PATTERN_DEPTH_MAX};

/// A pattern of the user has to be bounded: so is the work, and so is what a stream keeps.
pub(super) fn check_pattern(pattern: &str) -> Result<(), Error> {
    if pattern.len() > PATTERN_BYTES_MAX {
        let why = format!("a pattern has at most {PATTERN_BYTES_MAX} bytes");
        return Err(bad("patterns", why));
    }
    let config = syntax::Config::new()
        .unicode(false)
        .utf8(false)
        .nest_limit(PATTERN_DEPTH_MAX);
    let parsed = syntax::parse_with(pattern, &config)
        .map_err(|error| bad("patterns", format!("it is no regular expression: {error}")))?;
    let properties = parsed.properties();
    if !properties.look_set().is_empty() {
        return Err(bad(
            "patterns",
            "anchors and word boundaries are not allowed: a match is a whole word anyway",
        ));
    }
    match (properties.minimum_len(), properties.maximum_len()) {
        (Some(1..), Some(longest)) if longest <= CANDIDATE_BYTES_MAX => Ok(()),
        _ => {
            let why = format!(
                "what it matches has to have 1 to {CANDIDATE_BYTES_MAX} bytes: write {{1,20}} for + and {{0,20}} for *"
            );
            Err(bad("patterns", why))
        }
    }
}
