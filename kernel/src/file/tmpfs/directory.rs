//! The names in one tmpfs directory.
//!
//! Each name has a cookie that grows with every new name, so that a listing that stops and goes on
//! later neither repeats nor skips a name that stayed.

use super::node::Node;
use crate::error::Result;
use crate::file::{Inode, ListEntry};
use abi::Errno;
use alloc::{collections::BTreeMap, sync::Arc};

/// Names and what they lead to.
#[derive(Default)]
pub struct Directory {
    by_name: BTreeMap<Arc<[u8]>, u64>,
    by_cookie: BTreeMap<u64, (Arc<[u8]>, Arc<Node>)>,
    next_cookie: u64,
    removed: bool,
}

impl Directory {
    /// What a name leads to. `ENOENT`: there is no such name.
    pub fn get(&self, name: &[u8]) -> Result<Arc<Node>> {
        let cookie = self.by_name.get(name).ok_or(Errno::ENOENT)?;
        self.by_cookie
            .get(cookie)
            .map(|(_, node)| node.clone())
            .ok_or(Errno::ENOENT)
    }

    /// Adds a name. `EEXIST`: it is there; `ENOENT`: the directory itself was removed.
    pub fn insert(&mut self, name: &[u8], node: Arc<Node>) -> Result<()> {
        if self.removed {
            return Err(Errno::ENOENT);
        }
        if self.by_name.contains_key(name) {
            return Err(Errno::EEXIST);
        }
        let name: Arc<[u8]> = name.into();
        let cookie = self.next_cookie;
        self.next_cookie += 1;
        self.by_name.insert(name.clone(), cookie);
        self.by_cookie.insert(cookie, (name, node));
        Ok(())
    }

    /// Takes a name away and returns what it led to. `ENOENT`: there is no such name.
    pub fn remove(&mut self, name: &[u8]) -> Result<Arc<Node>> {
        let cookie = self.by_name.remove(name).ok_or(Errno::ENOENT)?;
        self.by_cookie
            .remove(&cookie)
            .map(|(_, node)| node)
            .ok_or(Errno::ENOENT)
    }

    /// Lets a name lead to another node and returns the one before.
    pub fn replace(&mut self, name: &[u8], node: Arc<Node>) -> Result<Arc<Node>> {
        let cookie = self.by_name.get(name).ok_or(Errno::ENOENT)?;
        let entry = self.by_cookie.get_mut(cookie).ok_or(Errno::ENOENT)?;
        Ok(core::mem::replace(&mut entry.1, node))
    }

    /// Marks the directory as removed, so that nothing can be added. `ENOTEMPTY`: it has names.
    pub fn mark_removed(&mut self) -> Result<()> {
        if !self.by_name.is_empty() {
            return Err(Errno::ENOTEMPTY);
        }
        self.removed = true;
        Ok(())
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Reports the names from `cursor` on until `emit` returns false.
    pub fn list(&self, cursor: u64, emit: &mut dyn FnMut(ListEntry<'_>) -> bool) {
        for (&cookie, (name, node)) in self.by_cookie.range(cursor..) {
            let (number, kind) = (node.number(), node.kind());
            if !emit(ListEntry {
                name,
                number,
                kind,
                next: cookie + 1,
            }) {
                break;
            }
        }
    }

    /// Empties the directory, for its end.
    pub fn take_nodes(&mut self) -> impl Iterator<Item = Arc<Node>> + use<> {
        self.by_name.clear();
        core::mem::take(&mut self.by_cookie)
            .into_values()
            .map(|(_, node)| node)
    }
}
