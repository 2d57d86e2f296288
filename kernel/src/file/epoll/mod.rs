//! Epoll: waiting for many files at a cost that does not grow with those that are quiet.
//!
//! An instance keeps an [`Interest`] for each pair of descriptor and open file that epoll_ctl(2)
//! added. The interest stands in the wait queues of its file, as a poller does; when the file
//! wakes it, it puts itself into the instance's list ([`ready`]) and wakes one waiter.
//! epoll_wait(2) asks only the listed files what they are ready for ([`wait`]). Level-triggered
//! interests that were ready go back to the end of the list, edge-triggered ones wait for the
//! next wake-up. An interest does not keep its file open; what is left of one whose file is closed
//! goes away when the list meets it, or when many have gathered.
//!
//! Differences from Linux: EPOLLEXCLUSIVE is accepted and wakes all instances, which is allowed
//! ("one or more"); EPOLLWAKEUP keeps no system awake, since none ever sleeps.
//!
//! Locks, in this order: the instance's interests (an instance that watches before the one that is
//! watched); the edges ([`nesting`]); what the files' own `poll` takes; the files' wait queues;
//! the list; the instance's own wait queue.
//!
//! Source: epoll(7), epoll_create(2), epoll_ctl(2), epoll_wait(2).

mod nesting;
mod ready;
mod wait;

pub use wait::Destination;

use super::{AnonymousInode, File, OpenFile, OpenFlags, Seek, dentry::keyed_hash};
use crate::{
    error::Result,
    sync::{
        Mutex,
        poll::{PollEvents, PollRegistrar},
    },
};
use abi::{EpollEvent, Errno, raw::general};
use alloc::sync::Arc;
use core::{
    any::Any,
    fmt::{self, Write},
};
use hashbrown::HashTable;
use nesting::Node;
use ready::{Interest, Ready};

/// What EPOLLEXCLUSIVE may be combined with.
const WITH_EXCLUSIVE: u32 = general::EPOLLIN
    | general::EPOLLOUT
    | general::EPOLLERR
    | general::EPOLLHUP
    | general::EPOLLWAKEUP
    | general::EPOLLET
    | general::EPOLLEXCLUSIVE;

/// What every interest hears of, asked or not.
const ALWAYS: u32 = general::EPOLLERR | general::EPOLLHUP;

/// So many interests are kept before those of closed files are looked for.
const FIRST_SWEEP: usize = 64;

/// An interest with its place in the wait queues of its file.
struct Watch {
    /// Parts the interest from the queues when the watch is dropped.
    _queues: PollRegistrar,
    interest: Arc<Interest>,
    /// Where the file stands among the epoll instances, if it is one.
    watched: Option<Arc<Node>>,
}

/// The interests of an instance, found by descriptor and open file.
struct Interests {
    table: HashTable<Watch>,
    /// When there are so many, those of closed files are thrown out.
    sweep_at: usize,
}

/// What a descriptor from epoll_create1(2) stands for.
pub struct Epoll {
    interests: Mutex<Interests>,
    ready: Arc<Ready>,
    node: Arc<Node>,
}

fn hash_of(descriptor: i32, file: usize) -> u64 {
    keyed_hash(&((file as u64) << 20 ^ u64::from(descriptor as u32)).to_le_bytes())
}

impl Watch {
    fn hash(&self) -> u64 {
        hash_of(self.interest.descriptor, self.interest.file.as_ptr().addr())
    }

    fn is_of(&self, descriptor: i32, file: &Arc<OpenFile>) -> bool {
        self.interest.descriptor == descriptor
            && core::ptr::eq(self.interest.file.as_ptr(), Arc::as_ptr(file))
    }
}

impl Interests {
    fn find(&self, descriptor: i32, file: &Arc<OpenFile>) -> Option<&Watch> {
        let hash = hash_of(descriptor, Arc::as_ptr(file).addr());
        self.table.find(hash, |watch| watch.is_of(descriptor, file))
    }

    /// Makes room for one more, throwing out what belongs to closed files now and then. `ENOMEM`.
    fn make_room(&mut self, ready: &Ready) -> Result<()> {
        if self.table.len() >= self.sweep_at {
            self.table.retain(|watch| {
                let is_open = watch.interest.file.strong_count() != 0;
                if !is_open {
                    ready.remove(&watch.interest);
                }
                is_open
            });
            self.sweep_at = FIRST_SWEEP.max(self.table.len() * 2);
        }
        ready.reserve(self.table.len() + 1)?;
        self.table
            .try_reserve(1, Watch::hash)
            .map_err(|_| Errno::ENOMEM)
    }
}

/// The epoll instance behind an open file. `EINVAL`: it is something else.
pub fn behind(file: &OpenFile) -> Result<&Epoll> {
    let any: &dyn Any = &**file.file();
    any.downcast_ref().ok_or(Errno::EINVAL)
}

/// A new instance without interests.
pub fn create() -> Arc<OpenFile> {
    let file = Arc::new(Epoll {
        interests: Mutex::new(Interests {
            table: HashTable::new(),
            sweep_at: FIRST_SWEEP,
        }),
        ready: Arc::new(Ready::new()),
        node: Arc::new(Node::default()),
    });
    let inode = Arc::new(AnonymousInode::new("eventpoll"));
    OpenFile::anonymous(inode, file, OpenFlags::from_raw(general::O_RDWR))
}

impl Epoll {
    /// What may be asked of `file` with these bits, as epoll_ctl(2) checks it before it looks for
    /// an interest. `EINVAL`.
    fn check_exclusive(operation: u32, asked: u32, file: &OpenFile) -> Result<()> {
        if asked & general::EPOLLEXCLUSIVE == 0 {
            return Ok(());
        }
        let is_plain_add = operation == general::EPOLL_CTL_ADD
            && behind(file).is_err()
            && asked & !WITH_EXCLUSIVE == 0;
        if is_plain_add || operation == general::EPOLL_CTL_DEL {
            Ok(())
        } else {
            Err(Errno::EINVAL)
        }
    }

    /// epoll_ctl(2). `event` counts for EPOLL_CTL_ADD and EPOLL_CTL_MOD.
    ///
    /// # Errors
    /// EPERM: the file is always ready and cannot be waited for; EINVAL: an unknown operation or
    /// bad combination of bits; EEXIST, ENOENT, ELOOP, ENOMEM.
    pub fn control(
        &self,
        operation: u32,
        descriptor: i32,
        file: &Arc<OpenFile>,
        event: EpollEvent,
    ) -> Result<()> {
        let (asked, data) = (event.events, event.data);
        Self::check_exclusive(operation, asked, file)?;
        let mut interests = self.interests.lock();
        match operation {
            general::EPOLL_CTL_ADD => self.add(&mut interests, descriptor, file, asked, data),
            general::EPOLL_CTL_DEL => self.remove(&mut interests, descriptor, file),
            general::EPOLL_CTL_MOD => {
                let watch = interests.find(descriptor, file).ok_or(Errno::ENOENT)?;
                if watch.interest.asked() & general::EPOLLEXCLUSIVE != 0 {
                    return Err(Errno::EINVAL);
                }
                watch.interest.ask(asked | ALWAYS, data);
                self.look_at(&watch.interest, file.poll(None));
                Ok(())
            }
            _ => Err(Errno::EINVAL),
        }
    }

    fn add(
        &self,
        interests: &mut Interests,
        descriptor: i32,
        file: &Arc<OpenFile>,
        asked: u32,
        data: u64,
    ) -> Result<()> {
        if interests.find(descriptor, file).is_some() {
            return Err(Errno::EEXIST);
        }
        interests.make_room(&self.ready)?;
        let watched = behind(file).ok().map(|epoll| Arc::clone(&epoll.node));
        if let Some(node) = &watched {
            nesting::link(&self.node, node)?;
        }
        let interest = Arc::new(Interest::new(file, descriptor, &self.ready));
        interest.ask(asked | ALWAYS, data);
        let mut queues = PollRegistrar::new(interest.clone());
        let events = file.poll(Some(&mut queues));
        queues.check()?;
        self.look_at(&interest, events);
        let watch = Watch {
            _queues: queues,
            interest,
            watched,
        };
        interests
            .table
            .insert_unique(watch.hash(), watch, Watch::hash);
        Ok(())
    }

    /// Lists an interest whose file has something of what it asks for.
    fn look_at(&self, interest: &Arc<Interest>, events: PollEvents) {
        if events.bits() & interest.asked() != 0 && self.ready.add(interest.clone()) {
            self.ready.waiters.wake_one();
        }
    }

    fn remove(
        &self,
        interests: &mut Interests,
        descriptor: i32,
        file: &Arc<OpenFile>,
    ) -> Result<()> {
        let hash = hash_of(descriptor, Arc::as_ptr(file).addr());
        let entry = interests
            .table
            .find_entry(hash, |watch| watch.is_of(descriptor, file))
            .map_err(|_| Errno::ENOENT)?;
        let (watch, _) = entry.remove();
        if let Some(node) = &watch.watched {
            nesting::unlink(&self.node, node);
        }
        let interest = Arc::clone(&watch.interest);
        // No wake-up comes after this; what came before is taken out of the list.
        drop(watch);
        self.ready.remove(&interest);
        Ok(())
    }

    /// The lines of /proc/PID/fdinfo: one for each interest. Source: proc(5).
    pub fn show(&self, text: &mut dyn Write) -> fmt::Result {
        let interests = self.interests.lock();
        for watch in &interests.table {
            let Some(file) = watch.interest.file.upgrade() else {
                continue;
            };
            let (asked, data) = (watch.interest.asked(), watch.interest.data());
            let position = file.try_position().unwrap_or(0);
            let (inode, device) = (file.inode().number(), file.device_raw());
            writeln!(
                text,
                "tfd: {:8} events: {asked:8x} data: {data:16x}  pos:{position} ino:{inode:x} \
                 sdev:{device:x}",
                watch.interest.descriptor
            )?;
        }
        Ok(())
    }
}

impl File for Epoll {
    fn seek(&self) -> Seek {
        Seek::Ignored
    }

    fn poll(&self, registrar: Option<&mut PollRegistrar>) -> PollEvents {
        if let Some(registrar) = registrar {
            registrar.register(&self.ready.waiters);
        }
        if self.has_events() {
            PollEvents::IN | PollEvents::RDNORM
        } else {
            PollEvents::empty()
        }
    }
}

impl Drop for Epoll {
    fn drop(&mut self) {
        // First no more wake-ups, then the list.
        let mut interests = self.interests.lock();
        interests.table.clear();
        drop(interests);
        self.ready.clear();
    }
}
