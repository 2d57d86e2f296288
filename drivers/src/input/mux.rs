//! From the devices to the readers of the persona in front, and back.
//!
//! Everything is done under one lock, held for the packets of one device at most; a persona's
//! list of readers and a reader's ring have locks of their own, taken after it in this order.
//! Interrupt handlers never come here: they leave word, and [`Mux::service`] is called soon
//! after in a thread's context.
//!
//! A key that switches stops the flow: what comes behind it stays with the device until whoever
//! runs the switch says that it is done ([`Mux::switch_done`]), and so belongs to the winner.

use abi::input::{
    AbsInfo, EV_KEY, EV_LED, EV_SYN, KEY_CAPSLOCK, KEY_NUMLOCK, KEY_SCROLLLOCK, LED_CAPSL,
    LED_NUML, LED_SCROLLL, SYN_REPORT,
};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use spin::mutex::SpinMutex;

use super::bits::{FewBits, KeyBits};
use super::client::Stamp;
use super::device::{Device, Event};
use super::mousedev::Motion;
use super::persona::Group;
use super::state::State;
use super::switch::{SwitchKeys, Target};
use super::unit::{After, Unit};

/// The end of a packet that the core makes by itself, which Linux marks by the value 1.
const OWN_REPORT: Event = Event::new(EV_SYN, SYN_REPORT, 1);

/// Tells the time.
pub type ClockFunction = fn() -> Stamp;

/// The input devices and who is in front of them.
pub struct Mux {
    core: SpinMutex<Core>,
    clock: ClockFunction,
}

struct Core {
    units: Vec<Unit>,
    front: Option<Arc<Group>>,
    switch_keys: SwitchKeys,
    /// A switch that the keys ask for and nobody has run yet.
    wanted: Option<Target>,
    /// The locks, by their lamps, that keys have turned since somebody asked.
    turned_locks: FewBits,
}

impl Mux {
    /// Without devices.
    pub fn new(clock: ClockFunction, switch_keys: SwitchKeys) -> Self {
        let core = Core {
            units: Vec::new(),
            front: None,
            switch_keys,
            wanted: None,
            turned_locks: FewBits::EMPTY,
        };
        Self {
            core: SpinMutex::new(core),
            clock,
        }
    }

    /// Adds a device, and returns its number.
    pub fn add(&self, hardware: Box<dyn Device>) -> usize {
        let unit = Unit::new(hardware);
        let mut core = self.core.lock();
        core.units.push(unit);
        core.units.len() - 1
    }

    /// The time.
    pub fn now(&self) -> Stamp {
        (self.clock)()
    }

    /// Takes what the devices have to say. Returns whether a switch is wanted
    /// ([`Mux::wanted_switch`]).
    pub fn service(&self) -> bool {
        let stamp = self.now();
        let mut core = self.core.lock();
        for number in 0..core.units.len() {
            core.service(number, stamp);
        }
        core.wanted.is_some()
    }

    /// The switch that the keys ask for.
    pub fn wanted_switch(&self) -> Option<Target> {
        self.core.lock().wanted
    }

    /// The switch has been run, or cannot be: the flow goes on.
    pub fn switch_done(&self) {
        self.core.lock().wanted = None;
        self.service();
    }

    /// When a held key repeats next, in nanoseconds since boot.
    pub fn next_repetition(&self) -> Option<u64> {
        let core = self.core.lock();
        core.units.iter().filter_map(Unit::next_repetition).min()
    }

    /// Repeats the held keys whose time has come.
    pub fn repeat(&self) {
        let stamp = self.now();
        let mut core = self.core.lock();
        for number in 0..core.units.len() {
            if let Some(key) = core.units[number].repeat(stamp.monotonic) {
                core.deliver(number, &[Event::key(key, 2), OWN_REPORT], stamp);
            }
        }
    }

    /// Shows the state of a device to `look`. It must not sleep.
    ///
    /// # Panics
    /// If there is no such device.
    pub fn with_state<R>(&self, device: usize, look: impl FnOnce(&mut State) -> R) -> R {
        look(&mut self.core.lock().units[device].state)
    }

    /// Shows the state of a device with what this persona has changed of it. What is on, and where
    /// things are, is as the persona in front knows it.
    ///
    /// # Panics
    /// If there is no such device.
    pub fn with_state_for<R>(
        &self,
        device: usize,
        group: &Arc<Group>,
        look: impl FnOnce(&mut State) -> R,
    ) -> R {
        let mut core = self.core.lock();
        let is_front = core.is_front(group);
        let state = &mut core.units[device].state;
        if is_front {
            look(state)
        } else {
            group.with_changes(device, |changes| state.show_as(changes, look))
        }
    }

    /// The keys of a device that are down as this persona sees it.
    pub fn keys_for(&self, device: usize, group: &Arc<Group>) -> KeyBits {
        let core = self.core.lock();
        if core.is_front(group) {
            core.units[device].state.keys
        } else {
            KeyBits::EMPTY
        }
    }

    /// What is said of an axis of a device, as this persona sees it. None: the device has no axes.
    pub fn axis_for(&self, device: usize, group: &Arc<Group>, axis: u16) -> Option<AbsInfo> {
        let (mut range, is_had) = self.with_state_for(device, group, |state| {
            let is_had = state.identity.axes.contains_key(&axis);
            state.axis(axis).map(|range| (range, is_had))
        })?;
        if is_had && !self.is_front(group) {
            range.value = group.place(device, axis).unwrap_or(0);
        }
        Some(range)
    }

    /// Whether this persona is in front.
    pub fn is_front(&self, group: &Arc<Group>) -> bool {
        self.core.lock().is_front(group)
    }

    /// A program of the persona in front says what a device might have said. From another persona
    /// nothing comes of it.
    pub fn inject(&self, device: usize, group: &Arc<Group>, event: Event) {
        let stamp = self.now();
        let mut core = self.core.lock();
        if !core.is_front(group) {
            return;
        }
        let after = if event.is_report() {
            After::Deliver
        } else {
            core.units[device].show(event, stamp.monotonic)
        };
        if after == After::Deliver {
            core.flush(device, Event::REPORT, stamp);
        }
    }

    /// Lights or darkens a lamp of a device, and tells its readers.
    pub fn set_led(&self, device: usize, led: u16, on: bool) {
        let stamp = self.now();
        let mut core = self.core.lock();
        let event = Event::new(EV_LED, led, i32::from(on));
        core.units[device].show(event, stamp.monotonic);
        core.flush(device, Event::REPORT, stamp);
    }

    /// The locks, by their lamps, that keys have turned since this was asked last. A key that
    /// only a grab saw turns none.
    pub fn take_turned_locks(&self) -> FewBits {
        core::mem::replace(&mut self.core.lock().turned_locks, FewBits::EMPTY)
    }

    /// Gives a key another meaning, if this persona is in front. None: there is no such key.
    pub fn set_meaning(
        &self,
        device: usize,
        group: &Arc<Group>,
        place: usize,
        key: u16,
    ) -> Option<()> {
        let stamp = self.now();
        let mut core = self.core.lock();
        let unit = &mut core.units[device];
        unit.state.identity.keymap.as_ref()?.get(place)?;
        if core.is_front(group) {
            core.units[device].set_meaning(place, key)?;
            core.flush(device, OWN_REPORT, stamp);
        }
        Some(())
    }

    /// This persona, which nobody had asked for until now, is in front.
    pub(super) fn focus(&self, group: &Arc<Group>) {
        self.core.lock().front = Some(Arc::clone(group));
    }

    /// This persona comes to the front, with the places that it knows.
    pub(super) fn return_to(&self, group: &Arc<Group>) {
        let mut core = self.core.lock();
        for (number, unit) in core.units.iter_mut().enumerate() {
            if let Some(changes) = group.take_changes(number) {
                unit.put_changes(changes);
            }
            unit.state.set_places(|axis| group.place(number, axis));
        }
        core.front = Some(Arc::clone(group));
    }

    /// This persona is not in front, or is no more.
    pub(super) fn unfocus(&self, group: &Arc<Group>) {
        let mut core = self.core.lock();
        if core.is_front(group) {
            core.front = None;
        }
    }

    /// This persona loses the focus: what was begun for it ends, and what is down goes up.
    pub(super) fn release_held(&self, group: &Arc<Group>) {
        let stamp = self.now();
        let mut core = self.core.lock();
        for number in 0..core.units.len() {
            core.flush(number, Event::REPORT, stamp);
            let state = &core.units[number].state;
            group.release(number, &state.keys, stamp);
            group.keep_places(number, state);
            if let Some(changes) = core.units[number].take_changes() {
                group.keep_changes(number, changes);
            }
        }
        group.release_buttons();
    }

    /// No persona knows of any key that is down, or where an axis is.
    pub(super) fn forget(&self) {
        let mut core = self.core.lock();
        core.units.iter_mut().for_each(Unit::forget);
    }
}

impl Core {
    fn is_front(&self, group: &Arc<Group>) -> bool {
        let front = self.front.as_ref();
        front.is_some_and(|front| Arc::ptr_eq(front, group))
    }

    fn service(&mut self, number: usize, stamp: Stamp) {
        self.units[number].hardware.acknowledge();
        while self.wanted.is_none() {
            let Some(event) = self.units[number].hardware.next_event() else {
                return;
            };
            let mut after = self.units[number].take(event, stamp.monotonic);
            if let After::Pressed(code) = after {
                after = self.press(number, code, stamp);
            }
            if after == After::Deliver {
                self.flush(number, Event::REPORT, stamp);
            }
        }
    }

    /// A key went down: it switches, or it is shown.
    fn press(&mut self, number: usize, code: u16, stamp: Stamp) -> After {
        let is_held = |key| self.units.iter().any(|unit| unit.is_held(key));
        let key = self.units[number].printed(code);
        self.wanted = key.and_then(|key| self.switch_keys.target(key, is_held));
        let unit = &mut self.units[number];
        if self.wanted.is_none() {
            return unit.press(code, stamp.monotonic);
        }
        unit.hide();
        After::Deliver
    }

    /// Delivers the packet that a device has begun, with `end` behind it.
    fn flush(&mut self, number: usize, end: Event, stamp: Stamp) {
        let mut packet = core::mem::take(&mut self.units[number].packet);
        if !packet.is_empty() {
            packet.push(end);
            self.deliver(number, &packet, stamp);
            packet.clear();
        }
        self.units[number].packet = packet;
    }

    fn deliver(&mut self, number: usize, packet: &[Event], stamp: Stamp) {
        let grabbed = self.front.as_ref().is_some_and(|front| {
            let state = &self.units[number].state;
            front.deliver(number, packet, stamp, || Motion::of(packet, state))
        });
        if !grabbed {
            for lamp in packet.iter().filter_map(lamp_of_lock) {
                let was_turned = self.turned_locks.has(lamp);
                self.turned_locks.set(lamp, !was_turned);
            }
        }
    }
}

/// The lamp of the lock that this event turns.
fn lamp_of_lock(event: &Event) -> Option<u16> {
    match (event.kind, event.code, event.value) {
        (EV_KEY, KEY_CAPSLOCK, 1) => Some(LED_CAPSL),
        (EV_KEY, KEY_NUMLOCK, 1) => Some(LED_NUML),
        (EV_KEY, KEY_SCROLLLOCK, 1) => Some(LED_SCROLLL),
        _ => None,
    }
}
