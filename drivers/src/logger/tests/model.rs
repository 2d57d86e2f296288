//! A log against a model of it: lists instead of a ring, and headers written out field by field.
//! Whatever is written, read, asked and dropped in whatever order, the two answer the same.

use std::collections::VecDeque;
use std::sync::Arc;

use abi::Errno;
use abi::logger::{
    LOGGER_FLUSH_LOG, LOGGER_GET_LOG_LEN, LOGGER_GET_NEXT_ENTRY_LEN, LOGGER_GET_VERSION,
    LOGGER_SET_DEV_NS_FILTER, LOGGER_SET_VERSION, PAYLOAD_MAX,
};
use devns::Namespace;
use proptest::prelude::*;

use super::{House, MAY_BOTH, Memory, read};
use crate::logger::file::{Access, Opening};
use crate::logger::ring::SIZE;

/// What the ring keeps of an entry besides its text.
const OVERHEAD: usize = 56;
const PERSONA: usize = 1;
/// The init pids of the root and of the persona.
const INITS: [i32; 2] = [1, 40];

/// An entry as the model has it.
struct Entry {
    number: usize,
    who: usize,
    euid: u32,
    text: Vec<u8>,
    dropped: bool,
}

/// Which entries a reader sees.
#[derive(Clone, Copy)]
enum Filter {
    Own,
    All,
    Init(i32),
}

/// A reader as the model has it.
struct Reader {
    who: usize,
    euid: u32,
    sees_all_users: bool,
    filter: Filter,
    version: i32,
    /// The number of the entry from which on it looks.
    next: usize,
}

#[derive(Default)]
struct Model {
    entries: VecDeque<Entry>,
    written: usize,
}

impl Model {
    fn write(&mut self, who: usize, euid: u32, length: usize) {
        let text = text(self.written, length);
        if text.is_empty() {
            return;
        }
        let space = |entries: &VecDeque<Entry>| -> usize {
            let spans = entries.iter().map(|entry| OVERHEAD + entry.text.len());
            spans.sum()
        };
        while space(&self.entries) + OVERHEAD + text.len() > SIZE {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry {
            number: self.written,
            who,
            euid,
            text,
            dropped: false,
        });
        self.written += 1;
    }

    fn flush(&mut self, who: usize) {
        if who == PERSONA {
            let own = self.entries.iter_mut().filter(|entry| entry.who == who);
            own.for_each(|entry| entry.dropped = true);
        } else {
            self.entries.clear();
        }
    }

    /// What a reader has yet to see, each with its header.
    fn unread(&self, reader: &Reader) -> Vec<(usize, Vec<u8>)> {
        let unread = self.entries.iter().filter(|entry| {
            let shown = match reader.filter {
                Filter::Own => entry.who == reader.who,
                Filter::All => true,
                Filter::Init(pid) => INITS[entry.who] == pid,
            };
            let may = reader.sees_all_users || entry.euid == reader.euid;
            entry.number >= reader.next && !entry.dropped && shown && may
        });
        let whole = unread.map(|entry| (entry.number, reader.shown(entry)));
        whole.collect()
    }

    /// A look at the next entry passes over all that lies before it, for good.
    fn look(&self, reader: &mut Reader) -> Option<(usize, Vec<u8>)> {
        let next = self.unread(reader).into_iter().next();
        reader.next = next.as_ref().map_or(self.written, |(number, _)| *number);
        next
    }
}

impl Reader {
    /// The bytes of an entry.
    fn shown(&self, entry: &Entry) -> Vec<u8> {
        let aware = matches!(self.filter, Filter::All);
        let mut bytes = Vec::new();
        if aware {
            let numbers = [INITS[entry.who], 50, 51];
            bytes.extend(numbers.map(i32::to_le_bytes).concat());
            bytes.extend(if entry.who == PERSONA {
                *b"demo"
            } else {
                [0; 4]
            });
        }
        let header_size: u16 = match (self.version, aware) {
            (1, _) => 0,
            (_, false) => 24,
            (_, true) => 40,
        };
        bytes.extend((entry.text.len() as u16).to_le_bytes());
        bytes.extend(header_size.to_le_bytes());
        bytes.extend([3_i32, 4, 7, 9].map(i32::to_le_bytes).concat());
        if self.version == 2 {
            bytes.extend(entry.euid.to_le_bytes());
        }
        bytes.extend(&entry.text);
        bytes
    }
}

/// The text of an entry, which no other has.
fn text(number: usize, length: usize) -> Vec<u8> {
    let seed = number as u64 * 31 + 7;
    let bytes = (0..length.min(PAYLOAD_MAX) as u64).map(|place| (seed * (place + 3)) as u8);
    bytes.collect()
}

/// What is done.
#[derive(Clone, Copy, Debug)]
enum Step {
    Write {
        who: usize,
        euid: u32,
        length: usize,
    },
    Read {
        reader: usize,
        room: usize,
    },
    Lengths {
        reader: usize,
    },
    Flush {
        who: usize,
    },
    Version {
        reader: usize,
        version: i32,
    },
    Filter {
        reader: usize,
        pid: i32,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let lengths = prop_oneof![0..60_usize, 3000..5000_usize];
    let rooms = prop_oneof![4 => Just(8000_usize), 1 => 0..100_usize];
    prop_oneof![
        8 => (0..2_usize, 0..3_u32, lengths)
            .prop_map(|(who, euid, length)| Step::Write { who, euid, length }),
        8 => (0..5_usize, rooms).prop_map(|(reader, room)| Step::Read { reader, room }),
        3 => (0..5_usize).prop_map(|reader| Step::Lengths { reader }),
        1 => (0..2_usize).prop_map(|who| Step::Flush { who }),
        1 => (0..5_usize, 0..4_i32).prop_map(|(reader, version)| Step::Version { reader, version }),
        1 => (0..5_usize, prop_oneof![Just(0), Just(1), Just(40), Just(7), Just(-1)])
            .prop_map(|(reader, pid)| Step::Filter { reader, pid }),
    ]
}

/// The log, its model, and the five readers of both: the root filtered and not, the persona, and
/// one user of each who may not see what others wrote.
struct Pair {
    house: House,
    model: Model,
    readers: Vec<(Opening, Reader)>,
    namespaces: [Arc<Namespace>; 2],
}

impl Pair {
    fn new() -> Self {
        let house = House::new();
        let namespaces = [house.root(), Arc::clone(&house.persona)];
        let few = Access {
            all_users: false,
            ..MAY_BOTH
        };
        let reader = |who: usize, access: Access, unfiltered: bool| {
            let opening = if unfiltered {
                house.open_all(access)
            } else {
                house.open(&namespaces[who], access)
            };
            let model = Reader {
                who,
                euid: if access.all_users { 0 } else { 2 },
                sees_all_users: access.all_users,
                filter: if unfiltered { Filter::All } else { Filter::Own },
                version: 1,
                next: 0,
            };
            (opening, model)
        };
        let readers = vec![
            reader(0, MAY_BOTH, false),
            reader(0, MAY_BOTH, true),
            reader(PERSONA, MAY_BOTH, false),
            reader(0, few, true),
            reader(PERSONA, few, false),
        ];
        Self {
            house,
            model: Model::default(),
            readers,
            namespaces,
        }
    }

    /// Does a step with both, which must answer the same.
    fn play(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Write { who, euid, length } => {
                let text = text(self.model.written, length);
                let taken = self.house.write(&self.namespaces[who], euid, &text);
                prop_assert_eq!(taken, length.min(PAYLOAD_MAX));
                self.model.write(who, euid, length);
            }
            Step::Read { reader, room } => self.read(reader, room)?,
            Step::Lengths { reader } => self.lengths(reader)?,
            Step::Flush { who } => {
                let mut opening = self.house.open(&self.namespaces[who], MAY_BOTH);
                prop_assert_eq!(self.house.ask(&mut opening, LOGGER_FLUSH_LOG, 0), Ok(0));
                self.model.flush(who);
            }
            Step::Version { reader, version } => self.version(reader, version)?,
            Step::Filter { reader, pid } => self.filter(reader, pid)?,
        }
        Ok(())
    }

    fn read(&mut self, reader: usize, room: usize) -> Result<(), TestCaseError> {
        let (opening, reader) = &mut self.readers[reader];
        let expected = self.model.look(reader);
        prop_assert_eq!(
            opening.is_readable(&self.house.ring, reader.euid),
            expected.is_some()
        );
        let seen = read(&self.house.ring, opening, reader.euid, room);
        match expected {
            Some((_, bytes)) if bytes.len() > room => prop_assert_eq!(seen, Err(Errno::EINVAL)),
            Some((number, bytes)) => {
                prop_assert_eq!(seen, Ok(Some(bytes)));
                reader.next = number + 1;
            }
            None => prop_assert_eq!(seen, Ok(None)),
        }
        Ok(())
    }

    fn lengths(&mut self, reader: usize) -> Result<(), TestCaseError> {
        let (opening, reader) = &mut self.readers[reader];
        let next = self.model.look(reader).map_or(0, |(_, bytes)| bytes.len());
        let unread = self.model.unread(reader);
        let all: usize = unread.iter().map(|(_, bytes)| bytes.len()).sum();
        let ring = &mut self.house.ring;
        let mut ask = |command| opening.ioctl(ring, &Memory, reader.euid, command, 0);
        prop_assert_eq!(ask(LOGGER_GET_NEXT_ENTRY_LEN), Ok(next));
        prop_assert_eq!(ask(LOGGER_GET_LOG_LEN), Ok(all));
        prop_assert_eq!(ask(LOGGER_GET_VERSION), Ok(reader.version as usize));
        Ok(())
    }

    fn version(&mut self, reader: usize, version: i32) -> Result<(), TestCaseError> {
        let (opening, reader) = &mut self.readers[reader];
        // The memory of these tests holds at each address its number.
        let seen = self
            .house
            .ask(opening, LOGGER_SET_VERSION, version as usize);
        let expected = match version {
            // There is no memory at this address.
            0 => Err(Errno::EFAULT),
            1 | 2 => Ok(0),
            _ => Err(Errno::EINVAL),
        };
        prop_assert_eq!(seen, expected);
        if expected.is_ok() {
            reader.version = version;
        }
        Ok(())
    }

    fn filter(&mut self, reader: usize, pid: i32) -> Result<(), TestCaseError> {
        let (opening, reader) = &mut self.readers[reader];
        let seen = self
            .house
            .ask(opening, LOGGER_SET_DEV_NS_FILTER, pid as usize);
        let expected = match pid {
            _ if reader.who == PERSONA => Err(Errno::EPERM),
            ..0 => Err(Errno::EINVAL),
            _ => Ok(0),
        };
        prop_assert_eq!(seen, expected);
        if expected.is_ok() {
            reader.filter = match pid {
                0 => Filter::All,
                pid => Filter::Init(pid),
            };
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_log_does_what_its_model_does(steps in proptest::collection::vec(step(), 1..400)) {
        let mut pair = Pair::new();
        for step in steps {
            pair.play(step)?;
        }
    }
}
