//! The lamps of the keyboard as somebody outside sees them, who is QEMU's VNC client: they follow
//! the persona in front, its keys and its programs, and nobody else.

use qemu::qmp::Key;
use qemu::vnc::Leds;
use qemu::{Desk, Kind, Vnc};
use scenarios::{Image, LOOK_LIMIT, Seat};

/// The slots of the two.
const ROOT: usize = 1;
const OTHER: usize = 2;

/// Lamps, by the names of what is on.
const NONE: Leds = Leds {
    scroll: false,
    num: false,
    caps: false,
};
const CAPS: Leds = Leds { caps: true, ..NONE };
const NUM: Leds = Leds { num: true, ..NONE };
const SCROLL: Leds = Leds {
    scroll: true,
    ..NONE
};

/// A machine, and who looks at its keyboard.
struct Play {
    seat: Seat,
    vnc: Vnc,
}

impl Play {
    /// With virtio's keyboard, or with a PS/2 one alone.
    fn begin(kind: Kind, is_ps2: bool, command_line: &str) -> Self {
        let image = Image::built().with_shell_only();
        let mut machine = image.machine(kind);
        if is_ps2 && kind == Kind::Microvm {
            machine.extra.extend(["-device", "i8042"].map(Into::into));
        }
        // QEMU has a VNC server where there is something on the desk.
        machine.desk = if is_ps2 {
            Desk {
                hands: Vec::new(),
                ..Desk::usual()
            }
        } else {
            Desk {
                panel: None,
                ..Desk::usual()
            }
        };
        machine.command_line = command_line.into();
        let mut seat = Seat::at(&image, machine);
        let vnc = seat.console.vnc();
        let answer = seat.console.run("persona create other sleep 100000");
        assert_eq!(answer.status, 0, "{}", answer.text);
        Self { seat, vnc }
    }

    /// Waits until these are on and no others.
    #[track_caller]
    fn shine(&mut self, lamps: Leds, when: &str) {
        let seen = self.vnc.wait_leds(lamps, LOOK_LIMIT);
        seen.unwrap_or_else(|error| panic!("{when}: {error}"));
    }

    fn tap(&mut self, key: Key) {
        self.seat.chord(&[key]);
    }

    /// Runs a command in the root or in the other persona; it must succeed, in front or not.
    #[track_caller]
    fn runs(&mut self, in_other: bool, command: &str) {
        let line = if in_other {
            format!("persona run other sh -c '{command}'")
        } else {
            command.to_owned()
        };
        let answer = self.seat.console.run(&line);
        assert_eq!(answer.status, 0, "{line}: {}", answer.text);
    }
}

/// A command that lights a lamp by its files, on all keyboards there are.
fn by_file(lamp: &str) -> String {
    format!("for l in /sys/class/leds/*::{lamp}; do echo 1 > $l/brightness || exit 1; done")
}

/// A command that lights a lamp by an event: a time of 16 bytes, EV_LED, the lamp, and 1.
fn by_event(lamp: u8) -> String {
    let time = "\\000".repeat(16);
    format!("printf \"{time}\\021\\000\\00{lamp}\\000\\001\\000\\000\\000\" > /dev/input/event0")
}

/// What LED_NUML is.
const NUM_EVENT: u8 = 0;

fn play(kind: Kind, is_ps2: bool) {
    let mut play = Play::begin(kind, is_ps2, "");
    play.shine(NONE, "after the boot");

    // Each has its own locks.
    play.tap(Key::caps_lock);
    play.shine(CAPS, "root's Caps Lock");
    play.seat.switch_to(OTHER);
    play.shine(NONE, "the other has no lock on");
    play.tap(Key::num_lock);
    play.shine(NUM, "the other's Num Lock");
    play.seat.switch_to(ROOT);
    play.shine(CAPS, "root again");
    play.seat.switch_to(OTHER);
    play.shine(NUM, "the other again");

    // The root is behind: what its programs store changes nothing, and is noted. What changes
    // afterwards shows that there was nothing more to come.
    play.runs(false, &by_file("scrolllock"));
    play.runs(false, &by_event(NUM_EVENT));
    let log = play.seat.console.run("dmesg | grep scrolllock").text;
    assert!(log.contains("is in the background"), "{log}");
    play.tap(Key::caps_lock);
    play.shine(Leds { num: true, ..CAPS }, "root has stored something");
    play.tap(Key::num_lock);
    play.shine(CAPS, "and nothing of it came");

    // In front the same stores count; now the other's do not.
    play.tap(Key::caps_lock);
    play.shine(NONE, "the other has no lock on any more");
    play.seat.switch_to(ROOT);
    play.shine(CAPS, "root in front");
    play.runs(false, &by_file("scrolllock"));
    play.shine(
        Leds {
            caps: true,
            ..SCROLL
        },
        "root lights a lamp by its file",
    );
    play.runs(false, &by_event(NUM_EVENT));
    let all = Leds {
        num: true,
        caps: true,
        ..SCROLL
    };
    play.shine(all, "root lights a lamp by an event");
    play.seat.switch_to(OTHER);
    play.shine(NONE, "the other has none of it");
    play.seat.switch_to(ROOT);
    play.shine(CAPS, "a lamp follows its lock again");
    play.runs(true, &by_file("scrolllock"));
    play.runs(true, &by_event(NUM_EVENT));
    play.tap(Key::num_lock);
    let locks = Leds { num: true, ..CAPS };
    play.shine(locks, "the other has stored something behind root");

    // Who has gone leaves nothing on.
    play.seat.switch_to(OTHER);
    play.shine(NONE, "the other once more");
    play.runs(true, &by_file("scrolllock"));
    play.shine(SCROLL, "the other in front lights a lamp");
    play.runs(false, "persona stop -t 0.2 other");
    play.shine(locks, "the end of the other");
}

#[test]
fn a_vnc_client_sees_the_lamps_of_who_is_in_front_on_q35() {
    play(Kind::Q35, false);
}

#[test]
fn a_vnc_client_sees_the_lamps_of_who_is_in_front_on_microvm() {
    play(Kind::Microvm, false);
}

/// The keyboard takes its lamps in two bytes among its keys.
#[test]
fn a_vnc_client_sees_the_lamps_of_a_ps2_keyboard_on_q35() {
    play(Kind::Q35, true);
}

#[test]
fn a_vnc_client_sees_the_lamps_of_a_ps2_keyboard_on_microvm() {
    play(Kind::Microvm, true);
}

#[test]
fn a_lamp_wished_for_from_behind_shines_when_its_persona_is_in_front() {
    for kind in Kind::ALL {
        let mut play = Play::begin(kind, false, "devns.lights=remember");
        play.runs(true, &by_file("scrolllock"));
        play.tap(Key::caps_lock);
        play.shine(CAPS, "root's Caps Lock, and nothing of the other's");
        play.seat.switch_to(OTHER);
        play.shine(SCROLL, "what the other has wished for");
        play.seat.switch_to(ROOT);
        play.shine(CAPS, "root again");
        play.seat.switch_to(OTHER);
        play.shine(SCROLL, "the other again");
    }
}
