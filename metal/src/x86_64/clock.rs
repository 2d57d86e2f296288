//! The time-stamp counter as a clock, and the rate of it and of the local timer.
//!
//! Both rates are measured against channel 0 of the PIT, whose 1,193,182 Hz is fixed by the
//! PC's design, once at boot, for ten milliseconds. (Channel 2 is what PCs measure by, but its
//! gate belongs to the speaker, which microvm lacks; nobody listens to channel 0's interrupt.)
//! CPUID says nothing usable under QEMU. Where there is no PIT (microvm with `pit=off`), the
//! counter is measured against the local timer, which QEMU always runs at 1 GHz.
//!
//! Source: the 8254 data sheet (mode 0, the read-back command), SDM volume 3, section 19.17 (time-stamp counter).

use core::arch::asm;
use core::sync::atomic::{AtomicU64, Ordering};

use super::apic;
use super::port::Port;

const PIT_HERTZ: u64 = 1_193_182;
const MEASURED_TICKS: u16 = 11_932;
const PIT_CHANNEL_0: u16 = 0x40;
const PIT_COMMAND: u16 = 0x43;
/// The wait for the PIT ends after so many looks at it, whatever it says: at least a second.
const LOOKS_MAX: u32 = 4_000_000;
/// The rate of QEMU's local timer; in its instruction counting mode, of the counter too.
const LOCAL_TIMER_HERTZ: u64 = 1_000_000_000;

/// Nanoseconds per tick of the counter, as a fixed-point number with 32 fractional bits.
static TIME_STAMP_SCALE: AtomicU64 = AtomicU64::new(1 << 32);
static TIME_STAMP_HERTZ: AtomicU64 = AtomicU64::new(LOCAL_TIMER_HERTZ);
static START: AtomicU64 = AtomicU64::new(0);

/// The time-stamp counter.
#[inline]
pub fn time_stamp() -> u64 {
    let (low, high): (u64, u64);
    // SAFETY: the instruction exists on every x86-64 and only reads. It clears the upper
    // halves of both registers.
    unsafe {
        asm!("rdtsc", out("rax") low, out("rdx") high, options(nomem, nostack, preserves_flags));
    }
    high << 32 | low
}

/// The rate of the time-stamp counter in ticks a second.
pub fn time_stamp_hertz() -> u64 {
    TIME_STAMP_HERTZ.load(Ordering::Relaxed)
}

/// Nanoseconds since [`calibrate`].
#[inline]
pub fn nanoseconds() -> u64 {
    nanoseconds_of(time_stamp().wrapping_sub(START.load(Ordering::Relaxed)))
}

/// The counter when it was [`calibrate`]d, and nanoseconds per tick with 32 fractional bits: all
/// that [`nanoseconds`] knows.
pub(super) fn parameters() -> (u64, u64) {
    (
        START.load(Ordering::Relaxed),
        TIME_STAMP_SCALE.load(Ordering::Relaxed),
    )
}

/// How long so many ticks of the time-stamp counter are.
#[inline]
pub fn nanoseconds_of(ticks: u64) -> u64 {
    let scaled = u128::from(ticks) * u128::from(TIME_STAMP_SCALE.load(Ordering::Relaxed));
    (scaled >> 32) as u64
}

/// Measures the rates and starts the clock. To be called once, after the local timer is
/// mapped.
pub fn calibrate() {
    let rates = measure().or_else(measure_by_local_timer);
    let (hertz, timer_hertz) = rates.unwrap_or((LOCAL_TIMER_HERTZ, LOCAL_TIMER_HERTZ));
    TIME_STAMP_HERTZ.store(hertz, Ordering::Relaxed);
    TIME_STAMP_SCALE.store(
        ((1_000_000_000_u128 << 32) / u128::from(hertz)) as u64,
        Ordering::Relaxed,
    );
    START.store(time_stamp(), Ordering::Relaxed);
    apic::set_timer_hertz(timer_hertz);
}

/// One run of the PIT or of the local timer, seen from the time-stamp counter: it took at least `least` and at most
/// `most` ticks.
struct Run {
    least: u64,
    most: u64,
    timer: u64,
}

impl Run {
    /// How many it probably took.
    fn ticks(&self) -> u64 {
        u64::midpoint(self.least, self.most)
    }

    /// How much is not known, in ticks.
    fn doubt(&self) -> u64 {
        self.most - self.least
    }

    /// A run that nobody disturbed knows its length to a thousandth.
    fn is_good(&self) -> bool {
        self.doubt() < self.least / 1000
    }
}

/// Ticks a second of the time-stamp counter and of the local timer.
fn measure() -> Option<(u64, u64)> {
    let best = best_of(run_once)?;
    let per_second = |ticks: u64| ticks * PIT_HERTZ / u64::from(MEASURED_TICKS);
    Some((per_second(best.ticks()), per_second(best.timer)))
}

/// The same without a PIT.
fn measure_by_local_timer() -> Option<(u64, u64)> {
    let best = best_of(run_local_timer)?;
    let hertz = best.ticks() * LOCAL_TIMER_HERTZ / best.timer;
    Some((hertz, LOCAL_TIMER_HERTZ))
}

/// The host may stop this machine in the middle of a run, so the run that leaves the least doubt
/// counts.
fn best_of(run: fn() -> Option<Run>) -> Option<Run> {
    const RUNS_MAX: usize = 8;
    let mut best: Option<Run> = None;
    for _ in 0..RUNS_MAX {
        let run = run()?;
        let good = run.is_good();
        if best.as_ref().is_none_or(|best| run.doubt() < best.doubt()) {
            best = Some(run);
        }
        if good {
            break;
        }
    }
    best.filter(|best| best.ticks() > 0 && best.timer > 0)
}

/// Lets the local timer run for ten milliseconds. None when it stands still.
fn run_local_timer() -> Option<Run> {
    const SPAN: u64 = LOCAL_TIMER_HERTZ / 100;
    let before_start = time_stamp();
    let timer_start = apic::timer_free_run();
    let after_start = time_stamp();
    for _ in 0..LOOKS_MAX {
        let before_end = time_stamp();
        let timer = u64::from(timer_start.wrapping_sub(apic::timer_count()));
        if timer >= SPAN {
            return Some(Run {
                least: before_end - after_start,
                most: time_stamp() - before_start,
                timer,
            });
        }
    }
    None
}

/// Lets the PIT count down once. None when there is no PIT.
fn run_once() -> Option<Run> {
    /// Channel 0, low then high byte, mode 0: the output is low until the count ends.
    const COUNT_DOWN: u8 = 0b0011_0000;
    /// Latch the status of channel 0, not its count.
    const READ_STATUS: u8 = 0b1110_0010;
    const OUTPUT: u8 = 1 << 7;
    /// The status's bits that say how the channel was programmed.
    const PROGRAMMED: u8 = 0b0011_1111;
    // SAFETY: the PIT is metal's, and the interrupt of its channel 0 is not routed anywhere.
    let (channel, command) =
        unsafe { (Port::<u8>::own(PIT_CHANNEL_0), Port::<u8>::own(PIT_COMMAND)) };
    let status = || {
        command.write(READ_STATUS);
        channel.read()
    };
    command.write(COUNT_DOWN);
    let [low, high] = MEASURED_TICKS.to_le_bytes();
    channel.write(low);
    let before_start = time_stamp();
    channel.write(high);
    let timer_start = apic::timer_free_run();
    let after_start = time_stamp();
    if status() & PROGRAMMED != COUNT_DOWN {
        return None; // nobody is there
    }
    let mut before_end = after_start;
    for _ in 0..LOOKS_MAX {
        if status() & OUTPUT != 0 {
            let after_end = time_stamp();
            return Some(Run {
                least: before_end - after_start,
                most: after_end - before_start,
                timer: u64::from(timer_start.wrapping_sub(apic::timer_count())),
            });
        }
        before_end = time_stamp();
    }
    None
}
