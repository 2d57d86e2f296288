//! What a call through binder costs: there and back, between two processes, with the free of each
//! buffer batched with the next command, as binder's libraries do it.

use abi_tests::process::leave;
use abi_tests::{raw, sys};
use libc::*;

use crate::measure::{clock, good, mean};
use crate::operations::with_child;

const BINDER_WRITE_READ: u32 = 0xc030_6201;
const BINDER_SET_CONTEXT_MGR: u32 = 0x4004_6207;
const BC_TRANSACTION: u32 = 0x4040_6300;
const BC_REPLY: u32 = 0x4040_6301;
const BC_FREE_BUFFER: u32 = 0x4008_6303;
const BC_ENTER_LOOPER: u32 = 0x630c;
const BR_TRANSACTION: u32 = 0x8040_7202;
const BR_REPLY: u32 = 0x8040_7203;
const BR_TRANSACTION_COMPLETE: u32 = 0x7206;
const BR_NOOP: u32 = 0x720c;
const TF_ONE_WAY: u32 = 1;
/// Bytes of a transaction among commands and returns.
const TRANSACTION_BYTES: usize = 64;
/// Bytes of a word of commands and returns.
const WORD: usize = size_of::<u32>();
/// The transaction that ends a server.
const END: u32 = 99;

/// The largest payload.
const DATA_BYTES: usize = 4096;
/// Bytes of the mapping.
const ROOM_BYTES: usize = 1 << 20;

/// Commands in one piece: what is measured is the driver, so nothing is allocated for them.
#[derive(Default)]
struct Commands {
    words: [u32; 24],
    count: usize,
}

impl Commands {
    fn one(number: u32) -> Self {
        let mut one = Self::default();
        one.push(number);
        one
    }

    fn push(&mut self, word: u32) {
        self.words[self.count] = word;
        self.count += 1;
    }

    fn push_long(&mut self, word: u64) {
        self.push(word as u32);
        self.push((word >> 32) as u32);
    }
}

/// One opening of the device.
struct Endpoint {
    file: isize,
    data: Vec<u8>,
    /// The buffer to be freed with the next command.
    buffer: Option<u64>,
    returns: [u32; 64],
}

impl Endpoint {
    fn open() -> Result<Self, String> {
        let file = good("open", sys!(SYS_open, c"/dev/binder", O_RDWR | O_CLOEXEC))?;
        let mapping = sys!(SYS_mmap, 0, ROOM_BYTES, PROT_READ, MAP_PRIVATE, file, 0);
        good("mmap", mapping)?;
        Ok(Self::of(file))
    }

    /// For another thread of the process that opened a file.
    fn of(file: isize) -> Self {
        Self {
            file,
            data: vec![0; DATA_BYTES],
            buffer: None,
            returns: [0; 64],
        }
    }

    /// The server before this one may not be quite gone yet.
    fn become_manager(&self) -> Result<(), String> {
        let mut answer = 0;
        for _ in 0..1000 {
            answer = sys!(SYS_ioctl, self.file, BINDER_SET_CONTEXT_MGR, 0);
            if answer != -(EBUSY as isize) {
                break;
            }
            sys!(SYS_sched_yield);
        }
        good("BINDER_SET_CONTEXT_MGR", answer).map(|_| ())
    }

    /// Gives commands and reads; returns how many words were returned.
    fn exchange(&mut self, commands: &Commands, reads: bool) -> Result<usize, String> {
        let room = if reads { size_of_val(&self.returns) } else { 0 };
        let address = |words: &[u32]| words.as_ptr().expose_provenance() as u64;
        let mut call = [
            (commands.count * WORD) as u64,
            0,
            address(&commands.words),
            room as u64,
            0,
            address(&self.returns),
        ];
        let done = sys!(SYS_ioctl, self.file, BINDER_WRITE_READ, &mut call);
        good("BINDER_WRITE_READ", done)?;
        Ok(call[4] as usize / WORD)
    }

    /// The commands that free the last buffer and send something.
    fn commands(&mut self, number: u32, code: u32, flags: u32, bytes: usize) -> Commands {
        let mut commands = Commands::default();
        if let Some(buffer) = self.buffer.take() {
            commands.push(BC_FREE_BUFFER);
            commands.push_long(buffer);
        }
        if number != 0 {
            commands.push(number);
            let data = self.data.as_ptr().expose_provenance() as u64;
            let what = u64::from(code) | u64::from(flags) << 32;
            for word in [0, 0, what, 0, bytes as u64, 0, data, 0] {
                commands.push_long(word);
            }
        }
        commands
    }

    /// Looks through what was returned for `wanted`, and notes its buffer. Gives its code.
    fn find(&mut self, count: usize, wanted: u32) -> Result<Option<u32>, String> {
        let mut returns = self.returns.get(..count).unwrap_or_default();
        while let [number, rest @ ..] = returns {
            returns = match *number {
                number if number == wanted && wanted == BR_TRANSACTION_COMPLETE => {
                    return Ok(Some(0));
                }
                BR_NOOP | BR_TRANSACTION_COMPLETE => rest,
                BR_TRANSACTION | BR_REPLY => {
                    let cut = rest.split_first_chunk::<{ TRANSACTION_BYTES / WORD }>();
                    let (transaction, rest) = cut.ok_or("a return is cut off")?;
                    if *number == wanted {
                        let (low, high) = (transaction[12], transaction[13]);
                        self.buffer = Some(u64::from(low) | u64::from(high) << 32);
                        return Ok(Some(transaction[4]));
                    }
                    rest
                }
                other => return Err(format!("binder returned {other:#x}")),
            };
        }
        Ok(None)
    }

    /// Gives commands and reads until `wanted` comes.
    fn until(&mut self, commands: &Commands, wanted: u32) -> Result<u32, String> {
        let mut count = self.exchange(commands, true)?;
        loop {
            if let Some(code) = self.find(count, wanted)? {
                return Ok(code);
            }
            count = self.exchange(&Commands::default(), true)?;
        }
    }

    fn call(&mut self, code: u32, bytes: usize) -> Result<(), String> {
        let commands = self.commands(BC_TRANSACTION, code, 0, bytes);
        self.until(&commands, BR_REPLY).map(|_| ())
    }

    fn send(&mut self, bytes: usize) -> Result<(), String> {
        let commands = self.commands(BC_TRANSACTION, 1, TF_ONE_WAY, bytes);
        self.until(&commands, BR_TRANSACTION_COMPLETE).map(|_| ())
    }

    /// Answers with as many bytes as the code says until the end.
    fn serve(&mut self) -> Result<(), String> {
        let mut commands = Commands::one(BC_ENTER_LOOPER);
        loop {
            let code = self.until(&commands, BR_TRANSACTION)?;
            if code == END {
                let commands = self.commands(BC_REPLY, 0, 0, 0);
                return self.exchange(&commands, false).map(|_| ());
            }
            commands = match code {
                1 => self.commands(0, 0, 0, 0),
                bytes => self.commands(BC_REPLY, 0, 0, bytes as usize - 2),
            };
        }
    }
}

/// Serves until one of the threads is told to end, and ends the process with that.
fn serve_to_the_end(mut server: Endpoint) {
    if let Err(error) = server.serve() {
        eprintln!("bench: the server of binder: {error}");
    }
    leave(0);
}

/// Runs `client` while a child serves.
fn with_server(client: impl FnOnce(&mut Endpoint) -> Result<i64, String>) -> Result<i64, String> {
    with_threads(1, client)
}

/// The same with a child that has so many threads.
fn with_threads(
    threads: usize,
    client: impl FnOnce(&mut Endpoint) -> Result<i64, String>,
) -> Result<i64, String> {
    let mut ready = [0i32; 2];
    good("pipe", sys!(SYS_pipe, &mut ready))?;
    let serve = || {
        let served = Endpoint::open().and_then(|server| {
            server.become_manager()?;
            let file = server.file;
            for _ in 1..threads {
                let other = Endpoint::of(file);
                std::thread::spawn(move || serve_to_the_end(other));
            }
            sys!(SYS_write, ready[1], b"x", 1);
            serve_to_the_end(server);
            Ok(())
        });
        if let Err(error) = served {
            eprintln!("bench: the server of binder: {error}");
            // The client reads no byte and gives up.
            sys!(SYS_close, ready[1]);
        }
    };
    with_child(serve, || {
        sys!(SYS_close, ready[1]);
        let mut byte = [0u8];
        let read = good("read", sys!(SYS_read, ready[0], &mut byte, 1))?;
        sys!(SYS_close, ready[0]);
        if read != 1 {
            return Err("there is no server of binder".into());
        }
        let mut endpoint = Endpoint::open()?;
        let result = client(&mut endpoint);
        endpoint.call(END, 0)?;
        sys!(SYS_close, endpoint.file);
        result
    })
}

/// Why there is no binder, if that is so: a kernel without device namespaces has none.
pub fn lack() -> Option<&'static str> {
    let is_there = std::path::Path::new("/dev/binder").exists();
    (!is_there).then_some("this kernel has no /dev/binder")
}

/// Threads of the server that has several.
const SERVER_THREADS: usize = 4;
/// Clients that call it at once.
const CLIENTS: i64 = 8;
/// How often each of them does.
const CALLS: i64 = 200;

/// What one call takes where several clients call a server of several threads, which all must have
/// their turns.
pub fn crowd() -> Result<i64, String> {
    let mut gate = [0i32; 2];
    good("pipe", sys!(SYS_pipe, &mut gate))?;
    let clients: Result<Vec<isize>, String> = (0..CLIENTS)
        .map(|_| {
            let pid = good("fork", raw::fork())?;
            if pid == 0 {
                leave(i32::from(call_when_open(gate[0]).is_err()));
            }
            Ok(pid)
        })
        .collect();
    let clients = clients?;
    let cost = with_threads(SERVER_THREADS, |_| {
        let start = clock(CLOCK_MONOTONIC);
        sys!(SYS_write, gate[1], &[0u8; CLIENTS as usize], CLIENTS);
        for client in &clients {
            let mut status = 0i32;
            good("wait4", sys!(SYS_wait4, *client, &mut status, 0, 0))?;
            if status != 0 {
                return Err("a client of binder failed".into());
            }
        }
        Ok((clock(CLOCK_MONOTONIC) - start) / (CLIENTS * CALLS))
    });
    for end in gate {
        sys!(SYS_close, end);
    }
    cost
}

/// Waits for a byte in the pipe, and calls.
fn call_when_open(gate: i32) -> Result<(), String> {
    let mut byte = [0u8];
    sys!(SYS_read, gate, &mut byte, 1);
    let mut endpoint = Endpoint::open()?;
    (0..CALLS).try_for_each(|_| endpoint.call(2, 0))
}

/// There and back, with so many bytes each way.
pub fn call(bytes: usize) -> Result<i64, String> {
    with_server(|client| mean(500, || client.call(bytes as u32 + 2, bytes)))
}

/// One that nobody answers, until the sender is told that it is on its way; the receiver takes and
/// frees it meanwhile or afterwards.
pub fn one_way() -> Result<i64, String> {
    with_server(|client| {
        mean(500, || {
            client.send(0)?;
            sys!(SYS_sched_yield);
            Ok(())
        })
    })
}
