//! Pipes: the ring, its ends, and what polling says.

use super::{read, write};
use crate::file::{File, IoFlags, create_pipe, pipe_capacity, set_pipe_capacity};
use crate::memory::io::Source;
use crate::process::credentials::Credentials;
use crate::sync::poll::PollEvents;
use abi::Errno;
use alloc::{sync::Arc, vec, vec::Vec};

fn pipe() -> (Arc<dyn File>, Arc<dyn File>) {
    let ends = create_pipe(&Credentials::root(), 0).expect("no limit for root");
    (ends.0.file().clone(), ends.1.file().clone())
}

fn try_write(file: &Arc<dyn File>, bytes: &[u8]) -> Result<usize, Errno> {
    let flags = IoFlags {
        nonblocking: true,
        ..IoFlags::default()
    };
    file.write(&mut 0, &mut Source::from_slice(bytes), flags)
}

metal::ktest! {
    /// Bytes come out in their order, around the ring many times.
    fn bytes_keep_their_order() {
        let (reader, writer) = pipe();
        let (mut sent, mut received) = (0u32, 0u32);
        for round in 0..200usize {
            let length = 1 + round * 37 % 5000;
            let bytes: Vec<u8> = (0..length).map(|at| (sent as usize + at) as u8).collect();
            sent += write(&writer, 0, &bytes).unwrap() as u32;
            let wanted = 1 + round * 91 % 6000;
            for byte in read(&reader, 0, wanted).unwrap() {
                assert_eq!(byte, received as u8);
                received += 1;
            }
            while sent - received > 40_000 {
                received += read(&reader, 0, 10_000).unwrap().len() as u32;
            }
        }
    }

    /// A full pipe takes no small write in part, a large one as far as it fits.
    fn small_writes_are_whole() {
        let (reader, writer) = pipe();
        assert_eq!(try_write(&writer, &vec![1; 65_536 - 10]), Ok(65_536 - 10));
        assert_eq!(try_write(&writer, &[2; 11]), Err(Errno::EAGAIN));
        assert_eq!(try_write(&writer, &[2; 10]), Ok(10));
        assert!(!writer.poll(None).contains(PollEvents::OUT));
        read(&reader, 0, 4096).unwrap();
        assert_eq!(try_write(&writer, &vec![2; 5000]), Ok(4096));
        assert!(!writer.poll(None).contains(PollEvents::OUT));
        read(&reader, 0, 4096).unwrap();
        assert!(writer.poll(None).contains(PollEvents::OUT));
    }

    /// The other end's absence shows as end of file, and in what polling says.
    fn hanging_up() {
        let (reader, writer) = pipe();
        assert_eq!(reader.poll(None), PollEvents::empty());
        write(&writer, 0, b"last").unwrap();
        drop(writer);
        assert!(reader.poll(None).contains(PollEvents::IN | PollEvents::HUP));
        assert_eq!(read(&reader, 0, 100).unwrap(), b"last");
        assert_eq!(read(&reader, 0, 100).unwrap(), b"");
        let (reader, writer) = pipe();
        drop(reader);
        assert!(writer.poll(None).contains(PollEvents::ERR));
    }

    /// The size changes in powers of two, keeps what is inside, and never below it.
    fn resizing_keeps_the_contents() {
        let root = Credentials::root();
        let (reader, writer) = pipe();
        write(&writer, 0, &[1; 3000]).unwrap();
        read(&reader, 0, 2999).unwrap();
        write(&writer, 0, &[2; 9000]).unwrap();
        assert_eq!(set_pipe_capacity(&*writer, 4096, &root), Err(Errno::EBUSY));
        assert_eq!(set_pipe_capacity(&*writer, 9002, &root), Ok(16_384));
        assert_eq!(pipe_capacity(&*reader), Ok(16_384));
        let bytes = read(&reader, 0, 10_000).unwrap();
        assert_eq!((bytes.len(), bytes[0], bytes[1], bytes[9000]), (9001, 1, 2, 2));
        assert_eq!(set_pipe_capacity(&*writer, 1, &root), Ok(4096));
    }
}
