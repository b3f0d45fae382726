//! Random numbers from a seed: the same on every machine and in every release.

/// `SplitMix64` (Steele, Lea and Flood, 2014): small, fast, and good enough to choose faults. Not for secrets.
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The numbers of `seed`.
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 bits.
    pub const fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 if `bound` is 0. The bias is below 2^-32 for the small bounds of a test.
    pub const fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.bits() % bound }
    }

    /// An index below `bound`; 0 if `bound` is 0.
    pub fn index(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX);
        usize::try_from(self.below(bound)).unwrap_or_default()
    }

    /// Heads or tails.
    pub const fn coin(&mut self) -> bool {
        self.bits() >> 63 == 1
    }

    /// True `rate` times in [`PER`].
    pub fn chance(&mut self, rate: u32) -> bool {
        rate > 0 && self.below(PER) < u64::from(rate)
    }
}

/// What rates are counted in.
pub const PER: u64 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_a_seed_are_the_published_ones() {
        let mut random = Random::new(1_234_567);
        let numbers = [(); 3].map(|()| random.bits());
        assert_eq!(
            numbers,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn chances_are_about_what_they_say_and_never_at_zero() {
        let mut random = Random::new(5);
        assert!((0..1_000).all(|_| !random.chance(0)));
        assert!((0..1_000).all(|_| random.chance(10_000)));
        let hits = (0..10_000).filter(|_| random.chance(2_500)).count();
        assert!((2_200..2_800).contains(&hits), "{hits}");
        assert_eq!(random.below(0), 0);
        assert!((0..100).all(|_| random.index(3) < 3));
    }
}
