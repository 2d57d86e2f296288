//! A person's hands on every kind of keyboard, mouse and tablet there is, and a program that tells
//! what it reads: virtio's over PCI and over memory, and those of the i8042, whose keyboard speaks
//! scan-code set 1 as PCs translate it, and set 2 on a machine that does not.
//!
//! Each machine boots once and goes through all of it, act by act.

mod keys;
mod pointer;
mod switching;

use std::time::Instant;

use qemu::qmp::{Key, press, release};
use qemu::{Desk, Kind, machine::Hand};
use scenarios::{Image, LOOK_LIMIT, Seat, Sitter};

/// The devices of a machine, by the numbers they have in the guest.
struct Set {
    kind: Kind,
    /// virtio devices besides what the machine has.
    hands: &'static [Hand],
    /// Further arguments for QEMU.
    extra: &'static [&'static str],
    /// The kernel's command line, and the modifiers that it asks for.
    command_line: &'static str,
    modifiers: &'static [(Key, u16)],
    /// What the devices say of themselves.
    names: &'static str,
    /// The keyboard that QEMU gives the keys to, and whether it is a PS/2 one.
    keyboard: usize,
    is_ps2: bool,
    /// The device that gets movements, and the number of its mouse; the same of buttons and
    /// wheels, and of a tablet's places.
    motion: usize,
    motion_mouse: usize,
    buttons: usize,
    buttons_mouse: usize,
    tablet: Option<(usize, usize)>,
}

const ALT: (Key, u16) = (Key::alt, 56);
const CTRL: (Key, u16) = (Key::ctrl, 29);

/// A machine, its devices, and who reads them in the root persona.
struct Play {
    seat: Seat,
    hands: Sitter,
    set: Set,
}

impl Play {
    fn begin(set: Set) -> Self {
        let image = Image::built().with_shell_only().with_program("hands");
        let mut machine = image.machine(set.kind);
        machine.desk = Desk {
            hands: set.hands.to_vec(),
            ..Desk::EMPTY
        };
        machine.extra.extend(set.extra.iter().map(Into::into));
        machine.command_line = set.command_line.into();
        let mut seat = Seat::at(&image, machine);
        let hands = Sitter::hands_in_root(&mut seat.console, "hands");
        Self { seat, hands, set }
    }

    fn all_acts(mut self) {
        let names = self.set.names;
        self.hands.does(&mut self.seat.console, "devices", names);
        self.never_repeats();
        keys::lamps(&mut self);
        keys::every_key(&mut self);
        keys::eighty_at_once(&mut self);
        keys::repetition(&mut self);
        pointer::mouse(&mut self);
        pointer::tablet(&mut self);
        switching::act(&mut self);
    }

    /// Presses a key and lets go of it, each in a command of its own.
    fn tap(&mut self, key: Key) {
        self.seat.burst(&[press(key)]);
        self.seat.burst(&[release(key)]);
    }

    /// The packets that come, `count` or more, without what keyboards send and times of
    /// repetition. Fewer where no more come.
    fn packets(&mut self, count: usize) -> Vec<String> {
        let mut packets = Vec::new();
        loop {
            let missing = count.saturating_sub(packets.len());
            let order = format!("packets {missing}");
            let told = self.hands.told(&mut self.seat.console, &order);
            packets.extend(told.split_whitespace().filter_map(without_scans));
            if told.is_empty() || packets.len() >= count {
                return packets;
            }
        }
    }

    /// The next keys that go down and up, `count` or more.
    fn keys(&mut self, count: usize) -> Vec<String> {
        let mut keys = Vec::new();
        while keys.len() < count {
            let packets = self.packets(1);
            if packets.is_empty() {
                break;
            }
            keys.extend(keys_in(&packets));
        }
        keys
    }

    /// The mice say these packets: those with three buttons, with a wheel, and with five buttons;
    /// the first say three bytes only. All of them say it, and the one that is mouse `number`.
    #[track_caller]
    fn mice_say(&mut self, number: usize, packets: [[u8; 4]; 3]) {
        let mut words = Vec::new();
        for name in ["mice".into(), format!("mouse{number}")] {
            for (protocol, packet) in ["ps2", "imps2", "exps2"].iter().zip(packets) {
                let length = if *protocol == "ps2" { 3 } else { 4 };
                let digits = packet.iter().take(length);
                let digits: String = digits.map(|byte| format!("{byte:02x}")).collect();
                words.push(format!("{name}.{protocol}:{digits}"));
            }
        }
        self.hands
            .does(&mut self.seat.console, "mice 22", &words.join(" "));
    }

    /// Sets the times of repetition by an order, wherever keys repeat.
    fn sets_repetition(&mut self, order: &str) {
        let answer = self.hands.told(&mut self.seat.console, order);
        assert!(answer == "written" || answer.starts_with("at "), "{answer}");
    }

    /// Lets no key repeat that is held for less than a minute.
    fn never_repeats(&mut self) {
        self.sets_repetition("repeat 60000 60000");
    }

    /// Waits until these lamps of the keyboard are on.
    #[track_caller]
    fn waits_for_lamps(&mut self, expected: &str) {
        let keyboard = format!("{}:", self.set.keyboard);
        let deadline = Instant::now() + LOOK_LIMIT;
        loop {
            let lamps = self.hands.told(&mut self.seat.console, "lamps");
            let mut lamps = lamps.split_whitespace();
            let own = lamps.find(|lamps| lamps.starts_with(&keyboard));
            if own.unwrap_or("") == expected {
                return;
            }
            assert!(Instant::now() < deadline, "{own:?} are on, not {expected}");
        }
    }
}

/// A packet without the codes that a keyboard sent and without times of repetition; none where
/// nothing is left.
fn without_scans(packet: &str) -> Option<String> {
    let (device, events) = packet.split_once(':')?;
    let is_aside = |event: &&str| !event.starts_with("4.4=") && !event.starts_with("20.");
    let events: Vec<&str> = events.split(',').filter(is_aside).collect();
    (!events.is_empty()).then(|| format!("{device}:{}", events.join(",")))
}

/// The keys in `packets`, as `CODE+` and `CODE-`.
fn keys_in(packets: &[String]) -> Vec<String> {
    let events = packets.iter().flat_map(|packet| {
        let (_, events) = packet.split_once(':').unwrap_or_default();
        events.split(',')
    });
    let key = |event: &str| {
        let (code, value) = event.strip_prefix("1.")?.split_once('=')?;
        Some(format!("{code}{}", if value == "0" { "-" } else { "+" }))
    };
    events.filter_map(key).collect()
}

#[test]
fn virtio_on_q35() {
    let set = Set {
        kind: Kind::Q35,
        hands: &[Hand::Keyboard, Hand::Mouse, Hand::Tablet],
        extra: &[],
        command_line: "",
        modifiers: &[ALT],
        names: "QEMU Virtio Keyboard 6:627:1; QEMU Virtio Mouse 6:627:2; \
            QEMU Virtio Tablet 6:627:3; AT Translated Set 2 keyboard 11:1:1; \
            ImExPS/2 Generic Explorer Mouse 11:2:6",
        keyboard: 0,
        is_ps2: false,
        motion: 1,
        motion_mouse: 0,
        buttons: 2,
        buttons_mouse: 1,
        tablet: Some((2, 1)),
    };
    Play::begin(set).all_acts();
}

#[test]
fn virtio_on_microvm() {
    let set = Set {
        kind: Kind::Microvm,
        // The other way round, since QEMU gives buttons to the pointer that came last.
        hands: &[Hand::Tablet, Hand::Mouse, Hand::Keyboard],
        extra: &[],
        command_line: "switch=ctrl+alt",
        modifiers: &[CTRL, ALT],
        names: "QEMU Virtio Tablet 6:627:3; QEMU Virtio Mouse 6:627:2; \
            QEMU Virtio Keyboard 6:627:1",
        keyboard: 2,
        is_ps2: false,
        motion: 1,
        motion_mouse: 1,
        buttons: 1,
        buttons_mouse: 1,
        tablet: Some((0, 0)),
    };
    Play::begin(set).all_acts();
}

#[test]
fn ps2_on_q35() {
    let set = Set {
        kind: Kind::Q35,
        hands: &[],
        extra: &[],
        command_line: "",
        modifiers: &[ALT],
        names: "AT Translated Set 2 keyboard 11:1:1; ImExPS/2 Generic Explorer Mouse 11:2:6",
        keyboard: 0,
        is_ps2: true,
        motion: 1,
        motion_mouse: 0,
        buttons: 1,
        buttons_mouse: 0,
        tablet: None,
    };
    Play::begin(set).all_acts();
}

#[test]
fn ps2_on_microvm() {
    let set = Set {
        kind: Kind::Microvm,
        hands: &[],
        extra: &["-device", "i8042"],
        command_line: "switch=ctrl+alt",
        modifiers: &[CTRL, ALT],
        names: "AT Raw Set 2 keyboard 11:1:2; ImExPS/2 Generic Explorer Mouse 11:2:6",
        keyboard: 0,
        is_ps2: true,
        motion: 1,
        motion_mouse: 0,
        buttons: 1,
        buttons_mouse: 0,
        tablet: None,
    };
    Play::begin(set).all_acts();
}

/// One device more than there may be: it is left out, and all that came before works.
#[test]
fn more_devices_than_there_may_be_on_q35() {
    let image = Image::built().with_shell_only().with_program("hands");
    let mut machine = image.machine(Kind::Q35);
    machine.desk = Desk::EMPTY;
    // With the keyboard behind them they are 32.
    for number in 0..31 {
        let (slot, function) = (0x10 + number / 8, number % 8);
        let place = format!("addr={slot:x}.{function},multifunction=on");
        let device = format!("virtio-mouse-pci,{place}");
        machine.extra.extend(["-device".into(), device.into()]);
    }
    let mut seat = Seat::at(&image, machine);
    let hands = Sitter::hands_in_root(&mut seat.console, "hands");
    let names = hands.told(&mut seat.console, "devices");
    let names: Vec<&str> = names.split("; ").collect();
    assert_eq!(names.len(), 32, "{names:?}");
    assert_eq!(names[30], "QEMU Virtio Mouse 6:627:2");
    assert_eq!(names[31], "AT Translated Set 2 keyboard 11:1:1");
    seat.burst(&[press(Key::a)]);
    let packet = hands.told(&mut seat.console, "packets 1");
    assert_eq!(without_scans(&packet).as_deref(), Some("31:1.30=1"));
    let said = "test \"$(dmesg | grep -c 'devices are left out')\" = 1";
    assert_eq!(seat.console.run(said).status, 0, "it is not said once");
}
