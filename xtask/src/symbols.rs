//! The symbol table that the kernel carries for its own backtraces.
//!
//! The linked image has a section `.ksyms` of fixed size; after linking it is filled with, little
//! endian: u32 magic, u32 count, `count` records of {u32 address less the kernel's base, u32
//! offset of the name}, sorted by address; then u32 length of the names and the names, each ended
//! by a NUL. Where the whole does not fit, names are cut to the longest length that does.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use anyhow::{Context, Result, bail};
use object::read::elf::ElfFile64;
use object::{Endianness, Object, ObjectSection, ObjectSymbol, SymbolKind};

/// Where the kernel is linked.
const KERNEL_BASE: u64 = 0xffff_ffff_8000_0000;
/// "KSYM".
const MAGIC: u32 = 0x4d59_534b;
/// The section's name.
const SECTION: &str = ".ksyms";

/// What became of the table.
#[derive(Debug, PartialEq, Eq)]
pub enum Filled {
    /// All of it went in: so many functions.
    Whole(usize),
    /// So many functions went in, their names cut to this many bytes.
    Cut(usize, usize),
    /// The kernel has no such section.
    NoSection,
}

/// Fills the section in the ELF file `image`.
///
/// # Errors
/// When the file cannot be read or written or is not an ELF file, or when not even the addresses
/// fit.
pub fn fill(image: &Path) -> Result<Filled> {
    let mut bytes =
        std::fs::read(image).with_context(|| format!("could not read {}", image.display()))?;
    let elf = ElfFile64::<Endianness>::parse(&*bytes)
        .with_context(|| format!("{} is not a 64-bit ELF file", image.display()))?;
    let range = elf
        .section_by_name(SECTION)
        .and_then(|section| section.file_range());
    let Some((start, length)) = range else {
        return Ok(Filled::NoSection);
    };
    let room = usize::try_from(length)?;
    let start = usize::try_from(start)?;
    let functions = functions(&elf);
    let (table, filled) = table(&functions, room)?;
    bytes[start..start + room].fill(0);
    bytes[start..start + table.len()].copy_from_slice(&table);
    std::fs::write(image, &bytes)
        .with_context(|| format!("could not write {}", image.display()))?;
    Ok(filled)
}

/// The functions of the kernel: address less the base, and name as a person reads it.
fn functions(elf: &ElfFile64<'_, Endianness>) -> BTreeMap<u32, String> {
    let texts = elf
        .symbols()
        .filter(|symbol| symbol.kind() == SymbolKind::Text);
    let named = texts.filter_map(|symbol| {
        let offset = u32::try_from(symbol.address().checked_sub(KERNEL_BASE)?).ok()?;
        Some((
            offset,
            format!("{:#}", rustc_demangle::demangle(symbol.name().ok()?)),
        ))
    });
    named.filter(|(_, name)| !name.is_empty()).collect()
}

/// The table for `functions` in at most `room` bytes.
fn table(functions: &BTreeMap<u32, String>, room: usize) -> Result<(Vec<u8>, Filled)> {
    let whole = encode(functions, usize::MAX);
    if whole.len() <= room {
        return Ok((whole, Filled::Whole(functions.len())));
    }
    // The longest names that fit; longer names never make a smaller table.
    let longest = functions.values().map(String::len).max().unwrap_or(0);
    let (mut fits, mut too_long) = (0, longest);
    while too_long - fits > 1 {
        let middle = fits.midpoint(too_long);
        if encode(functions, middle).len() <= room {
            fits = middle;
        } else {
            too_long = middle;
        }
    }
    let cut = encode(functions, fits);
    if fits == 0 || cut.len() > room {
        bail!(
            "the kernel's section {SECTION} has {room} bytes, too few for {} functions: make it larger in the linker script",
            functions.len()
        );
    }
    Ok((cut, Filled::Cut(functions.len(), fits)))
}

/// The table with names of at most `longest` bytes. A name that several functions have (instances
/// of one generic) is stored once.
fn encode(functions: &BTreeMap<u32, String>, longest: usize) -> Vec<u8> {
    let mut names = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    let mut table = Vec::new();
    push(&mut table, MAGIC as usize);
    push(&mut table, functions.len());
    for (offset, name) in functions {
        let name = &name[..name.floor_char_boundary(longest)];
        let at = *known.entry(name).or_insert_with(|| {
            let at = names.len();
            names.extend_from_slice(name.as_bytes());
            names.push(0);
            at
        });
        push(&mut table, *offset as usize);
        push(&mut table, at);
    }
    push(&mut table, names.len());
    table.extend(names);
    table
}

/// Appends a number that is known to be small: addresses and names span far less than 4 GiB.
fn push(table: &mut Vec<u8>, number: usize) {
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    table.extend_from_slice(&number.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> BTreeMap<u32, String> {
        BTreeMap::from([
            (0x20, "kernel::main".into()),
            (0x10, "drop".into()),
            (0x30, "drop".into()),
        ])
    }

    #[test]
    fn the_layout_is_the_one_the_kernel_reads() {
        let (table, filled) = table(&three(), 4096).expect("fits");
        assert_eq!(filled, Filled::Whole(3));
        let number =
            |at: usize| u32::from_le_bytes(table[at..at + 4].try_into().expect("four bytes"));
        assert_eq!(&table[..4], b"KSYM");
        let numbers: Vec<u32> = (1..9).map(|index| number(index * 4)).collect();
        assert_eq!(numbers, [3, 0x10, 0, 0x20, 5, 0x30, 0, 18]);
        assert_eq!(&table[36..], b"drop\0kernel::main\0");
    }

    #[test]
    fn names_are_cut_to_what_fits() {
        let whole = encode(&three(), usize::MAX).len();
        let (cut, filled) = table(&three(), whole - 1).expect("fits when cut");
        assert_eq!(filled, Filled::Cut(3, 11));
        assert!(cut.len() < whole && cut.ends_with(b"drop\0kernel::mai\0"));
        let error = table(&three(), 20).expect_err("too small").to_string();
        assert!(
            error.contains("20 bytes, too few for 3 functions"),
            "{error}"
        );
    }

    #[test]
    fn cutting_respects_characters() {
        let one = BTreeMap::from([(0, "aß".to_owned())]);
        assert!(encode(&one, 2).ends_with(b"a\0"));
    }
}
