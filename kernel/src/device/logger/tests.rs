//! In-kernel tests of the logs: through the nodes' devices, with a persona of the tests' own.

use alloc::sync::Arc;

use abi::raw::general::{O_DIRECT, O_RDWR, O_WRONLY};
use drivers::logger::persona::Writer;

use super::{Log, LogDevice};
use crate::error::Errno;
use crate::file::{Device, DeviceNumber, File, IoFlags, OpenFlags};
use crate::memory::io::{Sink, Source};
use crate::namespace::device::foreground;
use crate::sync::poll::PollEvents;

const NONBLOCKING: IoFlags = IoFlags {
    nonblocking: true,
    append: false,
    direct: false,
    size_limit: u64::MAX,
};

fn open(log: &Arc<Log>, flags: u32) -> Arc<dyn File> {
    let device = LogDevice(Arc::clone(log));
    let number = DeviceNumber::new(10, 0);
    let opened = device.open(number, OpenFlags::from_raw(flags));
    opened.expect("the kernel is the root")
}

fn write(file: &dyn File, text: &[u8]) -> Result<usize, Errno> {
    file.write(&mut 0, &mut Source::from_slice(text), NONBLOCKING)
}

fn read(file: &dyn File, room: usize) -> Result<alloc::vec::Vec<u8>, Errno> {
    let mut bytes = alloc::vec![0; room];
    let count = file.read(&mut 0, &mut Sink::from_slice(&mut bytes), NONBLOCKING)?;
    bytes.truncate(count);
    Ok(bytes)
}

metal::ktest! {
    fn what_is_written_is_read_and_polled() {
        let log = Arc::new(Log::new());
        let file = open(&log, O_RDWR);
        let readable = || file.poll(None).contains(PollEvents::IN);
        assert_eq!(read(&*file, 100), Err(Errno::EAGAIN));
        assert!(!readable());
        assert_eq!(write(&*file, b"text"), Ok(4));
        assert!(readable());
        assert_eq!(read(&*file, 23), Err(Errno::EINVAL));
        assert_eq!(read(&*file, 24).expect("it is there")[20..], b"text"[..]);
        assert!(!readable());
        let writer = open(&log, O_WRONLY);
        assert_eq!(write(&*writer, b"more"), Ok(4));
        assert!(!writer.poll(None).contains(PollEvents::IN) && readable());
    }

    fn only_the_unfiltered_reader_sees_a_persona() {
        let log = Arc::new(Log::new());
        let (plain, all) = (open(&log, O_RDWR), open(&log, O_RDWR | O_DIRECT));
        let persona = foreground().create(79);
        persona.set_init_pid(12);
        let record = Writer::default().record(&persona);
        let mut text: &[u8] = b"inside";
        let mut give = |into: &mut [u8]| {
            into.copy_from_slice(&text[..into.len()]);
            text = &text[into.len()..];
            Ok(into.len())
        };
        let ring = log.ring().expect("made by the opening");
        assert_eq!(ring.lock().append(record, 6, &mut give), Ok(6));
        assert_eq!(read(&*plain, 100), Err(Errno::EAGAIN));
        let bytes = read(&*all, 100).expect("it is there");
        assert_eq!((bytes.len(), bytes[0]), (42, 12));
    }
}
