//! `/dev/input/mice` and `mouseN`: any pointer as a PS/2 mouse.
//!
//! A program reads packets of three bytes, or of four once it has sent the sequence of rates by
//! which a mouse is asked for its wheel (ImPS/2) or for five buttons (ExPS/2). A tablet moves on
//! a screen of 1024 by 768, and is told by how far.
//!
//! Source: Linux's `Documentation/input/input.rst`, section mousedev; Microsoft's IntelliMouse
//! protocol.

use abi::Errno;
use abi::input::{
    ABS_X, ABS_Y, BTN_EXTRA, BTN_LEFT, BTN_MIDDLE, BTN_RIGHT, BTN_SIDE, BTN_TOUCH, EV_ABS, EV_KEY,
    EV_REL, REL_WHEEL, REL_X, REL_Y,
};
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use devns::{Namespace, StateRef};
use spin::mutex::SpinMutex;

use super::client::Waker;
use super::device::Event;
use super::persona::{InputClass, InputHandle};
use super::state::State;

/// The screen that tablets move on.
const SCREEN: [i32; 2] = [1024, 768];
/// Movements that wait at most; more of them are added to the last.
const QUEUE: usize = 16;

/// The rates that ask for a wheel, and those that ask for five buttons.
const WHEEL: [u8; 6] = [0xf3, 200, 0xf3, 100, 0xf3, 80];
const BUTTONS: [u8; 6] = [0xf3, 200, 0xf3, 200, 0xf3, 80];

/// What one packet of a device means to a mouse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Motion {
    /// By how much it moved: right, up and (the wheel) towards the user.
    by: [i32; 3],
    /// Where on the screen it is, for a tablet.
    at: [Option<i32>; 2],
    /// Buttons that changed.
    changed: u8,
    /// And those of them that are down now.
    down: u8,
}

impl Motion {
    /// Reads it from the events. None: it means nothing.
    pub fn of(packet: &[Event], state: &State) -> Option<Self> {
        let mut motion = Self::default();
        packet.iter().for_each(|event| motion.add(*event, state));
        (motion != Self::default()).then_some(motion)
    }

    fn add(&mut self, event: Event, state: &State) {
        let Event { kind, code, value } = event;
        match (kind, code) {
            (EV_REL, REL_X) => self.by[0] = self.by[0].saturating_add(value),
            (EV_REL, REL_Y) => self.by[1] = self.by[1].saturating_sub(value),
            (EV_REL, REL_WHEEL) => self.by[2] = self.by[2].saturating_sub(value),
            (EV_ABS, ABS_X) => self.at[0] = place_on_screen(0, value, state),
            (EV_ABS, ABS_Y) => {
                self.at[1] = place_on_screen(1, value, state).map(|y| SCREEN[1] - y);
            }
            (EV_KEY, _) if value != 2 => {
                let bit = button(code);
                self.changed |= bit;
                self.down = if value == 0 {
                    self.down & !bit
                } else {
                    self.down | bit
                };
            }
            _ => {}
        }
    }
}

fn place_on_screen(axis: u16, value: i32, state: &State) -> Option<i32> {
    let range = state.identity.axes.get(&axis)?;
    let (low, high) = (i64::from(range.minimum), i64::from(range.maximum));
    let span = (high - low).max(1);
    let screen = i64::from(SCREEN[usize::from(axis)]);
    let place = (i64::from(value) - low).clamp(0, span) * screen / span;
    i32::try_from(place).ok()
}

/// The bit of a button; 0 for what is no button of a mouse.
fn button(code: u16) -> u8 {
    match code {
        BTN_LEFT | BTN_TOUCH => 1,
        BTN_RIGHT => 2,
        BTN_MIDDLE => 4,
        BTN_SIDE => 8,
        BTN_EXTRA => 0x10,
        _ => 0,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Plain,
    Wheel,
    FiveButtons,
}

/// Movements that were added up while the buttons did not change.
#[derive(Clone, Copy)]
struct Waiting {
    by: [i32; 3],
    buttons: u8,
}

/// One opening of `mice` or `mouseN`.
pub struct MouseClient {
    /// The device it reads; none for all of them.
    device: Option<usize>,
    state: SpinMutex<MouseState>,
    waker: Arc<dyn Waker>,
}

struct MouseState {
    mode: Mode,
    /// How much of each sequence has come.
    wheel_seen: usize,
    buttons_seen: usize,
    waiting: VecDeque<Waiting>,
    buttons: u8,
    at: [i32; 2],
    /// Bytes that are being read.
    answer: VecDeque<u8>,
}

impl MouseClient {
    /// A reader of one device, or of all, that `waker` wakes.
    pub fn new(device: Option<usize>, waker: Arc<dyn Waker>) -> Self {
        let state = MouseState {
            mode: Mode::Plain,
            wheel_seen: 0,
            buttons_seen: 0,
            waiting: VecDeque::new(),
            buttons: 0,
            at: [SCREEN[0] / 2, SCREEN[1] / 2],
            answer: VecDeque::new(),
        };
        Self {
            device,
            state: SpinMutex::new(state),
            waker,
        }
    }

    /// A device moved.
    pub(super) fn take_motion(&self, device: usize, motion: &Motion) {
        if self.device.is_some_and(|own| own != device) {
            return;
        }
        self.state.lock().take_motion(motion);
        self.waker.wake();
    }

    /// The persona leaves the front.
    pub(super) fn release_buttons(&self) {
        let motion = Motion {
            changed: 0x1f,
            ..Motion::default()
        };
        let held = self.state.lock().buttons != 0;
        if held {
            self.state.lock().take_motion(&motion);
            self.waker.wake();
        }
    }

    /// Whether there is something to read.
    pub fn is_readable(&self) -> bool {
        let state = self.state.lock();
        !state.answer.is_empty() || !state.waiting.is_empty()
    }

    /// Takes bytes of one packet into `into`; 0 when there is nothing.
    pub fn take(&self, into: &mut [u8]) -> usize {
        let mut state = self.state.lock();
        if state.answer.is_empty() && !state.waiting.is_empty() {
            state.make_packet();
        }
        let count = into.len().min(state.answer.len());
        let bytes = state.answer.drain(..count);
        into.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        count
    }

    /// Takes bytes as the mouse would.
    pub fn write(&self, bytes: &[u8]) {
        let mut state = self.state.lock();
        bytes.iter().for_each(|byte| state.hear(*byte));
        drop(state);
        self.waker.wake();
    }
}

/// One opening of a mouse by a program of a persona.
pub struct Mousedev {
    client: Arc<MouseClient>,
    /// The persona that opened it, wherever the descriptor travels.
    group: StateRef<InputClass>,
}

impl Mousedev {
    /// Opens one device, or all, for a process of `namespace`.
    ///
    /// # Errors
    /// ENOMEM; EDEADLK from inside a device class.
    pub fn open(
        handle: &InputHandle,
        namespace: &Arc<Namespace>,
        device: Option<usize>,
        waker: Arc<dyn Waker>,
    ) -> Result<Self, Errno> {
        let group = super::evdev::group_of(handle, namespace)?;
        let client = Arc::new(MouseClient::new(device, waker));
        group.attach_mouse(&client)?;
        Ok(Self { client, group })
    }

    /// What is read from and written to.
    pub fn client(&self) -> &MouseClient {
        &self.client
    }
}

impl Drop for Mousedev {
    fn drop(&mut self) {
        self.group.detach_mouse(&self.client);
    }
}

impl MouseState {
    fn take_motion(&mut self, motion: &Motion) {
        let mut by = motion.by;
        for ((by, at), place) in by.iter_mut().zip(&mut self.at).zip(motion.at) {
            if let Some(place) = place {
                *by = by.saturating_add(place - *at);
                *at = place;
            }
        }
        let buttons = (self.buttons & !motion.changed) | motion.down;
        let same = buttons == self.buttons;
        self.buttons = buttons;
        if same && by == [0; 3] {
            return;
        }
        let full = self.waiting.len() == QUEUE;
        match self.waiting.back_mut() {
            Some(last) if last.buttons == buttons || full => {
                last.buttons = buttons;
                for (sum, more) in last.by.iter_mut().zip(by) {
                    *sum = sum.saturating_add(more);
                }
            }
            _ => self.waiting.push_back(Waiting { by, buttons }),
        }
    }

    /// Writes as much of the oldest movement as a packet can say.
    fn make_packet(&mut self) {
        let mut moved = self.waiting.pop_front().unwrap_or(Waiting {
            by: [0; 3],
            buttons: self.buttons,
        });
        let mut part = |axis: usize, limit: i32| {
            let part = moved.by[axis].clamp(-limit, limit);
            moved.by[axis] -= part;
            part as i8
        };
        let (x, y) = (part(0, 127), part(1, 127));
        let turned = match self.mode {
            Mode::Plain => 0,
            Mode::Wheel => part(2, 127),
            Mode::FiveButtons => part(2, 7),
        };
        let buttons = moved.buttons;
        let mut flags = 8 | u8::from(x < 0) << 4 | u8::from(y < 0) << 5 | (buttons & 7);
        if self.mode != Mode::FiveButtons {
            // A mouse of three buttons says the side ones by those it has.
            flags |= (buttons & 0x10) >> 3 | (buttons & 8) >> 1;
        }
        self.answer.extend([flags, x as u8, y as u8]);
        match self.mode {
            Mode::Plain => moved.by[2] = 0,
            Mode::Wheel => self.answer.push_back(turned as u8),
            Mode::FiveButtons => {
                self.answer
                    .push_back((turned as u8 & 0x0f) | (buttons & 0x18) << 1);
            }
        }
        if moved.by != [0; 3] {
            self.waiting.push_front(moved);
        }
    }

    fn hear(&mut self, byte: u8) {
        if follows(&WHEEL, &mut self.wheel_seen, byte) {
            self.mode = Mode::Wheel;
        }
        if follows(&BUTTONS, &mut self.buttons_seen, byte) {
            self.mode = Mode::FiveButtons;
        }
        self.answer.clear();
        self.answer.push_back(0xfa);
        match byte {
            // Poll.
            0xeb => self.make_packet(),
            // Identify.
            0xf2 => self.answer.push_back(match self.mode {
                Mode::Plain => 0,
                Mode::Wheel => 3,
                Mode::FiveButtons => 4,
            }),
            // Status.
            0xe9 => self.answer.extend([0x60, 3, 200]),
            // Reset.
            0xff => {
                (self.wheel_seen, self.buttons_seen) = (0, 0);
                self.mode = Mode::Plain;
                self.answer.extend([0xaa, 0]);
            }
            _ => {}
        }
    }
}

/// Whether `byte` is the last of the sequence.
fn follows(sequence: &[u8; 6], seen: &mut usize, byte: u8) -> bool {
    *seen = if sequence[*seen] == byte {
        *seen + 1
    } else {
        0
    };
    let whole = *seen == sequence.len();
    if whole {
        *seen = 0;
    }
    whole
}

#[cfg(test)]
#[path = "mousedev_tests.rs"]
mod tests;
