//! A debugger, as far as scenarios need one: it asks a stopped machine where it stands, sets
//! breakpoints, lets it run and leaves it.
//!
//! Source: "Debugging with GDB", appendix E, "GDB Remote Serial Protocol": a packet is
//! `$data#checksum`, the checksum being the sum of the data's bytes in two hexadecimal digits, and
//! each is answered with `+`.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// How many registers of eight bytes come before the instruction pointer of an x86-64.
const REGISTERS_BEFORE: usize = 16;

/// A connection to QEMU's debugger.
pub struct Debugger {
    reader: BufReader<UnixStream>,
    writer: UnixStream,
}

impl Debugger {
    /// Connects to the socket at `path`, trying until `limit` passes; an answer may take as long.
    pub fn connect(path: &Path, limit: Duration) -> Self {
        let end = Instant::now() + limit;
        let writer = loop {
            match UnixStream::connect(path) {
                Ok(stream) => break stream,
                Err(error) => assert!(Instant::now() < end, "{}: {error}", path.display()),
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        writer
            .set_read_timeout(Some(limit))
            .expect("a socket takes a limit");
        let reader = BufReader::new(writer.try_clone().expect("a socket has two names"));
        Self { reader, writer }
    }

    /// Why the machine stands: the signal that a program would have got, such as 5 at a breakpoint.
    pub fn why(&mut self) -> u8 {
        let answer = self.ask("?");
        signal(&answer)
    }

    /// Where the next instruction is.
    pub fn instruction_pointer(&mut self) -> u64 {
        let registers = self.ask("g");
        let digits = registers.get(REGISTERS_BEFORE * 16..(REGISTERS_BEFORE + 1) * 16);
        // In the order of the machine: the lowest byte first.
        digits
            .and_then(|digits| u64::from_str_radix(digits, 16).ok())
            .unwrap_or_else(|| panic!("`{registers}` are no registers"))
            .swap_bytes()
    }

    /// Sets a breakpoint of the hardware's.
    pub fn break_at(&mut self, address: u64) {
        assert_eq!(self.ask(&format!("Z1,{address:x},1")), "OK");
    }

    /// Takes it away.
    pub fn clear(&mut self, address: u64) {
        assert_eq!(self.ask(&format!("z1,{address:x},1")), "OK");
    }

    /// Lets the machine run until it stands again; returns why.
    pub fn go(&mut self) -> u8 {
        let answer = self.ask("c");
        signal(&answer)
    }

    /// Leaves the machine, which runs on.
    pub fn detach(mut self) {
        assert_eq!(self.ask("D"), "OK");
    }

    /// Sends a packet and returns the answer's data.
    fn ask(&mut self, data: &str) -> String {
        let sum = data.bytes().fold(0, u8::wrapping_add);
        let packet = format!("${data}#{sum:02x}");
        self.writer
            .write_all(packet.as_bytes())
            .expect("QEMU listens");
        let mut answer = Vec::new();
        let answered = self.reader.read_until(b'#', &mut answer);
        answered.unwrap_or_else(|error| panic!("`{data}` is not answered: {error}"));
        let text = String::from_utf8_lossy(&answer).into_owned();
        // The checksum is not looked at: a socket loses nothing.
        let mut rest = [0; 2];
        std::io::Read::read_exact(&mut self.reader, &mut rest).expect("a checksum follows");
        self.writer.write_all(b"+").expect("QEMU listens");
        let (_, data) = text
            .split_once('$')
            .unwrap_or_else(|| panic!("`{text}` is no packet"));
        data.trim_end_matches('#').to_owned()
    }
}

/// The signal in the answer that says why a machine stands.
fn signal(answer: &str) -> u8 {
    let digits = answer
        .strip_prefix(['S', 'T'])
        .and_then(|rest| rest.get(..2));
    digits
        .and_then(|digits| u8::from_str_radix(digits, 16).ok())
        .unwrap_or_else(|| panic!("`{answer}` does not say why it stands"))
}
