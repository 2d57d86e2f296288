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
use core::ops::{Index, IndexMut};

use abi::Errno;

/// Places in one piece of memory, a bit of a word for each; fewer of what is large.
const fn chunk<T>() -> usize {
    if size_of::<T>() > 512 { 4 } else { 32 }
}

/// Names something in an [`Arena`].
pub struct Key<T> {
    index: u32,
    generation: u32,
    names: PhantomData<fn() -> T>,
}

impl<T> Key<T> {
    /// A key that never named anything.
    pub const NOTHING: Self = Self {
        index: u32::MAX,
        generation: 0,
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
    /// Of the key that names what is here.
    generation: u32,
    value: Option<T>,
}

struct Chunk<T> {
    /// Empty where the memory has been given back.
    slots: Box<[Slot<T>]>,
    /// A bit for each free place.
    free: u32,
}

fn new_slots<T>() -> Result<Box<[Slot<T>]>, Errno> {
    let mut slots = Vec::new();
    let count = chunk::<T>();
    slots.try_reserve_exact(count).map_err(|_| Errno::ENOMEM)?;
    slots.resize_with(count, || Slot {
        generation: 0,
        value: None,
    });
    Ok(slots.into_boxed_slice())
}

/// All things of one kind.
pub struct Arena<T> {
    chunks: Vec<Chunk<T>>,
    /// No chunk before this one has a free place.
    first_with_room: usize,
    /// Of the newest key.
    generation: u32,
    count: usize,
}

impl<T> Arena<T> {
    const CHUNK: usize = chunk::<T>();
    /// The bits of a chunk in which all places are free.
    const ALL_FREE: u32 = u32::MAX >> (u32::BITS as usize - Self::CHUNK);

    /// Nothing yet.
    pub const fn new() -> Self {
        Self {
            chunks: Vec::new(),
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
        loop {
            match self.chunks.get_mut(self.first_with_room) {
                Some(chunk) if chunk.free != 0 => {
                    if chunk.slots.is_empty() {
                        chunk.slots = new_slots()?;
                    }
                    return Ok(());
                }
                Some(_) => self.first_with_room += 1,
                None => {
                    self.chunks.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
                    self.chunks.push(Chunk {
                        slots: new_slots()?,
                        free: Self::ALL_FREE,
                    });
                }
            }
        }
    }

    /// Puts something into the first free place.
    ///
    /// # Errors
    /// ENOMEM.
    #[inline(always)]
    pub fn insert(&mut self, value: T) -> Result<Key<T>, Errno> {
        self.reserve()?;
        let number = self.first_with_room;
        let chunk = &mut self.chunks[number];
        let place = chunk.free.trailing_zeros();
        chunk.free &= chunk.free - 1;
        // 0 is the generation of free places.
        self.generation = self.generation.wrapping_add(1).max(1);
        let slot = &mut chunk.slots[place as usize];
        slot.generation = self.generation;
        slot.value = Some(value);
        self.count += 1;
        Ok(Key {
            index: (number * Self::CHUNK) as u32 + place,
            generation: self.generation,
            names: PhantomData,
        })
    }

    /// Takes something out.
    pub fn remove(&mut self, key: Key<T>) -> Option<T> {
        let value = self.named_slot(key)?.value.take()?;
        self.give_place_back(key.index());
        Some(value)
    }

    /// Ends something where it is.
    pub fn end(&mut self, key: Key<T>) {
        if let Some(slot) = self.named_slot(key) {
            slot.value = None;
            self.give_place_back(key.index());
        }
    }

    fn named_slot(&mut self, key: Key<T>) -> Option<&mut Slot<T>> {
        let slot = self.slot_mut(key.index())?;
        (slot.generation == key.generation && slot.value.is_some()).then_some(slot)
    }

    fn give_place_back(&mut self, index: usize) {
        let (number, place) = (index / Self::CHUNK, index % Self::CHUNK);
        let chunk = &mut self.chunks[number];
        chunk.slots[place].generation = 0;
        chunk.free |= 1 << place;
        self.count -= 1;
        // One is kept, so that what comes and goes at its edge costs nothing.
        if chunk.free == Self::ALL_FREE && number > self.first_with_room {
            chunk.slots = Box::default();
            self.drop_empty_end();
        }
        self.first_with_room = self.first_with_room.min(number);
    }

    fn drop_empty_end(&mut self) {
        while self.chunks.last().is_some_and(|last| last.slots.is_empty()) {
            self.chunks.pop();
        }
        if self.chunks.capacity() > 4 * self.chunks.len() {
            self.chunks.shrink_to(2 * self.chunks.len());
        }
    }

    #[inline(always)]
    fn slot(&self, index: usize) -> Option<&Slot<T>> {
        self.chunks
            .get(index / Self::CHUNK)?
            .slots
            .get(index % Self::CHUNK)
    }

    #[inline(always)]
    fn slot_mut(&mut self, index: usize) -> Option<&mut Slot<T>> {
        let chunk = self.chunks.get_mut(index / Self::CHUNK)?;
        chunk.slots.get_mut(index % Self::CHUNK)
    }

    /// What a key names, if it is still there.
    #[inline(always)]
    pub fn get(&self, key: Key<T>) -> Option<&T> {
        let slot = self.slot(key.index())?;
        match &slot.value {
            Some(value) if slot.generation == key.generation => Some(value),
            _ => None,
        }
    }

    /// What a key names, to be changed.
    #[inline(always)]
    pub fn get_mut(&mut self, key: Key<T>) -> Option<&mut T> {
        let slot = self.slot_mut(key.index())?;
        match &mut slot.value {
            Some(value) if slot.generation == key.generation => Some(value),
            _ => None,
        }
    }

    /// What is in a place, and its key.
    pub fn at(&self, index: usize) -> Option<(Key<T>, &T)> {
        let slot = self.slot(index)?;
        let value = slot.value.as_ref()?;
        Some((self.key(index, slot), value))
    }

    /// The first thing in or behind a place.
    pub fn next_from(&self, index: usize) -> Option<(Key<T>, &T)> {
        let end = self.chunks.len() * Self::CHUNK;
        let mut index = index;
        while index < end {
            if let Some(found) = self.at(index) {
                return Some(found);
            }
            let number = index / Self::CHUNK;
            let is_empty = self.chunks[number].slots.is_empty();
            index = if is_empty {
                (number + 1) * Self::CHUNK
            } else {
                index + 1
            };
        }
        None
    }

    fn key(&self, index: usize, slot: &Slot<T>) -> Key<T> {
        Key {
            index: index as u32,
            generation: slot.generation,
            names: PhantomData,
        }
    }
}

/// For what is bound to be there.
///
/// # Panics
/// When it is not: a bug, which the fuzzer looks for.
impl<T> Index<Key<T>> for Arena<T> {
    type Output = T;

    #[inline(always)]
    fn index(&self, key: Key<T>) -> &T {
        self.get(key).expect("a key of something that is there")
    }
}

impl<T> IndexMut<Key<T>> for Arena<T> {
    #[inline(always)]
    fn index_mut(&mut self, key: Key<T>) -> &mut T {
        self.get_mut(key).expect("a key of something that is there")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_free_place_is_taken_and_old_keys_name_nothing() {
        let mut arena = Arena::new();
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
        let mut arena = Arena::new();
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
        let mut arena = Arena::new();
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
