//! Interrupts at a rate of one's own, and what the files say.

use super::*;
use crate::rtc::proc;
use crate::rtc::text::store_periodic_limit;

const PERIODIC: u64 = RTC_IRQF | RTC_PF;

impl Opened {
    /// A command with a number instead of a pointer, by one who has the capabilities or not.
    fn command(&self, command: u32, number: usize, may: bool) -> Result<usize, Errno> {
        let program = Program {
            memory: vec![0; 8].into(),
            may: Cell::new(may),
        };
        self.file.ioctl(&program, command, number)
    }

    fn hertz(&self) -> u64 {
        let mut hertz = 0_u64;
        assert_eq!(self.call(RTC_IRQP_READ, &mut hertz), Ok(0));
        hertz
    }
}

#[test]
fn a_rate_of_ones_own_interrupts_nobody_else() {
    let machine = machine();
    let persona = machine.persona();
    let (root, own) = (machine.root(), machine.open(&persona));
    assert_eq!((own.hertz(), root.hertz()), (1, 1));
    assert_eq!(own.command(RTC_IRQP_SET, 64, false), Ok(0));
    assert_eq!((own.hertz(), root.hertz()), (64, 1));
    machine.timers.expire(1);
    assert_eq!(own.read(), None, "they are off");
    assert_eq!(own.command(RTC_PIE_ON, 0, false), Ok(0));
    assert_eq!(machine.timers.periods(), [1_000_000_000 / 64]);
    machine.timers.expire(1);
    machine.timers.expire(3);
    assert_eq!((own.woken.load(SeqCst), root.woken.load(SeqCst)), (2, 0));
    assert_eq!((own.read(), root.read()), (Some(4 << 8 | PERIODIC), None));
    assert_eq!(own.command(RTC_IRQP_SET, 4, false), Ok(0));
    assert_eq!(machine.timers.periods(), [250_000_000]);
    drop(own);
    assert_eq!(
        machine.timers.periods(),
        [0; 0],
        "they end with the opening"
    );
    let own = machine.open(&persona);
    assert_eq!(own.hertz(), 4, "the rate stays");
    assert_eq!(own.command(RTC_PIE_ON, 0, false), Ok(0));
    assert_eq!(own.command(RTC_PIE_OFF, 0, false), Ok(0));
    machine.timers.expire(1);
    assert_eq!(own.read(), None);
}

#[test]
fn many_interrupts_are_for_the_privileged() {
    let machine = machine();
    let root = machine.root();
    for (hertz, may, answer) in [
        (0, true, Err(Errno::EINVAL)),
        (65, false, Err(Errno::EACCES)),
        (usize::MAX, false, Err(Errno::EACCES)),
        (usize::MAX, true, Err(Errno::EINVAL)),
        (8193, true, Err(Errno::EINVAL)),
        (8192, true, Ok(0)),
        (1000, true, Ok(0)),
    ] {
        assert_eq!(root.command(RTC_IRQP_SET, hertz, may), answer, "{hertz}");
    }
    assert_eq!(root.command(RTC_PIE_ON, 0, false), Err(Errno::EACCES));
    assert_eq!(root.command(RTC_PIE_ON, 0, true), Ok(0));
    assert_eq!(root.command(RTC_PIE_OFF, 0, false), Ok(0));
    let clock = clock_of(&machine.handle, machine.foreground.root()).unwrap();
    for wrong in [&b"0"[..], b"4096\n", b"-1", b"many", b""] {
        assert_eq!(store_periodic_limit(&clock, wrong), Err(Errno::EINVAL));
    }
    assert_eq!(store_periodic_limit(&clock, b"1000\n"), Ok(()));
    assert_eq!(root.command(RTC_PIE_ON, 0, false), Ok(0));
    let own = machine.open(&machine.persona());
    let denied = own.command(RTC_IRQP_SET, 65, false);
    assert_eq!(denied, Err(Errno::EACCES), "its limit is its own");
}

#[test]
fn a_negative_alarm_is_turned_off_or_moved_back() {
    let machine = machine();
    let clock = clock_of(&machine.handle, machine.foreground.root()).unwrap();
    let store = |text: &str| store_wake_alarm(&machine.mux, &clock, text.as_bytes());
    assert_eq!(store("+1000\n"), Ok(()));
    assert_eq!(store("+=-600\n"), Ok(()));
    assert_eq!(clock.enabled_alarm(), Some(START + 400));
    assert_eq!(store(&format!("+=-{}\n", START * 2)), Err(Errno::EINVAL));
    assert_eq!(clock.enabled_alarm(), Some(START + 400));
    for off in ["-1\n", "+-5\n", "-0x10", "-9223372036854775808"] {
        assert_eq!(store("+=0x10"), Ok(()));
        assert_eq!(store(off), Ok(()), "{off:?}");
        assert_eq!(clock.enabled_alarm(), None, "{off:?}");
        assert_eq!(store("+1000\n"), Ok(()));
    }
    assert_eq!(store("--1"), Err(Errno::EINVAL));
    assert_eq!(store("9223372036854775808"), Err(Errno::ERANGE));
}

#[test]
fn a_time_before_1970_is_none() {
    let machine = machine();
    let (root, own) = (machine.root(), machine.open(&machine.persona()));
    own.set_time(86_400);
    root.set_time(START - 2 * 86_400);
    let mut time = RtcTime::default();
    assert_eq!(own.call(RTC_RD_TIME, &mut time), Err(Errno::EINVAL));
    let clock = clock_of(&machine.handle, machine.foreground.root()).unwrap();
    machine.chip.set_register(0x09, 0x65);
    machine.chip.set_register(0x32, 0x19);
    assert_eq!(root.call(RTC_RD_TIME, &mut time), Err(Errno::EINVAL));
    let mut text = String::new();
    let shown = show(&machine.mux, &clock, Shown::Date, &mut text);
    assert_eq!(shown, Err(Errno::EINVAL));
    proc::show(&machine.mux, &clock, &mut text).unwrap();
    assert!(text.starts_with("alrm_time\t: 00:00:00\n"), "{text}");
}

#[test]
fn proc_tells_everything_of_the_readers_clock() {
    let machine = machine();
    let persona = machine.persona();
    let own = machine.open(&persona);
    own.set_time(START + 3723);
    own.set_alarm(START + 4000).unwrap();
    assert_eq!(own.command(RTC_UIE_ON, 0, false), Ok(0));
    assert_eq!(own.command(RTC_IRQP_SET, 8, false), Ok(0));
    assert_eq!(own.command(RTC_PIE_ON, 0, false), Ok(0));
    machine.chip.set_register(0x0d, 0x80);
    let text = |namespace| {
        let clock = clock_of(&machine.handle, namespace).unwrap();
        let mut text = String::new();
        proc::show(&machine.mux, &clock, &mut text).unwrap();
        text
    };
    let rest = "24hr\t\t: yes\nperiodic_IRQ\t: no\nupdate_IRQ\t: UPDATE\n\
                HPET_emulated\t: no\nBCD\t\t: yes\nDST_enable\t: no\n\
                periodic_freq\t: HERTZ\nbatt_status\t: okay\n";
    assert_eq!(
        text(&persona),
        "rtc_time\t: 01:02:03\nrtc_date\t: 2026-01-01\n\
         alrm_time\t: 01:06:40\nalrm_date\t: 2026-01-01\n\
         alarm_IRQ\t: yes\nalrm_pending\t: no\nupdate IRQ enabled\t: yes\n\
         periodic IRQ enabled\t: yes\nperiodic IRQ frequency\t: 8\n\
         max user IRQ frequency\t: 64\n"
            .to_owned()
            + &rest.replace("UPDATE", "yes").replace("HERTZ", "8")
    );
    assert_eq!(
        text(machine.foreground.root()),
        "rtc_time\t: 00:00:00\nrtc_date\t: 2026-01-01\n\
         alrm_time\t: 00:00:00\nalrm_date\t: 1970-01-01\n\
         alarm_IRQ\t: no\nalrm_pending\t: no\nupdate IRQ enabled\t: no\n\
         periodic IRQ enabled\t: no\nperiodic IRQ frequency\t: 1\n\
         max user IRQ frequency\t: 64\n"
            .to_owned()
            + &rest.replace("UPDATE", "no").replace("HERTZ", "1")
    );
}
