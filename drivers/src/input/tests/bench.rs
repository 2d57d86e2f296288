//! The cost of one event does not grow with the readers behind.

use super::*;
use abi::input::KEY_A;
use core::sync::atomic::AtomicUsize;

struct Count(Arc<AtomicUsize>);

impl Waker for Count {
    fn wake(&self) {
        self.0.fetch_add(1, SeqCst);
    }
}

#[test]
fn a_thousand_readers_behind_are_not_even_looked_at() {
    let house = House::new();
    let woken = Arc::new(AtomicUsize::new(0));
    let behind: Vec<_> = (0..1000)
        .map(|_| {
            let waker = Arc::new(Count(Arc::clone(&woken)));
            Evdev::open(&house.mux, &house.handle, &house.personas[1], 0, waker).unwrap()
        })
        .collect();
    let front = house.open(0);
    house.press(&[(KEY_A, 1), (KEY_A, 0)]);
    assert_eq!(keys(&front).len(), 2);
    assert_eq!(woken.load(SeqCst), 0);
    house.switch(1);
    house.press(&[(KEY_A, 1)]);
    assert_eq!(woken.load(SeqCst), behind.len());
}
