//! Personas and their clocks on one chip, second by second.

mod more;

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use abi::Errno;
use abi::rtc::*;
use devns::{Foreground, Namespace};
use proptest::prelude::*;
use zerocopy::{FromBytes, IntoBytes};

use super::cmos::Cmos;
use super::fake::{BINARY, Chip, FakeTimers, TWENTY_FOUR_HOURS};
use super::file::{Caller, RtcFile, clock_of};
use super::mux::Mux;
use super::persona::{RtcHandle, register};
use super::text::{Shown, show, store_wake_alarm};
use crate::host_gate::HostGate;
use crate::user::UserMemory;

/// 2026-01-01 00:00:00.
const START: i64 = 1_767_225_600;

struct Machine {
    chip: Chip,
    timers: FakeTimers,
    mux: Arc<Mux>,
    handle: RtcHandle,
    foreground: Foreground,
}

fn machine() -> Machine {
    let chip = Chip::new(
        TWENTY_FOUR_HOURS,
        [0x00, 0x00, 0x00, 0x01, 0x01, 0x26, 0x20],
    );
    let hardware = Cmos::find(chip.clone()).expect("it answers");
    let timers = FakeTimers::default();
    let mux = Arc::new(Mux::new(Box::new(hardware), Box::new(timers.clone())));
    let foreground = Foreground::new(Box::new(HostGate::default()), 1);
    let handle = register(&foreground, &mux).expect("it is the first class");
    Machine {
        chip,
        timers,
        mux,
        handle,
        foreground,
    }
}

/// An opening, and how often it was woken.
struct Opened {
    file: RtcFile,
    woken: Arc<AtomicUsize>,
}

impl Machine {
    fn persona(&self) -> Arc<Namespace> {
        let persona = self.foreground.create(2);
        persona.join().expect("it is new");
        persona
    }

    fn try_open(&self, namespace: &Arc<Namespace>) -> Result<Opened, Errno> {
        let woken = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&woken);
        let wake = Arc::new(move || {
            count.fetch_add(1, SeqCst);
        });
        let file = RtcFile::open(&self.mux, &self.handle, namespace, wake)?;
        Ok(Opened { file, woken })
    }

    fn open(&self, namespace: &Arc<Namespace>) -> Opened {
        self.try_open(namespace).expect("nobody else has it open")
    }

    fn root(&self) -> Opened {
        self.open(self.foreground.root())
    }

    /// Lets a second pass, and the interrupt come.
    fn tick(&self) {
        self.chip.tick();
        self.interrupt();
    }

    fn interrupt(&self) {
        while self.chip.interrupts() {
            let events = self.chip.handle();
            self.mux.service(events.update).expect("the chip answers");
        }
    }
}

/// A program whose memory is one structure, at address 0.
struct Program {
    memory: std::cell::RefCell<Vec<u8>>,
    /// Whether it has the capabilities that are asked for.
    may: Cell<bool>,
}

impl UserMemory for Program {
    fn read(&self, address: usize, into: &mut [u8]) -> Result<(), Errno> {
        let memory = self.memory.borrow();
        let from = memory.get(address..address + into.len());
        into.copy_from_slice(from.ok_or(Errno::EFAULT)?);
        Ok(())
    }

    fn write(&self, address: usize, from: &[u8]) -> Result<(), Errno> {
        let mut memory = self.memory.borrow_mut();
        let into = memory.get_mut(address..address + from.len());
        into.ok_or(Errno::EFAULT)?.copy_from_slice(from);
        Ok(())
    }
}

impl Caller for Program {
    fn may_set_time(&self) -> bool {
        self.may.get()
    }

    fn may_exceed_limit(&self) -> bool {
        self.may.get()
    }
}

impl Opened {
    fn call<T: IntoBytes + FromBytes + zerocopy::Immutable>(
        &self,
        command: u32,
        argument: &mut T,
    ) -> Result<usize, Errno> {
        let program = Program {
            memory: argument.as_bytes().to_vec().into(),
            may: Cell::new(true),
        };
        let answer = self.file.ioctl(&program, command, 0);
        *argument = T::read_from_bytes(&program.memory.borrow()).expect("the same length");
        answer
    }

    fn time(&self) -> i64 {
        let mut time = RtcTime::default();
        assert_eq!(self.call(RTC_RD_TIME, &mut time), Ok(0));
        seconds(&time)
    }

    fn set_time(&self, moment: i64) {
        assert_eq!(self.call(RTC_SET_TIME, &mut fields(moment)), Ok(0));
    }

    fn set_alarm(&self, moment: i64) -> Result<usize, Errno> {
        let mut alarm = RtcWakeAlarm {
            enabled: 1,
            time: fields(moment),
            ..RtcWakeAlarm::default()
        };
        self.call(RTC_WKALM_SET, &mut alarm)
    }

    fn alarm(&self) -> (i64, bool) {
        let mut alarm = RtcWakeAlarm::default();
        assert_eq!(self.call(RTC_WKALM_RD, &mut alarm), Ok(0));
        (seconds(&alarm.time), alarm.enabled != 0)
    }

    fn read(&self) -> Option<u64> {
        let mut bytes = [0; 8];
        let count = self.file.read(8, &mut bytes).expect("eight is a length");
        count.map(|_| u64::from_le_bytes(bytes))
    }
}

fn date(time: &RtcTime) -> super::Date {
    super::Date {
        year: (time.tm_year + 1900) as u16,
        month: (time.tm_mon + 1) as u8,
        day: time.tm_mday as u8,
        hour: time.tm_hour as u8,
        minute: time.tm_min as u8,
        second: time.tm_sec as u8,
    }
}

fn seconds(time: &RtcTime) -> i64 {
    date(time).unix_seconds()
}

fn fields(moment: i64) -> RtcTime {
    let date = super::Date::from_unix_seconds(moment).expect("a near date");
    RtcTime {
        tm_sec: date.second.into(),
        tm_min: date.minute.into(),
        tm_hour: date.hour.into(),
        tm_mday: date.day.into(),
        tm_mon: i32::from(date.month) - 1,
        tm_year: i32::from(date.year) - 1900,
        ..RtcTime::default()
    }
}

const ONE_ALARM: Option<u64> = Some(1 << 8 | RTC_IRQF | RTC_AF);

#[test]
fn the_root_sets_the_hardware_and_others_their_own() {
    let machine = machine();
    let (persona, root) = (machine.persona(), machine.root());
    let own = machine.open(&persona);
    assert_eq!((root.time(), own.time()), (START, START));
    own.set_time(START - 1000);
    assert_eq!((root.time(), own.time()), (START, START - 1000));
    root.set_time(START + 50);
    assert_eq!((root.time(), own.time()), (START + 50, START - 950));
    assert_eq!(machine.chip.register(0), 0x50);
    drop(own);
    assert_eq!(machine.open(&persona).time(), START - 950);
    machine.mux.set_hardware_time(START).unwrap();
    assert_eq!(
        (root.time(), machine.open(&persona).time()),
        (START, START - 1000)
    );
}

#[test]
fn it_opens_once_in_each_persona() {
    let machine = machine();
    let (root, own) = (machine.root(), machine.open(&machine.persona()));
    assert_eq!(
        machine.try_open(machine.foreground.root()).err(),
        Some(Errno::EBUSY)
    );
    drop(root);
    let again = machine.root();
    drop((again, own));
}

#[test]
fn an_alarm_wakes_its_own_persona_only_and_once() {
    let machine = machine();
    let (root, own) = (machine.root(), machine.open(&machine.persona()));
    own.set_time(START + 7 * 86_400);
    own.set_alarm(own.time() + 2).unwrap();
    assert_eq!(own.alarm(), (START + 7 * 86_400 + 2, true));
    assert_eq!(root.alarm(), (0, false));
    machine.tick();
    assert_eq!(own.read(), None);
    machine.tick();
    assert!(own.file.is_readable());
    assert_eq!((own.read(), own.read()), (ONE_ALARM, None));
    assert_eq!((own.woken.load(SeqCst), root.woken.load(SeqCst)), (1, 0));
    assert_eq!(own.alarm(), (START + 7 * 86_400 + 2, false));
    assert_eq!(root.read(), None);
}

#[test]
fn alarms_of_one_second_and_of_the_past_all_ring() {
    let machine = machine();
    let files: Vec<_> = (0..4).map(|_| machine.open(&machine.persona())).collect();
    files[0].set_alarm(START + 1).unwrap();
    files[1].set_alarm(START + 1).unwrap();
    files[2].set_alarm(START + 2).unwrap();
    files[3].set_alarm(START - 5).unwrap();
    assert_eq!(files[3].read(), ONE_ALARM, "it lies behind");
    machine.tick();
    assert_eq!(
        (files[0].read(), files[1].read(), files[2].read()),
        (ONE_ALARM, ONE_ALARM, None)
    );
    machine.tick();
    assert_eq!(files[2].read(), ONE_ALARM);
    files[0].set_alarm(files[0].time()).unwrap();
    assert_eq!(files[0].read(), ONE_ALARM, "this second has begun");
}

/// Wherever among the accesses to the chip the second begins.
#[test]
fn no_alarm_is_lost_when_its_second_begins_while_it_is_set() {
    for accesses in 0..60 {
        let machine = machine();
        let root = machine.root();
        machine.chip.surprise_after(accesses);
        root.set_alarm(START + 1).unwrap();
        machine.interrupt();
        for _ in 0..2 {
            machine.tick();
        }
        assert_eq!(root.read(), ONE_ALARM, "after {accesses} accesses");
    }
}

#[test]
fn alarms_keep_their_place_on_the_dial_when_the_time_is_set() {
    let machine = machine();
    let (root, own) = (machine.root(), machine.open(&machine.persona()));
    own.set_alarm(START + 100).unwrap();
    own.set_time(START + 98);
    machine.tick();
    assert_eq!(own.read(), None);
    machine.tick();
    assert_eq!(own.read(), ONE_ALARM);
    own.set_alarm(own.time() + 3600).unwrap();
    root.set_time(START + 7200);
    assert_eq!(own.read(), ONE_ALARM, "the time went over it");
    // Further away than the chip can hold: the chip interrupts a day early, and nothing rings.
    own.set_alarm(own.time() + 2).unwrap();
    root.set_time(root.time() - 86_400);
    for _ in 0..3 {
        machine.tick();
    }
    assert_eq!(own.read(), None);
    root.set_time(root.time() + 86_400 - 4);
    machine.tick();
    assert_eq!(own.read(), None);
    machine.tick();
    assert_eq!(own.read(), None);
    machine.tick();
    assert_eq!(own.read(), ONE_ALARM);
}

#[test]
fn an_alarm_is_at_most_a_day_ahead() {
    let machine = machine();
    let own = machine.open(&machine.persona());
    own.set_time(START + 1_000_000);
    let now = own.time();
    assert_eq!(own.set_alarm(now + 86_400), Err(Errno::EINVAL));
    assert_eq!(own.alarm(), (now + 86_400, false));
    assert_eq!(own.set_alarm(now + 86_399), Ok(0));
    // One that is off may be anywhere, until it is turned on.
    let mut far = RtcWakeAlarm {
        time: fields(now + 86_400),
        ..RtcWakeAlarm::default()
    };
    assert_eq!(own.call(RTC_WKALM_SET, &mut far), Ok(0));
    assert_eq!(own.call(RTC_AIE_ON, &mut 0_u8), Err(Errno::EINVAL));
    machine.tick();
    assert_eq!(own.call(RTC_AIE_ON, &mut 0_u8), Ok(0));
}

#[test]
fn the_old_alarm_is_of_today_or_tomorrow() {
    let machine = machine();
    let own = machine.root();
    own.set_time(START + 3600);
    let mut time = RtcTime {
        tm_hour: 2,
        tm_mday: -1,
        tm_mon: -1,
        tm_year: -1,
        ..RtcTime::default()
    };
    assert_eq!(own.call(RTC_ALM_SET, &mut time), Ok(0));
    assert_eq!(own.alarm(), (START + 7200, false));
    time.tm_hour = 0;
    assert_eq!(own.call(RTC_ALM_SET, &mut time), Ok(0));
    assert_eq!(own.alarm(), (START + 86_400, false));
    time.tm_hour = -1;
    assert_eq!(own.call(RTC_ALM_SET, &mut time), Err(Errno::EINVAL));
    assert_eq!(own.call(RTC_AIE_ON, &mut 0_u8), Ok(0));
    assert_eq!(own.alarm(), (START + 86_400, true));
    assert_eq!(own.call(RTC_AIE_OFF, &mut 0_u8), Ok(0));
    assert_eq!(own.alarm(), (START + 86_400, false));
}

#[test]
fn seconds_are_told_to_who_asks_and_end_with_the_opening() {
    let machine = machine();
    let persona = machine.persona();
    let (root, own) = (machine.root(), machine.open(&persona));
    assert_eq!(own.call(RTC_UIE_ON, &mut 0_u8), Ok(0));
    machine.tick();
    machine.tick();
    assert_eq!(own.read(), Some(2 << 8 | RTC_IRQF | RTC_UF));
    assert_eq!(root.read(), None);
    drop(own);
    assert_eq!(machine.chip.register(0x0b) & 0x10, 0, "nobody wants them");
    machine.tick();
    assert_eq!(machine.open(&persona).read(), None);
}

#[test]
fn a_read_has_the_length_of_an_int_or_a_long() {
    let machine = machine();
    let root = machine.root();
    let mut bytes = [0; 8];
    for length in [0, 1, 3, 5, 7] {
        assert_eq!(root.file.read(length, &mut bytes), Err(Errno::EINVAL));
    }
    assert_eq!(root.file.read(4, &mut bytes), Ok(None));
    root.set_alarm(START).unwrap();
    assert_eq!(root.file.read(4, &mut bytes), Ok(Some(4)));
    root.set_alarm(START).unwrap();
    assert_eq!(root.file.read(100, &mut bytes), Ok(Some(8)));
}

#[test]
fn each_errno() {
    let machine = machine();
    let root = machine.root();
    let mut bad;
    let changes: [fn(&mut RtcTime); 8] = [
        |time| time.tm_mon = 12,
        |time| time.tm_mday = 0,
        |time| time.tm_mday = 32,
        |time| time.tm_hour = 24,
        |time| time.tm_min = -1,
        |time| time.tm_sec = 60,
        |time| time.tm_year = 69,
        |time| time.tm_mon = i32::MAX,
    ];
    for change in changes {
        bad = RtcTime { ..fields(START) };
        change(&mut bad);
        assert_eq!(
            root.call(RTC_SET_TIME, &mut bad),
            Err(Errno::EINVAL),
            "{bad:?}"
        );
    }
    bad = RtcTime {
        tm_year: 300,
        ..fields(START)
    };
    assert_eq!(root.call(RTC_SET_TIME, &mut bad), Err(Errno::EINVAL));
    let own = machine.open(&machine.persona());
    assert_eq!(own.call(RTC_SET_TIME, &mut bad), Err(Errno::EINVAL));
    bad.tm_year = i32::MAX;
    assert_eq!(root.call(RTC_SET_TIME, &mut bad), Err(Errno::EINVAL));
    let mut alarm = RtcWakeAlarm {
        enabled: 1,
        time: bad,
        ..RtcWakeAlarm::default()
    };
    assert_eq!(root.call(RTC_WKALM_SET, &mut alarm), Err(Errno::EINVAL));
    alarm.time.tm_year = 400;
    assert_eq!(root.call(RTC_WKALM_SET, &mut alarm), Err(Errno::EINVAL));
    alarm.enabled = 0;
    assert_eq!(
        root.call(RTC_WKALM_SET, &mut alarm),
        Ok(0),
        "off, it may be any date"
    );
    for command in [
        RTC_RD_TIME,
        RTC_SET_TIME,
        RTC_ALM_READ,
        RTC_ALM_SET,
        RTC_WKALM_RD,
        RTC_WKALM_SET,
        RTC_PARAM_GET,
        RTC_PARAM_SET,
    ] {
        assert_eq!(root.call(command, &mut 0_u8), Err(Errno::EFAULT));
    }
    assert_eq!(root.call(0x7000, &mut 0_u8), Err(Errno::ENOTTY));
    let program = Program {
        memory: Vec::new().into(),
        may: Cell::new(false),
    };
    for command in [RTC_SET_TIME, RTC_EPOCH_SET, RTC_PARAM_SET] {
        let answer = root.file.ioctl(&program, command, 0);
        assert_eq!(answer, Err(Errno::EACCES));
    }
    assert_eq!(root.call(RTC_EPOCH_SET, &mut 0_u8), Err(Errno::ENOTTY));
}

#[test]
fn the_one_parameter_is_what_the_clock_can_do() {
    let machine = machine();
    let root = machine.root();
    let mut parameter = RtcParameter::default();
    assert_eq!(root.call(RTC_PARAM_GET, &mut parameter), Ok(0));
    assert_eq!(parameter.value, 0x11);
    for (number, index) in [(0, 1), (1, 0), (2, 0), (u64::MAX, 0)] {
        let mut other = RtcParameter {
            number,
            index,
            ..parameter
        };
        assert_eq!(root.call(RTC_PARAM_GET, &mut other), Err(Errno::EINVAL));
    }
    assert_eq!(root.call(RTC_PARAM_SET, &mut parameter), Err(Errno::EINVAL));
}

#[test]
fn an_alarm_that_was_on_at_the_start_is_the_roots() {
    let chip = Chip::new(TWENTY_FOUR_HOURS | BINARY, [0, 0, 0, 1, 1, 26, 20]);
    chip.set_register(1, 5);
    chip.set_register(0x0b, TWENTY_FOUR_HOURS | BINARY | 0x20);
    let mux = Arc::new(Mux::new(
        Box::new(Cmos::find(chip).unwrap()),
        Box::new(FakeTimers::default()),
    ));
    let foreground = Foreground::new(Box::new(HostGate::default()), 1);
    let handle = register(&foreground, &mux).unwrap();
    let clock = clock_of(&handle, foreground.root()).unwrap();
    assert_eq!(clock.enabled_alarm(), Some(START + 5));
}

#[test]
fn the_files_show_the_clock_and_take_an_alarm() {
    let machine = machine();
    let clock = clock_of(&machine.handle, &machine.persona()).unwrap();
    machine.mux.set_time(&clock, START + 3723).unwrap();
    let shown = |what| {
        let mut text = String::new();
        show(&machine.mux, &clock, what, &mut text).unwrap();
        text
    };
    assert_eq!(shown(Shown::Date), "2026-01-01\n");
    assert_eq!(shown(Shown::Time), "01:02:03\n");
    assert_eq!(shown(Shown::SinceEpoch), format!("{}\n", START + 3723));
    let store = |text: &str| store_wake_alarm(&machine.mux, &clock, text.as_bytes());
    assert_eq!(store("+=5"), Err(Errno::EINVAL));
    assert_eq!(store("soon\n"), Err(Errno::EINVAL));
    assert_eq!(store("+100000\n"), Err(Errno::EINVAL));
    assert_eq!(store("+10\n"), Ok(()));
    assert_eq!(store("+20\n"), Err(Errno::EBUSY));
    assert_eq!(store("+=5\n"), Ok(()));
    assert_eq!(clock.enabled_alarm(), Some(START + 3723 + 15));
    assert_eq!(store("0\n"), Ok(()));
    assert_eq!(clock.enabled_alarm(), None);
    assert_eq!(store(&format!("{}", START + 4000)), Ok(()));
    assert_eq!(clock.enabled_alarm(), Some(START + 4000));
}

proptest! {
    /// Each of many alarms rings in its second, whatever the others do.
    #[test]
    fn every_alarm_rings_in_its_second(
        plans in proptest::collection::vec((-100_000_i64..100_000, -3_i64..20), 1..8),
    ) {
        let machine = machine();
        let personas: Vec<_> = plans.iter().map(|_| machine.persona()).collect();
        let files: Vec<_> = personas.iter().map(|persona| machine.open(persona)).collect();
        for (file, (offset, ahead)) in files.iter().zip(&plans) {
            file.set_time(START + offset);
            file.set_alarm(START + offset + ahead).unwrap();
        }
        for second in 0..20 {
            for (file, (_, ahead)) in files.iter().zip(&plans) {
                let expected = if (*ahead).max(0) == second { ONE_ALARM } else { None };
                prop_assert_eq!(file.read(), expected);
            }
            machine.tick();
        }
    }
}
