//! Sixty-four bytes at a time, so that the compiler makes one comparison of many of them.

/// Bytes of a block, one for each bit of its mask.
pub(crate) const BLOCK: usize = 64;
/// Bytes whose flags are looked at together.
const GROUP: usize = 8;
/// The lowest bit of each byte of a group.
const ONES: u64 = 0x0101_0101_0101_0101;

/// So many bytes from `at` on, with zeros beyond the end, for which there is room in `padded`.
pub(crate) fn block_at<'b, const N: usize>(
    bytes: &'b [u8],
    at: usize,
    padded: &'b mut [u8; N],
) -> &'b [u8; N] {
    let rest = bytes.get(at..).unwrap_or_default();
    if let Some(block) = rest.first_chunk() {
        return block;
    }
    for (place, byte) in padded.iter_mut().zip(rest) {
        *place = *byte;
    }
    padded
}

/// The flags of a block, eight bytes in each, the first in the lowest.
pub(crate) fn groups(flags: &[u8; BLOCK]) -> [u64; GROUP] {
    let mut groups = [0; GROUP];
    let (eights, _) = flags.as_chunks();
    for (group, eight) in groups.iter_mut().zip(eights) {
        *group = u64::from_le_bytes(*eight);
    }
    groups
}

/// Which bytes have a flag, which is one bit: the first byte in the lowest bit.
pub(crate) fn mask(groups: &[u64; GROUP], flag: u8) -> u64 {
    /// Gathers the lowest bits of eight bytes in the highest byte, the first in its lowest bit.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    groups.iter().rev().fold(0, |mask, group| {
        let bits = (group >> flag.trailing_zeros()) & ONES;
        (mask << GROUP) | (bits.wrapping_mul(GATHER) >> (BLOCK - GROUP))
    })
}

/// Of which bytes a test holds, the first in the lowest bit.
pub(crate) fn mask_where(block: &[u8; BLOCK], test: impl Fn(u8) -> bool) -> u64 {
    let mut flags = [0; BLOCK];
    for (flag, byte) in flags.iter_mut().zip(block) {
        *flag = u8::from(test(*byte));
    }
    mask(&groups(&flags), 1)
}

/// Whether a test holds of any byte.
pub(crate) fn is_any(block: &[u8; BLOCK], test: impl Fn(u8) -> bool) -> bool {
    let any = block
        .iter()
        .fold(0, |any, byte| any | u8::from(test(*byte)));
    any != 0
}

/// All bits but those of the bytes before `at`, in a block that begins at `start`.
pub(crate) fn from(start: usize, at: usize) -> u64 {
    let before = u32::try_from(at.saturating_sub(start)).unwrap_or(u32::MAX);
    u64::MAX.checked_shl(before).unwrap_or(0)
}

/// A number of bits as an offset.
pub(crate) fn index(bits: u32) -> usize {
    usize::try_from(bits).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_are_in_the_order_of_the_bytes() {
        for at in 0..BLOCK {
            let mut flags = [2; BLOCK];
            flags[at] = 4;
            let groups = groups(&flags);
            let masks = [1, 2, 4].map(|flag| mask(&groups, flag));
            assert_eq!(masks, [0, !(1 << at), 1 << at]);
        }
    }

    #[test]
    fn what_a_test_holds_of_has_its_bit() {
        for at in 0..BLOCK {
            let mut block = [b'a'; BLOCK];
            assert_eq!(mask_where(&block, |byte| byte == b'-'), 0);
            block[at] = b'-';
            assert_eq!(mask_where(&block, |byte| byte == b'-'), 1 << at);
        }
    }

    #[test]
    fn bits_before_an_offset_are_left_out() {
        assert_eq!(from(10, 5), u64::MAX);
        assert_eq!(from(10, 10), u64::MAX);
        assert_eq!(from(10, 11), u64::MAX - 1);
        assert_eq!(from(10, 73), 1 << 63);
        assert_eq!([from(10, 74), from(10, usize::MAX)], [0, 0]);
    }

    #[test]
    fn beyond_the_end_are_zeros() {
        let bytes: Vec<u8> = (1..=70).collect();
        for at in 0..80 {
            let mut padded = [0; BLOCK];
            let block = block_at(&bytes, at, &mut padded);
            for (place, byte) in block.iter().enumerate() {
                assert_eq!(*byte, bytes.get(at + place).copied().unwrap_or(0));
            }
        }
    }
}
