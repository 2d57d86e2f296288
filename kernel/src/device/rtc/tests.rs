//! In-kernel tests of the clock, where the machine has one.

use alloc::sync::Arc;

use drivers::rtc::file::RtcFile;

use super::{MACHINE, machine};
use crate::namespace::device::{foreground, now};
use crate::sync::WaitQueue;
use crate::time::{Nanoseconds, monotonic_now};

metal::ktest! {
    /// Through the chip and its interrupt.
    fn an_alarm_of_a_background_persona_rings_in_its_own_time() {
        if MACHINE.get().is_none() {
            return;
        }
        let persona = foreground().create(77);
        persona.join().expect("it is new");
        let queue = Arc::new(WaitQueue::new());
        let woken = Arc::clone(&queue);
        let wake = Arc::new(move || woken.wake_all());
        let file = RtcFile::open(&machine().mux, &machine().handle, &persona, wake);
        let file = file.expect("nobody else knows the persona");
        let clock = drivers::rtc::file::clock_of(&machine().handle, &persona).expect("it is open");
        let root = drivers::rtc::file::clock_of(&machine().handle, foreground().root()).expect("it has one");
        let mux = &machine().mux;
        let true_time = mux.time(&root).expect("the chip answers");
        mux.set_time(&clock, 86_400).expect("any time is taken");
        assert!(mux.time(&root).expect("the chip answers") - true_time < 60, "the root's is the hardware's");
        let start = mux.time(&clock).expect("the chip answers");
        assert!((86_400..86_460).contains(&start));
        drivers::rtc::text::store_wake_alarm(mux, &clock, b"+1").expect("a second is not too far");
        let limit = monotonic_now() + Nanoseconds(30_000_000_000);
        let mut bytes = [0; 8];
        let read = queue.wait_until_deadline(Some(limit), || file.read(8, &mut bytes).expect("a length"));
        assert_eq!(read, Ok(Some(8)));
        assert_eq!(bytes, [0xa0, 1, 0, 0, 0, 0, 0, 0], "one alarm");
        assert!(mux.time(&clock).expect("the chip answers") > start);
        drop((file, clock));
        foreground().leave(&persona, now()).expect("not inside a class");
    }
}
