//! In-kernel tests of terminals: both sides of a pseudoterminal, and what happens when one goes.
//! What keys do is tested with the line discipline, on the host.

use alloc::sync::Arc;
use alloc::vec::Vec;

use abi::raw::general;

use super::{TerminalFile, pty};
use crate::error::{Errno, Result};
use crate::file::{File, IoFlags, OpenFlags};
use crate::memory::io::{Sink, Source};
use crate::sync::poll::PollEvents;

const AT_ONCE: IoFlags = IoFlags {
    nonblocking: true,
    append: false,
    direct: false,
    size_limit: u64::MAX,
};

fn open_flags() -> OpenFlags {
    OpenFlags::from_raw(general::O_RDWR | general::O_NOCTTY)
}

/// A pair with both sides open.
fn pair() -> (Arc<dyn File>, Arc<dyn File>) {
    let (master, terminal) = pty::open_pair(open_flags()).expect("memory for a pair");
    let slave = TerminalFile::open(&terminal, open_flags()).expect("the slave is unlocked");
    (master, slave)
}

fn read(file: &Arc<dyn File>) -> Result<Vec<u8>> {
    let mut bytes = [0; 256];
    let count = file.read(&mut 0, &mut Sink::from_slice(&mut bytes), AT_ONCE)?;
    Ok(bytes[..count].to_vec())
}

fn write(file: &Arc<dyn File>, bytes: &[u8]) -> Result<usize> {
    file.write(&mut 0, &mut Source::from_slice(bytes), AT_ONCE)
}

metal::ktest! {
    fn what_the_master_types_the_slave_reads_by_lines() {
        let (master, slave) = pair();
        assert_eq!(write(&master, b"half"), Ok(4));
        assert_eq!(read(&slave), Err(Errno::EAGAIN));
        assert_eq!(write(&master, b" a line\n"), Ok(8));
        assert_eq!(read(&slave).as_deref(), Ok(b"half a line\n".as_slice()));
        assert_eq!(read(&master).as_deref(), Ok(b"half a line\r\n".as_slice()));
    }

    fn what_the_slave_writes_the_master_reads_processed() {
        let (master, slave) = pair();
        assert_eq!(read(&master), Err(Errno::EAGAIN));
        assert_eq!(write(&slave, b"one\ntwo"), Ok(7));
        assert_eq!(read(&master).as_deref(), Ok(b"one\r\ntwo".as_slice()));
    }

    fn a_writer_without_a_reader_fills_the_queue_and_no_more() {
        let (master, slave) = pair();
        let text = [b'x'; 1024];
        let mut total = 0;
        while let Ok(count) = write(&slave, &text) {
            total += count;
            assert!(total < 1 << 20, "the queue has no end");
        }
        assert!(!slave.poll(None).contains(PollEvents::OUT));
        assert_eq!(write(&slave, b"x"), Err(Errno::EAGAIN));
        assert!(read(&master).is_ok());
        assert!(slave.poll(None).contains(PollEvents::OUT));
    }

    fn a_closed_slave_ends_the_masters_reads_behind_the_last_byte() {
        let (master, slave) = pair();
        write(&slave, b"bye").expect("room for three bytes");
        drop(slave);
        assert!(master.poll(None).contains(PollEvents::IN | PollEvents::HUP));
        assert_eq!(read(&master).as_deref(), Ok(b"bye".as_slice()));
        assert_eq!(read(&master), Err(Errno::EIO));
    }

    fn a_closed_master_hangs_the_slave_up() {
        let (master, slave) = pair();
        drop(master);
        assert_eq!(read(&slave).as_deref(), Ok(b"".as_slice()));
        assert_eq!(write(&slave, b"x"), Err(Errno::EIO));
        assert!(slave.poll(None).contains(PollEvents::HUP));
        assert_eq!(slave.ioctl(abi::raw::ioctl::TCFLSH, 0), Err(Errno::EIO));
    }

    fn a_slave_without_its_master_does_not_open() {
        let (master, terminal) = pty::open_pair(open_flags()).expect("memory for a pair");
        assert!(!master.poll(None).contains(PollEvents::HUP), "the slave was never open");
        drop(master);
        let refused = TerminalFile::open(&terminal, open_flags());
        assert_eq!(refused.map(|_| ()), Err(Errno::EIO));
    }
}
