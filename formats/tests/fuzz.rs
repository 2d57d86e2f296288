//! Throws damaged ramdisks and programs at the parsers: whatever the bytes, it returns, and what it reports as
//! complete adds up. `JANUS_FUZZ_SECONDS` makes a run longer; the seed is printed with a failure.

mod common;

use common::{Collector, gzip, sample};
use std::time::{Duration, Instant};

/// xorshift64*: small, fast and the same everywhere, so that a seed reproduces a failure.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

fn damage(image: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..1 + random.below(8) {
        if image.is_empty() {
            return;
        }
        let at = random.below(image.len());
        match random.below(5) {
            0 => image[at] ^= 1 << random.below(8),
            1 => image[at] = b"0123456789abcdefF\0/."[random.below(20)],
            2 => image.truncate(at),
            3 => {
                let piece = image[at..]
                    .iter()
                    .copied()
                    .take(random.below(300))
                    .collect::<Vec<_>>();
                let to = random.below(image.len());
                image.splice(to..to, piece);
            }
            _ => {
                image.drain(at..(at + random.below(40)).min(image.len()));
            }
        }
    }
}

/// How long a run lasts.
fn end_of_run() -> Instant {
    let seconds = std::env::var("JANUS_FUZZ_SECONDS")
        .ok()
        .and_then(|text| text.parse().ok());
    Instant::now() + Duration::from_secs(seconds.unwrap_or(2))
}

/// This very test is a sound program: its head with all of its program headers.
fn program() -> Vec<u8> {
    let path = std::env::current_exe().expect("a test runs from a file");
    let mut bytes = std::fs::read(path).expect("a program that runs can be read");
    bytes.truncate(2048);
    bytes
}

#[test]
fn damaged_programs_never_panic() {
    let original = program();
    assert!(formats::elf::parse(&original, |_, _| None).is_ok());
    let end = end_of_run();
    let mut seed = 0x656c_6600;
    while Instant::now() < end {
        seed += 1;
        let mut random = Random(seed);
        let mut file = original.clone();
        damage(&mut file, &mut random);
        let outcome = std::panic::catch_unwind(|| {
            let parsed = formats::elf::parse(&file, |offset, length| {
                let start = usize::try_from(offset).ok()?;
                Some(file.get(start..start.checked_add(length)?)?.to_vec())
            });
            // What is accepted can be mapped without an overflow anywhere.
            parsed.is_ok_and(|program| program.extent().1 > 1 << 47)
        });
        assert!(
            !outcome.unwrap_or(true),
            "the program made with seed {seed} breaks the parser"
        );
    }
}

#[test]
fn damaged_ramdisks_never_panic() {
    let end = end_of_run();
    let originals = [
        sample(),
        gzip(&sample()),
        [sample(), gzip(&sample())].concat(),
    ];
    let mut seed = 0x6a61_6e75_7300;
    while Instant::now() < end {
        seed += 1;
        let mut random = Random(seed);
        let mut image = originals[random.below(originals.len())].clone();
        damage(&mut image, &mut random);
        let outcome = std::panic::catch_unwind(|| {
            let mut collector = Collector::default();
            let result = formats::ramdisk::unpack(&image, &mut collector);
            result.is_err() || collector.0.iter().all(|entry| entry.complete)
        });
        assert!(
            outcome.unwrap_or(false),
            "the image made with seed {seed} breaks the parser"
        );
    }
}
