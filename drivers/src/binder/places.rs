//! Places for things of one kind, numbered from 0, in pieces of `N` places each.
//!
//! The first free place is taken first, so memory at the end can be given back. The first pieces
//! lie side by side and are reached in one step: in most contexts they hold everything. What would
//! not fit into [`SIDE_BY_SIDE_MAX`] lies in memory of its own, piece by piece: a large context
//! grows without moving, and needs no large piece of memory.
//!
//! Contract: taking a place may be refused (ENOMEM), giving it back never. What is in a place that
//! is free, is the owner's affair.

use alloc::boxed::Box;
use alloc::vec::Vec;

use abi::Errno;

/// Bytes that the first pieces take together at most; one of them may be larger than that.
const SIDE_BY_SIDE_MAX: usize = 16 << 10;

/// The places, at most 64 in a piece.
pub struct Places<T, const N: usize> {
    /// The first pieces.
    first: Vec<T>,
    /// The others; there are none unless the first have all that they may.
    more: Vec<Box<[T; N]>>,
    /// Of each piece, a bit for each free place.
    free: Vec<u64>,
    /// No piece before this one has a free place.
    first_with_room: usize,
    count: usize,
}

impl<T, const N: usize> Places<T, N> {
    /// The bits of a piece in which all places are free.
    const ALL_FREE: u64 = {
        assert!(0 < N && N <= u64::BITS as usize);
        u64::MAX >> (u64::BITS as usize - N)
    };

    /// How many places lie side by side at most.
    const FIRST_MAX: usize = {
        let pieces = SIDE_BY_SIDE_MAX / size_of::<T>() / N;
        if pieces == 0 { N } else { pieces * N }
    };

    /// None yet.
    pub const fn new() -> Self {
        Self {
            first: Vec::new(),
            more: Vec::new(),
            free: Vec::new(),
            first_with_room: 0,
            count: 0,
        }
    }

    /// How many are taken.
    pub fn len(&self) -> usize {
        self.count
    }

    /// How many there is memory for.
    pub fn capacity(&self) -> usize {
        self.free.len() * N
    }

    /// What is in a place.
    #[inline(always)]
    pub fn get(&self, index: usize) -> Option<&T> {
        match self.first.get(index) {
            None => self.get_behind(index),
            found => found,
        }
    }

    #[inline(never)]
    fn get_behind(&self, index: usize) -> Option<&T> {
        let index = index - self.first.len();
        Some(&self.more.get(index / N)?[index % N])
    }

    /// What is in a place, to be changed.
    #[inline(always)]
    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        if index < self.first.len() {
            return self.first.get_mut(index);
        }
        self.get_mut_behind(index)
    }

    #[inline(never)]
    fn get_mut_behind(&mut self, index: usize) -> Option<&mut T> {
        let index = index - self.first.len();
        Some(&mut self.more.get_mut(index / N)?[index % N])
    }

    /// The place that is taken next. In new places is what `fill` makes.
    ///
    /// # Errors
    /// ENOMEM.
    #[inline(always)]
    pub fn next(&mut self, fill: impl FnMut() -> T) -> Result<usize, Errno> {
        let number = self.first_with_room;
        match self.free.get(number) {
            Some(free) if *free != 0 => Ok(number * N + free.trailing_zeros() as usize),
            _ => self.next_with_more(fill),
        }
    }

    #[cold]
    fn next_with_more(&mut self, fill: impl FnMut() -> T) -> Result<usize, Errno> {
        while self.free.get(self.first_with_room) == Some(&0) {
            self.first_with_room += 1;
        }
        let number = self.first_with_room;
        if number == self.free.len() {
            self.free.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
            self.add_piece(fill)?;
            self.free.push(Self::ALL_FREE);
        }
        Ok(number * N + self.free[number].trailing_zeros() as usize)
    }

    fn add_piece(&mut self, fill: impl FnMut() -> T) -> Result<(), Errno> {
        let length = self.first.len() + N;
        if length <= Self::FIRST_MAX {
            self.first.try_reserve_exact(N).map_err(|_| Errno::ENOMEM)?;
            self.first.resize_with(length, fill);
            return Ok(());
        }
        let mut piece = Vec::new();
        piece.try_reserve_exact(N).map_err(|_| Errno::ENOMEM)?;
        piece.resize_with(N, fill);
        self.more.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        let piece = piece.into_boxed_slice().try_into();
        self.more.push(piece.map_err(|_| Errno::ENOMEM)?);
        Ok(())
    }

    /// Takes the [next](Self::next) place.
    #[inline(always)]
    pub fn take_next(&mut self) {
        if let Some(free) = self.free.get_mut(self.first_with_room) {
            *free &= free.wrapping_sub(1);
            self.count += 1;
        }
    }

    /// Gives a place back, which was taken.
    #[inline]
    pub fn give_back(&mut self, index: usize) {
        let number = index / N;
        let Some(free) = self.free.get_mut(number) else {
            return;
        };
        *free |= 1 << (index % N);
        self.count -= 1;
        let is_empty = *free == Self::ALL_FREE;
        self.first_with_room = self.first_with_room.min(number);
        // One is kept, so that what comes and goes at its edge costs nothing.
        if is_empty && number > self.first_with_room {
            self.drop_empty_end();
        }
    }

    #[cold]
    fn drop_empty_end(&mut self) {
        while self.free.len() > self.first_with_room + 1
            && self.free.last() == Some(&Self::ALL_FREE)
        {
            if self.more.pop().is_none() {
                self.first.truncate(self.first.len() - N);
            }
            self.free.pop();
        }
        let (length, pieces) = (self.first.len(), self.free.len());
        if self.first.capacity() > 4 * length {
            self.first.shrink_to(2 * length);
        }
        if self.more.capacity() > 4 * pieces {
            self.more.shrink_to(2 * pieces);
            self.free.shrink_to(2 * pieces);
        }
    }

    /// Where a search goes on that comes to `index`: behind its piece, if all of that is free.
    pub fn skip_free_piece(&self, index: usize) -> usize {
        match self.free.get(index / N) {
            Some(&free) if free == Self::ALL_FREE => (index / N + 1) * N,
            _ => index,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So large that three pieces lie side by side.
    type Large = [usize; 150];

    fn take(places: &mut Places<Large, 4>) -> usize {
        let index = places.next(|| [0; _]).unwrap();
        places.take_next();
        *places.get_mut(index).unwrap() = [index; _];
        index
    }

    #[test]
    fn the_first_free_place_is_taken_and_keeps_what_is_in_it() {
        let mut places = Places::new();
        assert!((0..19).eq((0..19).map(|_| take(&mut places))));
        assert!((0..19).all(|index| places.get(index) == Some(&[index; _])));
        [17, 2, 9].iter().for_each(|index| places.give_back(*index));
        assert_eq!(places.len(), 16);
        assert_eq!([(); 4].map(|()| take(&mut places)), [2, 9, 17, 19]);
        assert_eq!(places.get(20), None);
    }

    #[test]
    fn memory_at_the_end_is_given_back() {
        let mut places = Places::new();
        (0..400).for_each(|_| assert!(take(&mut places) < 400));
        (10..400).for_each(|index| places.give_back(index));
        assert!(places.capacity() <= 16 && places.len() == 10);
        (0..10).for_each(|index| places.give_back(index));
        assert_eq!((take(&mut places), places.len()), (0, 1));
    }
}
