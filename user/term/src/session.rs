//! The terminal on plain memory: bytes of the shell and events of the keyboard go in, bytes for
//! the shell and pixels come out.

use std::time::{Duration, Instant};

use alacritty_terminal::grid::Scroll;
use alacritty_terminal::term::TermMode;
use screen::{Canvas, EventType, Font, InputEvent, KeyCode, LedCode, Rect, RelativeAxisCode, Who};

use crate::bar::{Bar, Said};
use crate::colours::Colours;
use crate::emulator::{Emulator, Size};
use crate::keyboard::{Keyboard, Look, Meaning};
use crate::view::View;

/// How long the bar shows that the bell was rung.
const FLASH: Duration = Duration::from_millis(150);
/// How many lines a step of the mouse wheel moves.
const WHEEL_LINES: i32 = 3;

/// A terminal without devices.
pub struct Session {
    who: Who,
    program: String,
    emulator: Emulator,
    keyboard: Keyboard,
    font: Font,
    bar: Bar,
    view: View,
    colours: Colours,
    outgoing: Vec<u8>,
    lamps: Vec<(LedCode, bool)>,
    flash_until: Option<Instant>,
    spoilt: bool,
}

impl Session {
    /// A terminal for a picture of this width and height in pixels; `program` is what it says
    /// runs in it until a program says otherwise.
    pub fn new(who: Who, program: &str, picture: (usize, usize)) -> Self {
        let colours = Colours::of(&who);
        let font = Font::for_screen(picture.0);
        Self {
            emulator: Emulator::new(size_for(font, picture), colours.clone()),
            keyboard: Keyboard::default(),
            bar: Bar::new(who.clone(), font, colours.background()),
            view: View::new(font, colours.clone()),
            who,
            program: program.into(),
            font,
            colours,
            outgoing: Vec::new(),
            lamps: Vec::new(),
            flash_until: None,
            spoilt: true,
        }
    }

    /// Takes in what the shell wrote, at the time `now`.
    pub fn feed(&mut self, bytes: &[u8], now: Instant) {
        self.emulator.feed(bytes);
        self.outgoing.extend(self.emulator.take_replies());
        if self.emulator.take_bell() {
            self.flash_until = Some(now + FLASH);
        }
    }

    /// Takes in an event of a keyboard or a mouse.
    pub fn input(&mut self, event: InputEvent) {
        match event.event_type() {
            EventType::KEY => {
                let key = KeyCode::new(event.code());
                self.press(key, event.value());
            }
            EventType::RELATIVE if event.code() == RelativeAxisCode::REL_WHEEL.0 => {
                self.wheel(event.value());
            }
            _ => {}
        }
    }

    fn press(&mut self, key: KeyCode, value: i32) {
        match self.keyboard.key(key, value, self.emulator.mode()) {
            Meaning::Bytes(bytes) => {
                // Who types wants to see it.
                self.emulator.scroll(Scroll::Bottom);
                self.outgoing.extend(bytes);
            }
            Meaning::Look(look) => self.emulator.scroll(match look {
                Look::PageUp => Scroll::PageUp,
                Look::PageDown => Scroll::PageDown,
                Look::Top => Scroll::Top,
                Look::Bottom => Scroll::Bottom,
            }),
            Meaning::Lamp(lamp, on) => self.lamps.push((lamp, on)),
            Meaning::Nothing => {}
        }
    }

    /// The wheel looks back; a program that has the alternate screen gets cursor keys instead.
    fn wheel(&mut self, steps: i32) {
        let mode = self.emulator.mode();
        let lines = steps.saturating_mul(WHEEL_LINES).clamp(-100, 100);
        if mode.contains(TermMode::ALT_SCREEN | TermMode::ALTERNATE_SCROLL) {
            let key = if lines > 0 {
                KeyCode::KEY_UP
            } else {
                KeyCode::KEY_DOWN
            };
            for _ in 0..lines.abs() {
                self.press(key, 1);
            }
        } else {
            self.emulator.scroll(Scroll::Delta(lines));
        }
    }

    /// What is to be written to the shell.
    pub fn outgoing(&mut self) -> &mut Vec<u8> {
        &mut self.outgoing
    }

    /// The lamps that have to be lit or put out.
    pub fn take_lamps(&mut self) -> Vec<(LedCode, bool)> {
        std::mem::take(&mut self.lamps)
    }

    /// The number of columns and lines, and the size of the whole in pixels.
    pub fn size(&self) -> Size {
        self.emulator.size()
    }

    /// The picture has another size now. Nothing of the old one is left.
    pub fn resize(&mut self, picture: (usize, usize)) {
        self.font = Font::for_screen(picture.0);
        self.emulator.resize(size_for(self.font, picture));
        let background = self.colours.background();
        self.bar = Bar::new(self.who.clone(), self.font, background);
        self.view = View::new(self.font, self.colours.clone());
        self.spoilt = true;
    }

    /// Someone else has drawn over the picture.
    pub fn spoil(&mut self) {
        self.spoilt = true;
    }

    /// When to draw again at the latest though nothing comes in: a flash ends, or a program that
    /// asked to see nothing takes too long.
    pub fn wake_at(&self) -> Option<Instant> {
        let times = [self.flash_until, self.emulator.held_until()];
        times.into_iter().flatten().min()
    }

    /// Draws what looks different now, at the time `now`. Gives the number of cells drawn.
    pub fn draw(&mut self, canvas: &mut Canvas, now: Instant) -> usize {
        if self.flash_until.is_some_and(|end| end <= now) {
            self.flash_until = None;
        }
        match self.emulator.held_until() {
            Some(end) if end <= now => self.emulator.show_held(),
            Some(_) if !self.spoilt => return 0,
            _ => {}
        }
        if self.spoilt {
            self.spoilt = false;
            canvas.fill(canvas.bounds(), self.colours.background());
            self.bar.spoil();
            self.view.spoil();
        }
        let said = self.said();
        self.bar.draw(&said, canvas);
        let origin = origin(self.font, (canvas.width(), canvas.height()), self.size());
        self.view.draw(self.emulator.grid(), canvas, origin)
    }

    fn said(&self) -> Said {
        let mut marks = Vec::new();
        if self.keyboard.caps_lock() {
            marks.push("CAPS".to_owned());
        }
        if self.keyboard.num_lock() {
            marks.push("NUM".to_owned());
        }
        let back = self.emulator.lines_back();
        if back > 0 {
            marks.push(format!("↑ {back}"));
        }
        Said {
            title: self.emulator.title().unwrap_or(&self.program).into(),
            marks: marks.join("  "),
            flash: self.flash_until.is_some(),
        }
    }

    /// What a line of the screen shows; for tests.
    #[cfg(test)]
    pub fn line(&self, line: i32) -> String {
        self.emulator.line(line)
    }
}

/// The room left and right of the text, in pixels.
fn margin(font: Font) -> usize {
    font.width() / 2
}

/// How many cells there are on a picture of this size; at least one, however small it is.
fn size_for(font: Font, (width, height): (usize, usize)) -> Size {
    let cell = (font.width(), font.height());
    let room = width.saturating_sub(2 * margin(font));
    let below = height.saturating_sub(Bar::height(font) + margin(font));
    Size {
        // The grid wants two columns, for wide characters.
        columns: (room / cell.0).max(2),
        lines: (below / cell.1).max(1),
        cell,
    }
}

/// The place of the upper left cell: the text begins below the bar and fills the room evenly.
fn origin(font: Font, (width, height): (i32, i32), size: Size) -> (i32, i32) {
    let used = Rect::new(
        0,
        Bar::height(font) as i32,
        (size.columns * size.cell.0) as i32,
        (size.lines * size.cell.1) as i32,
    );
    let left = ((width - used.width) / 2).max(0);
    (left, used.y + ((height - used.y - used.height) / 2).max(0))
}

#[cfg(test)]
mod tests;
