//! Throws texts at the files' parser: whatever the bytes, it answers, and what it accepts is
//! what another reading of the rules accepts. The seed of a run is fixed; proptest's own
//! environment variables (`PROPTEST_CASES`, `PROPTEST_RNG_SEED`) make it another or longer.

use devns::Tag;
use devns::proc::{File, Request, WRITE_MAX, parse};
use proptest::prelude::*;

use crate::common::random;

/// The rules once more, with other means: one byte after the other, in wide numbers.
fn reread(file: File, written: &[u8]) -> Option<Request> {
    let mut text = written.to_vec();
    text.truncate(
        written
            .iter()
            .position(|byte| *byte == 0)
            .unwrap_or(text.len()),
    );
    let space = |byte: Option<&u8>| byte.is_some_and(|byte| b" \t\n\x0b\x0c\r\xa0".contains(byte));
    while space(text.last()) {
        text.pop();
    }
    while space(text.first()) {
        text.remove(0);
    }
    let mut parts = text.splitn(2, |byte| *byte == b':');
    let (number, tag) = (parts.next()?, parts.next());
    let digits = number.strip_prefix(b"+").unwrap_or(number);
    let mut pid = 0_u128;
    for digit in digits {
        pid = pid * 10 + u128::from(char::from(*digit).to_digit(10)?);
    }
    if digits.is_empty() || pid == 0 || pid > 0x7fff_ffff || (tag.is_none() && file == File::NsTag)
    {
        return None;
    }
    let tag: Vec<u8> = tag.unwrap_or_default().iter().copied().take(4).collect();
    Some(Request {
        pid: pid as u32,
        tag: Tag::new(&tag),
    })
}

#[test]
fn any_text_is_read_as_the_rules_say() {
    // Bytes that mean something come as often as all others together.
    let meaningful = prop::sample::select(b"0123456789:+- \t\n\x0b\xa0\0a".to_vec());
    let byte = prop_oneof![9 => meaningful, 1 => any::<u8>()];
    let texts = prop::collection::vec(byte, 0..=WRITE_MAX);
    let run = random(20_000).run(&texts, |text| {
        for file in [File::ActiveNsPid, File::NsTag] {
            let request = parse(file, &text);
            prop_assert_eq!(request.ok(), reread(file, &text));
        }
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn well_formed_texts_are_accepted_while_the_number_fits() {
    let well_formed = (
        prop::sample::select(vec!["", " ", "\n+", "0"]),
        1..=u32::MAX,
        prop::collection::vec(any::<u8>(), 0..3),
    );
    let run = random(5_000).run(&well_formed, |(before, pid, tag)| {
        let text = [format!("{before}{pid}:").as_bytes(), &tag].concat();
        let request = parse(File::NsTag, &text).ok();
        prop_assert_eq!(request, reread(File::NsTag, &text));
        prop_assert_eq!(request.is_some(), pid <= 0x7fff_ffff);
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
}
