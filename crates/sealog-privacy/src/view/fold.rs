//! What one character becomes in a view.

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

use super::confusable::lookalike;
use crate::limits::FOLDED_CHARACTERS_MAX;

/// What one character becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Folded {
    /// Itself.
    Same,
    /// Nothing: it has no width, or it only decorates the one before it.
    Nothing,
    /// One byte of ASCII.
    Byte(u8),
    /// Several characters, or another one.
    Several([Option<char>; FOLDED_CHARACTERS_MAX]),
}

/// Folds one character, by itself.
pub(super) fn fold(character: char) -> Folded {
    if character.is_ascii() || is_plain_script(character) {
        return Folded::Same;
    }
    if is_invisible(character) || is_combining_mark(character) {
        return Folded::Nothing;
    }
    if let Some(byte) = simple(character) {
        return Folded::Byte(byte);
    }
    let mut several = [None; FOLDED_CHARACTERS_MAX];
    let mut count = 0_usize;
    decompose_compatible(character, |part| {
        if is_combining_mark(part) || is_invisible(part) {
            return;
        }
        if let Some(place) = several.get_mut(count) {
            *place = Some(simple(part).map_or(part, char::from));
        }
        count += 1;
    });
    match several {
        _ if count > FOLDED_CHARACTERS_MAX => Folded::Same,
        [None, ..] => Folded::Nothing,
        [Some(only), None, ..] if only == character => Folded::Same,
        [Some(only), None, ..] if only.is_ascii() => {
            u8::try_from(only).map_or(Folded::Same, Folded::Byte)
        }
        _ => Folded::Several(several),
    }
}

/// Ideographs and Hangul syllables, which nothing folds: most of a text in these scripts is skipped so.
const fn is_plain_script(character: char) -> bool {
    matches!(character,
        '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{20000}'..='\u{2f7ff}')
}

/// The byte of ASCII that stands for a digit, hyphen, space, stop or lookalike.
fn simple(character: char) -> Option<u8> {
    if character.is_ascii() {
        return None;
    }
    digit(character)
        .or_else(|| sign(character))
        .or_else(|| lookalike(character))
}

/// The zeros of all sets of ten decimal digits beyond ASCII (general category Nd), in order.
#[rustfmt::skip]
const ZEROS: &[u32] = &[
    0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6,
    0x0d66, 0x0de6, 0x0e50, 0x0ed0, 0x0f20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0,
    0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0,
    0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x10d40, 0x11066, 0x110f0, 0x11136, 0x111d0,
    0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x116d0, 0x116da, 0x11730, 0x118e0, 0x11950,
    0x11bf0, 0x11c50, 0x11d50, 0x11da0, 0x11de0, 0x11f50, 0x16130, 0x16a60, 0x16ac0, 0x16b50,
    0x16d70, 0x1ccf0, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e4f0,
    0x1e5f1, 0x1e950, 0x1fbf0,
];

/// The ASCII digit of a decimal digit of any script, and of the circled ones that have no compatibility form.
pub(super) fn digit(character: char) -> Option<u8> {
    let code = u32::from(character);
    let value = match code {
        // One to nine in black circles, and the zero.
        0x2776..=0x277e => code - 0x2775,
        0x278a..=0x2792 => code - 0x2789,
        0x24f5..=0x24fd => code - 0x24f4,
        0x24ff => 0,
        _ => {
            let after = ZEROS.partition_point(|zero| *zero <= code);
            let zero = after.checked_sub(1).and_then(|index| ZEROS.get(index))?;
            code.checked_sub(*zero).filter(|value| *value <= 9)?
        }
    };
    u8::try_from(value).ok().map(|value| b'0' + value)
}

/// Hyphens, spaces, line ends and stops.
fn sign(character: char) -> Option<u8> {
    Some(match character {
        '\u{58a}'
        | '\u{5be}'
        | '\u{1400}'
        | '\u{1806}'
        | '\u{2010}'..='\u{2015}'
        | '\u{2043}'
        | '\u{2053}'
        | '\u{207b}'
        | '\u{208b}'
        | '\u{2212}'
        | '\u{2e17}'
        | '\u{2e1a}'
        | '\u{2e3a}'
        | '\u{2e3b}'
        | '\u{2e40}'
        | '\u{2e5d}'
        | '\u{301c}'
        | '\u{3030}'
        | '\u{30a0}'
        | '\u{fe31}'
        | '\u{fe32}'
        | '\u{fe58}'
        | '\u{fe63}'
        | '\u{ff0d}'
        | '\u{10d6e}'
        | '\u{10ead}' => b'-',
        '\u{85}' | '\u{2028}' | '\u{2029}' => b'\n',
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
            b' '
        }
        '\u{3002}' | '\u{ff61}' => b'.',
        '\u{2044}' | '\u{2215}' => b'/',
        _ => return None,
    })
}

/// Characters that are not shown: the default ignorable code points of Unicode and the other controls of format.
pub(super) const fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests;
