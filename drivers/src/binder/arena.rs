//! Where the things of a context live, and how they name each other.
//!
//! Binder's objects form a graph with circles: a node knows who holds it, a holder knows the node,
//! and each of them may die first. So nothing here owns anything else. All things of a kind lie in
//! one [`Arena`], and a [`Key`] names one. A key of something that is gone names nothing, ever:
//! places are used again, keys are not.
//!
//! Contract: putting something in may be refused (ENOMEM), taking it out never.

use core::cmp::Ordering;
use core::fmt;
use core::marker::PhantomData;
use core::num::NonZeroU32;
use core::ops::{Index, IndexMut};

use abi::Errno;

use super::places::Places;

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

impl<T> Slot<T> {
    fn free() -> Self {
        Self {
            generation: 0,
            value: None,
        }
    }
}

/// All things of one kind. `N` of them lie in one piece of memory.
pub struct Arena<T, const N: usize = 32> {
    slots: Places<Slot<T>, N>,
    /// Of the newest key.
    generation: u32,
}

impl<T, const N: usize> Arena<T, N> {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self {
            slots: Places::new(),
            generation: 0,
        }
    }

    /// How many things there are.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// How many there have ever been.
    pub fn total(&self) -> u32 {
        self.generation
    }

    /// The key of what is put into the arena next, which has a place.
    ///
    /// # Errors
    /// ENOMEM.
    #[inline(always)]
    pub fn reserve(&mut self) -> Result<Key<T>, Errno> {
        Ok(Key {
            index: self.slots.next(Slot::free)? as u32,
            generation: next_generation(self.generation),
            names: PhantomData,
        })
    }

    /// Puts something into the first free place.
    ///
    /// # Errors
    /// ENOMEM.
    #[inline(always)]
    pub fn insert(&mut self, value: T) -> Result<Key<T>, Errno> {
        self.insert_with(|| value)
    }

    /// The same with something that is made where it is to be.
    ///
    /// # Errors
    /// ENOMEM.
    #[inline(always)]
    pub fn insert_with(&mut self, make: impl FnOnce() -> T) -> Result<Key<T>, Errno> {
        let key = self.reserve()?;
        let slot = self.slots.get_mut(key.index()).ok_or(Errno::ENOMEM)?;
        slot.generation = key.generation.get();
        slot.value = Some(make());
        self.generation = key.generation.get();
        self.slots.take_next();
        Ok(key)
    }

    /// Takes something out.
    pub fn remove(&mut self, key: Key<T>) -> Option<T> {
        let slot = self.slots.get_mut(key.index())?;
        if slot.generation != key.generation.get() {
            return None;
        }
        let value = slot.value.take()?;
        slot.generation = 0;
        self.slots.give_back(key.index());
        Some(value)
    }

    /// Ends something where it is, after a last look at it.
    #[inline]
    pub fn end<R>(&mut self, key: Key<T>, look: impl FnOnce(&mut T) -> R) -> Option<R> {
        let slot = self.slots.get_mut(key.index())?;
        let value = match &mut slot.value {
            Some(value) if slot.generation == key.generation.get() => value,
            _ => return None,
        };
        let seen = look(value);
        slot.value = None;
        slot.generation = 0;
        self.slots.give_back(key.index());
        Some(seen)
    }

    /// What a key names, if it is still there.
    #[inline(always)]
    pub fn get(&self, key: Key<T>) -> Option<&T> {
        let slot = self.slots.get(key.index())?;
        match &slot.value {
            Some(value) if slot.generation == key.generation.get() => Some(value),
            _ => None,
        }
    }

    /// What a key names, to be changed.
    #[inline(always)]
    pub fn get_mut(&mut self, key: Key<T>) -> Option<&mut T> {
        let slot = self.slots.get_mut(key.index())?;
        match &mut slot.value {
            Some(value) if slot.generation == key.generation.get() => Some(value),
            _ => None,
        }
    }

    /// What is in a place, and its key.
    pub fn at(&self, index: usize) -> Option<(Key<T>, &T)> {
        let slot = self.slots.get(index)?;
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
        let end = self.slots.capacity();
        let mut index = index;
        while index < end {
            if let Some(found) = self.at(index) {
                return Some(found);
            }
            index = self.slots.skip_free_piece(index).max(index + 1);
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
    use alloc::vec::Vec;

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
        assert!(arena.slots.capacity() <= 64);
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
