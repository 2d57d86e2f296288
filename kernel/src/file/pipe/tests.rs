//! In-kernel tests of pipes: what no program can bring about at will, such as a look at a pipe
//! whose bytes are lent out.

use super::{Pipe, create_pipe, pipe_behind};
use crate::error::{Errno, Result};
use crate::memory::io::{Sink, Source};
use crate::process::credentials::Credentials;
use alloc::sync::Arc;
use alloc::vec::Vec;

fn read(pipe: &Pipe) -> Result<Vec<u8>> {
    let mut bytes = [0; 64];
    let count = pipe.read(&mut Sink::from_slice(&mut bytes), true)?;
    Ok(bytes[..count].to_vec())
}

fn write(pipe: &Pipe, bytes: &[u8]) {
    let written = pipe.write(&mut Source::from_slice(bytes), true, false);
    assert_eq!(written, Ok(bytes.len()));
}

metal::ktest! {
    fn lent_bytes_are_not_overtaken() {
        let ends = create_pipe(&Credentials::root(), 0).expect("memory for a pipe");
        let pipe = Arc::clone(pipe_behind(&**ends.0.file()).expect("a pipe"));
        write(&pipe, b"first");
        let mut lent = pipe.lend(4).expect("memory").expect("bytes");
        write(&pipe, b" later");
        assert_eq!((pipe.filled(), read(&pipe)), (0, Err(Errno::EAGAIN)));
        assert!(pipe.lend(4).expect("memory").is_none(), "lent twice");
        lent.skip(2);
        drop(lent);
        assert_eq!(read(&pipe), Ok(b"rst later".to_vec()));
    }

    fn a_pipe_whose_bytes_are_lent_is_not_at_its_end() {
        let (reader, writer) = create_pipe(&Credentials::root(), 0).expect("memory for a pipe");
        let pipe = Arc::clone(pipe_behind(&**reader.file()).expect("a pipe"));
        write(&pipe, b"all");
        drop(writer);
        let mut lent = pipe.lend(100).expect("memory").expect("bytes");
        assert_eq!(read(&pipe), Err(Errno::EAGAIN));
        lent.skip(3);
        drop(lent);
        assert_eq!(read(&pipe), Ok(Vec::new()));
    }
}
