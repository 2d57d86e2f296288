//! Shared by the host tests: a gate over the host's mutex, and a device class that writes down
//! whatever is done to it.

use std::cell::Cell;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use devns::{
    Class, Foreground, Gate, Handle, Jiffies, Lifetime, Namespace, Observer, Switching,
    ThreadNumber,
};
use proptest::test_runner::{Config, RngSeed, TestRunner};

/// A gate for host threads.
#[derive(Default)]
pub struct HostGate(Mutex<()>);

impl Gate for HostGate {
    fn enter(&self, work: &mut dyn FnMut()) {
        let _held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        work();
    }

    fn try_enter(&self, work: &mut dyn FnMut()) -> bool {
        let _held = match self.0.try_lock() {
            Ok(held) => held,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        work();
        true
    }

    fn current_thread(&self) -> ThreadNumber {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        thread_local! {
            static MINE: Cell<u64> = Cell::new(NEXT.fetch_add(1, Ordering::Relaxed));
        }
        ThreadNumber(NonZeroU64::new(MINE.get()).expect("counted from 1"))
    }
}

/// A foreground on the host; root's number is 1.
pub fn foreground() -> Foreground {
    Foreground::new(Box::new(HostGate::default()), 1)
}

/// A namespace with one process, whose init pid is `number`.
pub fn persona(foreground: &Foreground, number: u32) -> Arc<Namespace> {
    let namespace = foreground.create(u64::from(number));
    namespace.set_init_pid(number);
    namespace.join().expect("a new namespace can be joined");
    namespace
}

/// What was done, in order.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    /// Adds a line.
    pub fn add(&self, line: String) {
        self.0.lock().expect("no panic while logging").push(line);
    }

    /// All lines since the last call.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("no panic while logging"))
    }
}

/// What a probe calls from inside, given its namespace's serial number.
pub type Hook = Box<dyn Fn(&str) + Send + Sync>;

/// A device class that logs. `OUTLIVES`: its states live as long as their namespaces.
pub struct Probe<const OUTLIVES: bool = false> {
    pub name: &'static str,
    pub log: Log,
    /// The next creations fail while this is set.
    pub fails: AtomicBool,
    /// How many states there are.
    pub live: Arc<AtomicUsize>,
    /// Called from inside with `create`, `activate`, `deactivate` or `release`.
    pub hook: Mutex<Option<Arc<Hook>>>,
}

/// The state of a probe: counts itself.
pub struct ProbeState {
    pub owner: u32,
    live: Arc<AtomicUsize>,
}

impl Drop for ProbeState {
    fn drop(&mut self) {
        self.live.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The probe's way to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoHardware;

impl<const OUTLIVES: bool> Probe<OUTLIVES> {
    /// A probe that logs to `log`.
    pub fn new(name: &'static str, log: &Log) -> Self {
        Self {
            name,
            log: log.clone(),
            fails: AtomicBool::new(false),
            live: Arc::default(),
            hook: Mutex::default(),
        }
    }

    /// Sets what is called from inside.
    pub fn set_hook(&self, hook: impl Fn(&str) + Send + Sync + 'static) {
        *self.hook.lock().expect("no panic") = Some(Arc::new(Box::new(hook)));
    }

    /// How many of its states there are.
    pub fn live(&self) -> usize {
        self.live.load(Ordering::SeqCst)
    }

    fn note(&self, what: &str, namespace: &Namespace) {
        let line = format!("{} {what} {}", self.name, namespace.init_pid());
        self.log.add(line);
        let hook = self.hook.lock().expect("no panic").clone();
        if let Some(hook) = hook {
            hook(what);
        }
    }
}

impl<const OUTLIVES: bool> Class for Probe<OUTLIVES> {
    type State = ProbeState;
    type Error = NoHardware;
    const LIFETIME: Lifetime = if OUTLIVES {
        Lifetime::Namespace
    } else {
        Lifetime::LastUser
    };

    fn create(&self, namespace: &Namespace) -> Result<ProbeState, NoHardware> {
        self.live.fetch_add(1, Ordering::SeqCst);
        let half_made = ProbeState {
            owner: namespace.init_pid(),
            live: Arc::clone(&self.live),
        };
        self.note("create", namespace);
        if self.fails.load(Ordering::SeqCst) {
            return Err(NoHardware);
        }
        Ok(half_made)
    }

    fn release(&self, namespace: &Namespace, state: ProbeState) {
        assert_eq!(state.owner, namespace.init_pid(), "released to its owner");
        self.note("release", namespace);
    }

    fn activate(&self, state: &ProbeState, switching: &Switching<'_>) {
        assert_eq!(state.owner, switching.new.init_pid(), "its own state");
        assert!(switching.new.is_active() && !switching.old.is_active());
        self.note("activate", switching.new);
    }

    fn deactivate(&self, state: &ProbeState, switching: &Switching<'_>) {
        assert_eq!(state.owner, switching.old.init_pid(), "its own state");
        assert!(!switching.new.is_active() && !switching.old.is_active());
        self.note("deactivate", switching.old);
    }
}

/// Registers a probe under its own name.
pub fn probe<const OUTLIVES: bool>(
    foreground: &Foreground,
    name: &'static str,
    log: &Log,
) -> Handle<Probe<OUTLIVES>> {
    foreground
        .register(name, Probe::new(name, log))
        .expect("a free name")
}

/// An observer that logs.
pub struct Witness {
    pub name: &'static str,
    pub log: Log,
}

impl Observer for Witness {
    fn deactivated(&self, switching: &Switching<'_>) {
        let pid = switching.old.init_pid();
        self.log.add(format!("{} deactivated {pid}", self.name));
    }

    fn activated(&self, switching: &Switching<'_>) {
        let pid = switching.new.init_pid();
        self.log.add(format!("{} activated {pid}", self.name));
    }
}

/// A moment.
pub fn at(jiffies: u64) -> Jiffies {
    Jiffies(jiffies)
}

/// Runs a property for so many random inputs, the same in every run unless the environment says
/// otherwise; a failure names the smallest input found.
pub fn random(cases: u32) -> TestRunner {
    let asked_for = |name| std::env::var_os(name).is_some();
    let mut config = Config::default();
    if !asked_for("PROPTEST_CASES") {
        config.cases = cases;
    }
    if !asked_for("PROPTEST_RNG_SEED") {
        config.rng_seed = RngSeed::Fixed(0x6a61_6e75_7300);
    }
    config.failure_persistence = None;
    TestRunner::new(config)
}
