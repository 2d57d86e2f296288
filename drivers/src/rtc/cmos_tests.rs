//! The chip's registers, read and written, against a chip that a test lets run.

use super::super::fake::{BINARY, Chip, TWENTY_FOUR_HOURS};
use super::*;
use proptest::prelude::*;

const MOMENT: Date = Date {
    year: 2026,
    month: 11,
    day: 23,
    hour: 17,
    minute: 5,
    second: 42,
};
const DIGITS: [u8; 7] = [0x42, 0x05, 0x17, 0x23, 0x11, 0x26, 0x20];

fn digits() -> Chip {
    Chip::new(TWENTY_FOUR_HOURS, DIGITS)
}

fn cmos(chip: &Chip) -> Cmos<Chip> {
    Cmos::find(chip.clone()).expect("it answers")
}

#[test]
fn reads_decimal_digits_and_binary() {
    assert_eq!(read_time(&digits()), Ok(MOMENT));
    let binary = Chip::new(TWENTY_FOUR_HOURS | BINARY, [42, 5, 17, 23, 11, 26, 20]);
    assert_eq!(read_time(&binary), Ok(MOMENT));
}

#[test]
fn reads_twelve_hours() {
    let hours = |value| {
        let clock = Chip::new(0, [0x42, 0x05, value, 0x23, 0x11, 0x26, 0x20]);
        read_time(&clock).map(|date| date.hour)
    };
    assert_eq!(hours(0x12), Ok(0));
    assert_eq!(hours(0x01), Ok(1));
    assert_eq!(hours(0x12 | AFTERNOON), Ok(12));
    assert_eq!(hours(0x05 | AFTERNOON), Ok(17));
    assert!(hours(0x13).is_err());
}

#[test]
fn guesses_the_century_where_there_is_none() {
    let clock = |digits, century| {
        let clock = Chip::new(TWENTY_FOUR_HOURS, [0, 0, 0, 1, 1, digits, century]);
        read_time(&clock).unwrap().year
    };
    assert_eq!(clock(0x26, 0), 2026);
    assert_eq!(clock(0x99, 0xff), 1999);
    assert_eq!(clock(0x05, 0x21), 2105);
}

#[test]
fn waits_for_an_update_to_end() {
    let clock = digits();
    clock.be_updating(100);
    clock.be_unsteady(3);
    assert_eq!(read_time(&clock), Ok(MOMENT));
}

#[test]
fn gives_up_on_a_clock_that_never_settles() {
    let clock = digits();
    clock.be_updating(usize::MAX);
    assert_eq!(read_time(&clock), Err(ClockError::Unsteady));
    let clock = Chip::new(TWENTY_FOUR_HOURS, [0; 7]);
    clock.be_unsteady(200);
    assert_eq!(read_time(&clock), Err(ClockError::Unsteady));
}

#[test]
fn says_when_there_is_no_clock_or_no_date() {
    struct Nothing;
    impl Port for Nothing {
        fn read(&self, _: u8) -> u8 {
            ABSENT
        }

        fn write(&self, _: u8, _: u8) {}
    }
    assert_eq!(read_time(&Nothing), Err(ClockError::Absent));
    assert!(Cmos::find(Nothing).is_err());
    let broken = Chip::new(TWENTY_FOUR_HOURS, [0x7a, 0, 0, 0x31, 0x02, 0x26, 0x20]);
    assert!(matches!(read_time(&broken), Err(ClockError::Invalid(_))));
    let fixed = cmos(&broken);
    fixed.set_time(MOMENT.unix_seconds()).unwrap();
    assert_eq!(fixed.time(), Ok(MOMENT.unix_seconds()));
}

#[test]
fn holds_the_centuries_that_it_can_tell() {
    let clock = cmos(&digits());
    let moment = |year| Date { year, ..MOMENT }.unix_seconds();
    for year in [1900, 1970, 2099, 2100, 2199] {
        clock.set_time(moment(year)).unwrap();
        assert_eq!(clock.time(), Ok(moment(year)));
    }
    for year in [1899, 2200] {
        assert_eq!(clock.set_time(moment(year)), Err(ClockError::OutOfRange));
    }
    assert_eq!(clock.set_time(i64::MAX), Err(ClockError::OutOfRange));
    assert_eq!(clock.time(), Ok(moment(2199)));
}

#[test]
fn alarms_interrupt_until_they_are_acknowledged() {
    let chip = digits();
    let clock = cmos(&chip);
    let now = MOMENT.unix_seconds();
    assert_eq!(clock.alarm(), None);
    clock.set_alarm(Some(now + 2)).unwrap();
    assert_eq!(clock.alarm(), Some(now + 2));
    chip.tick();
    assert!(!chip.interrupts());
    chip.tick();
    assert!(chip.interrupts());
    assert!(chip.handle().alarm && !chip.interrupts());
    clock.set_alarm(None).unwrap();
    assert_eq!(clock.alarm(), None);
}

#[test]
fn updates_interrupt_each_second_while_asked_for() {
    let chip = digits();
    let clock = cmos(&chip);
    clock.set_update_interrupts(true);
    chip.tick();
    assert!(chip.interrupts() && chip.handle().update);
    clock.set_update_interrupts(false);
    chip.tick();
    assert!(!chip.interrupts());
}

#[test]
fn what_the_firmware_left_on_is_turned_off_but_for_the_alarm() {
    let chip = Chip::new(TWENTY_FOUR_HOURS | 0xf0, DIGITS);
    cmos(&chip);
    assert_eq!(chip.register(0x0b), TWENTY_FOUR_HOURS | ALARM);
}

#[test]
fn an_alarm_with_wildcards_comes_at_the_next_moment_that_fits() {
    let chip = digits();
    let clock = cmos(&chip);
    let alarm = |[second, minute, hour]: [u8; 3]| {
        chip.set_register(1, second);
        chip.set_register(3, minute);
        chip.set_register(5, hour);
        clock.alarm().map(|moment| moment - MOMENT.unix_seconds())
    };
    assert_eq!(alarm([0, 0, 0]), None, "it is off");
    clock.set_alarm(Some(0)).unwrap();
    assert_eq!(alarm([0xff, 0xff, 0xff]), Some(1));
    assert_eq!(alarm([0x43, 0xc0, 0xff]), Some(1));
    assert_eq!(alarm([0x42, 0xff, 0xff]), Some(60));
    assert_eq!(alarm([0x00, 0x05, 0xc5]), Some(3600 - 42));
    assert_eq!(alarm([0x42, 0x05, 0x17]), Some(86_400));
    assert_eq!(alarm([0xff, 0x06, 0x17]), Some(18));
    assert_eq!(alarm([0x7a, 0x06, 0x17]), None, "no second has such digits");
}

proptest! {
    #[test]
    fn what_is_written_is_read_in_every_format(
        format in (0_u8..4).prop_map(|bits| bits << 1),
        seconds in -2_208_988_800_i64..7_258_118_400,
    ) {
        let clock = cmos(&Chip::new(format, [1; 7]));
        clock.set_time(seconds).unwrap();
        prop_assert_eq!(clock.time(), Ok(seconds));
    }

    #[test]
    fn the_chip_counts_as_the_calendar_does(
        format in (0_u8..4).prop_map(|bits| bits << 1),
        day in -25_567_i64..84_000,
        ahead in 1_i64..40,
    ) {
        let chip = Chip::new(format, [1; 7]);
        let clock = cmos(&chip);
        // Shortly before midnight, or noon.
        let start = day * 43_200 - 20;
        clock.set_time(start).unwrap();
        clock.set_alarm(Some(start + ahead)).unwrap();
        for second in 1..=ahead {
            prop_assert!(!chip.interrupts());
            chip.tick();
            prop_assert_eq!(clock.time(), Ok(start + second));
        }
        prop_assert!(chip.interrupts());
    }
}
