//! Pseudoterminals: a terminal whose line is another program.
//!
//! The slave is an ordinary [`Terminal`]; its line is a [`Pair`], which the master's file shares.
//! What the program on the slave writes stays in the terminal's output queue until the master
//! reads it; what the master writes is what the terminal receives. The pair lives until both
//! sides are closed; the slave's node in `/dev/pts` until the master is.
//!
//! Source: `pty(7)`, `pts(4)`, `ioctl_tty(2)`.
pub mod devpts;
mod inode;
mod master;
mod packet;
mod table;

pub use inode::SlaveDevice;
pub use master::open_master;
#[cfg(feature = "ktest")]
pub use master::open_pair;

use super::async_signals::AsyncSignals;
use super::{Line, Terminal};
use crate::error::{Errno, Result};
use crate::file::DeviceNumber;
use crate::sync::{SpinLock, WaitQueue};
use abi::raw::general::{HUPCL, IXON};
use abi::terminal::Termios2;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use drivers::terminal::{LineDiscipline, Queue};
use packet::Packets;
pub use table::COUNT_MAX;

/// Major number of slaves; the minor is the number of the pair.
pub const SLAVE_MAJOR: u32 = 136;

/// What master and slave share.
pub struct Pair {
    number: u32,
    /// The slave may not be opened yet (`TIOCSPTLCK`).
    locked: AtomicBool,
    master_open: AtomicBool,
    slave_files: AtomicUsize,
    /// The slave was opened and is closed again: the master reads `EIO` behind the last byte.
    slave_closed: AtomicBool,
    packets: SpinLock<Packets>,
    /// Who waits for output of the slave.
    master_readers: Arc<WaitQueue>,
    /// Who waits for room in the slave's input.
    master_writers: Arc<WaitQueue>,
    /// Who holds the master and wants a signal when either is there.
    master_signals: AsyncSignals,
}

impl Pair {
    /// A new pair, locked, and its slave terminal.
    fn new(number: u32) -> Result<(Arc<Self>, Arc<Terminal>)> {
        let pair = Arc::new(Self {
            number,
            locked: AtomicBool::new(true),
            master_open: AtomicBool::new(true),
            slave_files: AtomicUsize::new(0),
            slave_closed: AtomicBool::new(false),
            packets: SpinLock::new(Packets::default()),
            master_readers: Arc::new(WaitQueue::new()),
            master_writers: Arc::new(WaitQueue::new()),
            master_signals: AsyncSignals::default(),
        });
        let mut settings = Termios2::INITIAL;
        // There is no modem to hang up.
        settings.base.c_cflag &= !HUPCL;
        let device = DeviceNumber::new(SLAVE_MAJOR, number);
        let line = Arc::clone(&pair) as Arc<dyn Line>;
        let terminal = Terminal::new(device, line, settings)?;
        Ok((pair, terminal))
    }

    fn tell(&self, event: u8) {
        if self.packets.lock().note(event) {
            self.master_readers.wake_all();
        }
    }
}

impl Line for Pair {
    fn file_opened(&self) -> Result<()> {
        if self.locked.load(Ordering::Acquire) || !self.is_connected() {
            return Err(Errno::EIO);
        }
        self.slave_files.fetch_add(1, Ordering::AcqRel);
        self.slave_closed.store(false, Ordering::Release);
        Ok(())
    }

    fn file_closed(&self) {
        if self.slave_files.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.slave_closed.store(true, Ordering::Release);
            self.master_readers.wake_all();
            self.master_writers.wake_all();
        }
    }

    fn transmit(&self, _discipline: &mut LineDiscipline) {
        // The output waits in the terminal until the master comes for it.
    }

    fn output_added(&self) {
        self.master_readers.wake_all();
        self.master_signals.input();
    }

    fn input_taken(&self) {
        self.master_writers.wake_all();
        self.master_signals.room();
    }

    fn flushed(&self, queue: Queue) {
        self.tell(packet::of_flush(queue));
    }

    fn flow_changed(&self, stopped: bool) {
        self.tell(packet::of_flow(stopped));
    }

    fn settings_changed(&self, old: &Termios2, new: &Termios2) {
        if (old.base.c_iflag ^ new.base.c_iflag) & IXON != 0 {
            self.tell(packet::of_flow_keys(new.base.input(IXON)));
        }
    }

    fn is_connected(&self) -> bool {
        self.master_open.load(Ordering::Acquire)
    }

    fn counts_output(&self) -> bool {
        false
    }

    fn is_pseudoterminal(&self) -> bool {
        true
    }
}
