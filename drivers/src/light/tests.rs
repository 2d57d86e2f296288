//! What personas do to the lights, against lamps that are numbers.

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::Arc;

use crate::host_gate::HostGate;
use abi::Errno;
use devns::{Foreground, Jiffies, Namespace};

use super::led::{Led, Lock};
use super::mux::Outcome;
use super::persona::{LightHandle, Policy, register};
use super::setting::{Knob, Rule, Setting};

#[derive(Clone, Default)]
struct Fake(Arc<AtomicU32>);

impl Knob for Fake {
    fn value(&self) -> u32 {
        self.0.load(SeqCst)
    }

    fn set(&self, value: u32) {
        self.0.store(value, SeqCst);
    }
}

/// A machine with a lamp and a backlight, the root in front, and one persona behind.
struct House {
    foreground: Foreground,
    lights: Arc<LightHandle>,
    lamp: Arc<Led>,
    backlight: Arc<Setting>,
    persona: Arc<Namespace>,
}

impl House {
    fn new(policy: Policy) -> Self {
        let foreground = Foreground::new(Box::new(HostGate::default()), 1);
        let lights = register(&foreground, policy).unwrap();
        let setting = |name: &str, maximum, rule| {
            lights.hardware().add(Setting::new(
                name.into(),
                maximum,
                rule,
                Box::<Fake>::default(),
            ))
        };
        let brightness = setting("led input0::capslock: brightness", 1, Rule::Clamped);
        let backlight = setting("backlight panel0: brightness", 255, Rule::Bounded);
        let lamp = lights
            .hardware()
            .add_led(Led::new(brightness, Some(Lock::Caps)));
        let persona = foreground.create(2);
        persona.join().unwrap();
        foreground.root().join().unwrap();
        persona.set_init_pid(7);
        Self {
            foreground,
            lights,
            lamp,
            backlight,
            persona,
        }
    }

    fn root(&self) -> Arc<Namespace> {
        Arc::clone(self.foreground.root())
    }

    fn switch(&self, target: &Arc<Namespace>) {
        self.foreground.switch(target, Jiffies(1)).unwrap();
    }

    fn dim(&self, caller: &Arc<Namespace>, text: &str) -> Result<Outcome, Errno> {
        let text = text.as_bytes();
        self.lights
            .store(&self.foreground, caller, &self.backlight, text)
    }

    fn shine(&self, caller: &Arc<Namespace>, text: &str) -> Result<Outcome, Errno> {
        let text = text.as_bytes();
        self.lights
            .store_brightness(&self.foreground, caller, &self.lamp, text)
    }

    fn trigger(&self, caller: &Arc<Namespace>, text: &str) -> Result<Outcome, Errno> {
        let text = text.as_bytes();
        self.lights
            .store_trigger(&self.foreground, caller, &self.lamp, text)
    }

    fn lamp(&self) -> u32 {
        self.lamp.brightness.value()
    }
}

#[test]
fn only_the_front_changes_a_light_and_errors_are_the_same_behind() {
    let house = House::new(Policy::Ignore);
    let (root, persona) = (house.root(), Arc::clone(&house.persona));
    assert_eq!(house.dim(&root, "100\n"), Ok(Outcome::Done));
    assert_eq!(house.dim(&persona, "7"), Ok(Outcome::Ignored));
    assert_eq!(house.backlight.value(), 100);
    for caller in [&root, &persona] {
        assert_eq!(house.dim(caller, "256"), Err(Errno::EINVAL));
        assert_eq!(house.dim(caller, "bright"), Err(Errno::EINVAL));
        assert_eq!(house.shine(caller, "0x1"), Err(Errno::EINVAL));
        assert_eq!(house.trigger(caller, "heartbeat"), Err(Errno::EINVAL));
    }
    assert_eq!(house.shine(&root, "5000"), Ok(Outcome::Done));
    assert_eq!(
        house.lamp(),
        1,
        "a lamp takes the maximum for what is above"
    );
    house.switch(&persona);
    assert_eq!(house.backlight.value(), 100, "a switch changes nothing");
    assert_eq!(house.dim(&root, "1"), Ok(Outcome::Ignored));
    assert_eq!(house.dim(&persona, "0x20"), Ok(Outcome::Done));
    assert_eq!(house.backlight.value(), 32);
}

#[test]
fn the_line_of_an_ignored_store_has_the_value_as_given() {
    let house = House::new(Policy::Ignore);
    let brightness = &house.lamp.brightness;
    let line = Outcome::Ignored.line(brightness, b"007\n", &house.persona);
    let expected = "led input0::capslock: brightness 007: not set, \
                    device namespace 7 \"\" is in the background";
    assert_eq!(line.as_deref(), Some(expected));
    assert_eq!(Outcome::Done.line(brightness, b"1", &house.persona), None);
}

#[test]
fn a_wish_is_done_in_front_and_each_finds_its_own_again() {
    let house = House::new(Policy::Remember);
    let (root, persona) = (house.root(), Arc::clone(&house.persona));
    assert_eq!(house.dim(&root, "100"), Ok(Outcome::Done));
    assert_eq!(house.dim(&persona, "7"), Ok(Outcome::Kept));
    assert_eq!(house.backlight.value(), 100);
    house.switch(&persona);
    assert_eq!(house.backlight.value(), 7);
    assert_eq!(house.dim(&persona, "9"), Ok(Outcome::Done));
    house.switch(&root);
    assert_eq!(house.backlight.value(), 100);
    house.switch(&persona);
    assert_eq!(house.backlight.value(), 9);
}

#[test]
fn a_wish_for_a_lamp_is_done_whatever_its_lock_says() {
    let house = House::new(Policy::Remember);
    let (root, persona) = (house.root(), Arc::clone(&house.persona));
    assert_eq!(house.shine(&persona, "1"), Ok(Outcome::Kept));
    assert_eq!(house.lamp(), 0);
    house.switch(&persona);
    assert_eq!(house.lamp(), 1, "its lock is off, and it was asked for");
    house.switch(&root);
    assert_eq!(house.lamp(), 0, "the root's lock is off");
    house.lights.toggle(&house.foreground, Lock::Caps).unwrap();
    house.switch(&persona);
    assert_eq!(house.lamp(), 1);
    house.lights.toggle(&house.foreground, Lock::Caps).unwrap();
    house.lights.toggle(&house.foreground, Lock::Caps).unwrap();
    assert_eq!(house.lamp(), 0, "a key ends what was asked for");
    house.switch(&root);
    assert_eq!(house.lamp(), 1, "the root's lock is on");
    house.switch(&persona);
    assert_eq!(house.lamp(), 0);
}

#[test]
fn a_lamp_follows_the_lock_of_who_is_in_front() {
    let house = House::new(Policy::Ignore);
    let (root, persona) = (house.root(), Arc::clone(&house.persona));
    house.lights.toggle(&house.foreground, Lock::Caps).unwrap();
    house.lights.toggle(&house.foreground, Lock::Num).unwrap();
    assert_eq!(house.lamp(), 1);
    house.switch(&persona);
    assert_eq!(house.lamp(), 0, "this one never pressed it");
    house.switch(&root);
    assert_eq!(house.lamp(), 1);
    assert_eq!(house.trigger(&persona, "none"), Ok(Outcome::Ignored));
    assert_eq!(house.lamp.trigger(), Some(Lock::Caps));
    assert_eq!(house.shine(&root, "0"), Ok(Outcome::Done));
    assert_eq!(house.lamp.trigger(), None, "0 takes the trigger away");
    house.lights.toggle(&house.foreground, Lock::Num).unwrap();
    assert_eq!(house.lamp(), 0);
    assert_eq!(house.trigger(&root, "kbd-capslock\n"), Ok(Outcome::Done));
    assert_eq!(house.lamp(), 1, "it shows at once what it follows");
    let mut text = String::new();
    house.lamp.show_triggers(&mut text).unwrap();
    assert_eq!(text, "none kbd-scrolllock kbd-numlock [kbd-capslock]\n");
}
