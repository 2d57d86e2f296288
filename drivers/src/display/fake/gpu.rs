//! A virtio GPU as QEMU's is one: pictures in the host, backed by guest memory, one output.
//!
//! It does what it is told when the test lets it ([`FakeGpu::run`]), and keeps what an eye sees:
//! a newly selected picture at once, changes of it when they are flushed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::Picture;
use super::memory::Machine;
use crate::display::panel::Size;
use crate::virtio::fake::{FakeDevice, FakeQueues};
use crate::virtio::{Device, GPU, Queue, QueueShape, StartError};

const OK: u32 = 0x1100;
const UNSPECIFIED: u32 = 0x1200;
const OUT_OF_MEMORY: u32 = 0x1201;
const BAD_RESOURCE: u32 = 0x1203;
const BAD_PARAMETER: u32 = 0x1205;

struct HostPicture {
    size: Size,
    bytes: Vec<u8>,
    runs: Option<Vec<(u64, usize)>>,
}

/// A rectangle: x, y, width, height.
type Rect = [usize; 4];

/// The host's side.
pub struct FakeGpu {
    queues: FakeQueues,
    machine: Machine,
    pictures: BTreeMap<u32, HostPicture>,
    output: Option<(u32, Rect)>,
    /// What an eye sees; None: dark.
    pub seen: Option<Picture>,
    /// Bytes of pictures there may be.
    pub room: usize,
    pub wish: Size,
    /// Whether the display has a wish: a window is open.
    pub is_enabled: bool,
    pub edid: Vec<u8>,
    /// The commands it was told, by their numbers.
    pub told: Vec<u32>,
    /// Rows that were read from guest memory.
    pub rows_read: usize,
    /// Answers with this instead of what is right.
    pub lies: Option<Vec<u8>>,
    has_changed: Arc<Mutex<bool>>,
}

/// The guest's side: a fake device whose display can change.
struct Changing {
    device: FakeDevice,
    has_changed: Arc<Mutex<bool>>,
}

impl Device for Changing {
    fn kind(&self) -> u32 {
        self.device.kind()
    }
    fn read_config(&mut self, offset: usize, into: &mut [u8]) {
        self.device.read_config(offset, into);
    }
    fn write_config(&mut self, offset: usize, from: &[u8]) {
        self.device.write_config(offset, from);
    }
    fn start(
        &mut self,
        wanted: u64,
        queues: &[QueueShape],
    ) -> Result<(u64, Vec<Box<dyn Queue>>), StartError> {
        self.device.start(wanted, queues)
    }
    fn acknowledge(&mut self) -> bool {
        std::mem::take(&mut *self.has_changed.lock().unwrap())
    }
}

fn number(bytes: &[u8], offset: usize) -> u32 {
    u32::from_le_bytes(bytes[offset..offset + 4].try_into().unwrap())
}

fn rect(bytes: &[u8]) -> Rect {
    [0, 4, 8, 12].map(|offset| number(bytes, offset) as usize)
}

impl FakeGpu {
    /// A GPU whose display wishes to be of `wish`, and the device that a driver sees.
    pub fn new(machine: &Machine, wish: Size) -> (Self, Box<dyn Device>) {
        // The configuration says that the display has changed; whether anybody looks is said by
        // the interrupt.
        let configuration = Box::new(|_: &[(usize, Vec<u8>)], offset, into: &mut [u8]| {
            if offset == 0 {
                into[0] = 1;
            }
        });
        let (device, queues) = FakeDevice::new(GPU, 2, configuration);
        let has_changed = Arc::new(Mutex::new(false));
        let gpu = Self {
            queues,
            machine: machine.clone(),
            pictures: BTreeMap::new(),
            output: None,
            seen: None,
            room: 256 << 20,
            wish,
            is_enabled: true,
            edid: Vec::new(),
            told: Vec::new(),
            rows_read: 0,
            lies: None,
            has_changed: Arc::clone(&has_changed),
        };
        let device = Changing {
            device,
            has_changed,
        };
        (gpu, Box::new(device))
    }

    /// How often it was told that there are commands.
    pub fn notified(&self) -> usize {
        self.queues.lock().unwrap()[0].notified
    }

    /// How many pictures it keeps.
    pub fn pictures(&self) -> usize {
        self.pictures.len()
    }

    /// The display is dragged to another size.
    pub fn resize(&mut self, wish: Size) {
        self.wish = wish;
        *self.has_changed.lock().unwrap() = true;
    }

    /// Does one command, if it was told one.
    pub fn step(&mut self) -> bool {
        let queues = Arc::clone(&self.queues);
        let command = {
            let queues = queues.lock().unwrap();
            queues
                .first()
                .and_then(|queue| queue.given.front().map(|(_, bytes)| bytes.clone()))
        };
        let Some(command) = command else {
            return false;
        };
        let answer = self.obey(&command);
        let answer = self.lies.clone().unwrap_or(answer);
        queues.lock().unwrap()[0].answer(&answer)
    }

    /// Does all that it was told.
    pub fn run(&mut self) {
        while self.step() {}
    }

    fn obey(&mut self, command: &[u8]) -> Vec<u8> {
        let kind = number(command, 0);
        self.told.push(kind);
        let body = &command[24..];
        let code = match kind {
            0x100 => return self.display_info(),
            0x10a => return self.edid_answer(),
            0x101 => self.create(body),
            0x102 => self.unref(number(body, 0)),
            0x103 => self.set_scanout(rect(body), number(body, 20)),
            0x104 => self.flush(rect(body), number(body, 16)),
            0x105 => self.transfer(rect(body), number(body, 16) as usize, number(body, 24)),
            0x106 => self.attach(body),
            _ => UNSPECIFIED,
        };
        header(code)
    }

    fn display_info(&self) -> Vec<u8> {
        let Size { width, height } = self.wish;
        let mut answer = header(0x1101);
        for word in [0, 0, width, height, self.is_enabled.into(), 0] {
            answer.extend(word.to_le_bytes());
        }
        answer.resize(24 + 16 * 24, 0);
        answer
    }

    fn edid_answer(&self) -> Vec<u8> {
        let mut answer = header(0x1104);
        answer.extend((self.edid.len() as u32).to_le_bytes());
        answer.extend([0; 4]);
        answer.extend(&self.edid);
        answer.resize(24 + 8 + 1024, 0);
        answer
    }

    fn create(&mut self, body: &[u8]) -> u32 {
        let (id, format) = (number(body, 0), number(body, 4));
        let size = Size {
            width: number(body, 8),
            height: number(body, 12),
        };
        let bytes = size.width as usize * size.height as usize * 4;
        let taken: usize = self.pictures.values().map(|other| other.bytes.len()).sum();
        if id == 0 || format != 2 || self.pictures.contains_key(&id) {
            return BAD_PARAMETER;
        }
        if taken + bytes > self.room {
            return OUT_OF_MEMORY;
        }
        let picture = HostPicture {
            size,
            bytes: vec![0; bytes],
            runs: None,
        };
        self.pictures.insert(id, picture);
        OK
    }

    fn unref(&mut self, id: u32) -> u32 {
        if self.output.is_some_and(|(seen, _)| seen == id) {
            self.output = None;
            self.seen = None;
        }
        match self.pictures.remove(&id) {
            Some(_) => OK,
            None => BAD_RESOURCE,
        }
    }

    fn attach(&mut self, body: &[u8]) -> u32 {
        let Some(picture) = self.pictures.get_mut(&number(body, 0)) else {
            return BAD_RESOURCE;
        };
        if picture.runs.is_some() {
            return UNSPECIFIED;
        }
        let entries = body[8..].chunks_exact(16);
        assert_eq!(entries.len(), number(body, 4) as usize);
        let run = |entry: &[u8]| {
            let address = u64::from(number(entry, 0)) | u64::from(number(entry, 4)) << 32;
            (address, number(entry, 8) as usize)
        };
        picture.runs = Some(entries.map(run).collect());
        OK
    }

    fn transfer(&mut self, [x, y, width, height]: Rect, offset: usize, id: u32) -> u32 {
        let Some(picture) = self.pictures.get_mut(&id) else {
            return BAD_RESOURCE;
        };
        let Some(runs) = &picture.runs else {
            return UNSPECIFIED;
        };
        let (across, down) = (picture.size.width as usize, picture.size.height as usize);
        if x + width > across || y + height > down {
            return BAD_PARAMETER;
        }
        for row in 0..height {
            let mut from = offset + row * across * 4;
            let to = ((y + row) * across + x) * 4;
            for piece in picture.bytes[to..to + width * 4].chunks_mut(4) {
                let mut inside = from;
                let run = runs.iter().find(|(_, bytes)| {
                    let is_here = inside < *bytes;
                    if !is_here {
                        inside -= bytes;
                    }
                    is_here
                });
                let (address, _) = run.expect("a transfer stays within the backing");
                self.machine
                    .device_reads(address + inside as u64, piece)
                    .expect("the backing is memory that is in use");
                from += 4;
            }
        }
        self.rows_read += height;
        OK
    }

    fn set_scanout(&mut self, part: Rect, id: u32) -> u32 {
        if id == 0 {
            self.output = None;
            self.seen = None;
            return OK;
        }
        let Some(picture) = self.pictures.get(&id) else {
            return BAD_RESOURCE;
        };
        let [x, y, width, height] = part;
        let (across, down) = (picture.size.width as usize, picture.size.height as usize);
        if width < 16 || height < 16 || x + width > across || y + height > down {
            return BAD_PARAMETER;
        }
        self.output = Some((id, part));
        self.look();
        OK
    }

    fn flush(&mut self, [x, y, width, height]: Rect, id: u32) -> u32 {
        let Some(picture) = self.pictures.get(&id) else {
            return BAD_RESOURCE;
        };
        let (across, down) = (picture.size.width as usize, picture.size.height as usize);
        if x + width > across || y + height > down {
            return BAD_PARAMETER;
        }
        if self.output.is_some_and(|(seen, _)| seen == id) {
            self.look();
        }
        OK
    }

    /// The eye sees what is selected.
    fn look(&mut self) {
        let Some((id, [x, y, width, height])) = self.output else {
            return;
        };
        let picture = &self.pictures[&id];
        let stride = picture.size.width as usize * 4;
        let size = Size {
            width: width as u32,
            height: height as u32,
        };
        let first = y * stride + x * 4;
        self.seen = Some(Picture::of_bytes(size, &picture.bytes[first..], stride));
    }
}

fn header(code: u32) -> Vec<u8> {
    let mut answer = vec![0; 24];
    answer[..4].copy_from_slice(&code.to_le_bytes());
    answer
}
