//! A small VNC client: it looks at the lamps of the guest's keyboard, and wishes for screens of
//! another size, as a viewer does whose window is resized.
//!
//! Nothing else in QEMU tells a program outside whether Caps Lock shines. The server sends the
//! state of the three lamps when a client that knows pseudo-encoding -261 says so, and again at
//! every change. One that knows -308 is told of the screen's size and may ask for another one.
//! The picture is not asked for, so nothing else comes. QEMU tells of a change of the lamps only
//! to one of several clients: have one at a time, and connect before the change.
//!
//! Own code, since the public clients know neither encoding and do not speak over a Unix socket.
//! Source: RFC 6143 (the protocol, version 3.8); the RFB protocol's "LED State Pseudo-encoding",
//! "ExtendedDesktopSize Pseudo-encoding" and "SetDesktopSize".

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::{Error, Result, qmp};

/// The pseudo-encoding of the lamps.
const LED_STATE: i32 = -261;
/// The pseudo-encoding of the screen's size: a rectangle whose place is why it is sent and what
/// became of a client's wish, with a list of screens behind it.
const DESKTOP_SIZE: i32 = -308;
/// Why: this client has asked.
const ASKED: u16 = 1;
/// What became of a wish: it is fulfilled, or QEMU has told the guest.
const FULFILLED: [u16; 2] = [0, 4];
/// What both sides say first.
const VERSION: &[u8; 12] = b"RFB 003.008\n";
/// The kind of security that is none.
const NO_SECURITY: u8 = 1;
/// The client's message with the encodings it knows.
const SET_ENCODINGS: u8 = 2;
/// The client's wish for another size.
const SET_DESKTOP_SIZE: u8 = 251;
/// The server's messages.
const UPDATE: u8 = 0;
const BELL: u8 = 2;
const CUT_TEXT: u8 = 3;

/// The lamps of a keyboard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leds {
    /// Scroll Lock.
    pub scroll: bool,
    /// Num Lock.
    pub num: bool,
    /// Caps Lock.
    pub caps: bool,
}

impl Leds {
    /// The lamps as the protocol has them: bit 0 is Scroll Lock, 1 Num Lock, 2 Caps Lock.
    fn from_bits(bits: u8) -> Self {
        Self {
            scroll: bits & 1 != 0,
            num: bits & 2 != 0,
            caps: bits & 4 != 0,
        }
    }
}

/// A connection to QEMU's VNC server.
pub struct Vnc {
    stream: UnixStream,
    /// What came and is not yet understood.
    held: Vec<u8>,
    /// None until the server has said so.
    leds: Option<Leds>,
    /// What became of the last wish, once the server has said so.
    answer: Option<u16>,
}

impl Vnc {
    /// Connects to the server's Unix socket at `path` and learns how the lamps are now.
    ///
    /// # Errors
    /// When nobody answers within `limit`, or not as the protocol says.
    pub fn connect(path: &Path, limit: Duration) -> Result<Self> {
        let deadline = Instant::now() + limit;
        let mut vnc = Self {
            stream: qmp::connect(path, limit)?,
            held: Vec::new(),
            leds: None,
            answer: None,
        };
        vnc.shake_hands(deadline)?;
        let mut message = vec![SET_ENCODINGS, 0];
        message.extend_from_slice(&2u16.to_be_bytes());
        message.extend_from_slice(&LED_STATE.to_be_bytes());
        message.extend_from_slice(&DESKTOP_SIZE.to_be_bytes());
        vnc.send(&message)?;
        while vnc.leds.is_none() {
            if vnc.message()?.is_none() {
                vnc.receive(deadline, "the state of the lamps")?;
            }
        }
        Ok(vnc)
    }

    /// How the lamps are, as far as the server has said.
    ///
    /// # Errors
    /// When the server has gone or says what it should not.
    pub fn leds(&mut self) -> Result<Leds> {
        while self.more(Instant::now())? {}
        while self.message()?.is_some() {}
        Ok(self.leds.unwrap_or_default())
    }

    /// Waits until the lamps are as `wanted`.
    ///
    /// # Errors
    /// When they are not within `limit`, or the server has gone.
    pub fn wait_leds(&mut self, wanted: Leds, limit: Duration) -> Result<()> {
        let deadline = Instant::now() + limit;
        loop {
            while self.message()?.is_some() {}
            let leds = self.leds.unwrap_or_default();
            if leds == wanted {
                return Ok(());
            }
            if !self.more(deadline)? {
                return Err(Error::Timeout {
                    what: format!("the lamps to be {wanted:?} (they are {leds:?})"),
                    after: limit,
                    tail: String::new(),
                });
            }
        }
    }

    /// Wishes for a screen of this size, and waits until the server has passed it on to the guest.
    ///
    /// # Errors
    /// When the display device has one size only, the server does not answer within `limit`, or
    /// has gone.
    pub fn resize(&mut self, (width, height): (u16, u16), limit: Duration) -> Result<()> {
        let deadline = Instant::now() + limit;
        let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
        let mut message = vec![SET_DESKTOP_SIZE, 0];
        message.extend_from_slice(&size);
        // One screen: its number, its place, its size and no flags.
        message.extend_from_slice(&[1, 0]);
        message.extend_from_slice(&[0; 8]);
        message.extend_from_slice(&size);
        message.extend_from_slice(&[0; 4]);
        self.answer = None;
        self.send(&message)?;
        loop {
            while self.message()?.is_some() {}
            match self.answer {
                Some(answer) if FULFILLED.contains(&answer) => return Ok(()),
                Some(answer) => {
                    let wish = format!("{width}x{height}");
                    return Err(wrong(&format!(
                        "it refused a screen of {wish} with status {answer}"
                    )));
                }
                None => self.receive(deadline, "its answer to another size")?,
            }
        }
    }

    /// The beginning of the protocol, up to the server's description of itself.
    fn shake_hands(&mut self, deadline: Instant) -> Result<()> {
        if self.take(VERSION.len(), deadline)? != VERSION {
            return Err(wrong("it does not speak RFB 3.8"));
        }
        self.send(VERSION)?;
        let count = self.take(1, deadline)?[0];
        let offered = self.take(count.into(), deadline)?;
        if !offered.contains(&NO_SECURITY) {
            return Err(wrong("it wants a password"));
        }
        self.send(&[NO_SECURITY])?;
        if self.take(4, deadline)? != [0; 4] {
            return Err(wrong("it refused the connection"));
        }
        const SHARED: u8 = 1;
        self.send(&[SHARED])?;
        // Width, height and the format of pixels, then the length of a name, and the name.
        let description = self.take(24, deadline)?;
        let length = number(&description[20..]);
        self.take(length, deadline).map(drop)
    }

    /// Takes the next message of the server's, if it is there whole.
    fn message(&mut self) -> Result<Option<()>> {
        let length = match self.held.first() {
            None => return Ok(None),
            Some(&UPDATE) => match self.update()? {
                Some(length) => length,
                None => return Ok(None),
            },
            Some(&BELL) => 1,
            Some(&CUT_TEXT) if self.held.len() < 8 => return Ok(None),
            Some(&CUT_TEXT) => 8 + number(&self.held[4..8]),
            Some(other) => return Err(wrong(&format!("its message {other} is not known"))),
        };
        if self.held.len() < length {
            return Ok(None);
        }
        self.held.drain(..length);
        Ok(Some(()))
    }

    /// Understands an update, which can only speak of the lamps and the size; returns its length.
    fn update(&mut self) -> Result<Option<usize>> {
        let mut length = 4;
        if self.held.len() < length {
            return Ok(None);
        }
        let count = u16::from_be_bytes([self.held[2], self.held[3]]);
        for _ in 0..count {
            const HEAD: usize = 12;
            let Some((&head, rest)) = self.held[length..].split_first_chunk::<HEAD>() else {
                return Ok(None);
            };
            // Either has a byte next: the lamps, or the number of screens.
            let Some(&first) = rest.first() else {
                return Ok(None);
            };
            let [why, answer] = [[head[0], head[1]], [head[2], head[3]]].map(u16::from_be_bytes);
            match i32::from_be_bytes([head[8], head[9], head[10], head[11]]) {
                LED_STATE => {
                    self.leds = Some(Leds::from_bits(first));
                    length += HEAD + 1;
                }
                DESKTOP_SIZE => {
                    if why == ASKED {
                        self.answer = Some(answer);
                    }
                    length += HEAD + 4 + 16 * usize::from(first);
                }
                _ => return Err(wrong("it sent a picture that nobody asked for")),
            }
            if self.held.len() < length {
                return Ok(None);
            }
        }
        Ok(Some(length))
    }

    /// The next `length` bytes.
    fn take(&mut self, length: usize, deadline: Instant) -> Result<Vec<u8>> {
        while self.held.len() < length {
            self.receive(deadline, "its greeting")?;
        }
        Ok(self.held.drain(..length).collect())
    }

    /// Waits for bytes, which must come.
    fn receive(&mut self, deadline: Instant, what: &str) -> Result<()> {
        if self.more(deadline)? {
            return Ok(());
        }
        Err(wrong(&format!("{what} did not come in time")))
    }

    /// Waits for bytes until `deadline`; says whether some came.
    fn more(&mut self, deadline: Instant) -> Result<bool> {
        // A timeout of zero would mean for ever.
        const SHORTEST: Duration = Duration::from_millis(1);
        let doing = || Error::io("read from QEMU's VNC server");
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Some(left.max(SHORTEST));
        self.stream.set_read_timeout(timeout).map_err(doing())?;
        let mut chunk = [0; 256];
        match self.stream.read(&mut chunk) {
            Ok(0) => Err(wrong("it closed the connection")),
            Ok(length) => {
                self.held.extend_from_slice(&chunk[..length]);
                Ok(true)
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(doing()(error)),
        }
    }

    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        let sent = self.stream.write_all(bytes);
        sent.map_err(Error::io("write to QEMU's VNC server"))
    }
}

/// A length as the protocol has it: four bytes, the highest first.
fn number(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .take(4)
        .fold(0, |number, &byte| number << 8 | usize::from(byte))
}

fn wrong(reason: &str) -> Error {
    Error::Vnc {
        reason: reason.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TemporaryFile;
    use std::os::unix::net::UnixListener;

    const LIMIT: Duration = Duration::from_secs(30);
    /// How long a wish for another size is.
    const WISH: usize = 24;

    fn lamps(bits: u8) -> Vec<u8> {
        let mut message = vec![UPDATE, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1];
        message.extend_from_slice(&LED_STATE.to_be_bytes());
        message.push(bits);
        message
    }

    /// An update with a size: why, and with which answer.
    fn size(why: u8, answer: u8) -> Vec<u8> {
        let mut message = vec![UPDATE, 0, 0, 1, 0, why, 0, answer, 3, 32, 2, 88];
        message.extend_from_slice(&DESKTOP_SIZE.to_be_bytes());
        message.extend_from_slice(&[1, 0, 0, 0]);
        message.extend_from_slice(&[0; 16]);
        message
    }

    /// A server that greets, says `first`, hears a message of so many bytes, and says `then` in
    /// single bytes.
    fn fake(
        first: Vec<u8>,
        heard: usize,
        then: Vec<u8>,
    ) -> (Result<Vnc>, std::thread::JoinHandle<()>) {
        let file = TemporaryFile::new("fake-vnc");
        let listener = UnixListener::bind(file.path()).expect("a socket in the temporary folder");
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("the client");
            let hear = |stream: &mut UnixStream, length| {
                let mut heard = vec![0; length];
                stream.read_exact(&mut heard).expect("the client speaks");
            };
            stream.write_all(VERSION).expect("the version");
            hear(&mut stream, 12);
            stream.write_all(&[1, NO_SECURITY]).expect("the offer");
            hear(&mut stream, 1);
            stream.write_all(&[0; 4]).expect("the result");
            hear(&mut stream, 1);
            let mut description = [0; 26];
            description[23] = 2;
            stream.write_all(&description).expect("the description");
            hear(&mut stream, 12);
            stream.write_all(&first).expect("the first message");
            hear(&mut stream, heard);
            for byte in then {
                stream.write_all(&[byte]).expect("a byte");
            }
        });
        (Vnc::connect(file.path(), LIMIT), thread)
    }

    #[test]
    fn lamps_are_seen_however_the_bytes_arrive() {
        let mut later = size(0, 0);
        later.extend([BELL, CUT_TEXT, 0, 0, 0, 0, 0, 0, 1, b'x']);
        later.extend(lamps(6));
        // The size may come before the lamps.
        let (vnc, thread) = fake([size(0, 0), lamps(1)].concat(), 0, later);
        let mut vnc = vnc.expect("the fake answers");
        let wanted = Leds {
            caps: true,
            num: true,
            scroll: false,
        };
        vnc.wait_leds(wanted, LIMIT).expect("they come");
        thread.join().expect("no panic");
    }

    #[test]
    fn another_size_is_asked_for_and_may_be_refused() {
        let answers = [size(0, 0), size(1, 4), lamps(0)].concat();
        let (vnc, thread) = fake(lamps(1), WISH, answers);
        let mut vnc = vnc.expect("the fake answers");
        vnc.resize((800, 600), LIMIT).expect("the guest is told");
        thread.join().expect("no panic");

        let (vnc, thread) = fake(lamps(1), WISH, size(1, 3));
        let mut vnc = vnc.expect("the fake answers");
        let error = vnc.resize((800, 600), LIMIT).expect_err("refused");
        assert!(error.to_string().contains("800x600"), "{error}");
        thread.join().expect("no panic");
    }

    #[test]
    fn what_is_wrong_is_said() {
        let (vnc, thread) = fake(vec![9], 0, Vec::new());
        let error = vnc.err().expect("there is no such message").to_string();
        assert!(error.contains("message 9"), "{error}");
        thread.join().expect("no panic");
    }
}
