//! The real-time clock: set by a program from elsewhere, each persona its own; alarms; and what a
//! clock that has no good time does at boot.

use qemu::{Kind, Machine};
use scenarios::{Console, Image};

/// A machine whose clock starts at `moment`.
fn starting_at(image: &Image, kind: Kind, moment: &str) -> Machine {
    let mut machine = image.machine(kind);
    machine.extra = vec!["-rtc".into(), format!("base={moment}").into()];
    machine
}

/// busybox's hwclock, which knows nothing of personas, sets a persona's clock to the system's
/// time. The root's clock, which is the hardware's, does not move.
#[test]
fn hwclock_sets_the_time_of_its_persona() {
    let image = Image::with_busybox();
    for kind in Kind::ALL {
        let machine = starting_at(&image, kind, "2026-01-01T12:00:00");
        let mut console = Console::start(&image, machine);
        console.wait_prompt();
        let mut says = |line: &str, words: &str| {
            let answer = console.run(line);
            assert_eq!(answer.status, 0, "{kind}: {line}: {}", answer.text);
            assert!(
                answer.text.contains(words),
                "{kind}: {line}: {}",
                answer.text
            );
        };
        says("persona create demo sleep 1000", "demo: init");
        let inside = |line: &str| format!("persona run demo {line}");
        let hwclock = "busybox hwclock -u";
        says(hwclock, "Thu Jan  1 12:");
        says(&inside(hwclock), "Thu Jan  1 12:");
        says("date -u -s '2001-09-09 01:46:40'", "2001");
        says(&inside("busybox hwclock -u -w"), "");
        says(&inside(hwclock), "Sun Sep  9 01:4");
        says(&inside("cat /sys/class/rtc/rtc0/date"), "2001-09-09");
        says(hwclock, "Thu Jan  1 12:");
        says("cat /sys/class/rtc/rtc0/date", "2026-01-01");
        // From the true clock the system gets its true time back.
        says("busybox hwclock -u -s && date -u +%F", "2026-01-01");
        says(&inside(hwclock), "Sun Sep  9 01:");
        // The root sets the hardware, and the persona's clock moves along: by 1000 days.
        says(
            "date -u -s '2028-09-27 12:00:00' && busybox hwclock -u -w",
            "",
        );
        says(hwclock, "Wed Sep 27 12:0");
        says(&inside("cat /sys/class/rtc/rtc0/date"), "2004-06-05");
    }
}

/// busybox's adjtimex shows what the kernel says and changes what it is told to. The figures are
/// exact, for the machine's time is counted in instructions.
#[test]
fn busybox_adjusts_the_time_of_day() {
    let image = Image::with_busybox();
    for kind in Kind::ALL {
        let mut machine = image.machine(kind);
        machine.icount = true;
        let line = "busybox adjtimex | grep -v time.tv
                    busybox adjtimex -t 11000 -f 65536 > /dev/null
                    busybox adjtimex | grep -E 'tick|freq'; busybox adjtimex -t 12000 2> /dev/null; echo $?
                    start=$(date +%s%N); sleep 10; end=$(date +%s%N)
                    echo $(( (end - start) / 100000000 ))";
        let output = image.run_in(&machine, line).output;
        assert_eq!(
            output,
            "    mode:         0\n\
             -o  offset:       0 us\n\
             -f  freq.adjust:  0 (65536 = 1ppm)\n    \
                 maxerror:     16000000\n    \
                 esterror:     16000000\n    \
                 status:       64 (UNSYNC)\n\
             -p  timeconstant: 2\n    \
                 precision:    1 us\n    \
                 tolerance:    32768000\n\
             -t  tick:         10000 us\n    \
                 return value: 5 (clock not synchronized)\n\
             -f  freq.adjust:  65536 (65536 = 1ppm)\n\
             -t  tick:         11000 us\n\
             1\n110\n",
            "{kind}"
        );
    }
}

/// The machine's time is counted in instructions, so that the figures are exact however busy the
/// host is: an alarm comes in the millisecond in which its second begins, and wakes its own
/// persona only. The clock that it is compared with was calibrated by another device.
#[test]
fn alarms_a_second_apart_wake_their_own_persona_in_their_millisecond() {
    let image = Image::built().with_program("three-alarms");
    for kind in Kind::ALL {
        let mut machine = image.machine(kind);
        machine.icount = true;
        let output = image.run_in(&machine, "/test/three-alarms").succeeded();
        assert_eq!(
            output,
            "persona 1: read 0x1a0 at 2000 ms, 2 s later by its own clock, then 0x0\n\
             persona 2: read 0x1a0 at 3000 ms, 3 s later by its own clock, then 0x0\n\
             persona 3: read 0x1a0 at 4000 ms, 4 s later by its own clock, then 0x0\n\
             root: read 0x0\n",
            "{kind}"
        );
    }
}

/// Without a clock there is nothing that speaks of one, and time begins with 1970.
#[test]
fn a_machine_without_a_clock_has_no_files_of_one() {
    let image = Image::built();
    let mut machine = image.machine(Kind::Microvm);
    machine.extra = vec!["-machine".into(), "rtc=off".into()];
    let line = "ls /dev/rtc0 /dev/rtc /proc/driver/rtc /sys/class/rtc/rtc0 2>&1 | grep -c 'No such'
                ls /proc/driver; date -u +%Y; ls /dev/alarm; dmesg | grep -c 'no CMOS clock answers'";
    let output = image.run_in(&machine, line).output;
    assert_eq!(output, "4\n1970\n/dev/alarm\n1\n");
}

/// A time of day before 1970 is none: nobody is told it, and the system starts without.
#[test]
fn a_clock_of_before_1970_gives_no_time() {
    let image = Image::built();
    for kind in Kind::ALL {
        let machine = starting_at(&image, kind, "1965-03-04T05:06:07");
        let line = "cd /sys/class/rtc/rtc0; cat date since_epoch; cat hctosys; date -u +%Y; \
                    dmesg | grep -o '1965-03-04.*1970'";
        let ran = image.run_in(&machine, line);
        let lines: Vec<&str> = ran.output.lines().collect();
        let refused = |line: &str| line.contains("Invalid argument");
        assert!(
            lines[..2].iter().all(|line| refused(line)),
            "{kind}: {ran:#?}"
        );
        assert_eq!(lines[2..4], ["0", "1970"], "{kind}");
        assert!(
            lines[4].starts_with("1965-03-04 05:06:"),
            "{kind}: {ran:#?}"
        );
    }
}
