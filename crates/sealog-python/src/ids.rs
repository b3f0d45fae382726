//! Record ids: version 7 UUIDs, in lowercase.

use sealog_core::hash::push_hex;
use sealog_ledger::{Error, Options};

/// A new id: milliseconds of the ledger's clock, then random bits.
pub(crate) fn new_record_id(options: &Options) -> Result<String, Error> {
    let mut bytes = [0_u8; 16];
    options.random.fill(&mut bytes)?;
    let [_, _, stamp @ ..] = options.clock.now().unix_millis().to_be_bytes();
    let (time, rest) = bytes.split_at_mut(stamp.len());
    time.copy_from_slice(&stamp);
    if let [version, _, variant, ..] = rest {
        *version = (*version & 0x0f) | 0x70;
        *variant = (*variant & 0x3f) | 0x80;
    }
    let mut text = String::with_capacity(36);
    let mut rest = bytes.as_slice();
    for length in [4, 2, 2, 2, 6] {
        let (part, behind) = rest.split_at(length);
        if !text.is_empty() {
            text.push('-');
        }
        push_hex(&mut text, part);
        rest = behind;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_the_one_form_and_its_time_in_front() {
        let options = Options::default();
        let before = options.clock.now().unix_millis();
        let id = new_record_id(&options).unwrap();
        let after = options.clock.now().unix_millis();
        let digits: String = id.chars().filter(|c| *c != '-').collect();
        assert_eq!((id.len(), digits.len()), (36, 32));
        assert!(
            digits
                .chars()
                .all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
        );
        assert_eq!(&digits[12..13], "7");
        assert!("89ab".contains(&digits[16..17]));
        let stamp = u64::from_str_radix(&digits[..12], 16).unwrap();
        assert!((before..=after).contains(&stamp));
        assert_ne!(id, new_record_id(&options).unwrap());
    }
}
