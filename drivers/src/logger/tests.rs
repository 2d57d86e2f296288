//! The rules of the logs, with readers and writers of the tests' own.

use std::collections::VecDeque;
use std::sync::Arc;

use abi::Errno;
use abi::logger::{
    EntryHeader, LOGGER_FLUSH_LOG, LOGGER_GET_LOG_BUF_SIZE, LOGGER_GET_LOG_LEN,
    LOGGER_GET_NEXT_ENTRY_LEN, LOGGER_GET_VERSION, LOGGER_SET_DEV_NS_FILTER, LOGGER_SET_VERSION,
    NamespaceHeader, PAYLOAD_MAX,
};
use devns::{Foreground, Namespace, Tag};
use proptest::prelude::*;
use zerocopy::FromBytes;

use super::file::{Access, Opening};
use super::persona::{View, Writer};
use super::ring::{Ring, SIZE};
use crate::host_gate::HostGate;
use crate::user::UserMemory;

mod model;

/// A log, the root, and a persona whose init is process 40.
struct House {
    ring: Ring,
    foreground: Foreground,
    persona: Arc<Namespace>,
}

const READS: Access = Access {
    reads: true,
    writes: false,
    all_users: true,
};
const WRITES: Access = Access {
    reads: false,
    writes: true,
    all_users: true,
};
const MAY_BOTH: Access = Access {
    writes: true,
    ..READS
};

impl House {
    fn new() -> Self {
        let foreground = Foreground::new(Box::new(HostGate::default()), 1);
        foreground.root().set_init_pid(1);
        let persona = foreground.create(2);
        persona.set_init_pid(40);
        persona.set_tag(Tag::new(b"demo"));
        Self {
            ring: Ring::new().unwrap(),
            foreground,
            persona,
        }
    }

    fn root(&self) -> Arc<Namespace> {
        Arc::clone(self.foreground.root())
    }

    fn open(&self, namespace: &Namespace, access: Access) -> Opening {
        Opening::new(access, View::new(namespace, false).unwrap())
    }

    fn open_all(&self, access: Access) -> Opening {
        Opening::new(access, View::new(&self.root(), true).unwrap())
    }

    fn write(&mut self, namespace: &Arc<Namespace>, euid: u32, text: &[u8]) -> usize {
        let writer = Writer {
            root_pid: 50,
            root_tid: 51,
            pid: 3,
            tid: 4,
            euid,
            realtime: 7_000_000_009,
        };
        let mut left = text;
        let mut give = |into: &mut [u8]| {
            into.copy_from_slice(&left[..into.len()]);
            left = &left[into.len()..];
            Ok(into.len())
        };
        let record = writer.record(namespace);
        self.ring.append(record, text.len(), &mut give).unwrap()
    }

    /// The next entry whole, read as user 0.
    fn read(&self, opening: &mut Opening) -> Option<Vec<u8>> {
        read(&self.ring, opening, 0, 8000).unwrap()
    }

    fn ask(&mut self, opening: &mut Opening, command: u32, argument: usize) -> Answer {
        opening.ioctl(&mut self.ring, &Memory, 0, command, argument)
    }
}

type Answer = Result<usize, Errno>;

fn read(
    ring: &Ring,
    opening: &mut Opening,
    euid: u32,
    room: usize,
) -> Result<Option<Vec<u8>>, Errno> {
    let mut bytes = Vec::new();
    let read = opening.read(ring, euid, room, &mut |part| {
        bytes.extend_from_slice(part);
        Ok(part.len())
    })?;
    assert!(read.is_none_or(|length| length == bytes.len()));
    Ok(read.map(|_| bytes))
}

/// At each address an int of that value; 0 is nowhere.
struct Memory;

impl UserMemory for Memory {
    fn read(&self, address: usize, into: &mut [u8]) -> Result<(), Errno> {
        if address == 0 {
            return Err(Errno::EFAULT);
        }
        into.copy_from_slice(&(address as i32).to_ne_bytes());
        Ok(())
    }

    fn write(&self, _: usize, _: &[u8]) -> Result<(), Errno> {
        Err(Errno::EFAULT)
    }
}

#[test]
fn the_four_layouts() {
    let mut house = House::new();
    let persona = Arc::clone(&house.persona);
    house.write(&persona, 1000, b"\x04tag\0text\0");
    let header = EntryHeader {
        length: 10,
        header_size: 0,
        pid: 3,
        tid: 4,
        seconds: 7,
        nanoseconds: 9,
        euid: 1000,
    };
    let origin = NamespaceHeader {
        init_pid: 40,
        root_pid: 50,
        root_tid: 51,
        tag: *b"demo",
    };
    for (version, size) in [(1, 20), (2, 24)] {
        let mut plain = house.open(&persona, READS);
        assert_eq!(house.ask(&mut plain, LOGGER_SET_VERSION, version), Ok(0));
        let bytes = house.read(&mut plain).unwrap();
        assert_eq!(&bytes[size..], b"\x04tag\0text\0");
        let mut seen = [0; 24];
        seen[..size].copy_from_slice(&bytes[..size]);
        let mut expected = header;
        match version {
            1 => expected.euid = 0,
            _ => expected.header_size = 24,
        }
        assert_eq!(EntryHeader::read_from_bytes(&seen).unwrap(), expected);

        let mut aware = house.open_all(READS);
        assert_eq!(house.ask(&mut aware, LOGGER_SET_VERSION, version), Ok(0));
        let bytes = house.read(&mut aware).unwrap();
        let (front, rest) = bytes.split_at(16);
        assert_eq!(NamespaceHeader::read_from_bytes(front).unwrap(), origin);
        assert_eq!(rest.len(), size + 10);
        let size_told = u16::from_ne_bytes([rest[2], rest[3]]);
        assert_eq!(size_told, if version == 1 { 0 } else { 40 });
    }
}

#[test]
fn each_namespace_sees_its_own() {
    let mut house = House::new();
    let (root, persona) = (house.root(), Arc::clone(&house.persona));
    house.write(&root, 0, b"root");
    house.write(&persona, 0, b"persona");
    let own = |house: &House, namespace: &Namespace| {
        let mut opening = house.open(namespace, READS);
        let first = house.read(&mut opening).unwrap();
        assert_eq!(house.read(&mut opening), None);
        first[20..].to_vec()
    };
    assert_eq!(own(&house, &root), b"root");
    assert_eq!(own(&house, &persona), b"persona");
    let mut all = house.open_all(READS);
    assert_eq!(&house.read(&mut all).unwrap()[36..], b"root");
    assert_eq!(&house.read(&mut all).unwrap()[36..], b"persona");
    assert_eq!(View::new(&persona, true).err(), Some(Errno::EPERM));
}

#[test]
fn an_init_pid_that_comes_again_opens_no_old_entries() {
    let mut house = House::new();
    let persona = Arc::clone(&house.persona);
    house.write(&persona, 0, b"old");
    let other = house.foreground.create(3);
    other.set_init_pid(40);
    assert_eq!(house.read(&mut house.open(&other, READS)), None);
}

#[test]
fn the_root_chooses() {
    let mut house = House::new();
    let (root, persona) = (house.root(), Arc::clone(&house.persona));
    house.write(&root, 0, b"root");
    house.write(&persona, 0, b"persona");
    let mut opening = house.open(&root, READS);
    let filter = LOGGER_SET_DEV_NS_FILTER;
    assert_eq!(house.ask(&mut opening, filter, 40), Ok(0));
    assert_eq!(&house.read(&mut opening).unwrap()[20..], b"persona");
    let mut opening = house.open(&root, READS);
    assert_eq!(house.ask(&mut opening, filter, 0), Ok(0));
    assert_eq!(
        house.ask(&mut opening, LOGGER_GET_NEXT_ENTRY_LEN, 0),
        Ok(40)
    );
    assert_eq!(house.ask(&mut opening, filter, 77), Ok(0));
    assert_eq!(house.read(&mut opening), None);
    assert_eq!(
        house.ask(&mut opening, filter, -1i32 as usize),
        Err(Errno::EINVAL)
    );
    let mut inside = house.open(&persona, READS);
    for pid in [-1i32 as usize, 0, 40] {
        assert_eq!(house.ask(&mut inside, filter, pid), Err(Errno::EPERM));
    }
}

#[test]
fn the_errors_of_the_commands() {
    let mut house = House::new();
    let root = house.root();
    let mut writer = house.open(&root, WRITES);
    for command in [2, 3, 5, 6, 10] {
        let command = 0xae00 | command;
        assert_eq!(house.ask(&mut writer, command, 0), Err(Errno::EBADF));
    }
    assert_eq!(house.ask(&mut writer, LOGGER_GET_LOG_BUF_SIZE, 0), Ok(SIZE));
    assert_eq!(house.ask(&mut writer, LOGGER_FLUSH_LOG, 0), Ok(0));
    let mut reader = house.open(&root, READS);
    assert_eq!(
        house.ask(&mut reader, LOGGER_FLUSH_LOG, 0),
        Err(Errno::EBADF)
    );
    assert_eq!(house.ask(&mut reader, LOGGER_GET_VERSION, 0), Ok(1));
    let set = LOGGER_SET_VERSION;
    assert_eq!(house.ask(&mut reader, set, 0), Err(Errno::EFAULT));
    assert_eq!(house.ask(&mut reader, set, 3), Err(Errno::EINVAL));
    assert_eq!(house.ask(&mut reader, set, 2), Ok(0));
    assert_eq!(house.ask(&mut reader, LOGGER_GET_VERSION, 0), Ok(2));
    for command in [0, 0xae00, 0xae07, 0xae0b, 0x5401] {
        assert_eq!(house.ask(&mut reader, command, 1), Err(Errno::ENOTTY));
    }
}

#[test]
fn other_users_see_their_own_entries() {
    let mut house = House::new();
    let root = house.root();
    house.write(&root, 0, b"secret");
    house.write(&root, 1000, b"mine");
    let few = Access {
        all_users: false,
        ..READS
    };
    let mut opening = house.open(&root, few);
    let seen = read(&house.ring, &mut opening, 1000, 100).unwrap().unwrap();
    assert_eq!(&seen[20..], b"mine");
    assert!(!house.open(&root, few).is_readable(&house.ring, 1001));
}

#[test]
fn lengths_count_what_this_reader_gets() {
    let mut house = House::new();
    let (root, persona) = (house.root(), Arc::clone(&house.persona));
    house.write(&root, 0, b"12345");
    house.write(&persona, 0, b"123");
    house.write(&root, 0, b"1");
    let mut opening = house.open(&root, READS);
    assert_eq!(house.ask(&mut opening, LOGGER_GET_LOG_LEN, 0), Ok(46));
    assert_eq!(
        house.ask(&mut opening, LOGGER_GET_NEXT_ENTRY_LEN, 0),
        Ok(25)
    );
    let mut all = house.open_all(READS);
    assert_eq!(house.ask(&mut all, LOGGER_GET_LOG_LEN, 0), Ok(117));
    let mut other = house.open(&persona, READS);
    assert_eq!(house.ask(&mut other, LOGGER_GET_LOG_LEN, 0), Ok(23));
    house.read(&mut other);
    assert_eq!(house.ask(&mut other, LOGGER_GET_LOG_LEN, 0), Ok(0));
    assert_eq!(house.ask(&mut other, LOGGER_GET_NEXT_ENTRY_LEN, 0), Ok(0));
}

#[test]
fn a_flush_drops_ones_own_or_for_the_root_all() {
    let mut house = House::new();
    let (root, persona) = (house.root(), Arc::clone(&house.persona));
    house.write(&root, 0, b"root");
    house.write(&persona, 0, b"persona");
    let mut inside = house.open(&persona, MAY_BOTH);
    assert_eq!(house.ask(&mut inside, LOGGER_FLUSH_LOG, 0), Ok(0));
    assert_eq!(house.read(&mut inside), None);
    let mut all = house.open_all(READS);
    assert_eq!(house.ask(&mut all, LOGGER_GET_LOG_LEN, 0), Ok(40));
    house.write(&persona, 0, b"new");
    assert_eq!(&house.read(&mut inside).unwrap()[20..], b"new");
    let mut writer = house.open(&root, WRITES);
    assert_eq!(house.ask(&mut writer, LOGGER_FLUSH_LOG, 0), Ok(0));
    assert_eq!(house.read(&mut all), None);
    assert_eq!(house.ask(&mut inside, LOGGER_GET_LOG_LEN, 0), Ok(0));
}

#[test]
fn a_long_entry_is_cut_and_an_empty_one_is_none() {
    let mut house = House::new();
    let root = house.root();
    assert_eq!(house.write(&root, 0, b""), 0);
    assert_eq!(house.write(&root, 0, &[7; 5000]), PAYLOAD_MAX);
    let mut opening = house.open(&root, READS);
    assert_eq!(
        read(&house.ring, &mut opening, 0, 4095),
        Err(Errno::EINVAL),
        "a read that is too short takes nothing"
    );
    assert_eq!(house.read(&mut opening).unwrap().len(), 4096);
    assert_eq!(house.read(&mut opening), None);
}

#[test]
fn what_faults_is_no_entry_and_can_be_read_again() {
    let mut house = House::new();
    let root = house.root();
    let record = Writer::default().record(&root);
    let mut half = |_: &mut [u8]| Ok(2);
    assert_eq!(house.ring.append(record, 5, &mut half), Err(Errno::EFAULT));
    let mut opening = house.open(&root, READS);
    assert_eq!(house.read(&mut opening), None);
    house.write(&root, 0, b"text");
    let faults = opening.read(&house.ring, 0, 100, &mut |_| Err(Errno::EFAULT));
    assert_eq!(faults, Err(Errno::EFAULT));
    assert_eq!(&house.read(&mut opening).unwrap()[20..], b"text");
}

#[test]
fn an_overrun_reader_goes_on_with_the_oldest_whole_entry() {
    let mut house = House::new();
    let root = house.root();
    let mut opening = house.open(&root, READS);
    for number in 0..100u8 {
        house.write(&root, 0, &[number; 4000]);
    }
    // An entry takes 4,056 bytes in the ring.
    let kept = SIZE / 4056;
    let first = house.read(&mut opening).unwrap();
    assert_eq!(usize::from(first[20]), 100 - kept);
    assert!(first[20..].iter().all(|byte| *byte == first[20]));
}

proptest! {
    /// Whatever is written and read, each reader gets its entries in order and whole.
    #[test]
    fn readers_get_their_entries_in_order(steps in prop::collection::vec((0..2usize, 0..4076usize, 0..3u8), 1..400)) {
        let mut house = House::new();
        let namespaces = [house.root(), Arc::clone(&house.persona)];
        let mut readers = [house.open(&namespaces[0], READS), house.open(&namespaces[1], READS)];
        let mut written = [VecDeque::new(), VecDeque::new()];
        for (number, (who, length, reads)) in steps.into_iter().enumerate() {
            let text = vec![number as u8; length];
            house.write(&namespaces[who], 0, &text);
            if length > 0 {
                written[who].push_back(text);
            }
            for _ in 0..reads {
                let seen = house.read(&mut readers[who]);
                // What gave way is gone from the front.
                while written[who].front().is_some_and(|text| seen.as_ref().is_none_or(|seen| seen[20..] != text[..])) {
                    written[who].pop_front();
                }
                prop_assert_eq!(seen.is_some(), !written[who].is_empty());
                written[who].pop_front();
            }
        }
    }
}
