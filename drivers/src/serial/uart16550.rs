//! The 16550A UART.
//!
//! Contract: [`Uart16550::probe`] finds the chip or says that none answers; afterwards every
//! function is bounded, also when the chip vanishes (all registers then read 0xff) or the other
//! side never takes a byte.
//!
//! Source: National Semiconductor PC16550D data sheet, registers of table II.
use crate::terminal::LineError;

/// The eight registers of a UART, wherever the machine has them.
pub trait Port {
    /// Reads register `register` (0 to 7).
    fn read(&self, register: u8) -> u8;
    /// Writes register `register` (0 to 7).
    fn write(&self, register: u8, value: u8);
}

/// Receive buffer (read), transmit holding (write); low byte of the divisor while `LATCH` is set.
const DATA: u8 = 0;
/// Interrupt enable; high byte of the divisor while `LATCH` is set.
const INTERRUPT_ENABLE: u8 = 1;
/// Interrupt identification (read), FIFO control (write).
const INTERRUPT_IDENTITY: u8 = 2;
const FIFO_CONTROL: u8 = 2;
const LINE_CONTROL: u8 = 3;
const MODEM_CONTROL: u8 = 4;
const LINE_STATUS: u8 = 5;
const MODEM_STATUS: u8 = 6;
const SCRATCH: u8 = 7;

const ENABLE_RECEIVED: u8 = 1 << 0;
const ENABLE_ROOM: u8 = 1 << 1;
const ENABLE_LINE_STATUS: u8 = 1 << 2;

const NOTHING_PENDING: u8 = 1 << 0;
const IDENTITY: u8 = 0x0e;
const IDENTITY_MODEM: u8 = 0x00;
const IDENTITY_ROOM: u8 = 0x02;

/// FIFOs on and emptied; an interrupt at 8 received bytes, or after a pause of four.
const FIFO_ON: u8 = 0x87;
const FIFO_LENGTH: usize = 16;

const EIGHT_BITS_NO_PARITY: u8 = 0x03;
const LATCH: u8 = 0x80;

/// Data terminal ready, request to send, and OUT2, which lets the interrupt through on a PC.
const MODEM_READY: u8 = 0x0b;
/// OUT2 alone.
const INTERRUPT_GATE: u8 = 1 << 3;
/// The bits of the modem control register that mean something.
const MODEM_CONTROL_BITS: u8 = 0x1f;

const STATUS_RECEIVED: u8 = 1 << 0;
const STATUS_PARITY: u8 = 1 << 2;
const STATUS_FRAMING: u8 = 1 << 3;
const STATUS_BREAK: u8 = 1 << 4;
const STATUS_ROOM: u8 = 1 << 5;
const STATUS_IDLE: u8 = 1 << 6;

/// What every register reads where no chip is.
const ABSENT: u8 = 0xff;

/// Input clock divided by 16: the speed at divisor 1, in bits per second.
const FASTEST: u32 = 115_200;

/// Bytes drained in one go: many times the FIFO, for more arrive meanwhile, but not endlessly.
const DRAIN_LIMIT: usize = 512;
/// Reasons for an interrupt looked at in one go.
const SERVICE_LIMIT: usize = 64;
/// Status reads to wait for room; a byte takes 87 µs at 115200, a port read about 1 µs.
const WAIT_LIMIT: usize = 20_000;

/// What the chip wanted when it interrupted, besides having its received bytes taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Serviced {
    /// It has room for output again.
    pub room: bool,
}

/// A 16550A.
pub struct Uart16550<P: Port> {
    port: P,
    enabled: u8,
    /// The last wait for room ended without it: wait no more until there is room.
    stuck: bool,
}

impl<P: Port> Uart16550<P> {
    /// Looks for the chip and sets it to 8 bits, no parity, `bits_per_second` (rounded to what
    /// the divisor gives), FIFOs on, no interrupts. None when nothing answers.
    pub fn probe(port: P, bits_per_second: u32) -> Option<Self> {
        for pattern in [0x5a, 0xa5] {
            port.write(SCRATCH, pattern);
            if port.read(SCRATCH) != pattern {
                return None;
            }
        }
        if port.read(LINE_STATUS) == ABSENT {
            return None;
        }
        let mut uart = Self {
            port,
            enabled: 0,
            stuck: false,
        };
        uart.port.write(INTERRUPT_ENABLE, 0);
        uart.set_speed(bits_per_second);
        uart.port.write(FIFO_CONTROL, FIFO_ON);
        uart.port.write(MODEM_CONTROL, MODEM_READY);
        Some(uart)
    }

    /// Takes over a chip that was already set up, without touching it: for a last message when
    /// its owner may be in the middle of something.
    pub const fn attach(port: P) -> Self {
        Self {
            port,
            enabled: 0,
            stuck: false,
        }
    }

    /// Sets the speed in bits per second; 0 and what is faster than the chip give its fastest.
    pub fn set_speed(&mut self, bits_per_second: u32) {
        let divisor = FASTEST
            .checked_div(bits_per_second)
            .unwrap_or(1)
            .clamp(1, 0xffff);
        let [low, high, ..] = divisor.to_le_bytes();
        self.port.write(LINE_CONTROL, EIGHT_BITS_NO_PARITY | LATCH);
        self.port.write(DATA, low);
        self.port.write(INTERRUPT_ENABLE, high);
        self.port.write(LINE_CONTROL, EIGHT_BITS_NO_PARITY);
        self.port.write(INTERRUPT_ENABLE, self.enabled);
    }

    /// Lets the chip interrupt for received bytes and for line errors.
    pub fn enable_receive_interrupt(&mut self) {
        self.set_enabled(self.enabled | ENABLE_RECEIVED | ENABLE_LINE_STATUS);
    }

    /// Lets the chip interrupt once it has room for output, or not.
    pub fn enable_room_interrupt(&mut self, enable: bool) {
        let room = if enable { ENABLE_ROOM } else { 0 };
        self.set_enabled(self.enabled & !ENABLE_ROOM | room);
    }

    fn set_enabled(&mut self, enabled: u8) {
        // A register write is a trip to the emulator: none where nothing changes.
        if enabled != self.enabled {
            self.enabled = enabled;
            self.port.write(INTERRUPT_ENABLE, enabled);
        }
    }

    /// Answers an interrupt: hands all received bytes to `take` and says what else was wanted.
    /// On return the chip no longer asks for attention, so an edge-triggered line can rise anew.
    pub fn service(&mut self, mut take: impl FnMut(Result<u8, LineError>)) -> Serviced {
        let mut serviced = Serviced::default();
        for _ in 0..SERVICE_LIMIT {
            let identity = self.port.read(INTERRUPT_IDENTITY);
            if identity & NOTHING_PENDING != 0 {
                break;
            }
            match identity & IDENTITY {
                IDENTITY_ROOM => serviced.room = true,
                IDENTITY_MODEM => {
                    self.port.read(MODEM_STATUS);
                }
                _ => self.drain(&mut take),
            }
        }
        serviced
    }

    /// Takes the bytes the chip has received.
    fn drain(&self, take: &mut impl FnMut(Result<u8, LineError>)) {
        for _ in 0..DRAIN_LIMIT {
            let status = self.port.read(LINE_STATUS);
            if status == ABSENT || status & STATUS_RECEIVED == 0 {
                return;
            }
            let byte = self.port.read(DATA);
            take(if status & STATUS_BREAK != 0 {
                Err(LineError::Break)
            } else if status & (STATUS_PARITY | STATUS_FRAMING) != 0 {
                Err(LineError::Damaged(byte))
            } else {
                Ok(byte)
            });
        }
    }

    /// Gives the chip as many of `bytes` as it takes now, without waiting, and says how many.
    pub fn transmit(&mut self, bytes: &[u8]) -> usize {
        let mut sent = 0;
        // One look at the status is good for a whole FIFO.
        while sent < bytes.len() && self.has_room() {
            let part = FIFO_LENGTH.min(bytes.len() - sent);
            for &byte in &bytes[sent..sent + part] {
                self.port.write(DATA, byte);
            }
            sent += part;
        }
        sent
    }

    /// Sends one byte, waiting for room for a bounded time; false when it had to be given up.
    /// After such a loss further bytes do not wait until the line moves again.
    pub fn send_waiting(&mut self, byte: u8) -> bool {
        let tries = if self.stuck { 1 } else { WAIT_LIMIT };
        let room = (0..tries).any(|_| self.has_room());
        self.stuck = !room;
        if room {
            self.port.write(DATA, byte);
        }
        room
    }

    fn has_room(&self) -> bool {
        self.port.read(LINE_STATUS) & STATUS_ROOM != 0
    }

    /// The lines to a modem: the control register (bits 0 to 4: data terminal ready, request to
    /// send, OUT1, OUT2, loop) and the status register (bits 4 to 7: clear to send, data set
    /// ready, ring indicator, carrier).
    pub fn modem_lines(&self) -> (u8, u8) {
        let control = self.port.read(MODEM_CONTROL) & MODEM_CONTROL_BITS;
        (control, self.port.read(MODEM_STATUS))
    }

    /// Sets the control register. OUT2 stays on: the chip could not interrupt without it.
    pub fn set_modem_control(&mut self, control: u8) {
        let control = control & MODEM_CONTROL_BITS | INTERRUPT_GATE;
        self.port.write(MODEM_CONTROL, control);
    }

    /// Whether the last bit of all output has left the chip.
    pub fn is_idle(&self) -> bool {
        self.port.read(LINE_STATUS) & STATUS_IDLE != 0
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::FakeUart;
    use super::*;

    fn probed(fake: &FakeUart) -> Uart16550<&FakeUart> {
        Uart16550::probe(fake, 115_200).unwrap()
    }

    fn received(uart: &mut Uart16550<&FakeUart>) -> Vec<Result<u8, LineError>> {
        let mut bytes = Vec::new();
        uart.service(|byte| bytes.push(byte));
        bytes
    }

    #[test]
    fn an_absent_chip_is_not_found() {
        assert!(Uart16550::probe(&FakeUart::absent(), 115_200).is_none());
    }

    #[test]
    fn probing_sets_the_line() {
        let fake = FakeUart::new();
        let mut uart = probed(&fake);
        assert_eq!(
            (fake.divisor(), fake.line_control()),
            (1, EIGHT_BITS_NO_PARITY)
        );
        uart.set_speed(9_600);
        assert_eq!(fake.divisor(), 12);
        uart.set_speed(0);
        assert_eq!(fake.divisor(), 1);
    }

    #[test]
    fn received_bytes_are_drained_on_the_interrupt() {
        let fake = FakeUart::new();
        let mut uart = probed(&fake);
        uart.enable_receive_interrupt();
        fake.type_bytes(b"hello");
        assert!(fake.interrupts());
        assert_eq!(received(&mut uart), b"hello".map(Ok));
        assert!(!fake.interrupts());
    }

    #[test]
    fn errors_are_told_apart() {
        let fake = FakeUart::new();
        let mut uart = probed(&fake);
        uart.enable_receive_interrupt();
        fake.receive_with_status(0, STATUS_BREAK);
        fake.receive_with_status(b'a', STATUS_PARITY);
        fake.receive_with_status(b'b', STATUS_FRAMING);
        let expected = [
            LineError::Break,
            LineError::Damaged(b'a'),
            LineError::Damaged(b'b'),
        ];
        assert_eq!(received(&mut uart), expected.map(Err));
    }

    #[test]
    fn output_stops_at_a_full_chip_and_goes_on_with_the_interrupt() {
        let fake = FakeUart::new();
        let mut uart = probed(&fake);
        fake.block(true);
        assert_eq!(uart.transmit(&[b'x'; 40]), 16);
        assert_eq!(uart.transmit(b"more"), 0);
        uart.enable_room_interrupt(true);
        assert!(!fake.interrupts());
        fake.block(false);
        assert!(fake.interrupts());
        assert!(uart.service(|_| ()).room);
        uart.enable_room_interrupt(false);
        assert_eq!(uart.transmit(b"more"), 4);
        assert_eq!(fake.sent().len(), 20);
        assert!(uart.is_idle());
    }

    #[test]
    fn waiting_for_room_is_bounded_and_not_repeated() {
        let fake = FakeUart::new();
        let mut uart = probed(&fake);
        fake.block(true);
        for _ in 0..FIFO_LENGTH {
            uart.transmit(b"x");
        }
        assert!(!uart.send_waiting(b'a'));
        let before = fake.status_reads();
        assert!(!uart.send_waiting(b'b'));
        assert_eq!(fake.status_reads(), before + 1);
        fake.block(false);
        assert!(uart.send_waiting(b'c'));
        assert!(fake.sent().ends_with(b"c"));
    }

    #[test]
    fn a_chip_that_vanishes_does_not_hold_us() {
        let fake = FakeUart::new();
        let mut uart = probed(&fake);
        uart.enable_receive_interrupt();
        fake.vanish();
        assert!(received(&mut uart).is_empty());
    }
}
