//! The first serial line (COM1): wires the UART driver to its ports and its interrupt.
//!
//! The interrupt handler takes received bytes into a fixed queue and raises deferred work; the
//! deferred work, in a thread's context, feeds the console terminal. Output is given to the chip
//! directly as long as it takes it; when it does not, the chip interrupts once it has room.
use super::deferred::{self, Work};
use super::interrupt;
use crate::terminal::{self, Terminal};
use core::sync::atomic::{AtomicBool, Ordering};
use drivers::serial::{Port, ReceivedQueue, Uart16550};
use drivers::terminal::LineDiscipline;
use metal::apic::Trigger;
use metal::interrupt::Lock;

/// The first port and the interrupt of COM1, as on every PC.
const FIRST_PORT: u16 = 0x3f8;
const INTERRUPT: u32 = 4;
/// Bits per second.
const SPEED: u32 = 115_200;
/// Bytes that may arrive before the thread that feeds the terminal gets to run.
const RECEIVED_SLOTS: usize = 4096;

/// The eight ports of the chip.
struct ComPort;

fn port(register: u8) -> Option<metal::port::Port<u8>> {
    metal::port::Port::new(FIRST_PORT + u16::from(register))
}

impl Port for ComPort {
    fn read(&self, register: u8) -> u8 {
        port(register).map_or(0xff, |port| port.read())
    }

    fn write(&self, register: u8, value: u8) {
        if let Some(port) = port(register) {
            port.write(value);
        }
    }
}

static UART: Lock<Option<Uart16550<ComPort>>> = Lock::new(None);
/// Received bytes wait for the terminal's readers to make room.
static HELD_BACK: AtomicBool = AtomicBool::new(false);
static RECEIVED: Lock<ReceivedQueue<RECEIVED_SLOTS>> = Lock::new(ReceivedQueue::new());

/// Finds the chip and makes it ready to send. To be called as early as ports can be reached.
pub fn initialise() {
    *UART.lock() = Uart16550::probe(ComPort, SPEED);
}

/// Lets the chip interrupt. To be called once interrupts and deferred work are set up.
pub fn enable_interrupts() {
    deferred::register(Work::SERIAL, feed_terminal);
    if UART.lock().is_none() {
        return;
    }
    match interrupt::register(INTERRUPT, Trigger::Edge, handle_interrupt) {
        Ok(()) => {
            log::info!("ttyS0 at port {FIRST_PORT:#x}, interrupt {INTERRUPT}: a 16550A");
            let mut uart = UART.lock();
            uart.iter_mut()
                .for_each(Uart16550::enable_receive_interrupt);
        }
        Err(error) => log::error!("ttyS0: no interrupt {INTERRUPT} ({error:?}): keys are not seen"),
    }
}

fn handle_interrupt(_number: u32) {
    let mut uart = UART.lock();
    if let Some(uart) = &mut *uart {
        let serviced = uart.service(|received| RECEIVED.lock().push(received));
        if serviced.room {
            uart.enable_room_interrupt(false);
        }
    }
    deferred::raise(Work::SERIAL);
}

/// Hands what was received to the terminal, as far as it has room, and sends what waits.
fn feed_terminal() {
    let Some(console) = terminal::console() else {
        return;
    };
    let mut bytes = [0; 64];
    while let Some(room) = room_of(console) {
        let room = room.min(bytes.len());
        // The lock is held only while bytes are copied: the terminal echoes, wakes and signals.
        let count = RECEIVED.lock().take_bytes(&mut bytes[..room]);
        console.receive(&bytes[..count]);
        let error = RECEIVED.lock().take_error();
        match error {
            Some(error) => console.receive_error(error),
            None if count == 0 => break,
            None => {}
        }
    }
    let lost = RECEIVED.lock().take_lost();
    if lost > 0 {
        crate::log::limited!(
            warn,
            "ttyS0: {lost} bytes arrived faster than they were read and are lost"
        );
    }
    console.transmit();
}

/// How much the terminal takes; none when its readers have to make room first, who then call
/// [`input_taken`].
fn room_of(console: &Terminal) -> Option<usize> {
    let room = || Some(console.input_room()).filter(|&room| room > 0);
    room().or_else(|| {
        HELD_BACK.store(true, Ordering::SeqCst);
        // A reader may have come between the look and the flag.
        room()
    })
}

/// A reader of the terminal has made room: what was held back can go on.
pub fn input_taken() {
    if HELD_BACK.swap(false, Ordering::SeqCst) {
        deferred::raise(Work::SERIAL);
    }
}

/// Sends as much of the terminal's output as the chip takes, and has it interrupt for the rest.
pub fn transmit(discipline: &mut LineDiscipline) {
    let mut uart = UART.lock();
    match &mut *uart {
        Some(uart) => {
            discipline.send_output(|bytes| uart.transmit(bytes));
            uart.enable_room_interrupt(discipline.output_sendable() > 0);
        }
        // Without a chip there is nobody to see the output; nobody must wait for it either.
        None => discipline.send_output(<[u8]>::len),
    }
}

/// The lines to a modem: the control and the status register of the chip, if there is one.
pub fn modem_lines() -> Option<(u8, u8)> {
    UART.lock().as_ref().map(Uart16550::modem_lines)
}

/// Sets the lines that go to the modem, as the control register has them.
pub fn set_modem_control(control: u8) {
    if let Some(uart) = &mut *UART.lock() {
        uart.set_modem_control(control);
    }
}

/// Sets the speed of the line, in bits per second.
pub fn set_speed(bits_per_second: u32) {
    if let Some(uart) = &mut *UART.lock() {
        uart.set_speed(bits_per_second);
    }
}

/// Sends text with a bounded wait for each byte; line feeds become CR LF.
pub fn write_waiting(text: &[u8]) {
    if let Some(uart) = &mut *UART.lock() {
        send(uart, text);
    }
}

/// Says last words (a panic's) without taking a lock that whoever panicked may hold.
pub fn write_emergency(text: &[u8]) {
    send(&mut Uart16550::attach(ComPort), text);
}

fn send(uart: &mut Uart16550<ComPort>, text: &[u8]) {
    for &byte in text {
        if byte == b'\n' {
            uart.send_waiting(b'\r');
        }
        uart.send_waiting(byte);
    }
}
