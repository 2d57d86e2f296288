//! The clock that runs on while the machine is off: sets the time of day at boot.
use core::sync::atomic::{AtomicBool, Ordering};

use abi::Timespec;
use drivers::rtc::cmos;
use metal::interrupt::Lock;

use crate::time;

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

/// Whether the clock has set the time of day at boot.
static HAS_SET_TIME: AtomicBool = AtomicBool::new(false);

/// Sets the time of day from the clock; says so when there is none, or it has no time to give.
pub(super) fn set_time() {
    let set = |seconds: i64| {
        let time = Timespec {
            tv_sec: seconds,
            tv_nsec: 0,
        };
        time::settable(time).is_ok_and(time::set_realtime)
    };
    match cmos::read_time(&Cmos) {
        Ok(date) if set(date.unix_seconds()) => {
            HAS_SET_TIME.store(true, Ordering::Relaxed);
            log::info!("rtc_cmos: the time is {date} UTC");
        }
        Ok(date) => log::warn!(
            "the CMOS clock says {date}, which lies before 1970; time starts at 1970 until somebody sets it"
        ),
        Err(error) => log::warn!("{error}; time starts at 1970"),
    }
}

/// Whether the time of day was set from the clock at boot.
pub(super) fn has_set_time() -> bool {
    HAS_SET_TIME.load(Ordering::Relaxed)
}
