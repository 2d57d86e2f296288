//! Personas and their alarms on clocks that stand still until a test lets them go on.

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use abi::{Errno, Timespec};
use devns::{Foreground, Jiffies, Namespace};
use zerocopy::{FromBytes, IntoBytes};

use super::file::*;
use super::persona::{AlarmHandle, register};
use super::{Clocks, Expired, Kind, Timer};
use crate::host_gate::HostGate;
use crate::user::UserMemory;

/// A clock for each kind, and the timers on them.
#[derive(Clone, Default)]
struct Fake(Arc<Mutex<Inside>>);

#[derive(Default)]
struct Inside {
    uptime: u64,
    offset: u64,
    timers: Vec<(Kind, Option<u64>, Expired)>,
}

impl Inside {
    fn now(&self, kind: Kind) -> u64 {
        let offset = if kind.is_time_of_day() {
            self.offset
        } else {
            0
        };
        self.uptime + offset
    }
}

impl Fake {
    /// Lets so many nanoseconds pass, and timers expire.
    fn advance(&self, span: u64) {
        self.0.lock().unwrap().uptime += span;
        self.expire();
    }

    fn expire(&self) {
        let mut inside = self.0.lock().unwrap();
        let Inside { uptime, offset, .. } = *inside;
        let mut due = Vec::new();
        for (kind, moment, expired) in &mut inside.timers {
            let now = uptime + if kind.is_time_of_day() { offset } else { 0 };
            if moment.take_if(|moment| *moment <= now).is_some() {
                due.push(Arc::clone(expired));
            }
        }
        drop(inside);
        due.iter().for_each(|expired| expired());
    }
}

struct FakeTimer(Fake, usize);

impl Timer for FakeTimer {
    fn start(&self, moment: u64) {
        self.0.0.lock().unwrap().timers[self.1].1 = Some(moment);
        self.0.expire();
    }

    fn cancel(&self) {
        self.0.0.lock().unwrap().timers[self.1].1 = None;
    }
}

impl Clocks for Fake {
    fn now(&self, kind: Kind) -> Timespec {
        let now = self.0.lock().unwrap().now(kind) as i64;
        Timespec {
            tv_sec: now / 1_000_000_000,
            tv_nsec: now % 1_000_000_000,
        }
    }

    fn timer(&self, kind: Kind, expired: Expired) -> Box<dyn Timer> {
        let mut inside = self.0.lock().unwrap();
        inside.timers.push((kind, None, expired));
        Box::new(FakeTimer(self.clone(), inside.timers.len() - 1))
    }

    fn set_time(&self, time: Timespec) -> Result<(), Errno> {
        let seconds = u64::try_from(time.tv_sec).map_err(|_| Errno::EINVAL)?;
        let mut inside = self.0.lock().unwrap();
        inside.offset = seconds * 1_000_000_000 - inside.uptime;
        drop(inside);
        self.expire();
        Ok(())
    }
}

struct Machine {
    clocks: Fake,
    handle: AlarmHandle,
    foreground: Foreground,
}

fn machine() -> Machine {
    let clocks = Fake::default();
    let foreground = Foreground::new(Box::new(HostGate::default()), 1);
    let handle = register(&foreground, Box::new(clocks.clone())).expect("it is the first class");
    Machine {
        clocks,
        handle,
        foreground,
    }
}

struct Opened {
    file: AlarmFile,
    woken: Arc<AtomicUsize>,
}

impl Machine {
    fn persona(&self) -> Arc<Namespace> {
        let persona = self.foreground.create(2);
        persona.join().expect("it is new");
        persona
    }

    fn open_as(&self, namespace: &Arc<Namespace>, writable: bool) -> Opened {
        let woken = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&woken);
        let wake = Arc::new(move || {
            count.fetch_add(1, SeqCst);
        });
        let file = AlarmFile::open(&self.handle, namespace, writable, wake);
        let file = file.expect("no switch is under way");
        Opened { file, woken }
    }

    fn open(&self, namespace: &Arc<Namespace>) -> Opened {
        self.open_as(namespace, true)
    }

    fn root(&self) -> Opened {
        self.open(self.foreground.root())
    }
}

/// Memory of one timespec, at address 0.
struct Memory(RefCell<Vec<u8>>);

impl UserMemory for Memory {
    fn read(&self, address: usize, into: &mut [u8]) -> Result<(), Errno> {
        let memory = self.0.borrow();
        let from = memory.get(address..address + into.len());
        into.copy_from_slice(from.ok_or(Errno::EFAULT)?);
        Ok(())
    }

    fn write(&self, address: usize, from: &[u8]) -> Result<(), Errno> {
        let mut memory = self.0.borrow_mut();
        let into = memory.get_mut(address..address + from.len());
        into.ok_or(Errno::EFAULT)?.copy_from_slice(from);
        Ok(())
    }
}

impl Opened {
    fn call(&self, command: u32, kind: u32, seconds: i64) -> Result<Answer, Errno> {
        let time = Timespec {
            tv_sec: seconds,
            tv_nsec: 0,
        };
        let memory = Memory(time.as_bytes().to_vec().into());
        self.file.ioctl(&memory, command | kind << 4, 0)
    }

    fn time(&self, kind: u32) -> i64 {
        let memory = Memory(vec![0; 16].into());
        let answer = self.file.ioctl(&memory, GET_TIME | kind << 4, 0);
        assert_eq!(answer, Ok(Answer::Done));
        let time = Timespec::read_from_bytes(&memory.0.borrow()).expect("sixteen bytes");
        time.tv_sec
    }
}

const SECOND: u64 = 1_000_000_000;
const TIME_CHANGE: usize = 0x1_0000;

#[test]
fn each_alarm_comes_by_its_own_clock() {
    let machine = machine();
    let root = machine.root();
    assert_eq!(root.call(SET_RTC, 0, 1000), Ok(Answer::Done));
    assert_eq!(
        [0, 1, 2, 3, 4].map(|kind| root.time(kind)),
        [1000, 1000, 0, 0, 0]
    );
    for (kind, moment) in [(0, 1001), (1, 1002), (2, 1), (3, 2), (4, 3)] {
        assert_eq!(root.call(SET, kind, moment), Ok(Answer::Done));
    }
    assert_eq!(root.file.take(), Some(TIME_CHANGE));
    machine.clocks.advance(SECOND);
    assert_eq!(root.file.take(), Some(0b00101));
    machine.clocks.advance(SECOND);
    machine.clocks.advance(SECOND);
    assert_eq!((root.file.take(), root.file.take()), (Some(0b11010), None));
    assert_eq!(root.woken.load(SeqCst), 5);
}

#[test]
fn what_lies_behind_comes_at_once() {
    let machine = machine();
    let root = machine.root();
    machine.clocks.advance(10 * SECOND);
    for moment in [10, 3, 0, -5, i64::MIN] {
        assert_eq!(root.call(SET_AND_WAIT, 3, moment), Ok(Answer::Wait));
        assert_eq!(root.file.take(), Some(0b01000));
    }
    assert_eq!(root.call(SET, 3, i64::MAX), Ok(Answer::Done));
    assert_eq!(root.file.take(), None);
}

#[test]
fn clearing_drops_the_alarm_and_what_has_come_of_it() {
    let machine = machine();
    let root = machine.root();
    root.call(SET, 2, 1).unwrap();
    root.call(SET, 4, 1).unwrap();
    root.call(SET, 3, 5).unwrap();
    machine.clocks.advance(SECOND);
    assert_eq!(root.call(CLEAR, 4, 0), Ok(Answer::Done));
    assert_eq!(root.call(CLEAR, 3, 0), Ok(Answer::Done));
    assert_eq!(root.file.take(), Some(0b00100));
    machine.clocks.advance(10 * SECOND);
    assert_eq!(root.file.take(), None);
}

#[test]
fn setting_again_moves_the_alarm() {
    let machine = machine();
    let root = machine.root();
    root.call(SET, 4, 1).unwrap();
    root.call(SET, 4, 3).unwrap();
    machine.clocks.advance(2 * SECOND);
    assert_eq!(root.file.take(), None);
    machine.clocks.advance(SECOND);
    assert_eq!(root.file.take(), Some(0b10000));
}

#[test]
fn one_file_owns_the_device_in_each_namespace() {
    let machine = machine();
    let (first, second) = (machine.root(), machine.root());
    let own = machine.open(&machine.persona());
    assert_eq!(first.time(4), 0);
    assert_eq!(
        second.call(CLEAR, 0, 0),
        Ok(Answer::Done),
        "asking for the time claims nothing"
    );
    for command in [CLEAR, WAIT, SET, SET_AND_WAIT, 0x6106] {
        assert_eq!(first.call(command, 0, 0), Err(Errno::EBUSY));
    }
    assert_eq!(first.call(SET_RTC, 0, 5), Ok(Answer::Done));
    assert_eq!(own.call(WAIT, 0, 0), Ok(Answer::Wait));
    drop(first);
    assert_eq!(
        second.call(WAIT, 0, 0),
        Ok(Answer::Wait),
        "it was not the owner's closing"
    );
    drop(second);
    assert_eq!(machine.root().call(WAIT, 0, 0), Ok(Answer::Wait));
    let (third, fourth) = (machine.root(), machine.root());
    assert_eq!(third.call(0x6106, 0, 0), Err(Errno::EINVAL));
    assert_eq!(
        fourth.call(WAIT, 0, 0),
        Err(Errno::EBUSY),
        "an unknown command claims it"
    );
}

#[test]
fn a_read_only_file_may_ask_for_the_time_only() {
    let machine = machine();
    let file = machine.open_as(machine.foreground.root(), false);
    assert_eq!(file.time(0), 0);
    for command in [CLEAR, WAIT, SET, SET_AND_WAIT, SET_RTC, 0x6106] {
        assert_eq!(file.call(command, 0, 0), Err(Errno::EPERM));
    }
    let other = machine.root();
    assert_eq!(other.call(CLEAR, 0, 0), Ok(Answer::Done));
}

#[test]
fn there_are_five_alarms_and_six_commands() {
    let machine = machine();
    let (root, reader) = (
        machine.root(),
        machine.open_as(machine.foreground.root(), false),
    );
    for kind in 5..16 {
        for command in [CLEAR, WAIT, SET, SET_AND_WAIT, GET_TIME, SET_RTC] {
            assert_eq!(root.call(command, kind, 0), Err(Errno::EINVAL));
            assert_eq!(reader.call(command, kind, 0), Err(Errno::EINVAL));
        }
    }
    for command in [
        0x6106,
        0x6200,
        0x6102,
        0x6104,
        0x8010_6104,
        0x4008_6102,
        0x4010_6100,
    ] {
        assert_eq!(root.call(command, 0, 0), Err(Errno::EINVAL), "{command:#x}");
    }
    let nothing = Memory(Vec::new().into());
    for command in [SET, SET_AND_WAIT, GET_TIME, SET_RTC] {
        assert_eq!(root.file.ioctl(&nothing, command, 0), Err(Errno::EFAULT));
    }
    assert_eq!(root.call(SET_RTC, 0, -1), Err(Errno::EINVAL));
    assert_eq!(root.file.take(), None, "the time was not set");
}

#[test]
fn a_change_of_the_time_is_told_to_every_namespace() {
    let machine = machine();
    let (root, own) = (machine.root(), machine.open(&machine.persona()));
    root.call(WAIT, 0, 0).unwrap();
    own.call(SET, 1, 500).unwrap();
    assert_eq!(own.call(SET_RTC, 0, 600), Ok(Answer::Done));
    assert_eq!(root.file.take(), Some(TIME_CHANGE));
    assert_eq!(own.file.take(), Some(TIME_CHANGE | 0b00010));
    assert_eq!((root.woken.load(SeqCst), own.woken.load(SeqCst)), (1, 2));
    assert_eq!((root.time(0), own.time(1)), (600, 600));
}

#[test]
fn personas_wake_for_their_own_alarms_also_in_the_background() {
    let machine = machine();
    let persona = machine.persona();
    let (root, own) = (machine.root(), machine.open(&persona));
    root.call(SET, 4, 2).unwrap();
    own.call(SET, 4, 1).unwrap();
    machine.clocks.advance(SECOND);
    assert_eq!((root.file.take(), own.file.take()), (None, Some(0b10000)));
    machine.foreground.switch(&persona, Jiffies(1)).unwrap();
    machine.clocks.advance(SECOND);
    assert_eq!((root.file.take(), own.file.take()), (Some(0b10000), None));
}

#[test]
fn closing_the_owner_clears_its_namespace_only() {
    let machine = machine();
    let persona = machine.persona();
    let (root, own) = (machine.root(), machine.open(&persona));
    let witness = machine.open(&persona);
    root.call(SET, 4, 1).unwrap();
    own.call(SET, 4, 1).unwrap();
    own.call(SET, 3, 0).unwrap();
    drop(own);
    machine.clocks.advance(SECOND);
    assert_eq!(witness.file.take(), None);
    assert_eq!(root.file.take(), Some(0b10000));
    assert_eq!(
        witness.call(WAIT, 0, 0),
        Ok(Answer::Wait),
        "it has no owner"
    );
}
