//! gzip: the header and trailer of RFC 1952 around the deflate stream of RFC 1951, which the crate
//! `miniz_oxide` inflates.
//!
//! The output goes through a window of 32 KiB and is handed on piece by piece, so the memory used
//! does not depend on what the input claims to hold.

use crate::Failure;
use alloc::{boxed::Box, vec};
use core::fmt;
use miniz_oxide::inflate::{TINFLStatus, core as inflate};

/// The two bytes every gzip member starts with.
pub const MAGIC: [u8; 2] = [0x1f, 0x8b];
/// Deflate looks back at most this far, so this much output must stay at hand.
const WINDOW_BYTES: usize = 32 * 1024;

const FLAG_HEADER_CHECKSUM: u8 = 2;
const FLAG_EXTRA: u8 = 4;
const FLAG_NAME: u8 = 8;
const FLAG_COMMENT: u8 = 16;
const FLAGS_RESERVED: u8 = 0xe0;

/// What is wrong with a gzip member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// It does not start with the magic, the deflate method and known flags.
    BadHeader,
    /// It ends in the middle.
    Truncated,
    /// The deflate stream is not valid.
    BadStream,
    /// The checksum or the length of what came out is not what the trailer says.
    BadChecksum,
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Error::BadHeader => "the gzip header is not one of RFC 1952",
            Error::Truncated => "the gzip data is cut off",
            Error::BadStream => "the deflate stream in the gzip data is damaged",
            Error::BadChecksum => "the gzip checksum does not match",
        })
    }
}

/// Inflates the one member that `input` starts with and hands the output to `receive` in pieces.
/// Returns the bytes of input the member took.
pub fn inflate_member<E>(
    input: &[u8],
    mut receive: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<usize, Failure<Error, E>> {
    let mut position = header_bytes(input).map_err(Failure::Format)?;
    let mut decompressor = Box::<inflate::DecompressorOxide>::default();
    let mut window = vec![0; WINDOW_BYTES];
    let mut window_position = 0;
    let mut checksum = crc32fast::Hasher::new();
    let mut length = 0u32;
    loop {
        let rest = &input[position..];
        let (status, taken, written) =
            inflate::decompress(&mut decompressor, rest, &mut window, window_position, 0);
        position += taken;
        let piece = &window[window_position..window_position + written];
        checksum.update(piece);
        length = length.wrapping_add(written as u32);
        receive(piece).map_err(Failure::Receiver)?;
        window_position = (window_position + written) % WINDOW_BYTES;
        match status {
            TINFLStatus::Done => break,
            TINFLStatus::HasMoreOutput => {}
            TINFLStatus::FailedCannotMakeProgress | TINFLStatus::NeedsMoreInput => {
                return Err(Failure::Format(Error::Truncated));
            }
            _ => return Err(Failure::Format(Error::BadStream)),
        }
    }
    let trailer = input
        .get(position..position + 8)
        .ok_or(Failure::Format(Error::Truncated))?;
    let expected = (checksum.finalize(), length);
    if (word(&trailer[..4]), word(&trailer[4..])) != expected {
        return Err(Failure::Format(Error::BadChecksum));
    }
    Ok(position + 8)
}

fn word(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .rev()
        .fold(0, |value, &byte| value << 8 | u32::from(byte))
}

/// Length of the member's header, its optional fields included.
fn header_bytes(input: &[u8]) -> Result<usize, Error> {
    let fixed = input.get(..10).ok_or(Error::Truncated)?;
    let flags = fixed[3];
    if fixed[..2] != MAGIC || fixed[2] != 8 || flags & FLAGS_RESERVED != 0 {
        return Err(Error::BadHeader);
    }
    let mut position = 10;
    if flags & FLAG_EXTRA != 0 {
        let length = input.get(position..position + 2).ok_or(Error::Truncated)?;
        position += 2 + word(length) as usize;
    }
    for flag in [FLAG_NAME, FLAG_COMMENT] {
        if flags & flag != 0 {
            let text = input.get(position..).ok_or(Error::Truncated)?;
            position += 1 + text
                .iter()
                .position(|&byte| byte == 0)
                .ok_or(Error::Truncated)?;
        }
    }
    if flags & FLAG_HEADER_CHECKSUM != 0 {
        position += 2;
    }
    if position > input.len() {
        Err(Error::Truncated)
    } else {
        Ok(position)
    }
}
