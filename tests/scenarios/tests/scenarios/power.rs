//! Power off and reboot, from the shell.

use qemu::machine::Reset;
use qemu::{Ending, Kind};
use scenarios::{BOOT_LIMIT, Console, Image};

#[test]
fn poweroff_ends_the_machine() {
    for kind in Kind::ALL {
        let mut console = Console::boot(&Image::built(), kind);
        console.send("poweroff\n");
        assert_eq!(console.wait_end(), Ending::PowerOff, "on {kind}");
    }
}

#[test]
fn reboot_resets_the_machine() {
    for kind in Kind::ALL {
        let image = Image::built();
        let mut machine = image.machine(kind);
        machine.reset = Reset::Reboots;
        let mut console = Console::start(&image, machine);
        console.wait_prompt();
        console.run("echo gone > /tmp/trace");
        let mut qmp = console.qmp();
        console.send("reboot\n");
        qmp.wait_reset(BOOT_LIMIT)
            .unwrap_or_else(|error| panic!("on {kind}: {error}"));
        // The old shell may have prompted once more; only a new login greets.
        console.expect("Welcome", BOOT_LIMIT);
        console.wait_prompt();
        // Nothing of before is left: the root is unpacked anew.
        assert_eq!(console.run("test -e /tmp/trace").status, 1, "on {kind}");
    }
}
