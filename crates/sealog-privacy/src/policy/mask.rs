//! What a mask leaves of a value.

use crate::catalogue::Mask;

/// What stands for a value of which nothing is left, and for the part of an address before its `@`.
const WHOLE: &str = "********";

/// The masked form of a value, as it was folded. Never more than half of its letters and digits are left.
pub(super) fn masked(value: &[u8], mask: Mask) -> String {
    let text = String::from_utf8_lossy(value);
    match mask {
        Mask::Whole => WHOLE.to_owned(),
        Mask::Email => email(&text),
        Mask::KeepLast(last) => kept(&text, 0, last),
        Mask::KeepEnds(first, last) => kept(&text, first, last),
    }
}

fn email(text: &str) -> String {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return WHOLE.to_owned();
    };
    let first = local.chars().next().filter(|first| first.is_alphanumeric());
    let mut out = String::new();
    // Of a part of one character nothing would be hidden.
    if local.chars().count() > 1 {
        out.extend(first);
    }
    out.push_str("***@");
    out.push_str(domain);
    out
}

fn kept(text: &str, first: usize, last: usize) -> String {
    let count = text
        .chars()
        .filter(|character| character.is_alphanumeric())
        .count();
    if (first + last) * 2 > count {
        return WHOLE.to_owned();
    }
    let mut seen = 0;
    text.chars()
        .map(|character| {
            if !character.is_alphanumeric() {
                return character;
            }
            seen += 1;
            if seen <= first || seen + last > count {
                character
            } else {
                '*'
            }
        })
        .collect()
}
