//! The terminal on a picture in memory: what is drawn, what is not drawn again, and what the
//! keyboard does to it.

use std::time::{Duration, Instant};

use screen::{Canvas, Colour, EventType, Format, InputEvent, KeyCode, RelativeAxisCode, Who};

use super::{FLASH, Session};

const WIDTH: usize = 400;
const HEIGHT: usize = 240;

struct Desk {
    session: Session,
    pixels: Vec<u8>,
    format: Format,
    now: Instant,
}

impl Desk {
    fn new(format: Format) -> Self {
        Self {
            session: Session::new(Who::named("demo"), "sh", (WIDTH, HEIGHT)),
            pixels: vec![0; WIDTH * HEIGHT * format.bytes()],
            format,
            now: Instant::now(),
        }
    }

    fn write(&mut self, text: &str) {
        self.session.feed(text.as_bytes(), self.now);
    }

    fn draw(&mut self) -> usize {
        let stride = WIDTH * self.format.bytes();
        let canvas = Canvas::new(&mut self.pixels, stride, (WIDTH, HEIGHT), self.format);
        self.session.draw(&mut canvas.expect("it fits"), self.now)
    }

    /// The picture of a terminal in which all of this has been written and drawn at once.
    fn picture_of(text: &str) -> Vec<u8> {
        let mut desk = Self::new(Format::XRGB8888);
        desk.write(text);
        desk.draw();
        desk.pixels
    }

    fn key(&mut self, key: KeyCode) {
        self.session
            .input(InputEvent::new(EventType::KEY.0, key.0, 1));
        self.session
            .input(InputEvent::new(EventType::KEY.0, key.0, 0));
    }

    fn sent(&mut self) -> String {
        let bytes = std::mem::take(self.session.outgoing());
        String::from_utf8(bytes).expect("keys send text")
    }
}

#[test]
fn only_changed_cells_are_drawn_again() {
    let mut desk = Desk::new(Format::XRGB8888);
    let size = desk.session.size();
    desk.write("hello");
    assert_eq!(desk.draw(), size.columns * size.lines);
    assert_eq!(desk.draw(), 0);
    desk.write("!");
    assert_eq!(desk.draw(), 2, "the letter and the cursor");
    desk.write("\rhello");
    assert_eq!(
        desk.draw(),
        2,
        "the cursor came from behind the mark to its place"
    );
    desk.write("\x1b[H\x1b[2Jhello!\x1b[D");
    assert_eq!(desk.draw(), 0, "all was erased and written again as it was");
}

#[test]
fn what_is_drawn_in_steps_is_what_is_drawn_at_once() {
    let text = "\x1b[1;31mred\x1b[0m\r\n\x1b[7mwide 漢 \x1b[3mslanted\x1b[0m\r\n┌─┐\r\n1\r\n2\r\n\
                3\r\n4\r\n5\r\n6\r\n7\r\n8\r\n9\r\n10\r\n11\r\n12\r\n13\x1b[4;9r\x1b[4H\x1bM\x1b[2P";
    let mut desk = Desk::new(Format::XRGB8888);
    let mut start = 0;
    for (index, _) in text.char_indices().skip(1) {
        desk.write(&text[start..index]);
        desk.draw();
        start = index;
    }
    desk.write(&text[start..]);
    desk.draw();
    assert!(desk.pixels == Desk::picture_of(text));
}

#[test]
fn colours_of_the_cube_and_the_greys_are_those_of_xterm() {
    let paper = |sequence: &str| {
        let mut desk = Desk::new(Format::XRGB8888);
        desk.write(&format!("\x1b[H{sequence}  \x1b[0m"));
        desk.draw();
        let pixels = desk.pixels.chunks_exact(4);
        let mut count = std::collections::HashMap::new();
        pixels.for_each(|pixel| *count.entry([pixel[2], pixel[1], pixel[0]]).or_insert(0) += 1);
        count
    };
    let cells = |sequence, colour| paper(sequence).get(&colour).copied().unwrap_or(0);
    // As many pixels as two cells have, which is told by a colour that has no number.
    let two_cells = cells("\x1b[48;2;1;2;3m", [1, 2, 3]);
    assert!(two_cells > 100, "{two_cells}");
    for (sequence, colour) in [
        ("\x1b[48;5;196m", [0xff, 0, 0]),
        ("\x1b[48;5;21m", [0, 0, 0xff]),
        ("\x1b[48;5;67m", [0x5f, 0x87, 0xaf]),
        ("\x1b[48;5;244m", [0x80, 0x80, 0x80]),
    ] {
        assert_eq!(cells(sequence, colour), two_cells, "{sequence:?}");
        assert_eq!(cells("", colour), 0, "{colour:x?}");
    }
}

#[test]
fn half_a_wide_character_leaves_nothing_on_the_screen() {
    for erased in ["\x1b[2G\x1b[X", "\x1b[3G\x1b[X", "\x1b[3G\x1b[K"] {
        let mut desk = Desk::new(Format::XRGB8888);
        desk.write("a漢");
        desk.draw();
        desk.write(erased);
        desk.write("\x1b[9G");
        desk.draw();
        assert!(desk.pixels == Desk::picture_of("a\x1b[9G"), "{erased:?}");
    }
}

#[test]
fn marks_are_seen_where_the_font_has_the_whole() {
    let picture = Desk::picture_of;
    assert!(picture("e\u{301}u\u{308}") == picture("éü"));
    assert!(picture("e") != picture("é"));
    assert!(picture("x\u{301}\u{200d}") == picture("x"));
    // One that is not known does not hide the next.
    assert!(picture("s\u{331}\u{30c}") == picture("š"));
    let mut desk = Desk::new(Format::XRGB8888);
    desk.write("e");
    desk.draw();
    desk.write("\u{301}");
    assert_eq!(desk.draw(), 1, "the letter has got its mark");
}

#[test]
fn a_spoilt_picture_is_drawn_anew() {
    let mut desk = Desk::new(Format::XRGB8888);
    desk.write("text");
    desk.draw();
    let before = desk.pixels.clone();
    desk.pixels.fill(0x55);
    assert_eq!(desk.draw(), 0, "nobody has said so");
    desk.session.spoil();
    desk.draw();
    assert!(desk.pixels == before);
}

#[test]
fn every_pixel_is_drawn_in_both_forms() {
    for format in [Format::XRGB8888, Format::RGB565] {
        let drawn = |empty: u8| {
            let mut desk = Desk::new(format);
            desk.pixels.fill(empty);
            desk.write("\x1b[44mblue");
            desk.draw();
            desk.pixels
        };
        assert!(drawn(0) == drawn(0xff));
    }
}

#[test]
fn colours_come_out_as_they_went_in() {
    let mut desk = Desk::new(Format::XRGB8888);
    desk.write("\x1b[?25l\x1b[48;2;1;2;3m ");
    desk.draw();
    let has = |pixels: &[u8], colour: [u8; 3]| pixels.chunks(4).any(|p| p[..3] == colour);
    assert!(has(&desk.pixels, [3, 2, 1]));
    let who = Who::named("demo").colour;
    assert!(has(&desk.pixels, [who.blue, who.green, who.red]), "the bar");
    assert!(!has(&desk.pixels, [255, 0, 255]));
    assert_ne!(who, Colour::BLACK);
}

#[test]
fn keys_go_to_the_shell() {
    let mut desk = Desk::new(Format::XRGB8888);
    for key in [KeyCode::KEY_L, KeyCode::KEY_S, KeyCode::KEY_ENTER] {
        desk.key(key);
    }
    assert_eq!(desk.sent(), "ls\r");
    desk.write("\x1b[?1h");
    desk.key(KeyCode::KEY_UP);
    assert_eq!(desk.sent(), "\x1bOA");
    desk.write("\x1b[6n");
    assert_eq!(desk.sent(), "\x1b[1;1R");
}

#[test]
fn looking_back_shows_the_old_and_typing_the_new() {
    let mut desk = Desk::new(Format::XRGB8888);
    for line in 0..60 {
        desk.write(&format!("line {line}\r\n"));
    }
    desk.draw();
    let present = desk.pixels.clone();
    let shift = KeyCode::KEY_LEFTSHIFT.0;
    desk.session
        .input(InputEvent::new(EventType::KEY.0, shift, 1));
    desk.key(KeyCode::KEY_PAGEUP);
    desk.session
        .input(InputEvent::new(EventType::KEY.0, shift, 0));
    desk.draw();
    assert!(desk.pixels != present);
    assert_eq!(desk.sent(), "");
    desk.key(KeyCode::KEY_A);
    desk.draw();
    assert!(desk.pixels == present);
    let wheel =
        |steps| InputEvent::new(EventType::RELATIVE.0, RelativeAxisCode::REL_WHEEL.0, steps);
    desk.session.input(wheel(1));
    desk.draw();
    assert!(desk.pixels != present);
    desk.session.input(wheel(-1));
    desk.draw();
    assert!(desk.pixels == present);
}

#[test]
fn the_wheel_moves_in_a_pager() {
    let mut desk = Desk::new(Format::XRGB8888);
    desk.write("\x1b[?1049h");
    let wheel = InputEvent::new(EventType::RELATIVE.0, RelativeAxisCode::REL_WHEEL.0, -1);
    desk.session.input(wheel);
    assert_eq!(desk.sent(), "\x1b[B\x1b[B\x1b[B");
}

#[test]
fn a_bell_flashes_and_the_flash_ends() {
    let mut desk = Desk::new(Format::XRGB8888);
    desk.draw();
    let quiet = desk.pixels.clone();
    assert_eq!(desk.session.wake_at(), None);
    desk.write("\x07");
    desk.draw();
    assert!(desk.pixels != quiet);
    assert_eq!(desk.session.wake_at(), Some(desk.now + FLASH));
    desk.now += FLASH;
    desk.draw();
    assert!(desk.pixels == quiet);
    assert_eq!(desk.session.wake_at(), None);
}

#[test]
fn a_synchronized_update_is_seen_whole_or_when_it_takes_too_long() {
    let mut desk = Desk::new(Format::XRGB8888);
    desk.draw();
    desk.write("\x1b[?2026hhalf");
    assert_eq!(desk.draw(), 0);
    desk.write("\x1b[?2026l");
    assert!(desk.draw() > 0);
    desk.write("\x1b[?2026hlate");
    let end = desk.session.wake_at().expect("it does not wait for ever");
    desk.now = end + Duration::from_millis(1);
    assert!(desk.draw() > 0);
}

#[test]
fn another_size_brings_other_lines_and_columns() {
    let mut desk = Desk::new(Format::XRGB8888);
    desk.write("text");
    desk.draw();
    let before = desk.session.size();
    desk.session.resize((WIDTH, HEIGHT / 2));
    let after = desk.session.size();
    assert_eq!(after.columns, before.columns);
    assert!(after.lines < before.lines);
    assert_eq!(desk.session.line(0), "text");
    assert_eq!(desk.draw(), after.columns * after.lines);
    for tiny in [(0, 0), (1, 1), (30, 2000), (5000, 10)] {
        desk.session.resize(tiny);
        desk.draw();
    }
}
