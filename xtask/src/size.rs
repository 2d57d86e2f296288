//! `cargo xtask size`: how large the image is, what it is made of, and which crate takes how much
//! of its code; then the files of the ramdisk, largest first.

use std::collections::HashMap;
use std::process::ExitCode;

use anyhow::{Context, Result};
use object::read::elf::ElfFile64;
use object::{
    Endianness, Object, ObjectSection, ObjectSymbol, SectionFlags, SectionKind, SymbolKind,
};

use crate::build::{self, Flavour, Programs};
use crate::house::House;

/// Section flag: the section is part of the loaded image.
const LOADED: u64 = object::elf::SHF_ALLOC as u64;

/// Runs the command.
pub fn command(house: &House) -> Result<ExitCode> {
    let file = build::kernel(house, Flavour::Plain)?;
    let bytes =
        std::fs::read(&file).with_context(|| format!("could not read {}", file.display()))?;
    let elf = ElfFile64::<Endianness>::parse(&*bytes).context("the kernel is not an ELF file")?;
    println!("kernel, in memory:");
    print_rows(&sections(&elf));
    println!("\nits code, by crate:");
    print_rows(&crates(&elf));

    let programs = Programs::build(house)?;
    let archive = build::ramdisk(&programs)?.archive()?;
    let mut rows = Vec::new();
    for product in &programs.user {
        let data = std::fs::metadata(&product.file)
            .with_context(|| format!("could not read {}", product.file.display()))?;
        rows.push((format!("/bin/{}", product.name), data.len()));
    }
    println!("\nramdisk, {} bytes, of which programs:", archive.len());
    print_rows(&largest_first(rows));
    Ok(ExitCode::SUCCESS)
}

/// What the image is made of.
fn sections(elf: &ElfFile64<'_, Endianness>) -> Vec<(String, u64)> {
    let loaded = elf.sections().filter(|section| match section.flags() {
        SectionFlags::Elf { sh_flags } => sh_flags & LOADED != 0,
        _ => false,
    });
    let mut sums: HashMap<&str, u64> = HashMap::new();
    for section in loaded {
        let part = match section.kind() {
            SectionKind::Text => "code",
            SectionKind::ReadOnlyData | SectionKind::ReadOnlyString | SectionKind::Note => {
                "constants"
            }
            SectionKind::UninitializedData => "zeroed",
            _ => "data",
        };
        *sums.entry(part).or_default() += section.size();
        *sums.entry("all").or_default() += section.size();
    }
    largest_first(
        sums.into_iter()
            .map(|(name, size)| (name.to_owned(), size))
            .collect(),
    )
}

/// How much code each crate brings.
fn crates(elf: &ElfFile64<'_, Endianness>) -> Vec<(String, u64)> {
    let mut sums: HashMap<String, u64> = HashMap::new();
    for symbol in elf
        .symbols()
        .filter(|symbol| symbol.kind() == SymbolKind::Text)
    {
        let name = format!(
            "{:#}",
            rustc_demangle::demangle(symbol.name().unwrap_or_default())
        );
        *sums.entry(crate_of(&name).to_owned()).or_default() += symbol.size();
    }
    largest_first(sums.into_iter().collect())
}

/// The crate a function belongs to, from its name as a person reads it: `a::b` is a's,
/// `<a::T as c::Tr>::f` is counted for the type's crate, a name without a path is assembly's or a
/// compiler's helper.
fn crate_of(name: &str) -> &str {
    let path = name.trim_start_matches(['<', '&', '*', '[', '(']);
    let path = ["dyn ", "mut ", "const "]
        .iter()
        .fold(path, |path, word| path.trim_start_matches(word));
    let end = path
        .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .unwrap_or(path.len());
    if path[end..].starts_with("::") {
        &path[..end]
    } else {
        "(without a crate)"
    }
}

fn largest_first(mut rows: Vec<(String, u64)>) -> Vec<(String, u64)> {
    rows.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    rows
}

fn print_rows(rows: &[(String, u64)]) {
    for (name, size) in rows.iter().filter(|row| row.1 > 0) {
        println!("{size:>12}  {name}");
    }
}

#[cfg(test)]
mod tests {
    use super::crate_of;

    #[test]
    fn names_tell_their_crate() {
        for (name, owner) in [
            ("kernel::memory::frame::take", "kernel"),
            (
                "<drivers::serial::Port as core::fmt::Write>::write_str",
                "drivers",
            ),
            (
                "<&mut alloc::vec::Vec<u8> as core::fmt::Debug>::fmt",
                "alloc",
            ),
            ("memcpy", "(without a crate)"),
            ("", "(without a crate)"),
        ] {
            assert_eq!(crate_of(name), owner, "{name}");
        }
    }
}
