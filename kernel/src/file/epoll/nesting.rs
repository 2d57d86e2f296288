//! Epoll instances that watch epoll instances: no circles, and no deep towers.
//!
//! A wake-up climbs from the instance that is watched to those who watch it, and a question for
//! readiness goes down again, both on the kernel's stack. So each instance has a node here, and a
//! new edge is refused when it would close a circle or make a path longer than [`EDGES_MAX`].
//!
//! All edges are guarded by one lock, which is taken only when one instance starts or stops to
//! watch another. Source: epoll_ctl(2), `ELOOP`.

use crate::{
    error::Result,
    sync::{Mutex, MutexGuard, SpinLock},
};
use abi::Errno;
use alloc::{
    sync::{Arc, Weak},
    vec::Vec,
};

/// The most edges that a path may have, as epoll_ctl(2) tells.
const EDGES_MAX: usize = 5;

/// Guards all edges.
static EDGES: Mutex<()> = Mutex::new(());

/// An epoll instance among the others.
#[derive(Default)]
pub(super) struct Node {
    above: SpinLock<Vec<Weak<Node>>>,
    below: SpinLock<Vec<Weak<Node>>>,
}

#[derive(Clone, Copy)]
enum Direction {
    Up,
    Down,
}

impl Node {
    fn list(&self, direction: Direction) -> &SpinLock<Vec<Weak<Node>>> {
        match direction {
            Direction::Up => &self.above,
            Direction::Down => &self.below,
        }
    }

    /// The neighbours that still exist are added to `found`.
    fn neighbours(&self, direction: Direction, found: &mut Vec<Arc<Node>>) -> Result<()> {
        let mut list = self.list(direction).lock();
        list.retain(|node| node.strong_count() != 0);
        found.try_reserve(list.len()).map_err(|_| Errno::ENOMEM)?;
        found.extend(list.iter().filter_map(Weak::upgrade));
        Ok(())
    }

    fn add(&self, direction: Direction, other: &Arc<Node>) -> Result<()> {
        let mut list = self.list(direction).lock();
        list.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        list.push(Arc::downgrade(other));
        Ok(())
    }

    /// Takes one edge to `other` out; there may be several, by different descriptors.
    fn remove(&self, direction: Direction, other: &Arc<Node>) {
        let mut list = self.list(direction).lock();
        let same = |node: &Weak<Node>| core::ptr::eq(node.as_ptr(), Arc::as_ptr(other));
        if let Some(position) = list.iter().position(same) {
            list.swap_remove(position);
        }
    }
}

/// The edges of the longest path from `node` in a direction; each level is looked at once, however
/// many ways lead to it. `ELOOP`: the path meets `forbidden` or is longer than allowed.
fn longest_path(node: &Arc<Node>, direction: Direction, forbidden: &Arc<Node>) -> Result<usize> {
    let mut level = Vec::new();
    level.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
    level.push(Arc::clone(node));
    for edges in 0..=EDGES_MAX {
        if level.iter().any(|node| Arc::ptr_eq(node, forbidden)) {
            return Err(Errno::ELOOP);
        }
        let mut next = Vec::new();
        for node in &level {
            node.neighbours(direction, &mut next)?;
        }
        next.sort_unstable_by_key(|node| Arc::as_ptr(node).addr());
        next.dedup_by(|a, b| Arc::ptr_eq(a, b));
        if next.is_empty() {
            return Ok(edges);
        }
        level = next;
    }
    Err(Errno::ELOOP)
}

/// Lets `watcher` watch `watched`. `ELOOP`: a circle, or too deep. `ENOMEM`.
pub(super) fn link(watcher: &Arc<Node>, watched: &Arc<Node>) -> Result<()> {
    let _edges: MutexGuard<'_, ()> = EDGES.lock();
    let below = longest_path(watched, Direction::Down, watcher)?;
    let above = longest_path(watcher, Direction::Up, watched)?;
    if above + 1 + below > EDGES_MAX {
        return Err(Errno::ELOOP);
    }
    watcher.add(Direction::Down, watched)?;
    watched
        .add(Direction::Up, watcher)
        .inspect_err(|_| watcher.remove(Direction::Down, watched))
}

/// Undoes one [`link`].
pub(super) fn unlink(watcher: &Arc<Node>, watched: &Arc<Node>) {
    let _edges: MutexGuard<'_, ()> = EDGES.lock();
    watcher.remove(Direction::Down, watched);
    watched.remove(Direction::Up, watcher);
}
