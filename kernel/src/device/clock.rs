//! The clock that runs on while the machine is off: sets the time of day at boot.
use crate::time::{self, NANOSECONDS_PER_SECOND, Nanoseconds};
use drivers::rtc::cmos;
use metal::interrupt::Lock;

/// Where a register of the CMOS memory is chosen, and where it is then read.
const INDEX: u16 = 0x70;
const DATA: u16 = 0x71;
/// Set in the index: non-maskable interrupts stay off while we read, as the PC wants it.
const NON_MASKABLE_OFF: u8 = 0x80;

/// The CMOS memory.
pub(super) struct Cmos;

/// Held from choosing a register until it was read or written: an interrupt handler comes here too.
static CHOSEN: Lock<()> = Lock::new(());

/// Does something with the register at `index`.
fn with_register<R>(index: u8, work: impl FnOnce(metal::port::Port<u8>) -> R) -> Option<R> {
    let ports = metal::port::Port::<u8>::new(INDEX).zip(metal::port::Port::<u8>::new(DATA));
    ports.map(|(choose, data)| {
        let _chosen = CHOSEN.lock();
        choose.write(index | NON_MASKABLE_OFF);
        let result = work(data);
        choose.write(0);
        result
    })
}

impl cmos::Port for Cmos {
    fn read(&self, index: u8) -> u8 {
        with_register(index, |data| data.read()).unwrap_or(0xff)
    }

    fn write(&self, index: u8, value: u8) {
        with_register(index, |data| data.write(value));
    }
}

/// Sets the time of day from the clock; says so when there is none.
pub(super) fn set_time() {
    match cmos::read_time(&Cmos) {
        Ok(date) => {
            let seconds = u64::try_from(date.unix_seconds()).unwrap_or(0);
            time::set_realtime(Nanoseconds(seconds * NANOSECONDS_PER_SECOND));
            log::info!("rtc_cmos: the time is {date} UTC");
        }
        Err(error) => log::warn!("{error}; time starts at 1970"),
    }
}
