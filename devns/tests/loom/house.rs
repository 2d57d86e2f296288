//! What every model begins with: a gate over loom's mutex, a device class that watches over its
//! one piece of hardware, an observer that sees whether switches overlap.

use std::num::NonZeroU64;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock, Weak};

use devns::{
    Class, Foreground, Gate, Handle, Namespace, Observer, Refused, StateRef, SwitchError,
    Switching, ThreadNumber,
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
    static NEXT: AtomicU64 = AtomicU64::new(1);
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
pub struct Guarded {
    /// States that exist. More than one at a time would be one made twice: each model has the
    /// class used by one namespace.
    live: std::sync::atomic::AtomicUsize,
    created: std::sync::atomic::AtomicUsize,
    /// Where `activate` asks for another switch.
    pub foreground: OnceLock<Weak<Foreground>>,
}

/// What it keeps.
pub struct InFront(pub AtomicBool);

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
pub struct Serial {
    under_way: AtomicUsize,
    pub switches: AtomicUsize,
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
pub struct House {
    pub foreground: Arc<Foreground>,
    pub class: Handle<Guarded>,
    pub serial: Arc<Serial>,
}

impl House {
    pub fn new() -> Self {
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

    pub fn persona(&self) -> Arc<Namespace> {
        let namespace = self.foreground.create(2);
        namespace.join().expect("new");
        namespace
    }

    /// Runs `work` in a thread of its own.
    pub fn spawn<R: 'static>(
        &self,
        work: impl FnOnce(&Foreground) -> R + 'static,
    ) -> thread::JoinHandle<R> {
        let foreground = Arc::clone(&self.foreground);
        thread::spawn(move || work(&foreground))
    }

    pub fn state(&self, namespace: &Arc<Namespace>) -> StateRef<Guarded> {
        self.class.get(namespace).expect("created")
    }

    /// What must hold when all threads are through.
    pub fn check(&self) {
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

    pub fn live(&self) -> usize {
        self.class
            .class()
            .live
            .load(std::sync::atomic::Ordering::SeqCst)
    }

    pub fn created(&self) -> usize {
        self.class
            .class()
            .created
            .load(std::sync::atomic::Ordering::SeqCst)
    }
}

/// Tries every order of a model's steps, and says how many there were.
pub fn every_order(model: impl Fn() + Sync + Send + 'static) {
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
