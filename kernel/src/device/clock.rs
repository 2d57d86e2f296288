//! The clock that runs on while the machine is off: sets the time of day at boot.
use crate::time::{self, NANOSECONDS_PER_SECOND, Nanoseconds};
use drivers::rtc::cmos;

/// Where a register of the CMOS memory is chosen, and where it is then read.
const INDEX: u16 = 0x70;
const DATA: u16 = 0x71;
/// Set in the index: non-maskable interrupts stay off while we read, as the PC wants it.
const NON_MASKABLE_OFF: u8 = 0x80;

/// The CMOS memory.
struct Cmos;

impl cmos::Port for Cmos {
    fn read(&self, index: u8) -> u8 {
        let ports = metal::port::Port::<u8>::new(INDEX).zip(metal::port::Port::<u8>::new(DATA));
        ports.map_or(0xff, |(choose, read)| {
            choose.write(index | NON_MASKABLE_OFF);
            let value = read.read();
            choose.write(0);
            value
        })
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
        Err(error) => log::warn!("{error}"),
    }
}
