//! Numbers that look random and are the same in every run, so that a failure can be repeated.

/// A generator: Marsaglia's xorshift64 ("Xorshift RNGs", 2003).
pub struct Random(u64);

impl Random {
    /// The sequence that belongs to `seed`, which is not 0.
    pub fn new(seed: u64) -> Self {
        Self(seed.max(1))
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        // The remainder is below the limit, which is a usize.
        (self.0 % limit as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_repeats_and_reaches_everything() {
        let draw = |seed| {
            let mut random = Random::new(seed);
            (0..50).map(|_| random.below(5)).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        assert!((0..5).all(|number| draw(7).contains(&number)));
    }
}
