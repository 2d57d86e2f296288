//! A server and a client in one thread, with a reference from the one to the other, and the
//! manager through which it came.

use abi_tests::check::Failure;

use crate::commands::Commands;
use crate::endpoint::Endpoint;
use crate::manager::{GET, Manager, PUT};
use crate::parcel::{Parcel, binder};
use crate::protocol::{bc, tf};
use crate::returns::Incoming;

/// The pointer and the cookie of the server's node.
pub const NODE: (u64, u64) = (0x1_0000_1000, 0x2_0000_2000);

/// Two endpoints of this process.
pub struct Pair {
    /// The manager, in another process.
    pub manager: Manager,
    /// Has the node [`NODE`].
    pub server: Endpoint,
    /// Has a strong reference to it.
    pub client: Endpoint,
    /// The client's handle.
    pub handle: u32,
}

impl Pair {
    /// Makes the three, with the reference handed over and nothing left to read.
    pub fn new() -> Result<Self, Failure> {
        let manager = Manager::start()?;
        let (server, client) = (Endpoint::open()?, Endpoint::open()?);
        publish(&server, 0, &binder(NODE.0, NODE.1))?;
        let handle = look_up(&client, 0)?;
        Ok(Self {
            manager,
            server,
            client,
            handle,
        })
    }

    /// Sends a two-way transaction from the client; the server has it, and nothing is replied.
    pub fn call(&self, code: u32, flags: u32, parcel: &Parcel) -> Result<Incoming, Failure> {
        let commands = Commands::new().transaction(self.handle, code, flags, parcel);
        self.client.write(&commands)?;
        self.server.transaction()
    }

    /// Sends a one-way transaction from the client; the server has it.
    pub fn call_one_way(&self, code: u32, parcel: &Parcel) -> Result<Incoming, Failure> {
        self.call(code, tf::ONE_WAY, parcel)
    }

    /// Sends a one-way transaction without looking whether it came.
    pub fn call_one_way_raw(&self, code: u32) -> Result<(), Failure> {
        let parcel = Parcel::default();
        let commands = Commands::new().transaction(self.handle, code, tf::ONE_WAY, &parcel);
        self.client.write(&commands)
    }

    /// The whole way there and back: what the client gets. The server's buffer is freed.
    pub fn round(
        &self,
        request: &Parcel,
        answer: &Parcel,
    ) -> Result<(Incoming, Incoming), Failure> {
        let asked = self.call(1, tf::ACCEPT_FDS, request)?;
        self.server.write(&Commands::new().reply(0, answer))?;
        Ok((asked, self.client.reply()?))
    }
}

/// Gives the manager a reference to a node of `server` (the object's bytes), under `slot`.
pub fn publish(server: &Endpoint, slot: u32, object: &[u8]) -> Result<(), Failure> {
    let parcel = Parcel::default().object(object);
    server.write(&Commands::new().transaction(0, PUT | slot, 0, &parcel))?;
    let reply = server.reply()?;
    server.free(reply.buffer)?;
    server
        .take()
        .and_then(|returns| server.acknowledge(&returns))
}

/// Asks the manager for the reference under `slot`, and keeps it strongly.
pub fn look_up(client: &Endpoint, slot: u32) -> Result<u32, Failure> {
    client.write(&Commands::new().transaction(0, GET | slot, 0, &Parcel::default()))?;
    let reply = client.reply()?;
    let handle = reply.number(8);
    client.write(
        &Commands::new()
            .with_handle(bc::ACQUIRE, handle)
            .free(reply.buffer),
    )?;
    Ok(handle)
}
