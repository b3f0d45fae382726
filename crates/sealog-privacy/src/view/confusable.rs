//! Letters of other scripts that look like letters of ASCII: the idea of the skeleton of UTS 39, for the letters that
//! occur in identifiers.
//!
//! Digits that look like letters are left alone, and so is everything of ASCII: `O` is not `0` here.

/// Characters and the ASCII letters that they look like, by code point.
#[rustfmt::skip]
const LOOKALIKES: &[(char, u8)] = &[
    // Latin.
    ('\u{131}', b'i'), ('\u{1c0}', b'l'), ('\u{251}', b'a'), ('\u{261}', b'g'),
    ('\u{269}', b'i'), ('\u{26a}', b'i'), ('\u{28b}', b'u'), ('\u{28f}', b'y'),
    // Greek.
    ('\u{37f}', b'J'), ('\u{391}', b'A'), ('\u{392}', b'B'), ('\u{395}', b'E'),
    ('\u{396}', b'Z'), ('\u{397}', b'H'), ('\u{399}', b'I'), ('\u{39a}', b'K'),
    ('\u{39c}', b'M'), ('\u{39d}', b'N'), ('\u{39f}', b'O'), ('\u{3a1}', b'P'),
    ('\u{3a4}', b'T'), ('\u{3a5}', b'Y'), ('\u{3a7}', b'X'), ('\u{3b1}', b'a'),
    ('\u{3b3}', b'y'), ('\u{3b9}', b'i'), ('\u{3bd}', b'v'), ('\u{3bf}', b'o'),
    ('\u{3c1}', b'p'), ('\u{3c3}', b'o'), ('\u{3c5}', b'u'), ('\u{3f3}', b'j'),
    // Cyrillic.
    ('\u{405}', b'S'), ('\u{406}', b'I'), ('\u{408}', b'J'), ('\u{410}', b'A'),
    ('\u{412}', b'B'), ('\u{415}', b'E'), ('\u{41a}', b'K'), ('\u{41c}', b'M'),
    ('\u{41d}', b'H'), ('\u{41e}', b'O'), ('\u{420}', b'P'), ('\u{421}', b'C'),
    ('\u{422}', b'T'), ('\u{423}', b'Y'), ('\u{425}', b'X'), ('\u{430}', b'a'),
    ('\u{433}', b'r'), ('\u{435}', b'e'), ('\u{43e}', b'o'), ('\u{440}', b'p'),
    ('\u{441}', b'c'), ('\u{443}', b'y'), ('\u{445}', b'x'), ('\u{455}', b's'),
    ('\u{456}', b'i'), ('\u{458}', b'j'), ('\u{461}', b'w'), ('\u{474}', b'V'),
    ('\u{475}', b'v'), ('\u{4ae}', b'Y'), ('\u{4af}', b'y'), ('\u{4bb}', b'h'),
    ('\u{4c0}', b'I'), ('\u{4cf}', b'i'), ('\u{501}', b'd'), ('\u{50c}', b'G'),
    ('\u{51b}', b'q'), ('\u{51c}', b'W'), ('\u{51d}', b'w'),
    // Armenian.
    ('\u{54d}', b'U'), ('\u{54f}', b'S'), ('\u{555}', b'O'), ('\u{561}', b'w'),
    ('\u{563}', b'q'), ('\u{566}', b'q'), ('\u{570}', b'h'), ('\u{578}', b'n'),
    ('\u{57d}', b'u'), ('\u{581}', b'g'), ('\u{584}', b'f'), ('\u{585}', b'o'),
    // Cherokee.
    ('\u{13a0}', b'D'), ('\u{13a1}', b'R'), ('\u{13a2}', b'T'), ('\u{13a5}', b'i'),
    ('\u{13a9}', b'Y'), ('\u{13aa}', b'A'), ('\u{13ab}', b'J'), ('\u{13ac}', b'E'),
    ('\u{13b3}', b'W'), ('\u{13b7}', b'M'), ('\u{13bb}', b'H'), ('\u{13bd}', b'Y'),
    ('\u{13c0}', b'G'), ('\u{13c2}', b'h'), ('\u{13c3}', b'Z'), ('\u{13cf}', b'b'),
    ('\u{13d2}', b'R'), ('\u{13d4}', b'W'), ('\u{13d5}', b'S'), ('\u{13d9}', b'V'),
    ('\u{13da}', b'S'), ('\u{13de}', b'L'), ('\u{13df}', b'C'), ('\u{13e2}', b'P'),
    ('\u{13e6}', b'K'), ('\u{13e7}', b'd'), ('\u{13f3}', b'G'), ('\u{13f4}', b'B'),
];

/// The letter of ASCII that a character looks like.
pub(super) fn lookalike(character: char) -> Option<u8> {
    let found = LOOKALIKES.binary_search_by_key(&character, |(other, _)| *other);
    let found = found.ok().and_then(|index| LOOKALIKES.get(index));
    found.map(|(_, letter)| *letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_without_doubles() {
        assert!(LOOKALIKES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn nothing_of_ascii_looks_like_anything_else() {
        assert!(('\0'..='\u{7f}').all(|character| lookalike(character).is_none()));
    }
}
