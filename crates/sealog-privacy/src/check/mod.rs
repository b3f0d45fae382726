//! Arithmetic of check digits, shared by the types of identifiers.
//!
//! A check is given what was matched, separators and all, and says whether the number can be one. It never looks at
//! what stands around.

pub(crate) mod date;

/// Letters and digits of one identifier, at most.
const COMPACT_MAX: usize = 64;

/// The `N` digits of a text, whatever separates them; none if it has another number of digits, or letters.
pub(crate) fn digits<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let mut found = [0; N];
    let mut count = 0;
    for byte in text {
        match byte {
            b'0'..=b'9' => {
                *found.get_mut(count)? = byte - b'0';
                count += 1;
            }
            b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => return None,
            _ => {}
        }
    }
    (count == N).then_some(found)
}

/// The letters (upper case) and digits of a text, without its separators.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Compact {
    bytes: [u8; COMPACT_MAX],
    len: usize,
}

impl Compact {
    /// None if there are too many.
    pub(crate) fn of(text: &[u8]) -> Option<Self> {
        let mut compact = Self {
            bytes: [0; COMPACT_MAX],
            len: 0,
        };
        for byte in text.iter().filter(|byte| byte.is_ascii_alphanumeric()) {
            *compact.bytes.get_mut(compact.len)? = byte.to_ascii_uppercase();
            compact.len += 1;
        }
        Some(compact)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// The letters and digits of a text, exactly `N`, upper case.
pub(crate) fn letters<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    Compact::of(text)?.as_bytes().try_into().ok()
}

/// The sum of products of digits and weights, pair by pair.
pub(crate) fn sum(digits: &[u8], weights: &[u32]) -> u32 {
    let products = digits.iter().zip(weights);
    products
        .map(|(digit, weight)| u32::from(*digit) * weight)
        .sum()
}

/// The number that some decimal digits write; saturates.
pub(crate) fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |number: u64, digit| {
        number.saturating_mul(10).saturating_add(u64::from(*digit))
    })
}

/// The last digit of a list; 10 if it is empty, which no check digit is.
pub(crate) fn last(digits: &[u8]) -> u32 {
    digits.last().map_or(10, |digit| u32::from(*digit))
}

/// Whether all are the same.
pub(crate) fn uniform(digits: &[u8]) -> bool {
    digits.windows(2).all(|pair| pair.first() == pair.last())
}

/// Luhn (ISO/IEC 7812-1, annex B), the check digit last.
pub(crate) fn luhn(digits: &[u8]) -> bool {
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(*digit);
            if place % 2 == 1 {
                doubled(digit)
            } else {
                digit
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// A digit or letter as a number: `A` is 10.
pub(crate) fn value36(byte: u8) -> Option<u32> {
    char::from(byte).to_digit(36)
}

/// ISO 7064 MOD 97-10 over digits and letters, each letter as two digits: the remainder.
pub(crate) fn mod97(text: impl IntoIterator<Item = u8>) -> Option<u32> {
    let mut rest = 0;
    for byte in text {
        let value = value36(byte)?;
        rest = (rest * if value > 9 { 100 } else { 10 } + value) % 97;
    }
    Some(rest)
}

/// ISO 7064 MOD 11,10, the check digit last.
pub(crate) fn mod11_10(digits: &[u8]) -> bool {
    let Some((check, rest)) = digits.split_last() else {
        return false;
    };
    let product = rest.iter().fold(10, |product: u32, digit| {
        let sum = match (product + u32::from(*digit)) % 10 {
            0 => 10,
            sum => sum,
        };
        sum * 2 % 11
    });
    (product + u32::from(*check)) % 10 == 1
}

/// Verhoeff's check over the dihedral group of order ten, the check digit last.
pub(crate) fn verhoeff(digits: &[u8]) -> bool {
    let mut state = 0;
    for (place, digit) in digits.iter().rev().enumerate() {
        state = dihedral(state, permuted(*digit, place % 8));
    }
    state == 0
}

/// The product in the dihedral group: 0 to 4 turn, 5 to 9 turn and mirror.
fn dihedral(left: u8, right: u8) -> u8 {
    match (left < 5, right < 5) {
        (true, true) => (left + right) % 5,
        (true, false) => 5 + (left + right - 5) % 5,
        (false, true) => 5 + (left - 5 + 5 - right) % 5,
        (false, false) => (left - 5 + 5 - (right - 5)) % 5,
    }
}

/// Verhoeff's permutation, applied so many times.
fn permuted(digit: u8, times: usize) -> u8 {
    let once = |digit: u8| match digit {
        0 => 1,
        1 => 5,
        2 => 7,
        3 => 6,
        4 => 2,
        5 => 8,
        6 => 3,
        7 => 0,
        8 => 9,
        _ => 4,
    };
    (0..times).fold(digit, |digit, _| once(digit))
}

#[cfg(test)]
mod tests;
