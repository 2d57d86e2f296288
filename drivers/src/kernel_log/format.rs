//! Log records as programs see them: the lines of `/dev/kmsg`, of syslog(2) and of the console.
//! Whatever bytes a record holds, a line of `/dev/kmsg` stays one line. Source: syslog(2), and
//! `Documentation/ABI/testing/dev-kmsg` of Linux.
use super::Record;
use core::fmt::{Result, Write};

/// Writes a record as `/dev/kmsg` shows it: `priority,sequence,microseconds,-;text`, with
/// everything but printable ASCII as `\xNN`, so that a record is always one line.
pub fn write_kmsg(output: &mut impl Write, record: &Record, text: &[u8]) -> Result {
    let priority = record.priority.number();
    write!(
        output,
        "{priority},{},{},-;",
        record.sequence, record.microseconds
    )?;
    for &byte in text {
        if matches!(byte, b' '..=b'~') && byte != b'\\' {
            output.write_char(char::from(byte))?;
        } else {
            write!(output, "\\x{byte:02x}")?;
        }
    }
    output.write_char('\n')
}

/// Writes a record as `syslog(2)` gives it: `<priority>[seconds.microseconds] text`, each line of
/// the text with its own beginning. Bytes that are not UTF-8 are shown as U+FFFD.
pub fn write_syslog(output: &mut impl Write, record: &Record, text: &[u8]) -> Result {
    for line in text.split(|&byte| byte == b'\n') {
        write!(output, "<{}>", record.priority.number())?;
        write_timed_line(output, record, line)?;
    }
    Ok(())
}

/// Writes a record as the console shows it: `[seconds.microseconds] text`.
pub fn write_console(output: &mut impl Write, record: &Record, text: &[u8]) -> Result {
    text.split(|&byte| byte == b'\n')
        .try_for_each(|line| write_timed_line(output, record, line))
}

fn write_timed_line(output: &mut impl Write, record: &Record, line: &[u8]) -> Result {
    let (seconds, fraction) = (
        record.microseconds / 1_000_000,
        record.microseconds % 1_000_000,
    );
    write!(output, "[{seconds:5}.{fraction:06}] ")?;
    for chunk in line.utf8_chunks() {
        output.write_str(chunk.valid())?;
        if !chunk.invalid().is_empty() {
            output.write_char(char::REPLACEMENT_CHARACTER)?;
        }
    }
    output.write_char('\n')
}

#[cfg(test)]
mod tests {
    use super::super::{Level, Priority};
    use super::*;

    const RECORD: Record = Record {
        sequence: 7,
        microseconds: 12_000_345,
        priority: Priority::of_kernel(Level::INFORMATION),
        length: 0,
    };

    fn written(write: impl FnOnce(&mut String) -> Result) -> String {
        let mut output = String::new();
        write(&mut output).unwrap();
        output
    }

    #[test]
    fn a_kmsg_record_is_one_printable_line() {
        let text = written(|output| write_kmsg(output, &RECORD, b"a\\b\nc\xff d"));
        assert_eq!(text, "6,7,12000345,-;a\\x5cb\\x0ac\\xff d\n");
    }

    #[test]
    fn syslog_begins_every_line() {
        let text = written(|output| write_syslog(output, &RECORD, b"one\ntwo"));
        assert_eq!(text, "<6>[   12.000345] one\n<6>[   12.000345] two\n");
    }

    #[test]
    fn the_console_shows_no_priority() {
        let text = written(|output| write_console(output, &RECORD, b"one"));
        assert_eq!(text, "[   12.000345] one\n");
    }
}
