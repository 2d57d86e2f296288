//! Where the things of a context live, and how they name each other.
//!
//! Binder's objects form a graph with circles: a node knows who holds it, a holder knows the node,
//! and each of them may die first. So nothing here owns anything else. All things of a kind lie in
//! one [`Arena`], and a [`Key`] names one. A key of something that is gone names nothing, ever:
//! places are used again, keys are not.
//!
//! Contract: taking a place may be refused (ENOMEM), giving it back never. Places are taken from
//! the front, so memory at the end, which lies in small pieces, can be given back.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;
use core::marker::PhantomData;
use core::num::NonZeroU32;
use core::ops::{Index, IndexMut};

use abi::Errno;

/// Names something in an [`Arena`].
pub struct Key<T> {
    index: u32,
    generation: NonZeroU32,
    names: PhantomData<fn() -> T>,
}

impl<T> Key<T> {
    /// A key that never named anything.
    pub const NOTHING: Self = Self {
        index: u32::MAX,
        generation: NonZeroU32::MAX,
        names: PhantomData,
    };

    /// Which place it names.
    pub fn index(self) -> usize {
        self.index as usize
    }
}

impl<T> Clone for Key<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Key<T> {}

impl<T> PartialEq for Key<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.index, self.generation) == (other.index, other.generation)
    }
}

impl<T> Eq for Key<T> {}

impl<T> Ord for Key<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.index, self.generation).cmp(&(other.index, other.generation))
    }
}

impl<T> PartialOrd for Key<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> fmt::Debug for Key<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}#{}", self.index, self.generation)
    }
}

struct Slot<T> {
    /// Of the key that names what is here; 0 in a free place.
    generation: u32,
    value: Option<T>,
}

fn new_chunk<T, const N: usize>() -> Result<Box<[Slot<T>; N]>, Errno> {
    let mut slots = Vec::new();
    slots.try_reserve_exact(N).map_err(|_| Errno::ENOMEM)?;
    slots.resize_with(N, || Slot {
        generation: 0,
        value: None,
    });
    let slots = slots.into_boxed_slice().try_into();
    slots.map_err(|_| Errno::ENOMEM)
}

/// All things of one kind. `N` of them, a power of two and at most 32, lie in one piece of memory.
pub struct Arena<T, const N: usize = 32> {
    chunks: Vec<Box<[Slot<T>; N]>>,
    /// Of each chunk, a bit for each free place.
    free: Vec<u32>,
    /// No chunk before this one has a free place.
    first_with_room: usize,
    /// Of the newest key.
    generation: u32,
    count: usize,
}

impl<T, const N: usize> Arena<T, N> {
    /// The bits of a chunk in which all places are free.
    const ALL_FREE: u32 = {
        assert!(N.is_power_of_two());
        u32::MAX >> (u32::BITS as usize - N)
    };

    /// Nothing yet.
    pub const fn new() -> Self {
        Self {
            chunks: Vec::new(),
            free: Vec::new(),
            first_with_room: 0,
            generation: 0,
            count: 0,
        }
    }

    /// How many things there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// How many there have ever been.
    pub fn total(&self) -> u32 {
        self.generation
    }

    /// Makes sure that one more has a place.
    ///
    /// # Errors
    /// ENOMEM.
    #[inline]
    pub fn reserve(&mut self) -> Result<(), Errno> {
        match self.free.get(self.first_with_room) {
            Some(free) if *free != 0 => Ok(()),
            _ => self.make_room(),
        }
    }

    #[cold]
    fn make_room(&mut self) -> Result<(), Errno> {
        while self.free.get(self.first_with_room) == Some(&0) {
            self.first_with_room += 1;
        }
        if self.first_with_room == self.chunks.len() {
            self.chunks.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
            self.free.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
            self.chunks.push(new_chunk()?);
            self.free.push(Self::ALL_FREE);
        }
        Ok(())
    }

    /// The key of what is put into the arena next; a place must be [reserved](Self::reserve).
    #[inline]
    pub fn next_key(&self) -> Key<T> {
        let number = self.first_with_room;
        let free = self.free.get(number);
        let place = free.map_or(0, |free| free.trailing_zeros());
        Key {
            index: (number * N) as u32 + place,
            generation: next_generation(self.generation),
            names: PhantomData,
        }
    }

    /// Puts something into the first free place.
    ///
    /// # Errors
    /// ENOMEM.
    #[inline(always)]
    pub fn insert(&mut self, value: T) -> Result<Key<T>, Errno> {
        self.reserve()?;
        let key = self.next_key();
        let slot = self.slot_mut(key.index()).ok_or(Errno::ENOMEM)?;
        slot.generation = key.generation.get();
        slot.value = Some(value);
        self.generation = key.generation.get();
        self.count += 1;
        if let Some(free) = self.free.get_mut(self.first_with_room) {
            *free &= *free - 1;
        }
        Ok(key)
    }

    /// Takes something out.
    pub fn remove(&mut self, key: Key<T>) -> Option<T> {
        let slot = self.slot_mut(key.index())?;
        if slot.generation != key.generation.get() {
            return None;
        }
        let value = slot.value.take()?;
        self.give_place_back(key.index());
        Some(value)
    }

    /// Ends something where it is, after a last look at it.
    #[inline]
    pub fn end<R>(&mut self, key: Key<T>, look: impl FnOnce(&mut T) -> R) -> Option<R> {
        let slot = self.slot_mut(key.index())?;
        let value = match &mut slot.value {
            Some(value) if slot.generation == key.generation.get() => value,
            _ => return None,
        };
        let seen = look(value);
        slot.value = None;
        self.give_place_back(key.index());
        Some(seen)
    }

    fn give_place_back(&mut self, index: usize) {
        if let Some(slot) = self.slot_mut(index) {
            slot.generation = 0;
        }
        let (number, place) = (index / N, index % N);
        let Some(free) = self.free.get_mut(number) else {
            return;
        };
        *free |= 1 << place;
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
        while self.chunks.len() > self.first_with_room + 1
            && self.free.last() == Some(&Self::ALL_FREE)
        {
            self.chunks.pop();
            self.free.pop();
        }
        if self.chunks.capacity() > 4 * self.chunks.len() {
            self.chunks.shrink_to(2 * self.chunks.len());
            self.free.shrink_to(2 * self.chunks.len());
        }
    }

    #[inline(always)]
    fn slot(&self, index: usize) -> Option<&Slot<T>> {
        Some(&self.chunks.get(index / N)?[index % N])
    }

    #[inline(always)]
    fn slot_mut(&mut self, index: usize) -> Option<&mut Slot<T>> {
        Some(&mut self.chunks.get_mut(index / N)?[index % N])
    }

    /// What a key names, if it is still there.
    #[inline(always)]
    pub fn get(&self, key: Key<T>) -> Option<&T> {
        let slot = self.slot(key.index())?;
        match &slot.value {
            Some(value) if slot.generation == key.generation.get() => Some(value),
            _ => None,
        }
    }

    /// What a key names, to be changed.
    #[inline(always)]
    pub fn get_mut(&mut self, key: Key<T>) -> Option<&mut T> {
        let slot = self.slot_mut(key.index())?;
        match &mut slot.value {
            Some(value) if slot.generation == key.generation.get() => Some(value),
            _ => None,
        }
    }

    /// What is in a place, and its key.
    pub fn at(&self, index: usize) -> Option<(Key<T>, &T)> {
        let slot = self.slot(index)?;
        let value = slot.value.as_ref()?;
        let key = Key {
            index: index as u32,
            generation: NonZeroU32::new(slot.generation)?,
            names: PhantomData,
        };
        Some((key, value))
    }

    /// The first thing in or behind a place.
    pub fn next_from(&self, index: usize) -> Option<(Key<T>, &T)> {
        let end = self.chunks.len() * N;
        let mut index = index;
        while index < end {
            if let Some(found) = self.at(index) {
                return Some(found);
            }
            index = match self.free.get(index / N) {
                Some(&free) if free == Self::ALL_FREE => (index / N + 1) * N,
                _ => index + 1,
            };
        }
        None
    }
}

/// For what is bound to be there.
///
/// # Panics
/// When it is not: a bug, which the fuzzer looks for.
impl<T, const N: usize> Index<Key<T>> for Arena<T, N> {
    type Output = T;

    #[inline(always)]
    fn index(&self, key: Key<T>) -> &T {
        match self.get(key) {
            Some(value) => value,
            None => missing(),
        }
    }
}

impl<T, const N: usize> IndexMut<Key<T>> for Arena<T, N> {
    #[inline(always)]
    fn index_mut(&mut self, key: Key<T>) -> &mut T {
        match self.get_mut(key) {
            Some(value) => value,
            None => missing(),
        }
    }
}

/// 0 is the generation of free places.
fn next_generation(generation: u32) -> NonZeroU32 {
    NonZeroU32::new(generation.wrapping_add(1)).unwrap_or(NonZeroU32::MIN)
}

#[cold]
fn missing() -> ! {
    panic!("a key of something that is not there")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_free_place_is_taken_and_old_keys_name_nothing() {
        let mut arena = Arena::<_>::new();
        let keys: Vec<_> = (0..100).map(|n| arena.insert(n).unwrap()).collect();
        assert_eq!(arena.remove(keys[3]), Some(3));
        assert_eq!(arena.remove(keys[3]), None);
        let again = arena.insert(1000).unwrap();
        assert_eq!(again.index(), 3);
        assert_eq!((arena.get(keys[3]), arena.get(again)), (None, Some(&1000)));
        assert_eq!(arena.get(Key::NOTHING), None);
    }

    #[test]
    fn memory_at_the_end_is_given_back() {
        let mut arena = Arena::<_>::new();
        let keys: Vec<_> = (0..100 * 32).map(|n| arena.insert(n).unwrap()).collect();
        for key in &keys[32..] {
            arena.remove(*key);
        }
        assert!(arena.chunks.len() <= 2);
        assert_eq!(arena.len(), 32);
        assert_eq!(arena[keys[7]], 7);
        assert_eq!(arena.insert(5).unwrap().index(), 32);
    }

    #[test]
    fn a_walk_finds_all_that_is_there() {
        let mut arena = Arena::<_>::new();
        let keys: Vec<_> = (0..200).map(|n| arena.insert(n).unwrap()).collect();
        keys.iter()
            .filter(|key| key.index() % 3 != 0)
            .for_each(|key| {
                arena.remove(*key);
            });
        let (mut seen, mut from) = (Vec::new(), 0);
        while let Some((key, value)) = arena.next_from(from) {
            seen.push(*value);
            from = key.index() + 1;
        }
        assert_eq!(seen, (0..200).step_by(3).collect::<Vec<_>>());
    }
}
