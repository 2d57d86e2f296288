//! The operands of dd: `name=value` words.

use std::path::PathBuf;

use crate::own::sizes;

/// What `--help` prints.
pub const HELP: &str = "\
Usage: dd [OPERAND]...
Copy a file in blocks, converting it on the way.
  if=FILE, of=FILE   read FILE, write FILE; standard input and output without
  bs=BYTES           blocks of so many bytes (512); ibs=, obs= only for one side
  count=N            copy N blocks of input
  skip=N, seek=N     leave out N blocks of input; of output
  conv=LIST          ucase lcase swab sync noerror notrunc nocreat excl fsync fdatasync
  iflag=LIST         fullblock count_bytes skip_bytes
  oflag=LIST         append seek_bytes
  status=none|noxfer  print no summary; only the records
BYTES and N may end in c, b (512), k, M, G, kB, MB, GB, and be products: 2x512.
";

/// A word of `conv=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// To capital letters.
    Upper,
    /// To small letters.
    Lower,
    /// The bytes of each pair change places.
    Swap,
    /// Short blocks are filled with zeros.
    Pad,
    /// Go on after a read error.
    IgnoreErrors,
    /// Keep what the output holds beyond what is written.
    NoTruncate,
    /// The output must be there.
    NoCreate,
    /// The output must not be there.
    Exclusive,
    /// Wait until data and metadata are on the device.
    SyncAll,
    /// Wait until the data is.
    SyncData,
}

/// What is printed at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// Records, bytes, time and rate.
    All,
    /// Records only.
    Records,
    /// Nothing.
    Nothing,
}

/// Everything that was asked for.
#[derive(Debug)]
pub struct Operands {
    /// Where to read.
    pub input: Option<PathBuf>,
    /// Where to write.
    pub output: Option<PathBuf>,
    /// Bytes a read.
    pub input_block: usize,
    /// Bytes a write; nothing if each block goes out as it came.
    pub output_block: Option<usize>,
    /// At most so many blocks of input.
    pub count_blocks: Option<u64>,
    /// At most so many bytes of input.
    pub count_bytes: Option<u64>,
    /// Bytes of input left out at the start.
    pub skip_bytes: u64,
    /// Bytes of output left as they are.
    pub seek_bytes: u64,
    /// Read on until a block is full.
    pub full_blocks: bool,
    /// Write at the end of the output.
    pub append: bool,
    /// In the order given.
    pub conversions: Vec<Conversion>,
    /// What is printed at the end.
    pub report: Report,
}

/// No block is larger; a buffer of the size asked for must be had.
const BLOCK_LIMIT: u64 = 1 << 30;

/// Reads the words.
///
/// # Errors
/// A sentence that names the word and what is wrong with it.
pub fn parse(words: &[String]) -> Result<Operands, String> {
    let mut operands = Operands {
        input: None,
        output: None,
        input_block: 512,
        output_block: Some(512),
        count_blocks: None,
        count_bytes: None,
        skip_bytes: 0,
        seek_bytes: 0,
        full_blocks: false,
        append: false,
        conversions: Vec::new(),
        report: Report::All,
    };
    let (mut count, mut skip, mut seek) = (None, 0, 0);
    let mut both = None;
    let mut flags: Vec<&str> = Vec::new();
    for word in words.iter().filter(|word| *word != "--") {
        let (name, value) = word
            .split_once('=')
            .ok_or_else(|| format!("unrecognized operand '{word}'"))?;
        match name {
            "if" => operands.input = Some(value.into()),
            "of" => operands.output = Some(value.into()),
            "bs" => both = Some(block(value)?),
            "ibs" => operands.input_block = block(value)?,
            "obs" => operands.output_block = Some(block(value)?),
            "count" => count = Some(number(value)?),
            "skip" | "iseek" => skip = number(value)?,
            "seek" | "oseek" => seek = number(value)?,
            "conv" => {
                for word in value.split(',') {
                    operands.conversions.push(conversion(word)?);
                }
            }
            "iflag" | "oflag" => flags.extend(value.split(',')),
            "status" => {
                operands.report = match value {
                    "none" => Report::Nothing,
                    "noxfer" => Report::Records,
                    "progress" => Report::All,
                    _ => return Err(format!("invalid status level: '{value}'")),
                }
            }
            _ => return Err(format!("unrecognized operand '{word}'")),
        }
    }
    if let Some(size) = both {
        (operands.input_block, operands.output_block) = (size, None);
    }
    let (mut skip_unit, mut seek_unit) = (
        operands.input_block as u64,
        operands.output_block.unwrap_or(operands.input_block) as u64,
    );
    let mut counts_bytes = false;
    for flag in flags {
        match flag {
            "fullblock" => operands.full_blocks = true,
            "count_bytes" => counts_bytes = true,
            "skip_bytes" => skip_unit = 1,
            "seek_bytes" => seek_unit = 1,
            "append" => operands.append = true,
            _ => return Err(format!("invalid flag: '{flag}'")),
        }
    }
    let product = |count: u64, unit| count.checked_mul(unit).ok_or("an offset is too large");
    operands.skip_bytes = product(skip, skip_unit)?;
    operands.seek_bytes = product(seek, seek_unit)?;
    match counts_bytes {
        true => operands.count_bytes = count,
        false => operands.count_blocks = count,
    }
    Ok(operands)
}

fn number(text: &str) -> Result<u64, String> {
    let factors = text.split('x').map(sizes::parse);
    let product = factors
        .reduce(|product, factor| product?.checked_mul(factor?))
        .flatten();
    product.ok_or_else(|| format!("invalid number: '{text}'"))
}

fn block(text: &str) -> Result<usize, String> {
    match number(text)? {
        size @ 1..=BLOCK_LIMIT => Ok(usize::try_from(size).unwrap_or(usize::MAX)),
        _ => Err(format!(
            "invalid number: '{text}': a block has 1 byte to 1 GiB"
        )),
    }
}

fn conversion(word: &str) -> Result<Conversion, String> {
    Ok(match word {
        "ucase" => Conversion::Upper,
        "lcase" => Conversion::Lower,
        "swab" => Conversion::Swap,
        "sync" => Conversion::Pad,
        "noerror" => Conversion::IgnoreErrors,
        "notrunc" => Conversion::NoTruncate,
        "nocreat" => Conversion::NoCreate,
        "excl" => Conversion::Exclusive,
        "fsync" => Conversion::SyncAll,
        "fdatasync" => Conversion::SyncData,
        _ => return Err(format!("invalid conversion: '{word}'")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Operands, String> {
        parse(
            &text
                .split_whitespace()
                .map(String::from)
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn sizes_and_offsets() {
        let operands = read("bs=2x1k count=3 skip=2 seek=1").expect("well formed");
        assert_eq!((operands.input_block, operands.output_block), (2048, None));
        assert_eq!((operands.skip_bytes, operands.seek_bytes), (4096, 2048));
        let operands =
            read("ibs=1 obs=4 count=10 iflag=count_bytes,skip_bytes skip=3").expect("well formed");
        assert_eq!(
            (operands.count_bytes, operands.count_blocks),
            (Some(10), None)
        );
        assert_eq!((operands.skip_bytes, operands.output_block), (3, Some(4)));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for text in [
            "x",
            "a=b",
            "bs=0",
            "bs=9999G",
            "count=x",
            "conv=x",
            "status=x",
            "iflag=x",
            "skip=9999999999999999999",
            "skip=18446744073709551615",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
