//! What the kernel does with a command line or a ramdisk that is no good: it says so, and never
//! hangs.

use qemu::{Ending, Kind, TemporaryFile};
use scenarios::{Console, Image};

/// Boots with `words` and expects a panic; returns what was said.
fn panics_with(words: &str) -> String {
    let image = Image::built();
    let mut machine = image.machine(Kind::Q35);
    machine.command_line = words.into();
    let mut console = Console::start(&image, machine);
    let ending = console.wait_end();
    let said = console.said();
    assert_eq!(ending, Ending::Failure, "it said: {said}");
    said
}

/// Boots with these bytes as ramdisk and expects a panic; returns what was said.
fn panics_on_ramdisk(bytes: &[u8]) -> String {
    let file = TemporaryFile::new("bad.cpio");
    std::fs::write(file.path(), bytes).expect("the temporary folder takes it");
    let image = Image::built();
    let mut machine = image.machine(Kind::Q35);
    machine.ramdisk = Some(file.path().to_owned());
    let mut console = Console::start(&image, machine);
    let ending = console.wait_end();
    let said = console.said();
    assert_eq!(ending, Ending::Failure, "it said: {said}");
    said
}

#[test]
fn a_bad_value_is_named_and_the_boot_goes_on() {
    let image = Image::built();
    let mut machine = image.machine(Kind::Q35);
    machine.command_line = "loglevel=banana".into();
    let mut console = Console::start(&image, machine);
    console.wait_prompt();
    let said = console.said();
    let line = said
        .lines()
        .find(|line| line.contains("banana") && line.contains("loglevel"));
    assert!(
        line.is_some(),
        "no line names the option and the value: {said}"
    );
}

#[test]
fn a_missing_init_is_named_with_a_backtrace() {
    let said = panics_with("init=/no/such/init");
    assert!(said.contains("/no/such/init"), "{said}");
    assert!(
        said.contains("kernel::"),
        "the backtrace has no names of functions: {said}"
    );
}

#[test]
fn an_init_that_ends_is_a_panic() {
    let said = panics_with("init=/bin/true");
    assert!(said.contains("process 1 ended"), "{said}");
}

#[test]
fn a_ramdisk_that_is_none_is_refused() {
    let said = panics_on_ramdisk(&[0x5a; 4096]);
    assert!(said.contains("ramdisk") || said.contains("cpio"), "{said}");
}

#[test]
fn a_ramdisk_that_is_cut_off_does_not_hang() {
    let bytes = Image::built().ramdisk.archive().expect("fits in memory");
    let said = panics_on_ramdisk(&bytes[..bytes.len() / 3]);
    assert!(
        said.contains("ramdisk") || said.contains("cpio") || said.contains("init"),
        "{said}"
    );
}
