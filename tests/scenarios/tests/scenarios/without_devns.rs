//! A kernel built without device namespaces, the baseline for what they cost: it boots, and has
//! nothing of them.

use qemu::Kind;
use scenarios::{Console, Image};

fn image() -> Image {
    Image::built_without_devns()
}

#[test]
fn it_boots_and_the_shell_answers() {
    for kind in Kind::ALL {
        let mut console = Console::boot(&image(), kind);
        console.still_answers();
        assert_eq!(
            console
                .run("ls -l / | cat > /tmp/list; rm /tmp/list")
                .status,
            0
        );
    }
}

#[test]
fn it_has_no_files_of_them() {
    let looked_for = "ls /proc/dev_ns 2>&1; ls /proc/self/ns";
    let output = image().run(looked_for).output;
    assert!(output.contains("/proc/dev_ns"), "{output}");
    let kinds: Vec<&str> = output
        .lines()
        .skip(1)
        .flat_map(str::split_whitespace)
        .collect();
    assert!(
        !kinds.contains(&"dev") && kinds.contains(&"uts"),
        "{output}"
    );
}

/// What is one for all without personas works as it does with them.
#[test]
fn it_has_a_clock_and_alarms() {
    let image = image();
    let line = "grep . /sys/class/rtc/rtc0/since_epoch /proc/driver/rtc /dev/null; \
                ls -1 /dev/rtc0 /dev/alarm; date +%s";
    for kind in Kind::ALL {
        let output = image.run_on(kind, line).succeeded();
        let shown = output
            .lines()
            .find_map(|line| line.strip_prefix("/sys/class/rtc/rtc0/since_epoch:"));
        let date = output.lines().last();
        let [shown, date] = [shown, date].map(|text| {
            let number = text.and_then(|text| text.parse::<i64>().ok());
            number.unwrap_or_else(|| panic!("{kind}: {output}"))
        });
        assert!((date - shown).abs() < 60, "{kind}: {output}");
        assert!(output.contains("batt_status\t: okay"), "{kind}: {output}");
        assert!(output.contains("/dev/alarm\n/dev/rtc0\n"), "{output}");
    }
}

#[test]
fn it_refuses_a_pid_namespace() {
    let refused = image().with_program("new-pid-namespace");
    assert_eq!(
        refused.run("/test/new-pid-namespace; true").succeeded(),
        "clone: EINVAL\nclone3: EINVAL\nunshare: EINVAL\n"
    );
    let made = Image::built().with_program("new-pid-namespace");
    assert_eq!(
        made.run("/test/new-pid-namespace; true").succeeded(),
        "clone: made\nclone3: made\nunshare: made\n"
    );
}
