//! Sets of small numbers, as programs see them: bit n of the little-endian words is number n.

/// A set of the numbers below `64 * WORDS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bits<const WORDS: usize>([u64; WORDS]);

/// Keys and buttons.
pub type KeyBits = Bits<12>;
/// The codes of every type that has few.
pub type FewBits = Bits<1>;

impl<const WORDS: usize> Default for Bits<WORDS> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<const WORDS: usize> Bits<WORDS> {
    /// No number.
    pub const EMPTY: Self = Self([0; WORDS]);

    /// These numbers.
    pub fn of(numbers: impl IntoIterator<Item = u16>) -> Self {
        let mut bits = Self::EMPTY;
        numbers
            .into_iter()
            .for_each(|number| bits.set(number, true));
        bits
    }

    /// The set whose bytes, lowest first, a device reports; what does not fit is left out.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut bits = Self::EMPTY;
        for (index, byte) in bytes.iter().enumerate().take(WORDS * 8) {
            bits.0[index / 8] |= u64::from(*byte) << (index % 8 * 8);
        }
        bits
    }

    /// Whether `number` is in the set.
    pub fn has(&self, number: u16) -> bool {
        let word = self.0.get(usize::from(number) / 64);
        word.is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// Puts `number` in, or takes it out. A number that the set cannot hold is left alone.
    pub fn set(&mut self, number: u16, is_in: bool) {
        if let Some(word) = self.0.get_mut(usize::from(number) / 64) {
            let bit = 1 << (number % 64);
            *word = if is_in { *word | bit } else { *word & !bit };
        }
    }

    /// Whether there is no number in the set.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// The numbers that are in both sets.
    pub fn common(&self, other: &Self) -> Self {
        let mut common = *self;
        let words = common.0.iter_mut().zip(other.0);
        words.for_each(|(word, other)| *word &= other);
        common
    }

    /// The numbers in rising order.
    pub fn iter(&self) -> impl Iterator<Item = u16> + '_ {
        self.0.iter().enumerate().flat_map(|(index, word)| {
            let mut rest = *word;
            core::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros() as u16)?;
                rest &= rest - 1;
                Some(index as u16 * 64 + bit)
            })
        })
    }

    /// The words.
    pub fn words(&self) -> &[u64] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_in_and_out() {
        let mut bits = KeyBits::of([0, 63, 64, 767, 768]);
        assert_eq!(bits.iter().collect::<Vec<_>>(), [0, 63, 64, 767]);
        bits.set(63, false);
        assert!(!bits.has(63) && bits.has(64) && !bits.has(5000));
        assert_eq!(bits.common(&KeyBits::of([64, 65])), KeyBits::of([64]));
    }

    #[test]
    fn bytes_of_a_device_are_lowest_first() {
        assert_eq!(FewBits::from_bytes(&[1, 0x80]).words(), [0x8001]);
        assert_eq!(FewBits::from_bytes(&[0; 200]), FewBits::EMPTY);
    }
}
