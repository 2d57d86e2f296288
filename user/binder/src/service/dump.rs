//! The answer of a call in Android's form: words of 32 bits in hexadecimal, the characters behind.

use std::fmt::Write;

use rsbinder::StatusCode;

/// How many bytes a line has.
const LINE: usize = 16;
/// How many bytes a word has.
const WORD: usize = 4;

/// What stands between the brackets of `Parcel()`.
pub fn answer(reply: Result<Vec<u8>, StatusCode>) -> String {
    match reply {
        Ok(bytes) if bytes.is_empty() => "NULL".into(),
        Ok(bytes) => hexadecimal(&bytes),
        Err(code) => {
            let number = i64::from(i32::from(code));
            format!("Error: {number:#018x} \"{code}\"")
        }
    }
}

/// Up to a line's worth of bytes in one line; else a line for each, with its offset.
fn hexadecimal(bytes: &[u8]) -> String {
    if bytes.len() <= LINE {
        let words = bytes.chunks(WORD).map(word).collect::<Vec<_>>().join(" ");
        // For each word that is missing there is a blank, and no more.
        let blanks = " ".repeat(LINE / WORD - bytes.len().div_ceil(WORD));
        return format!("{words} {blanks}'{}'", characters(bytes));
    }
    let mut text = String::new();
    for (number, line) in bytes.chunks(LINE).enumerate() {
        let words = line.chunks(WORD).map(word).collect::<Vec<_>>().join(" ");
        let width = LINE / WORD * (2 * WORD + 1) - 1;
        // A String takes every write.
        let _ = write!(
            text,
            "\n  {:#010x}: {words:width$} '{:LINE$}'",
            number * LINE,
            characters(line)
        );
    }
    text
}

/// A word as the number it is, the highest byte first.
fn word(bytes: &[u8]) -> String {
    bytes
        .iter()
        .rev()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The bytes that are printable characters; a dot for each other.
fn characters(bytes: &[u8]) -> String {
    let character = |byte: &u8| match byte {
        b' '..=b'~' => char::from(*byte),
        _ => '.',
    };
    bytes.iter().map(character).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_answer_is_one_line() {
        assert_eq!(answer(Ok(vec![0; 4])), "00000000    '....'");
        let two = [0, 0, 0, 0, 1, 0, 0, 0];
        assert_eq!(answer(Ok(two.into())), "00000000 00000001   '........'");
        assert_eq!(
            answer(Ok(vec![0x41; 16])),
            "41414141 41414141 41414141 41414141 'AAAAAAAAAAAAAAAA'"
        );
        assert_eq!(answer(Ok(Vec::new())), "NULL");
    }

    #[test]
    fn a_longer_one_has_offsets() {
        let mut bytes = vec![0, 0, 0, 0, 5, 0, 0, 0];
        for unit in "hello\0".encode_utf16() {
            bytes.extend(unit.to_le_bytes());
        }
        let expected = "
  0x00000000: 00000000 00000005 00650068 006c006c '........h.e.l.l.'
  0x00000010: 0000006f                            'o...            '";
        assert_eq!(answer(Ok(bytes)), expected);
    }

    #[test]
    fn an_error_is_told_with_its_number() {
        let text = answer(Err(StatusCode::UnknownTransaction));
        assert_eq!(text, "Error: 0xffffffffffffffb6 \"UnknownTransaction\"");
    }
}
