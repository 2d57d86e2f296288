//! What waits to be told to a program: lists through which things go without taking memory.
//!
//! A thing that may have to wait has an [`Item`] from the beginning, so that it can be put into a
//! list at any time, and taken out of whichever list it is in, in a few steps. A list is an item
//! too: its ends, in a circle.

use abi::Errno;

use super::arena::Key;
use super::death::Death;
use super::node::Node;
use super::places::Places;
use super::thread::Thread;
use super::transaction::Transaction;

/// What an item stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// The ends of a list.
    Ends,
    /// A transaction or a reply is to be delivered.
    Transaction(Key<Transaction>),
    /// A thread is to be told this, after it sent something; the item goes with that.
    Tell(u32),
    /// A thread is to be told that something was sent; the item is its own.
    Sent,
    /// A thread is to be told what became of what it sent.
    ReturnError,
    /// A thread is to be told that its transaction has no answer.
    ReplyError,
    /// A process is to be told who holds or knows its node.
    Node(Key<Node>),
    /// A process is to be told of a death.
    Death(Key<Death>),
    /// A thread waits for anything its process has to do.
    Waiter(Key<Thread>),
}

/// A place in a list, or outside all.
#[derive(Clone, Copy)]
struct Link {
    previous: Item,
    next: Item,
    job: Job,
}

/// What can be in a list. It is its owner's until that ends it, and names nothing afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item(u32);

impl Item {
    /// None.
    pub const NOTHING: Self = Self(u32::MAX);
}

#[cold]
fn nobodys() -> ! {
    panic!("an item that is nobody's")
}

/// A list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct List(Item);

/// Items in one piece of memory.
const PIECE: usize = 64;

/// In a place that is no item.
const NOBODYS: Link = Link {
    previous: Item::NOTHING,
    next: Item::NOTHING,
    job: Job::Ends,
};

/// All lists of a context. Items are taken from the front, so that memory at the end can be given
/// back.
pub struct Lists {
    links: Places<Link, PIECE>,
}

impl Lists {
    /// None yet.
    pub const fn new() -> Self {
        Self {
            links: Places::new(),
        }
    }

    /// How many items there are, those included that are the ends of lists.
    pub fn len(&self) -> usize {
        self.links.len()
    }

    #[inline(always)]
    fn link(&self, item: Item) -> &Link {
        match self.links.get(item.0 as usize) {
            Some(link) => link,
            None => nobodys(),
        }
    }

    #[inline(always)]
    fn link_mut(&mut self, item: Item) -> &mut Link {
        match self.links.get_mut(item.0 as usize) {
            Some(link) => link,
            None => nobodys(),
        }
    }

    /// An item that is in no list.
    ///
    /// # Errors
    /// ENOMEM.
    #[inline]
    pub fn new_item(&mut self, job: Job) -> Result<Item, Errno> {
        let item = Item(self.links.next(|| NOBODYS)? as u32);
        self.links.take_next();
        *self.link_mut(item) = Link {
            previous: item,
            next: item,
            job,
        };
        Ok(item)
    }

    /// An empty list.
    ///
    /// # Errors
    /// ENOMEM.
    pub fn new_list(&mut self) -> Result<List, Errno> {
        self.new_item(Job::Ends).map(List)
    }

    /// Ends an item; it leaves its list.
    #[inline]
    pub fn remove_item(&mut self, item: Item) {
        self.unlink(item);
        self.links.give_back(item.0 as usize);
    }

    /// Takes back what a thread was to be told after it sent something.
    pub fn take_back(&mut self, item: Item) {
        match self.link(item).job {
            Job::Sent => self.unlink(item),
            _ => self.remove_item(item),
        }
    }

    /// Ends a list, which is empty.
    pub fn remove_list(&mut self, list: List) {
        debug_assert!(self.is_empty(list));
        self.remove_item(list.0);
    }

    /// Says what an item stands for from now on.
    #[inline]
    pub fn set_job(&mut self, item: Item, job: Job) {
        self.link_mut(item).job = job;
    }

    /// Whether an item is in a list.
    #[inline]
    pub fn is_linked(&self, item: Item) -> bool {
        self.link(item).next != item
    }

    /// Whether a list has no items.
    #[inline]
    pub fn is_empty(&self, list: List) -> bool {
        !self.is_linked(list.0)
    }

    /// The first item of a list.
    #[inline]
    pub fn first(&self, list: List) -> Option<(Item, Job)> {
        self.after(list, list.0)
    }

    /// The item of a list that follows another.
    #[inline]
    pub fn after(&self, list: List, item: Item) -> Option<(Item, Job)> {
        let next = self.link(item).next;
        (next != list.0).then(|| (next, self.link(next).job))
    }

    /// Takes the first item out of a list.
    #[inline(always)]
    pub fn pop(&mut self, list: List) -> Option<(Item, Job)> {
        let item = self.link(list.0).next;
        if item == list.0 {
            return None;
        }
        let link = self.link_mut(item);
        let (next, job) = (link.next, link.job);
        (link.previous, link.next) = (item, item);
        self.link_mut(list.0).next = next;
        self.link_mut(next).previous = list.0;
        Some((item, job))
    }

    /// Takes an item out of the list it is in, if it is in one.
    #[inline(always)]
    pub fn unlink(&mut self, item: Item) {
        let link = self.link_mut(item);
        let (previous, next) = (link.previous, link.next);
        if next == item {
            return;
        }
        (link.previous, link.next) = (item, item);
        self.link_mut(previous).next = next;
        self.link_mut(next).previous = previous;
    }

    /// Puts an item, which is in no list, at the end of one.
    #[inline(always)]
    pub fn push_back(&mut self, list: List, item: Item) {
        self.insert_before(list.0, item);
    }

    /// Puts an item, which is in no list, at the beginning of one.
    #[inline(always)]
    pub fn push_front(&mut self, list: List, item: Item) {
        let first = self.link(list.0).next;
        self.insert_before(first, item);
    }

    #[inline(always)]
    fn insert_before(&mut self, next: Item, item: Item) {
        debug_assert!(!self.is_linked(item));
        let follower = self.link_mut(next);
        let previous = core::mem::replace(&mut follower.previous, item);
        self.link_mut(previous).next = item;
        let link = self.link_mut(item);
        (link.previous, link.next) = (previous, next);
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn items_come_out_in_order_and_leave_from_the_middle() {
        let mut lists = Lists::new();
        let list = lists.new_list().unwrap();
        let items = [0, 1, 2, 3].map(|n| lists.new_item(Job::Tell(n)).unwrap());
        items[..3]
            .iter()
            .for_each(|item| lists.push_back(list, *item));
        lists.push_front(list, items[3]);
        lists.unlink(items[1]);
        assert!(!lists.is_linked(items[1]) && lists.is_linked(items[2]));
        let told = core::iter::from_fn(|| lists.pop(list).map(|(_, job)| job));
        assert!(told.eq([3, 0, 2].map(Job::Tell)));
        assert!(lists.is_empty(list));
    }

    #[test]
    fn memory_at_the_end_is_given_back() {
        let mut lists = Lists::new();
        let items: Vec<_> = (0..1000)
            .map(|n| lists.new_item(Job::Tell(n)).unwrap())
            .collect();
        items[10..].iter().for_each(|item| lists.remove_item(*item));
        assert!(lists.links.capacity() <= 2 * PIECE);
        assert_eq!(lists.len(), 10);
        assert_eq!(lists.new_item(Job::Ends), Ok(Item(10)));
    }
}
