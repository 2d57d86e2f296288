//! From power-on to the shell, on each kind of machine.

use std::time::Instant;

use qemu::{Kind, TemporaryFile};
use scenarios::{Console, Image};

/// Boots to the shell and types a few things.
fn reaches_the_shell(kind: Kind) {
    let mut console = Console::boot(&Image::built(), kind);
    let answer = console.run("echo hel''lo");
    assert!(answer.text.contains("hello"), "{}", answer.text);
    assert_eq!(answer.status, 0);
    assert_eq!(console.run("false").status, 1);
    assert_eq!(console.run("(exit 42)").status, 42);
    assert_eq!(console.run("no-such-program").status, 127);
    let answer = console.run("uname -s | tr a-z A-Z");
    assert!(answer.text.contains("LINUX"), "{}", answer.text);
}

#[test]
fn q35_reaches_the_shell() {
    reaches_the_shell(Kind::Q35);
}

#[test]
fn microvm_reaches_the_shell() {
    reaches_the_shell(Kind::Microvm);
}

/// The clock of the machine goes as fast as the host's, as far as a busy host lets one tell: what
/// it says is from between the sending of the question and the coming of the answer.
#[test]
fn a_second_lasts_a_second() {
    let image = Image::built();
    let machine = |kind, options: &[&str]| {
        let mut machine = image.machine(kind);
        machine.extra = options.iter().map(Into::into).collect();
        machine
    };
    for (kind, options) in [
        (Kind::Q35, &[][..]),
        (Kind::Microvm, &[]),
        // Nothing that the clock could be measured by but the local timer.
        (Kind::Microvm, &["-machine", "pit=off"]),
    ] {
        let mut console = Console::start(&image, machine(kind, options));
        console.wait_prompt();
        let uptime = |console: &mut Console| {
            let sent = Instant::now();
            let answer = console.run("echo up $(cat /proc/uptime)");
            let number = answer.text.rsplit("up ").next();
            let number = number.and_then(|rest| rest.split(' ').next());
            let seconds = number.and_then(|number| number.parse::<f64>().ok());
            let seconds = seconds.unwrap_or_else(|| panic!("no time in {}", answer.text));
            (sent, seconds, Instant::now())
        };
        let (sent, first, received) = uptime(&mut console);
        // Paced by the machine itself: it says when its four seconds are over.
        assert_eq!(console.run("sleep 4").status, 0);
        let (sent_again, second, received_again) = uptime(&mut console);
        let least = (sent_again - received).as_secs_f64();
        let most = (received_again - sent).as_secs_f64();
        let passed = second - first;
        assert!(
            (0.8 * least..1.2 * most).contains(&passed),
            "on {kind} {options:?}: {passed:.2} s there, {least:.2} to {most:.2} s here"
        );
    }
}

#[test]
fn a_compressed_ramdisk_boots() {
    let image = Image::built();
    let file = TemporaryFile::new("cpio.gz");
    let bytes = image.ramdisk.compressed().expect("compresses in memory");
    std::fs::write(file.path(), bytes).expect("the temporary folder takes it");
    let mut machine = image.machine(Kind::Q35);
    machine.ramdisk = Some(file.path().to_owned());
    let mut console = Console::start(&image, machine);
    console.wait_prompt();
    console.still_answers();
}

#[test]
fn sixty_four_mebibytes_are_enough_for_the_shell() {
    let image = Image::built();
    let mut machine = image.machine(Kind::Q35);
    machine.memory_mib = 64;
    let mut console = Console::start(&image, machine);
    console.wait_prompt();
    console.still_answers();
}
