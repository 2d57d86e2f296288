//! A ramdisk: any number of cpio archives one after the other, each plain or inside gzip, with
//! zeros between them (the "initramfs buffer format" of the Linux documentation).

use crate::{Failure, cpio, gzip};
use core::fmt;

/// What is wrong with a ramdisk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// An archive in it is damaged; the positions count from that archive's start.
    Cpio(cpio::Error),
    /// The compression around an archive is damaged.
    Gzip(gzip::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Cpio(error) => error.fmt(out),
            Error::Gzip(error) => error.fmt(out),
        }
    }
}

/// Takes `image` apart and hands every entry to `visitor`.
pub fn unpack<V: cpio::Visitor>(
    image: &[u8],
    visitor: &mut V,
) -> Result<(), Failure<Error, V::Error>> {
    let mut rest = image;
    loop {
        let zeros = rest.iter().take_while(|&&byte| byte == 0).count();
        rest = &rest[zeros..];
        if rest.is_empty() {
            return Ok(());
        }
        let taken = if rest.starts_with(&gzip::MAGIC) {
            unpack_gzip(rest, visitor)?
        } else {
            unpack_plain(rest, visitor)?
        };
        rest = &rest[taken..];
    }
}

fn cpio_failure<E>(failure: Failure<cpio::Error, E>) -> Failure<Error, E> {
    match failure {
        Failure::Format(error) => Failure::Format(Error::Cpio(error)),
        Failure::Receiver(error) => Failure::Receiver(error),
    }
}

fn unpack_plain<V: cpio::Visitor>(
    image: &[u8],
    visitor: &mut V,
) -> Result<usize, Failure<Error, V::Error>> {
    let mut reader = cpio::Reader::new();
    let taken = reader.push(image, visitor).map_err(cpio_failure)?;
    reader
        .finish()
        .map_err(|error| Failure::Format(Error::Cpio(error)))?;
    Ok(taken)
}

fn unpack_gzip<V: cpio::Visitor>(
    image: &[u8],
    visitor: &mut V,
) -> Result<usize, Failure<Error, V::Error>> {
    let mut reader = cpio::Reader::new();
    let taken = gzip::inflate_member(image, |piece| push_all(&mut reader, piece, visitor))
        .map_err(|failure| match failure {
            Failure::Format(error) => Failure::Format(Error::Gzip(error)),
            Failure::Receiver(failure) => cpio_failure(failure),
        })?;
    reader
        .finish()
        .map_err(|error| Failure::Format(Error::Cpio(error)))?;
    Ok(taken)
}

/// Feeds one inflated piece. Archives may follow each other inside one gzip member too: after a
/// trailer, zeros are skipped and the next archive starts.
fn push_all<V: cpio::Visitor>(
    reader: &mut cpio::Reader,
    mut piece: &[u8],
    visitor: &mut V,
) -> Result<(), Failure<cpio::Error, V::Error>> {
    while !piece.is_empty() {
        if reader.is_done() {
            let zeros = piece.iter().take_while(|&&byte| byte == 0).count();
            piece = &piece[zeros..];
            if piece.is_empty() {
                break;
            }
            *reader = cpio::Reader::new();
        }
        let taken = reader.push(piece, visitor)?;
        piece = &piece[taken..];
    }
    Ok(())
}
