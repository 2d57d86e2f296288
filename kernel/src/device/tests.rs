//! In-kernel tests of the character devices and the kernel log behind /dev/kmsg.

use alloc::sync::Arc;
use alloc::vec;

use abi::raw::general;

use super::random;
use crate::error::{Errno, Result};
use crate::file::{DeviceNumber, File, FileKind, IoFlags, OpenFlags, device};
use crate::log;
use crate::memory::io::{Sink, Source};
use crate::sync::poll::PollEvents;

const AT_ONCE: IoFlags = IoFlags {
    nonblocking: true,
    append: false,
    direct: false,
    size_limit: u64::MAX,
};

fn open(major: u32, minor: u32) -> Arc<dyn File> {
    let flags = OpenFlags::from_raw(general::O_RDWR);
    let number = DeviceNumber::new(major, minor);
    device::open(FileKind::CharacterDevice, number, flags, 0).expect("registered at boot")
}

fn read(file: &Arc<dyn File>, bytes: &mut [u8]) -> Result<usize> {
    file.read(&mut 0, &mut Sink::from_slice(bytes), AT_ONCE)
}

fn write(file: &Arc<dyn File>, bytes: &[u8]) -> Result<usize> {
    file.write(&mut 0, &mut Source::from_slice(bytes), AT_ONCE)
}

metal::ktest! {
    fn null_is_empty_and_takes_everything() {
        let null = open(1, 3);
        assert_eq!(read(&null, &mut [1; 8]), Ok(0));
        assert_eq!(write(&null, &[1; 8]), Ok(8));
    }

    fn zero_and_full_give_zeros_and_full_takes_nothing() {
        let mut bytes = [1; 8];
        assert_eq!(read(&open(1, 5), &mut bytes), Ok(8));
        assert_eq!(bytes, [0; 8]);
        assert_eq!(write(&open(1, 7), &[1; 8]), Err(Errno::ENOSPC));
        assert_eq!(write(&open(1, 7), &[]), Ok(0));
    }

    fn random_numbers_differ_from_request_to_request() {
        let (mut first, mut second) = ([0; 64], [0; 64]);
        random::fill(&mut first);
        random::fill(&mut second);
        assert_ne!(first, second);
        let mut long = vec![0; 10_000];
        assert_eq!(read(&open(1, 9), &mut long), Ok(10_000));
        assert!(long.chunks(16).all(|part| part.iter().any(|&byte| byte != 0)));
    }

    fn a_record_written_to_kmsg_can_be_read_from_it() {
        let kmsg = open(1, 11);
        assert_eq!(kmsg.seek_itself(0, general::SEEK_END), Ok(0));
        assert!(kmsg.poll(None).is_empty());
        assert_eq!(write(&kmsg, b"<30>kernel test\n"), Ok(16));
        assert_eq!(kmsg.poll(None), PollEvents::IN | PollEvents::RDNORM);
        let mut line = [0; 256];
        let count = read(&kmsg, &mut line).expect("the record is there");
        let line = &line[..count];
        assert!(line.starts_with(b"30,") && line.ends_with(b",-;kernel test\n"), "{line:?}");
        assert_eq!(read(&kmsg, &mut [0; 256]), Err(Errno::EAGAIN));
        assert_eq!(kmsg.seek_itself(1, general::SEEK_SET), Err(Errno::ESPIPE));
    }

    /// What a program can provoke is said ten times, and then counted.
    fn a_place_of_the_kernel_cannot_fill_the_log() {
        let before = log::range().end;
        for number in 0..50 {
            log::limited!(debug, "limited message {number}");
        }
        let said = log::range().end - before;
        assert!((10..20).contains(&said), "{said}");
    }
}
