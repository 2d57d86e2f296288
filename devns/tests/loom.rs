//! The lock protocol, every order of the threads' steps being tried. Built and run by
//! `RUSTFLAGS="--cfg loom" cargo test --release --package devns --test loom`, as
//! `cargo xtask test` does; without that flag there is nothing in here.
//!
//! Loom sees the gate, the short locks and the atomics. It does not see the counts inside
//! `Arc`, which is why those that matter change only under a short lock.
#![cfg(loom)]

use std::num::NonZeroU64;
use std::sync::{Arc, OnceLock, Weak};

use devns::{
    Class, Departure, Ended, Foreground, Gate, Handle, Jiffies, Namespace, Observer, Outcome,
    Refused, StateError, StateRef, SwitchError, Switching, ThreadNumber,
};
use loom::sync::Mutex;
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::thread;

/// A gate for loom's threads.
struct LoomGate(Mutex<()>);

loom::thread_local! {
    static NUMBER: NonZeroU64 = next_number();
}

/// Counted outside loom: only that the numbers differ matters.
fn next_number() -> NonZeroU64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    NonZeroU64::new(number).expect("counted from 1")
}

impl Gate for LoomGate {
    fn enter(&self, work: &mut dyn FnMut()) {
        let _held = self.0.lock().expect("no panic inside");
        work();
    }

    fn try_enter(&self, work: &mut dyn FnMut()) -> bool {
        self.0.try_lock().map(|_held| work()).is_ok()
    }

    fn current_thread(&self) -> ThreadNumber {
        ThreadNumber(NUMBER.with(|number| *number))
    }
}

/// A class that owns one piece of hardware for each namespace, and watches over it.
#[derive(Default)]
struct Guarded {
    /// States that exist. More than one at a time would be one made twice: each model has the
    /// class used by one namespace.
    live: std::sync::atomic::AtomicUsize,
    created: std::sync::atomic::AtomicUsize,
    /// Where `activate` asks for another switch.
    foreground: OnceLock<Weak<Foreground>>,
}

/// What it keeps.
struct InFront(AtomicBool);

impl Class for Guarded {
    type State = InFront;
    type Error = ();

    fn create(&self, namespace: &Namespace) -> Result<InFront, ()> {
        let others = self.live.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        assert_eq!(others, 0, "made twice");
        self.created
            .fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        // Another thread may run here, as when a driver waits for its hardware.
        thread::yield_now();
        Ok(InFront(AtomicBool::new(namespace.is_active())))
    }

    fn release(&self, _namespace: &Namespace, _state: InFront) {
        thread::yield_now();
        let others = self.live.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
        assert_eq!(others, 1, "released twice");
    }

    fn activate(&self, state: &InFront, switching: &Switching<'_>) {
        assert!(!state.0.swap(true, Ordering::SeqCst), "activated twice");
        if let Some(foreground) = self.foreground.get().and_then(Weak::upgrade) {
            let again = foreground.switch(switching.old, switching.now);
            assert_eq!(again, Err(SwitchError::Refused(Refused::Inside)));
        }
    }

    fn deactivate(&self, state: &InFront, _switching: &Switching<'_>) {
        assert!(state.0.swap(false, Ordering::SeqCst), "deactivated twice");
    }
}

/// Sees that switches do not overlap.
#[derive(Default)]
struct Serial {
    under_way: AtomicUsize,
    switches: AtomicUsize,
}

impl Observer for Serial {
    fn deactivated(&self, switching: &Switching<'_>) {
        assert!(!switching.old.is_active() && !switching.new.is_active());
        assert_eq!(self.under_way.fetch_add(1, Ordering::SeqCst), 0);
        thread::yield_now();
    }

    fn activated(&self, switching: &Switching<'_>) {
        assert!(!switching.old.is_active() && switching.new.is_active());
        assert_eq!(self.under_way.fetch_sub(1, Ordering::SeqCst), 1);
        self.switches.fetch_add(1, Ordering::SeqCst);
    }
}

/// What each model begins with.
struct House {
    foreground: Arc<Foreground>,
    class: Handle<Guarded>,
    serial: Arc<Serial>,
}

impl House {
    fn new() -> Self {
        let foreground = Arc::new(Foreground::new(Box::new(LoomGate(Mutex::new(()))), 1));
        let class = foreground.register("guarded", Guarded::default());
        let serial = Arc::new(Serial::default());
        let observer: Arc<dyn Observer> = serial.clone();
        foreground.observe(observer).expect("outside");
        Self {
            foreground,
            class: class.expect("a free name"),
            serial,
        }
    }

    fn persona(&self) -> Arc<Namespace> {
        let namespace = self.foreground.create(2);
        namespace.join().expect("new");
        namespace
    }

    /// Runs `work` in a thread of its own.
    fn spawn<R: 'static>(
        &self,
        work: impl FnOnce(&Foreground) -> R + 'static,
    ) -> thread::JoinHandle<R> {
        let foreground = Arc::clone(&self.foreground);
        thread::spawn(move || work(&foreground))
    }

    fn state(&self, namespace: &Arc<Namespace>) -> StateRef<Guarded> {
        self.class.get(namespace).expect("created")
    }

    /// What must hold when all threads are through.
    fn check(&self) {
        let active = self.foreground.active();
        let flagged: Vec<_> = self
            .foreground
            .namespaces()
            .into_iter()
            .filter(|one| one.is_active())
            .collect();
        assert_eq!(flagged.len(), 1, "one is in front");
        assert!(Arc::ptr_eq(&flagged[0], &active));
        assert!(
            active.is_root() || active.processes() > 0,
            "a dead namespace is in front"
        );
        assert_eq!(self.serial.under_way.load(Ordering::SeqCst), 0);
        for state in self.class.states() {
            assert_eq!(
                state.0.load(Ordering::SeqCst),
                state.is_active(),
                "told wrongly"
            );
        }
    }

    fn live(&self) -> usize {
        self.class
            .class()
            .live
            .load(std::sync::atomic::Ordering::SeqCst)
    }

    fn created(&self) -> usize {
        self.class
            .class()
            .created
            .load(std::sync::atomic::Ordering::SeqCst)
    }
}

/// Tries every order of a model's steps, and says how many there were.
fn every_order(model: impl Fn() + Sync + Send + 'static) {
    let builder = loom::model::Builder::new();
    let orders = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = Arc::clone(&orders);
    builder.check(move || {
        count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        model();
    });
    let orders = orders.load(std::sync::atomic::Ordering::Relaxed);
    println!("{orders} orders tried");
    assert!(orders > 1, "the threads do not meet");
}

const NOW: Jiffies = Jiffies(7);

#[test]
fn two_threads_switch_against_each_other() {
    every_order(|| {
        let house = House::new();
        let (two, three) = (house.persona(), house.persona());
        let _file = house.state(&two);
        let target = Arc::clone(&two);
        let other = house.spawn(move |foreground| foreground.switch(&target, NOW));
        assert_eq!(house.foreground.switch(&three, NOW), Ok(Outcome::Changed));
        assert_eq!(other.join().expect("no panic"), Ok(Outcome::Changed));
        assert_eq!(house.serial.switches.load(Ordering::SeqCst), 2);
        assert!(!house.foreground.root().is_active());
        house.check();
    });
}

#[test]
fn a_state_is_made_while_its_namespace_comes_to_the_front() {
    every_order(|| {
        let house = House::new();
        let two = house.persona();
        let target = Arc::clone(&two);
        let switch = house.spawn(move |foreground| foreground.switch(&target, NOW));
        let file = house.state(&two);
        assert_eq!(switch.join().expect("no panic"), Ok(Outcome::Changed));
        assert!(
            file.0.load(Ordering::SeqCst),
            "it knows that it is in front"
        );
        house.check();
        drop(file);
        assert_eq!(house.live(), 0);
    });
}

#[test]
fn two_threads_use_a_state_first() {
    every_order(|| {
        let house = House::new();
        let two = house.persona();
        let (class, target) = (house.class.clone(), Arc::clone(&two));
        let other = house.spawn(move |_| class.get(&target).expect("created"));
        let mine = house.state(&two);
        let other = other.join().expect("no panic");
        assert!(std::ptr::eq(&raw const *mine, &raw const *other));
        assert_eq!((house.created(), house.live()), (1, 1));
    });
}

#[test]
fn the_last_process_leaves_while_its_namespace_comes_to_the_front() {
    every_order(|| {
        let house = House::new();
        let two = house.persona();
        let _file = house.state(&two);
        let target = Arc::clone(&two);
        let switch = house.spawn(move |foreground| foreground.switch(&target, NOW));
        let departure = house.foreground.leave(&two, NOW);
        match switch.join().expect("no panic") {
            Ok(_) => assert_eq!(departure, Ok(Departure::EndedInFront)),
            Err(error) => {
                assert_eq!(error, SwitchError::NoProcess);
                assert_eq!(departure, Ok(Departure::Ended));
            }
        }
        assert!(house.foreground.root().is_active() && two.has_ended());
        house.check();
    });
}

#[test]
fn the_last_two_processes_leave_at_once() {
    every_order(|| {
        let house = House::new();
        let two = house.persona();
        two.join().expect("it lives");
        house.foreground.switch(&two, NOW).expect("it lives");
        let target = Arc::clone(&two);
        let other = house.spawn(move |foreground| foreground.leave(&target, NOW));
        let mine = house.foreground.leave(&two, NOW);
        let both = [mine, other.join().expect("no panic")];
        assert!(both.contains(&Ok(Departure::OthersRemain)), "{both:?}");
        assert!(both.contains(&Ok(Departure::EndedInFront)), "{both:?}");
        house.check();
    });
}

#[test]
fn a_process_joins_while_the_last_leaves() {
    every_order(|| {
        let house = House::new();
        let two = house.persona();
        house.foreground.switch(&two, NOW).expect("it lives");
        let target = Arc::clone(&two);
        let join = house.spawn(move |_| target.join());
        let departure = house.foreground.leave(&two, NOW);
        match join.join().expect("no panic") {
            Ok(()) => assert_eq!(departure, Ok(Departure::OthersRemain)),
            Err(Ended) => assert_eq!(departure, Ok(Departure::EndedInFront)),
        }
        assert_eq!(two.is_active(), !two.has_ended());
        house.check();
    });
}

#[test]
fn the_last_user_leaves_while_the_next_comes() {
    every_order(|| {
        let house = House::new();
        let two = house.persona();
        let file = house.state(&two);
        let (class, target) = (house.class.clone(), Arc::clone(&two));
        let next = house.spawn(move |_| drop(class.get(&target).expect("created")));
        drop(file);
        next.join().expect("no panic");
        // Neither made twice (the class would have said so) nor left behind.
        assert_eq!(house.live(), 0);
        assert!(house.class.states().is_empty());
    });
}

#[test]
fn the_last_two_users_leave_at_once() {
    every_order(|| {
        let house = House::new();
        let two = house.persona();
        let file = house.state(&two);
        let copy = file.clone();
        let other = house.spawn(move |_| drop(copy));
        drop(file);
        other.join().expect("no panic");
        assert_eq!((house.created(), house.live()), (1, 0));
    });
}

#[test]
fn the_last_user_leaves_while_its_namespace_is_switched() {
    every_order(|| {
        let house = House::new();
        let two = house.persona();
        let file = house.state(&two);
        let target = Arc::clone(&two);
        let switch = house.spawn(move |foreground| foreground.switch(&target, NOW));
        drop(file);
        assert_eq!(switch.join().expect("no panic"), Ok(Outcome::Changed));
        assert_eq!(house.live(), 0);
        house.check();
    });
}

#[test]
fn a_namespace_is_let_go_of_while_all_are_listed() {
    every_order(|| {
        let house = House::new();
        let two = house.persona();
        let file = house.state(&two);
        let lister = house.spawn(|foreground| foreground.namespaces().len());
        drop(file);
        drop(two);
        let seen = lister.join().expect("no panic");
        assert!((1..=2).contains(&seen));
        assert_eq!((house.live(), house.foreground.namespaces().len()), (0, 1));
    });
}

#[test]
fn a_switch_from_inside_is_refused_and_one_from_beside_is_not() {
    every_order(|| {
        let house = House::new();
        let (two, three) = (house.persona(), house.persona());
        let _file = house.state(&two);
        let weak = Arc::downgrade(&house.foreground);
        assert!(house.class.class().foreground.set(weak).is_ok());
        let target = Arc::clone(&three);
        let beside = house.spawn(move |foreground| foreground.switch(&target, NOW));
        assert_eq!(house.foreground.switch(&two, NOW), Ok(Outcome::Changed));
        assert_eq!(beside.join().expect("no panic"), Ok(Outcome::Changed));
        let class = house.class.clone();
        let root = house.foreground.root();
        let inside = house.foreground.settled(|_| class.get(root).err());
        assert_eq!(inside, Ok(Some(StateError::Refused(Refused::Inside))));
        house.check();
    });
}
