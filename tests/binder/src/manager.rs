//! A context manager in a process of its own, as most cases need one: it keeps the references
//! that it is given and passes them out again, and can echo.

use abi_tests::check::Failure;
use abi_tests::process::{self, until};
use abi_tests::sys;
use libc::*;

use crate::commands::Commands;
use crate::endpoint::Endpoint;
use crate::parcel::{Parcel, handle};
use crate::protocol::{bc, ioctl};
use crate::returns::{Incoming, Return};

/// Code: keep the reference at the head of the data under the slot in the low byte.
pub const PUT: u32 = 0x100;
/// Code: reply with the reference of the slot.
pub const GET: u32 = 0x200;
/// Code: reply with the data that came.
pub const ECHO: u32 = 0x300;
/// Code: reply with the sender's pid and euid as they came.
pub const WHO: u32 = 0x400;

/// The context manager.
#[derive(Debug)]
pub struct Manager {
    /// Its process.
    pub pid: i32,
}

impl Manager {
    /// Starts it and waits until it is the manager.
    pub fn start() -> Result<Self, Failure> {
        Self::start_by(become_manager)
    }

    /// Starts one whose endpoint, which must be the manager, is made by `prepare`.
    pub fn start_by(prepare: impl FnOnce() -> Result<Endpoint, Failure>) -> Result<Self, Failure> {
        let pid = in_child(prepare, serve)?;
        Ok(Self { pid })
    }

    /// Kills it and waits for its end.
    pub fn kill(self) -> Result<(), Failure> {
        sys!(SYS_kill, self.pid, SIGKILL);
        process::wait(self.pid).map(|_| ())
    }
}

/// Forks a child that makes an endpoint with `prepare`, and then does `body` with it. Comes back
/// when the endpoint is made.
pub fn in_child(
    prepare: impl FnOnce() -> Result<Endpoint, Failure>,
    body: impl FnOnce(&Endpoint) -> Result<(), Failure>,
) -> Result<i32, Failure> {
    let mut ends = [0i32; 2];
    sys!(SYS_pipe2, &mut ends, O_CLOEXEC);
    let pid = process::spawn(|| {
        let endpoint = prepare();
        let said = match &endpoint {
            Ok(_) => String::from("o"),
            Err(Failure::Wrong(said)) => format!("in a child: {said}"),
            Err(Failure::Skipped) => String::from("in a child: skipped"),
        };
        sys!(SYS_write, ends[1], said.as_bytes(), said.len());
        sys!(SYS_close, ends[1]);
        match endpoint {
            Ok(endpoint) => i32::from(body(&endpoint).is_err()),
            Err(_) => 1,
        }
    })?;
    sys!(SYS_close, ends[1]);
    let mut said = [0u8; 512];
    let length = sys!(SYS_read, ends[0], &mut said, said.len()).max(0) as usize;
    sys!(SYS_close, ends[0]);
    match &said[..length] {
        b"o" => Ok(pid),
        said => Err(Failure::Wrong(String::from_utf8_lossy(said).into_owned())),
    }
}

/// An endpoint that is the context manager. One of an earlier case may need a moment to go.
pub fn become_manager() -> Result<Endpoint, Failure> {
    let endpoint = Endpoint::open()?;
    let mut seen = 0;
    until(|| {
        seen = endpoint.ioctl(ioctl::SET_CONTEXT_MGR, 0usize);
        seen != -(EBUSY as isize)
    });
    match seen {
        0 => Ok(endpoint),
        error => Err(Failure::Wrong(format!(
            "BINDER_SET_CONTEXT_MGR: saw {}",
            abi_tests::check::result_text(error)
        ))),
    }
}

/// Serves until somebody kills it.
fn serve(endpoint: &Endpoint) -> Result<(), Failure> {
    let mut slots = [0u32; 256];
    endpoint.write(&Commands::new().bare(bc::ENTER_LOOPER))?;
    loop {
        // It waits for as long as it takes.
        let Ok(returns) = endpoint.read() else {
            continue;
        };
        endpoint.acknowledge(&returns)?;
        for one in returns {
            if let Return::Transaction(incoming) = one {
                answer(endpoint, &incoming, &mut slots)?;
            }
        }
    }
}

fn answer(endpoint: &Endpoint, asked: &Incoming, slots: &mut [u32; 256]) -> Result<(), Failure> {
    let slot = (asked.code & 0xff) as usize;
    let parcel = match asked.code & !0xff {
        PUT => {
            slots[slot] = asked.number(8);
            // Before the buffer is freed, and its reference with it.
            endpoint.write(&Commands::new().with_handle(bc::ACQUIRE, slots[slot]))?;
            Parcel::default()
        }
        GET => Parcel::default().object(&handle(slots[slot])),
        ECHO => Parcel::bytes(asked.data()),
        WHO => Parcel::bytes(
            [
                asked.sender_pid.to_ne_bytes(),
                asked.sender_euid.to_ne_bytes(),
            ]
            .concat(),
        ),
        _ => Parcel::default(),
    };
    endpoint.write(&Commands::new().free(asked.buffer).reply(0, &parcel))
}
