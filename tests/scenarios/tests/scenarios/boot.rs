//! From power-on to the shell, on each kind of machine.

use qemu::Kind;
use scenarios::{BOOT_LIMIT, Console, Image};

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

#[test]
fn a_compressed_ramdisk_boots() {
    let image = Image::built();
    let file = std::env::temp_dir().join(format!("janus-gzip-{}.cpio.gz", std::process::id()));
    let bytes = image.ramdisk.compressed().expect("compresses in memory");
    std::fs::write(&file, bytes).expect("the temporary folder takes it");
    let mut machine = image.machine(Kind::Q35);
    machine.ramdisk = Some(file.clone());
    let mut console = Console::start(&image, machine);
    console.wait_prompt();
    console.still_answers();
    std::fs::remove_file(file).expect("it was there");
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

#[test]
fn control_c_interrupts_and_control_d_does_not_kill_the_machine() {
    let mut console = Console::boot(&Image::built(), Kind::Q35);
    console.send("sleep 1000\n");
    console.expect("sleep 1000", BOOT_LIMIT);
    // The sleep has the terminal once it is seen by another look; a moment is enough for that.
    std::thread::sleep(std::time::Duration::from_secs(1));
    console.send("\x03");
    console.expect("# ", BOOT_LIMIT);
    console.still_answers();
    // The end of input ends the shell; init starts it again.
    console.send("\x04");
    console.wait_prompt();
    console.still_answers();
}
