//! In-kernel tests of the lamps, on the keyboard that the tests of input type on.

use super::lights;
use crate::device::input;
use crate::namespace::device::{foreground, now};
use drivers::light::led::{Led, Lock};
use drivers::light::mux::Outcome;

metal::ktest! {
    fn a_lamp_shines_for_who_is_in_front() {
        let lamp = lights().hardware().led_of(Lock::Caps).expect("the keyboard of the tests has one");
        let store = |caller, text: &[u8]| lights().store_brightness(foreground(), caller, &lamp, text);
        let root = foreground().root();
        let persona = foreground().create(79);
        persona.join().expect("it is new");
        assert_eq!(store(root, b"1\n"), Ok(Outcome::Done));
        assert!(input::led_is_on(0, Lock::Caps.led_code()));
        assert_eq!(store(&persona, b"0\n"), Ok(Outcome::Ignored));
        assert_eq!(lamp.brightness.value(), 1);
        foreground().switch(&persona, now()).expect("it lives");
        assert_eq!(lamp.brightness.value(), 0, "this one never pressed the key");
        assert_eq!(store(root, b"1\n"), Ok(Outcome::Ignored));
        foreground().leave(&persona, now()).expect("not inside a class");
        assert_eq!(triggers(&lamp), "none kbd-scrolllock kbd-numlock [kbd-capslock]\n");
        assert_eq!(store(root, b"0\n"), Ok(Outcome::Done));
        assert_eq!(triggers(&lamp), "[none] kbd-scrolllock kbd-numlock kbd-capslock\n");
        let again = lights().store_trigger(foreground(), root, &lamp, b"kbd-capslock\n");
        assert_eq!(again, Ok(Outcome::Done));
    }
}

fn triggers(lamp: &Led) -> alloc::string::String {
    let mut text = alloc::string::String::new();
    lamp.show_triggers(&mut text).expect("there is memory");
    text
}
