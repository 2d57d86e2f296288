//! In-kernel tests of device namespaces, with two probe classes at the kernel's own foreground.
//!
//! A class stays registered for good, so all tests share the two. They write down what they are
//! told, and do on request what a class must not do, or fail.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use devns::{
    Class, Handle, Outcome, Refused, RegisterError, StateError, StateRef, SwitchError, Switching,
};
use spin::LazyLock;

use super::{DeviceNamespace, Membership, foreground, now};
use crate::log::print;
use crate::namespace::PidNamespace;
use crate::process::{self, ProcessId, kernel_thread, scheduler};
use crate::sync::{SpinLock, WaitQueue};

/// What a probe was told, of the namespace with this init pid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Created(&'static str, ProcessId),
    Released(&'static str, ProcessId),
    Activated(&'static str, ProcessId),
    Deactivated(&'static str, ProcessId),
}

static EVENTS: SpinLock<Vec<Event>> = SpinLock::new(Vec::new());
/// Whether events are written down; the long tests do without.
static LISTENS: AtomicBool = AtomicBool::new(true);
/// The next creation fails.
static FAILS: AtomicBool = AtomicBool::new(false);
/// The next activation asks for a switch.
static ASKS: AtomicBool = AtomicBool::new(false);
/// What it was answered.
static ANSWER: SpinLock<Option<Result<Outcome, SwitchError>>> = SpinLock::new(None);
/// How many namespaces were told last that they are in front, by the first probe's count.
static IN_FRONT: AtomicUsize = AtomicUsize::new(0);
/// Notifications that came out of turn.
static OUT_OF_TURN: AtomicUsize = AtomicUsize::new(0);

fn note(event: Event) {
    if LISTENS.load(Ordering::SeqCst) {
        EVENTS.lock().push(event);
    }
}

/// What has been written down since the last time.
fn events() -> Vec<Event> {
    core::mem::take(&mut *EVENTS.lock())
}

struct Probe(&'static str);

/// What the first creation says when it is told to fail.
#[derive(Debug, PartialEq, Eq)]
struct Failed;

impl Class for Probe {
    type State = ProcessId;
    type Error = Failed;

    fn create(&self, namespace: &DeviceNamespace) -> Result<ProcessId, Failed> {
        // Somebody else could come in here if the gate did not keep him out.
        scheduler::yield_now();
        if FAILS.swap(false, Ordering::SeqCst) {
            return Err(Failed);
        }
        note(Event::Created(self.0, namespace.init_pid()));
        Ok(namespace.init_pid())
    }

    fn release(&self, _namespace: &DeviceNamespace, state: ProcessId) {
        note(Event::Released(self.0, state));
    }

    fn activate(&self, state: &ProcessId, switching: &Switching<'_>) {
        note(Event::Activated(self.0, *state));
        if IN_FRONT.fetch_add(1, Ordering::SeqCst) >= 2 {
            OUT_OF_TURN.fetch_add(1, Ordering::SeqCst);
        }
        scheduler::yield_now();
        if ASKS.swap(false, Ordering::SeqCst) {
            *ANSWER.lock() = Some(foreground().switch(switching.old, switching.now));
        }
    }

    fn deactivate(&self, state: &ProcessId, _switching: &Switching<'_>) {
        note(Event::Deactivated(self.0, *state));
        if IN_FRONT.fetch_sub(1, Ordering::SeqCst) == 0 {
            OUT_OF_TURN.fetch_add(1, Ordering::SeqCst);
        }
        scheduler::yield_now();
    }
}

static FIRST: LazyLock<Handle<Probe>> = LazyLock::new(|| register("probe-1"));
static SECOND: LazyLock<Handle<Probe>> = LazyLock::new(|| {
    LazyLock::force(&FIRST);
    register("probe-2")
});

fn register(name: &'static str) -> Handle<Probe> {
    let registered = foreground().register(name, Probe(name));
    registered.expect("there is room for two probes")
}

/// A persona without a program: a pid namespace, its companion, and one member.
struct Persona {
    _pids: Arc<PidNamespace>,
    membership: Membership,
}

impl Persona {
    fn new(pid: ProcessId) -> Self {
        let pids = PidNamespace::below(PidNamespace::root()).expect("it is not deep");
        let membership = Membership::new(&pids, None).expect("it has not ended");
        membership.note_init(pid);
        Self {
            _pids: pids,
            membership,
        }
    }

    fn namespace(&self) -> Arc<DeviceNamespace> {
        self.membership.namespace()
    }

    /// A use of each class, the second first: the order of uses must not matter.
    fn uses(&self) -> [StateRef<Probe>; 2] {
        uses_of(&self.namespace())
    }
}

fn uses_of(namespace: &Arc<DeviceNamespace>) -> [StateRef<Probe>; 2] {
    let second = SECOND.get(namespace).ok();
    let first = FIRST.get(namespace).ok();
    [first, second].map(|state| state.expect("it can be created"))
}

fn switch_to(namespace: &Arc<DeviceNamespace>) -> Result<Outcome, SwitchError> {
    foreground().switch(namespace, now())
}

fn root_in_front() -> bool {
    Arc::ptr_eq(&foreground().active(), foreground().root())
}

/// The last line of the kernel log.
fn last_log_line() -> Vec<u8> {
    let mut text = [0; drivers::kernel_log::TEXT_LIMIT];
    let last = crate::log::range().end - 1;
    let record = crate::log::read(last, &mut text);
    record.map_or(Vec::new(), |record| text[..record.length].to_vec())
}

static FINISHED: AtomicUsize = AtomicUsize::new(0);
static DONE: WaitQueue = WaitQueue::new();

/// Runs kernel threads until all have said that they are finished.
fn run_threads(functions: &[fn()]) {
    FINISHED.store(0, Ordering::SeqCst);
    *TO_RUN.lock() = functions.to_vec();
    for _ in functions {
        kernel_thread::start(b"test", run_next).expect("memory for a thread");
    }
    DONE.wait_uninterruptible(|| {
        (FINISHED.load(Ordering::SeqCst) == functions.len()).then_some(())
    });
    for _ in 0..4 {
        scheduler::yield_now();
    }
}

static TO_RUN: SpinLock<Vec<fn()>> = SpinLock::new(Vec::new());

fn run_next() -> ! {
    let function = TO_RUN.lock().pop();
    if let Some(function) = function {
        function();
    }
    FINISHED.fetch_add(1, Ordering::SeqCst);
    DONE.wake_all();
    process::exit::end_kernel_thread()
}

/// Whom the threads of a test switch to.
static TARGETS: SpinLock<Vec<Arc<DeviceNamespace>>> = SpinLock::new(Vec::new());

fn target(index: usize) -> Arc<DeviceNamespace> {
    Arc::clone(&TARGETS.lock()[index])
}

fn switch_back_and_forth(first: usize) {
    let pair = [target(first), target(1 - first)];
    for round in 0..200 {
        let seen = switch_to(&pair[round % 2]);
        assert!(seen.is_ok(), "{seen:?}");
        scheduler::yield_now();
    }
}

/// Switches to the first target until it has ended.
fn switch_until_it_ends() {
    let target = target(0);
    while !target.has_ended() {
        match switch_to(&target) {
            Ok(_) | Err(SwitchError::NoProcess) => {}
            Err(refused) => panic!("{refused:?}"),
        }
        scheduler::yield_now();
    }
    assert_eq!(switch_to(&target), Err(SwitchError::NoProcess));
}

/// The process of the first target that ends while others switch.
static LEAVING: SpinLock<Option<Persona>> = SpinLock::new(None);

fn end_soon() {
    for _ in 0..50 {
        scheduler::yield_now();
    }
    let leaving = LEAVING.lock().take();
    if let Some(persona) = leaving {
        persona.membership.end();
    }
}

/// What is free and used, to the byte.
fn figures() -> (usize, usize) {
    (metal::memory::free_frames(), metal::heap::used_bytes())
}

fn cycle(count: ProcessId) {
    let root = Arc::clone(foreground().root());
    for pid in 0..count {
        let persona = Persona::new(20_000 + pid);
        let uses = persona.uses();
        assert_eq!(switch_to(&persona.namespace()), Ok(Outcome::Changed));
        assert_eq!(switch_to(&root), Ok(Outcome::Changed));
        drop(uses);
        persona.membership.end();
    }
}

metal::ktest! {
    fn a_switch_tells_the_classes_in_order_and_in_reverse() {
        let persona = Persona::new(7001);
        let _uses = [uses_of(foreground().root()), persona.uses()];
        events();
        assert_eq!(switch_to(&persona.namespace()), Ok(Outcome::Changed));
        assert_eq!(switch_to(&persona.namespace()), Ok(Outcome::Unchanged));
        assert_eq!(events(), [
            Event::Deactivated("probe-2", 1), Event::Deactivated("probe-1", 1),
            Event::Activated("probe-1", 7001), Event::Activated("probe-2", 7001),
        ]);
        assert_eq!(switch_to(foreground().root()), Ok(Outcome::Changed));
        assert_eq!(events(), [
            Event::Deactivated("probe-2", 7001), Event::Deactivated("probe-1", 7001),
            Event::Activated("probe-1", 1), Event::Activated("probe-2", 1),
        ]);
    }

    fn a_name_is_taken_once_and_must_be_one() {
        LazyLock::force(&SECOND);
        let again = foreground().register("probe-1", Probe("again")).err();
        assert_eq!(again, Some(RegisterError::NameTaken));
        let nameless = foreground().register("", Probe("")).err();
        assert_eq!(nameless, Some(RegisterError::NoName));
    }

    fn a_state_is_created_on_first_use_and_released_with_the_last() {
        let persona = Persona::new(7002);
        LazyLock::force(&SECOND);
        events();
        assert!(FIRST.find(&persona.namespace()).is_none());
        let first = FIRST.get(&persona.namespace()).ok();
        let second = FIRST.get(&persona.namespace()).ok();
        let third = second.clone();
        assert_eq!(events(), [Event::Created("probe-1", 7002)]);
        drop((first, third));
        assert_eq!(events(), []);
        assert_eq!(persona.namespace().classes().len(), 1);
        drop(second);
        assert_eq!(events(), [Event::Released("probe-1", 7002)]);
        assert!(persona.namespace().classes().is_empty());
        drop(FIRST.get(&persona.namespace()).ok());
        assert_eq!(events(), [Event::Created("probe-1", 7002), Event::Released("probe-1", 7002)]);
    }

    fn a_creation_that_fails_leaves_nothing() {
        let persona = Persona::new(7003);
        let namespace = persona.namespace();
        events();
        let holders = Arc::strong_count(&namespace);
        FAILS.store(true, Ordering::SeqCst);
        assert!(matches!(FIRST.get(&namespace), Err(StateError::Class(Failed))));
        assert_eq!((events().len(), Arc::strong_count(&namespace)), (0, holders));
        assert!(namespace.classes().is_empty());
        let next = FIRST.get(&namespace).ok();
        assert_eq!(next.as_deref(), Some(&7003));
    }

    fn a_state_keeps_its_namespace_and_goes_with_its_last_user() {
        let persona = Persona::new(7004);
        let uses = persona.uses();
        let weak = Arc::downgrade(&persona.namespace());
        drop(persona);
        events();
        assert!(weak.upgrade().is_some_and(|namespace| namespace.has_ended()));
        drop(uses);
        let released = [Event::Released("probe-1", 7004), Event::Released("probe-2", 7004)];
        assert_eq!(events(), released);
        assert!(weak.upgrade().is_none());
    }

    fn the_root_comes_to_the_front_when_the_active_one_ends() {
        let persona = Persona::new(7005);
        let namespace = persona.namespace();
        namespace.set_tag(devns::Tag::new(b"dying"));
        let _uses = [uses_of(foreground().root()), persona.uses()];
        assert_eq!(switch_to(&namespace), Ok(Outcome::Changed));
        let stamp = now();
        events();
        persona.membership.end();
        assert!(root_in_front());
        assert!(foreground().root().timestamp() >= stamp && !namespace.is_active());
        assert_eq!(events()[1..3], [Event::Deactivated("probe-1", 7005), Event::Activated("probe-1", 1)]);
        assert_eq!(switch_to(&namespace), Err(SwitchError::NoProcess));
        let line = last_log_line();
        assert!(line.starts_with(b"device namespace 7005 \"dyin\" was in front"), "{}", line.escape_ascii());
    }

    fn a_switch_from_inside_a_class_is_refused() {
        let persona = Persona::new(7006);
        let _uses = persona.uses();
        ASKS.store(true, Ordering::SeqCst);
        assert_eq!(switch_to(&persona.namespace()), Ok(Outcome::Changed));
        let answer = ANSWER.lock().take();
        assert_eq!(answer, Some(Err(SwitchError::Refused(Refused::Inside))));
        assert!(persona.namespace().is_active());
        assert_eq!(switch_to(foreground().root()), Ok(Outcome::Changed));
        events();
    }

    fn threads_switch_against_each_other() {
        let personas = [Persona::new(7007), Persona::new(7008)];
        let uses = personas.each_ref().map(Persona::uses);
        assert!(switch_to(foreground().root()).is_ok());
        LISTENS.store(false, Ordering::SeqCst);
        IN_FRONT.store(0, Ordering::SeqCst);
        OUT_OF_TURN.store(0, Ordering::SeqCst);
        *TARGETS.lock() = personas.iter().map(Persona::namespace).collect();
        run_threads(&[|| switch_back_and_forth(0), || switch_back_and_forth(1)]);
        let active = personas.iter().filter(|persona| persona.namespace().is_active()).count();
        let in_turn = (OUT_OF_TURN.load(Ordering::SeqCst), IN_FRONT.load(Ordering::SeqCst));
        assert_eq!((active, in_turn), (1, (0, 2)), "one is in front, in both classes");
        *TARGETS.lock() = Vec::new();
        drop((personas, uses));
        LISTENS.store(true, Ordering::SeqCst);
        assert!(root_in_front());
    }

    fn a_switch_during_the_end_leaves_the_root_in_front() {
        LISTENS.store(false, Ordering::SeqCst);
        for _ in 0..5 {
            let persona = Persona::new(7009);
            let uses = persona.uses();
            *TARGETS.lock() = [persona.namespace()].into();
            *LEAVING.lock() = Some(persona);
            run_threads(&[switch_until_it_ends, end_soon, switch_until_it_ends]);
            assert!(root_in_front());
            *TARGETS.lock() = Vec::new();
            drop(uses);
        }
        *TO_RUN.lock() = Vec::new();
        LISTENS.store(true, Ordering::SeqCst);
    }

    fn ten_thousand_personas_leave_nothing() {
        LISTENS.store(false, Ordering::SeqCst);
        cycle(10);
        let before = figures();
        cycle(10_000);
        let after = figures();
        LISTENS.store(true, Ordering::SeqCst);
        print!(
            "10,000 personas: before {} pages free and {} bytes of heap, after {} and {}\n",
            before.0, before.1, after.0, after.1
        );
        assert_eq!(after, before);
    }
}
