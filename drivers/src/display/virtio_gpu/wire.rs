//! Commands of a virtio GPU and its answers, as bytes.
//!
//! Source: Virtual I/O Device (VIRTIO) 1.2, section 5.7.6.

use alloc::vec::Vec;
use zerocopy::IntoBytes;

use super::super::memory::FrameRun;
use super::super::panel::Size;

/// The numbers of the commands.
pub const GET_DISPLAY_INFO: u32 = 0x100;
pub const RESOURCE_CREATE_2D: u32 = 0x101;
pub const RESOURCE_UNREF: u32 = 0x102;
pub const SET_SCANOUT: u32 = 0x103;
pub const RESOURCE_FLUSH: u32 = 0x104;
pub const TRANSFER_TO_HOST_2D: u32 = 0x105;
pub const RESOURCE_ATTACH_BACKING: u32 = 0x106;
pub const GET_EDID: u32 = 0x10a;

/// The numbers of the answers.
pub const OK_NODATA: u32 = 0x1100;
pub const OK_DISPLAY_INFO: u32 = 0x1101;
pub const OK_EDID: u32 = 0x1104;

/// `VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM`.
const FORMAT_BGRX: u32 = 2;
/// The output that is used.
const SCANOUT: u32 = 0;
/// Bytes of the header that commands and answers begin with.
pub const HEADER: usize = 24;
/// Bytes of an entry of ATTACH_BACKING, and of what is before them.
const ENTRY: usize = 16;
const ATTACH: usize = HEADER + 8;
/// Runs of memory in one ATTACH_BACKING, at most: all pages of 3840 by 2160.
pub const RUNS_MAX: usize = 8192;
/// Bytes of the longest command.
pub const COMMAND_MAX: usize = ATTACH + RUNS_MAX * ENTRY;
/// Bytes of the longest answer, GET_EDID's.
pub const ANSWER_MAX: usize = HEADER + 8 + 1024;
/// Bytes of the longest command but ATTACH_BACKING.
const SHORT_MAX: usize = 56;

/// A part of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rect {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

/// A command.
pub enum Command {
    Short {
        bytes: [u8; SHORT_MAX],
        length: usize,
    },
    Long(Vec<u8>),
}

impl Command {
    fn new(kind: u32, words: &[u32]) -> Self {
        let mut bytes = [0; SHORT_MAX];
        bytes[..4].copy_from_slice(&kind.to_le_bytes());
        for (place, word) in bytes[HEADER..].chunks_exact_mut(4).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        Self::Short {
            bytes,
            length: HEADER + words.len() * 4,
        }
    }

    /// The bytes that the device reads.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Short { bytes, length } => &bytes[..*length],
            Self::Long(bytes) => bytes,
        }
    }

    /// Its number.
    pub fn kind(&self) -> u32 {
        number(self.as_bytes(), 0)
    }

    pub fn get_display_info() -> Self {
        Self::new(GET_DISPLAY_INFO, &[])
    }

    pub fn get_edid() -> Self {
        Self::new(GET_EDID, &[SCANOUT, 0])
    }

    pub fn create(id: u32, size: Size) -> Self {
        let words = [id, FORMAT_BGRX, size.width, size.height];
        Self::new(RESOURCE_CREATE_2D, &words)
    }

    pub fn unref(id: u32) -> Self {
        Self::new(RESOURCE_UNREF, &[id, 0])
    }

    /// The resource 0 shows nothing.
    pub fn set_scanout(id: u32, rect: Rect) -> Self {
        let words = [rect.x, rect.y, rect.width, rect.height, SCANOUT, id];
        Self::new(SET_SCANOUT, &words)
    }

    pub fn flush(id: u32, rect: Rect) -> Self {
        let words = [rect.x, rect.y, rect.width, rect.height, id, 0];
        Self::new(RESOURCE_FLUSH, &words)
    }

    /// `offset` is where in the memory the rectangle begins.
    pub fn transfer(id: u32, rect: Rect, offset: u64) -> Self {
        let Rect {
            x,
            y,
            width,
            height,
        } = rect;
        let halves = [offset as u32, (offset >> 32) as u32];
        let words = [x, y, width, height, halves[0], halves[1], id, 0];
        Self::new(TRANSFER_TO_HOST_2D, &words)
    }

    pub fn attach(id: u32, runs: &[FrameRun]) -> Self {
        let mut bytes = Vec::with_capacity(ATTACH + runs.len() * ENTRY);
        let head = Self::new(RESOURCE_ATTACH_BACKING, &[id, runs.len() as u32]);
        bytes.extend_from_slice(head.as_bytes());
        for run in runs {
            let length = run.bytes as u32;
            bytes.extend_from_slice(run.address.to_le().as_bytes());
            bytes.extend_from_slice([length.to_le(), 0].as_bytes());
        }
        Self::Long(bytes)
    }
}

/// The little-endian number at `offset`; what is missing is zero.
pub fn number(bytes: &[u8], offset: usize) -> u32 {
    let mut whole = [0; 4];
    let given = bytes.iter().skip(offset);
    whole
        .iter_mut()
        .zip(given)
        .for_each(|(to, from)| *to = *from);
    u32::from_le_bytes(whole)
}

/// The size of the output in an answer to GET_DISPLAY_INFO; None when it is not in use.
pub fn display_size(answer: &[u8]) -> Option<Size> {
    let size = Size {
        width: number(answer, HEADER + 8),
        height: number(answer, HEADER + 12),
    };
    let is_enabled = number(answer, HEADER + 16) != 0;
    (number(answer, 0) == OK_DISPLAY_INFO && is_enabled).then_some(size)
}

/// The EDID in an answer to GET_EDID.
pub fn edid(answer: &[u8]) -> &[u8] {
    let length = match number(answer, 0) {
        OK_EDID => number(answer, HEADER) as usize,
        _ => 0,
    };
    let data = answer.get(HEADER + 8..).unwrap_or_default();
    &data[..length.min(data.len())]
}
