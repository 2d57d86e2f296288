//! Death notifications: who wants to be told that what a handle leads to has ended.
//!
//! ```text
//! requested ──node dies──▶ to be told ──read──▶ told ──BC_DEAD_BINDER_DONE──▶ gone
//!     │                        │                  │
//!   clear                    clear              clear
//!     ▼                        ▼                  ▼
//! to be confirmed         told, then confirmed    confirmed once it is done
//! ```

use abi::Errno;
use abi::binder::reply::{BR_CLEAR_DEATH_NOTIFICATION_DONE, BR_DEAD_BINDER};

use super::arena::Key;
use super::context::State;
use super::list::{Item, Job};
use super::process::ProcessKey;
use super::thread::ThreadKey;

/// Names a request.
pub type DeathKey = Key<Death>;

/// A request to be told.
pub struct Death {
    /// By what the program knows it.
    pub cookie: u64,
    /// Its place in the list of what is to be told, or was.
    pub item: Item,
    /// The node has died.
    pub is_dead: bool,
    /// The program wants it no longer.
    pub is_cleared: bool,
}

impl State {
    /// BC_REQUEST_DEATH_NOTIFICATION. Nothing happens where there is no such handle, or it has a
    /// request already.
    ///
    /// # Errors
    /// ENOMEM.
    pub fn request_death(
        &mut self,
        process: ProcessKey,
        handle: u32,
        cookie: u64,
    ) -> Result<(), Errno> {
        let reference = self.processes[process].reference(handle);
        let Some(reference) = reference.filter(|reference| reference.death.is_none()) else {
            return Ok(());
        };
        let node = reference.node;
        self.deaths.reserve()?;
        let item = self.lists.new_item(Job::Ends)?;
        let death = self.deaths.insert(Death {
            cookie,
            item,
            is_dead: false,
            is_cleared: false,
        })?;
        self.lists.set_job(item, Job::Death(death));
        if let Some(reference) = self.processes[process].reference_mut(handle) {
            reference.death = Some(death);
        }
        if self.nodes[node].process.is_none() {
            self.deaths[death].is_dead = true;
            self.give_process(process, item);
        }
        Ok(())
    }

    /// BC_CLEAR_DEATH_NOTIFICATION. Nothing happens where there is no such request.
    pub fn clear_death(&mut self, thread: ThreadKey, handle: u32, cookie: u64) {
        let process = self.threads[thread].process;
        let Some(reference) = self.processes[process].reference_mut(handle) else {
            return;
        };
        let Some(key) = reference.death else {
            return;
        };
        let death = &mut self.deaths[key];
        if death.cookie != cookie {
            return;
        }
        reference.death = None;
        death.is_cleared = true;
        let item = death.item;
        if !self.lists.is_linked(item) {
            self.give_looper(thread, item);
        }
    }

    /// BC_DEAD_BINDER_DONE. Nothing happens where no such death was told.
    pub fn death_is_done(&mut self, thread: ThreadKey, cookie: u64) {
        let process = self.threads[thread].process;
        let list = self.processes[process].delivered_deaths;
        let mut next = self.lists.first(list);
        while let Some((item, job)) = next {
            next = self.lists.after(list, item);
            let Job::Death(key) = job else {
                continue;
            };
            let death = &mut self.deaths[key];
            if death.cookie != cookie {
                continue;
            }
            death.is_dead = false;
            let is_cleared = death.is_cleared;
            self.lists.unlink(item);
            if is_cleared {
                self.give_looper(thread, item);
            }
            return;
        }
    }

    /// Takes what a program is to be told of a death, which is not in a list: the return and its
    /// cookie.
    pub fn tell_death(&mut self, process: ProcessKey, key: DeathKey) -> (u32, u64) {
        let death = &self.deaths[key];
        let (item, cookie) = (death.item, death.cookie);
        if death.is_dead {
            let list = self.processes[process].delivered_deaths;
            self.lists.push_back(list, item);
            return (BR_DEAD_BINDER, cookie);
        }
        self.remove_death(key);
        (BR_CLEAR_DEATH_NOTIFICATION_DONE, cookie)
    }

    /// A node has died.
    pub fn note_death(&mut self, process: ProcessKey, key: DeathKey) {
        let death = &mut self.deaths[key];
        death.is_dead = true;
        let item = death.item;
        if !self.lists.is_linked(item) {
            self.give_process(process, item);
        }
    }

    /// The reference of a request has ended.
    pub fn end_death(&mut self, key: DeathKey) {
        self.remove_death(key);
    }

    fn remove_death(&mut self, key: DeathKey) {
        if let Some(death) = self.deaths.remove(key) {
            self.lists.remove_item(death.item);
        }
    }
}
