//! The switch keys, as a finger presses them: no program sees, fakes or swallows them.

use qemu::qmp::{Key, press, release};
use scenarios::{LOOK_LIMIT, Sitter};
use std::time::Instant;

use super::{Play, keys_in};

/// F1 and its number; those of F2 to F10 follow.
const F1: u16 = 59;
/// A, B and C, which are given other meanings, and Z, which shows who reads.
const A: u16 = 30;
const B: u16 = 48;
const C: u16 = 46;

/// The act: root is in slot 1, and the other, who is made here, in slot 2.
pub fn act(play: &mut Play) {
    let other = Sitter::hands_in_new_persona(&mut play.seat.console, "other");
    let modifiers = play.set.modifiers;
    let down = || modifiers.iter().map(|(_, code)| format!("{code}+"));
    let up = || modifiers.iter().map(|(_, code)| format!("{code}-"));
    // Of a switch, the loser sees that the modifiers went down and up, and nothing else.
    let seen: Vec<_> = down().chain(up()).collect();
    play.hands.does(&mut play.seat.console, "grab", "grabbed");
    play.switches(Key::f2, "other");
    assert_eq!(play.keys(seen.len()), seen, "by the loser with a grab");
    play.switches(Key::esc, "root");
    play.switches(Key::esc, "other");
    play.switches(Key::f1, "root");
    let by_other = other.told(&mut play.seat.console, "packets 1");
    let by_other: Vec<String> = by_other.split_whitespace().map(str::to_owned).collect();
    assert_eq!(keys_in(&by_other), [seen.clone(), seen.clone()].concat());
    assert_eq!(play.keys(seen.len()), seen);

    nobodys_slots(play);
    others_than_the_chosen(play);
    swallowed(play);
    faked(play);
    play.hands
        .does(&mut play.seat.console, "release", "released");
    other.does(&mut play.seat.console, "held", "");
    play.hands.does(&mut play.seat.console, "held", "");
}

/// Where nobody is nobody comes to the front, and the keys are taken out all the same.
fn nobodys_slots(play: &mut Play) {
    for number in 3..=12 {
        let key = format!("f{number}").parse();
        play.switch_chord(key.unwrap_or_else(|()| panic!("there is no key F{number}")));
        let modifiers = play.set.modifiers.iter();
        let down = modifiers.clone().map(|(_, code)| format!("{code}+"));
        let up = modifiers.rev().map(|(_, code)| format!("{code}-"));
        let seen: Vec<_> = down.chain(up).collect();
        assert_eq!(play.keys(seen.len()), seen, "with F{number}");
    }
    play.root_still_reads();
}

/// Where the command line wants more modifiers, one alone leaves the key to programs.
fn others_than_the_chosen(play: &mut Play) {
    let Some(((first, code), [_, ..])) = play.set.modifiers.split_first() else {
        return;
    };
    play.seat.chord(&[*first, Key::f2]);
    let seen = [*code, F1 + 1].map(|code| format!("{code}+"));
    let up = [F1 + 1, *code].map(|code| format!("{code}-"));
    assert_eq!(play.keys(4), [seen, up].concat());
    play.root_still_reads();
}

/// A program that hears no keys, or gives them other meanings, keeps nobody from switching.
fn swallowed(play: &mut Play) {
    play.hands.does(&mut play.seat.console, "deaf", "chosen");
    play.switches(Key::f2, "other");
    play.switches(Key::f1, "root");
    play.hands.does(&mut play.seat.console, "hearing", "chosen");
    play.packets(0);
    // Only a PS/2 keyboard's keys can have other meanings.
    if !play.set.is_ps2 {
        return;
    }
    let Some((_, modifier)) = play.set.modifiers.last() else {
        return;
    };
    play.means(&[(F1 + 1, 0), (*modifier, C), (A, F1 + 1), (B, *modifier)]);
    play.switches(Key::f2, "other");
    play.switches(Key::f1, "root");
    play.packets(0);
    let others = &play.set.modifiers[..play.set.modifiers.len() - 1];
    let mut chord: Vec<Key> = others.iter().map(|(key, _)| *key).collect();
    chord.extend([Key::b, Key::a]);
    play.seat.chord(&chord);
    let seen = play.keys(2 * chord.len());
    assert!(seen.contains(&format!("{}+", F1 + 1)), "{seen:?}");
    assert!(seen.contains(&format!("{modifier}+")), "{seen:?}");
    play.root_still_reads();
    play.means(&[(F1 + 1, F1 + 1), (*modifier, *modifier), (A, A), (B, B)]);
}

/// What a program writes is no finger.
fn faked(play: &mut Play) {
    let modifiers = play.set.modifiers;
    let write = |play: &mut Play, code: u16, value: u16| {
        let order = format!("press {code} {value}");
        play.hands.does(&mut play.seat.console, &order, "written");
    };
    // Written modifiers and a finger on F2; then the other way round; then all of it written.
    for (_, code) in modifiers {
        write(play, *code, 1);
    }
    play.tap(Key::f2);
    write(play, F1 + 1, 1);
    write(play, F1 + 1, 0);
    for (_, code) in modifiers {
        write(play, *code, 0);
    }
    play.packets(2 * modifiers.len() + 4);
    for (key, _) in modifiers {
        play.seat.burst(&[press(*key)]);
    }
    play.packets(modifiers.len());
    write(play, F1 + 1, 1);
    write(play, F1 + 1, 0);
    for (key, _) in modifiers {
        play.seat.burst(&[release(*key)]);
    }
    play.packets(modifiers.len() + 2);
    play.root_still_reads();
}

impl Play {
    /// Presses the modifiers and `key`, and lets go of them.
    fn switch_chord(&mut self, key: Key) {
        let mut chord: Vec<Key> = self.set.modifiers.iter().map(|(key, _)| *key).collect();
        chord.push(key);
        self.seat.chord(&chord);
    }

    /// The same, and waits until `name` is in front.
    #[track_caller]
    fn switches(&mut self, key: Key, name: &str) {
        self.switch_chord(key);
        let deadline = Instant::now() + LOOK_LIMIT;
        loop {
            let list = self.seat.console.run("persona list").text;
            let front = list.lines().find_map(|line| line.strip_prefix("* "));
            let front = front.unwrap_or("").split_whitespace().next();
            if front == Some(name) {
                return;
            }
            assert!(Instant::now() < deadline, "{name} is not in front: {list}");
        }
    }

    /// Root is in front: it gets what is typed, and has nothing else to read.
    #[track_caller]
    fn root_still_reads(&mut self) {
        self.tap(Key::z);
        assert_eq!(self.keys(2), ["44+", "44-"]);
    }

    /// Gives keys other meanings.
    fn means(&mut self, meanings: &[(u16, u16)]) {
        for (code, key) in meanings {
            let order = format!("means {code} {key}");
            let taken = format!("at {}", self.set.keyboard);
            self.hands.does(&mut self.seat.console, &order, &taken);
        }
    }
}
