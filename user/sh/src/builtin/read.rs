//! `read`: a line into variables (POSIX.1-2017 XCU `read`).

use super::letters;
use crate::ast::{Bytes, is_name};
use crate::error::Outcome;
use crate::expand::{Field, Mark};
use crate::input::read_line;
use crate::shell::{Shell, error_text, write_error};
use crate::signal;
use crate::text::shown;
use rustix::io::Errno;

/// `read [-r] [-p prompt] name…`; without a name the line goes to REPLY.
pub fn read(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    let mut words = arguments.to_vec();
    if let Some(at) = words.iter().position(|word| word == b"-p")
        && at + 1 < words.len()
    {
        let prompt = words.remove(at + 1);
        words.remove(at);
        write_error(&prompt);
    }
    let (raw, names) = match letters(&words, "r") {
        Ok((options, names)) => (!options.is_empty(), names.to_vec()),
        Err(message) => return Ok(shell.misuse("read", message)),
    };
    let names = if names.is_empty() {
        vec![b"REPLY".to_vec()]
    } else {
        names
    };
    if let Some(wrong) = names.iter().find(|name| !is_name(name)) {
        return Ok(shell.misuse("read", format!("{}: not a name", shown(wrong))));
    }
    let (units, ended) = match read_logical_line(shell, raw) {
        Ok(line) => line,
        Err(Errno::INTR) => {
            // The signal's trap, if it has one, runs when the command is over.
            return Ok(128
                + if shell.traps.is_pending(signal::INT) {
                    signal::INT
                } else {
                    0
                });
        }
        Err(error) => return Ok(shell.refuse("read", error_text(error))),
    };
    let separators = shell.separators();
    let values = divide(&units, separators, names.len());
    for (index, name) in names.iter().enumerate() {
        let value = values.get(index).cloned().unwrap_or_default();
        shell.assign(&shown(name), value)?;
    }
    Ok(i32::from(!ended))
}

/// A byte and whether it may separate fields.
type Unit = (u8, bool);

/// Reads a line, with the lines that backslashes join to it, and takes the backslashes out.
fn read_logical_line(shell: &Shell, raw: bool) -> Result<(Vec<Unit>, bool), Errno> {
    let mut units = Vec::new();
    loop {
        let line = read_line(shell)?;
        let mut bytes = line.text.iter().copied().filter(|&byte| byte != 0);
        let mut joined = false;
        while let Some(byte) = bytes.next() {
            if byte != b'\\' || raw {
                units.push((byte, true));
                continue;
            }
            match bytes.next() {
                Some(next) => units.push((next, false)),
                None => joined = true,
            }
        }
        if !joined || !line.ended {
            return Ok((units, line.ended));
        }
    }
}

/// Splits a line into `count` values, of which the last takes the rest with its separators.
fn divide(units: &[Unit], separators: &[u8], count: usize) -> Vec<Bytes> {
    let is_separator = |unit: &Unit| unit.1 && separators.contains(&unit.0);
    let is_blank = |unit: &Unit| is_separator(unit) && b" \t\n".contains(&unit.0);
    let skip_blanks = |units: &[Unit]| units.iter().take_while(|unit| is_blank(unit)).count();
    let mut values = Vec::new();
    let mut rest = &units[skip_blanks(units)..];
    while values.len() + 1 < count && !rest.is_empty() {
        let end = rest.iter().position(is_separator).unwrap_or(rest.len());
        values.push(rest[..end].iter().map(|unit| unit.0).collect());
        rest = &rest[end..];
        rest = &rest[skip_blanks(rest)..];
        if rest
            .first()
            .is_some_and(|unit| is_separator(unit) && !is_blank(unit))
        {
            rest = &rest[1..];
            rest = &rest[skip_blanks(rest)..];
        }
    }
    while rest.last().is_some_and(is_blank) {
        rest = &rest[..rest.len() - 1];
    }
    // A single separator at the end belongs to the last field's end and goes too.
    let alone = |units: &[Unit]| {
        let field = Field::new(
            &units.iter().map(|unit| unit.0).collect::<Bytes>(),
            Mark::Expanded,
        );
        crate::expand::split(field, separators).len() == 1
    };
    if rest.last().is_some_and(is_separator) && rest.iter().all(|unit| unit.1) && alone(rest) {
        rest = &rest[..rest.len() - 1];
    }
    values.push(rest.iter().map(|unit| unit.0).collect());
    values
}

#[cfg(test)]
mod tests {
    use super::divide;

    fn divided(text: &str, separators: &str, count: usize) -> Vec<String> {
        let units: Vec<_> = text.bytes().map(|byte| (byte, true)).collect();
        let values = divide(&units, separators.as_bytes(), count);
        values
            .into_iter()
            .map(|value| String::from_utf8_lossy(&value).into_owned())
            .collect()
    }

    #[test]
    fn the_last_name_takes_the_rest() {
        assert_eq!(divided("  a b  c d ", " \t\n", 2), ["a", "b  c d"]);
        assert_eq!(divided("a", " \t\n", 2), ["a", ""]);
    }

    #[test]
    fn other_separators_keep_empty_fields() {
        assert_eq!(divided("a::b", ":", 3), ["a", "", "b"]);
        assert_eq!(divided("a:b:", ":", 2), ["a", "b"]);
        assert_eq!(divided("a:b:c:", ":", 2), ["a", "b:c:"]);
    }
}
