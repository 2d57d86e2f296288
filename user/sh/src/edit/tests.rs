//! Tests of the editor with a terminal that is only a picture of one.

use super::screen::{UNKNOWN_WIDTH, visible_width};
use super::terminal::{Received, Terminal};
use super::{Answer, Completer, Completion, Editor};
use crate::history::History;
use std::collections::VecDeque;
use std::io;
use std::time::Duration;

/// A terminal that has its keys pressed beforehand and keeps what is on its screen.
struct Fake {
    keys: VecDeque<u8>,
    /// Its real width.
    columns: usize,
    /// The width it tells.
    told: usize,
    plain: bool,
    rows: Vec<Vec<char>>,
    row: usize,
    column: usize,
    /// The picture before the last key, which is Enter.
    before_enter: Vec<String>,
    cursor_before_enter: (usize, usize),
    beeps: usize,
}

impl Fake {
    fn new(keys: &str, columns: usize) -> Fake {
        Fake {
            keys: keys.bytes().collect(),
            columns,
            told: columns,
            plain: false,
            rows: vec![Vec::new()],
            row: 0,
            column: 0,
            before_enter: Vec::new(),
            cursor_before_enter: (0, 0),
            beeps: 0,
        }
    }

    fn picture(&self) -> Vec<String> {
        let line = |row: &Vec<char>| row.iter().collect::<String>().trim_end().to_owned();
        let mut lines: Vec<String> = self.rows.iter().map(line).collect();
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines
    }

    fn print(&mut self, character: char) {
        // A full row is left only when the next character comes, as terminals do.
        if self.column == self.columns {
            self.column = 0;
            self.row += 1;
        }
        while self.rows.len() <= self.row {
            self.rows.push(Vec::new());
        }
        let row = &mut self.rows[self.row];
        while row.len() <= self.column {
            row.push(' ');
        }
        row[self.column] = character;
        self.column += 1;
    }

    fn control(&mut self, sequence: &str) {
        let (number, letter) = sequence.split_at(sequence.len() - 1);
        let count: usize = number.parse().unwrap_or(1);
        match letter {
            "A" => {
                self.row = self.row.checked_sub(count).unwrap_or_else(|| {
                    panic!(
                        "no {count} rows above row {}: {:?}",
                        self.row,
                        self.picture()
                    )
                })
            }
            "C" => self.column = (self.column + count).min(self.columns - 1),
            "J" if number.is_empty() => {
                self.rows.truncate(self.row + 1);
                if let Some(row) = self.rows.get_mut(self.row) {
                    row.truncate(self.column);
                }
            }
            "J" => self.rows = vec![Vec::new()],
            "H" => (self.row, self.column) = (0, 0),
            other => panic!("the editor sent ESC [ {number} {other}"),
        }
    }
}

impl Terminal for Fake {
    fn read(&mut self, _: Option<Duration>) -> io::Result<Received> {
        if self.keys.len() == 1 {
            self.before_enter = self.picture();
            self.cursor_before_enter = (self.row, self.column);
        }
        Ok(self.keys.pop_front().map_or(Received::End, Received::Byte))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let text = std::str::from_utf8(bytes).expect("the editor writes UTF-8");
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            match character {
                '\x07' => self.beeps += 1,
                '\r' => self.column = 0,
                '\n' => (self.row, self.column) = (self.row + 1, 0),
                '\x1b' => {
                    assert!(!self.plain, "a plain terminal gets no sequences");
                    assert_eq!(characters.next(), Some('['));
                    let mut sequence = String::new();
                    for next in characters.by_ref() {
                        sequence.push(next);
                        if next.is_ascii_alphabetic() {
                            break;
                        }
                    }
                    self.control(&sequence);
                }
                other => self.print(other),
            }
        }
        Ok(())
    }

    fn width(&self) -> usize {
        self.told
    }

    fn is_plain(&self) -> bool {
        self.plain
    }
}

/// Knows three words.
struct Words;

impl Completer for Words {
    fn complete(&self, before: &str) -> Completion {
        let start = before.rfind(' ').map_or(0, |at| at + 1);
        let typed = &before[start..];
        let words = ["apple", "apricot", "folder/"];
        let found: Vec<String> = words
            .iter()
            .filter(|word| word.starts_with(typed))
            .map(|word| (*word).to_owned())
            .collect();
        let start = before[..start].chars().count();
        Completion {
            start,
            shown: found.clone(),
            replacements: found,
            after: " ".to_owned(),
        }
    }
}

fn answer_of(terminal: &mut Fake, editor: &mut Editor) -> Answer {
    editor
        .read_line(terminal, "$ ", &Words)
        .expect("the fake terminal does not fail")
}

fn line(keys: &str) -> String {
    match answer_of(
        &mut Fake::new(&format!("{keys}\r"), 40),
        &mut Editor::new(History::default()),
    ) {
        Answer::Line(line) => line,
        other => panic!("{keys:?} gave {other:?}"),
    }
}

#[test]
fn keys_edit_the_line() {
    assert_eq!(line("hello"), "hello");
    assert_eq!(line("hllo\x1b[D\x1b[D\x1b[De"), "hello");
    assert_eq!(line("ello\x01h\x05!"), "hello!");
    assert_eq!(line("ello\x1b[Hh\x1b[F!"), "hello!");
    assert_eq!(line("helloo\x7f"), "hello");
    assert_eq!(line("hxello\x01\x06\x04"), "hello");
    assert_eq!(line("hxello\x1bOH\x1bOC\x1b[3~"), "hello");
    assert_eq!(line("one two\x17three"), "one three");
    assert_eq!(line("one two\x1bb\x0bthree"), "one three");
    assert_eq!(line("one two\x15\x19\x19"), "one twoone two");
    assert_eq!(line("a b c\x1bb\x1bb\x1bd"), "a  c");
    assert_eq!(line("ba\x14"), "ab");
    assert_eq!(line("one/two\x1b\x7fx"), "one/x");
    assert_eq!(line("one two\x1b[1;5D\x1b[1;5Dx"), "xone two");
    assert_eq!(
        line("a\x1b[5~\x1b[99mb\x1b[[Ac"),
        "abc",
        "unknown keys do nothing"
    );
    assert_eq!(line("\u{20ac}\u{e4}\x7f"), "\u{20ac}");
}

#[test]
fn control_c_and_d() {
    let mut editor = Editor::new(History::default());
    assert_eq!(
        answer_of(&mut Fake::new("abc\x03", 40), &mut editor),
        Answer::Interrupt
    );
    assert_eq!(
        answer_of(&mut Fake::new("\x04", 40), &mut editor),
        Answer::End
    );
    assert_eq!(answer_of(&mut Fake::new("", 40), &mut editor), Answer::End);
    assert_eq!(line("a\x04b"), "ab", "on a line with text it deletes");
}

#[test]
fn history_comes_back() {
    let mut editor = Editor::new(History::default());
    for keys in ["first\r", "second\r"] {
        answer_of(&mut Fake::new(keys, 40), &mut editor);
    }
    let mut recall = |keys: &str| answer_of(&mut Fake::new(keys, 40), &mut editor);
    assert_eq!(recall("\x1b[A\x1b[A\r"), Answer::Line("first".to_owned()));
    assert_eq!(
        recall("draft\x10\x10\x0e\x0e!\r"),
        Answer::Line("draft!".to_owned())
    );
    assert_eq!(recall("\x12sec\r"), Answer::Line("second".to_owned()));
    assert_eq!(recall("\x12fir\x01x\r"), Answer::Line("xfirst".to_owned()));
    assert_eq!(recall("old\x12fir\x07!\r"), Answer::Line("old!".to_owned()));
}

#[test]
fn tab_fills_in_what_is_common() {
    assert_eq!(line("x ap\t"), "x ap");
    assert_eq!(line("x app\tend"), "x apple end");
    assert_eq!(line("f\tend"), "folder/end");
    let mut terminal = Fake::new("x ap\t\t\r", 40);
    answer_of(&mut terminal, &mut Editor::new(History::default()));
    assert!(
        terminal.picture().contains(&"apple    apricot".to_owned()),
        "{:?}",
        terminal.picture()
    );
    let mut terminal = Fake::new("zz\t\r", 40);
    answer_of(&mut terminal, &mut Editor::new(History::default()));
    assert_eq!(terminal.beeps, 1);
}

#[test]
fn the_screen_shows_the_line_at_any_width() {
    // Keys, and the text and cursor that must be seen before Enter.
    let long = "abcdefghijklmnopqrstuvwxyz0123456789";
    let sessions = [
        (long.to_owned(), long.to_owned(), long.len()),
        (format!("{long}\x01X"), format!("X{long}"), 1),
        (
            format!("{long}\x1b[D\x1b[D\x7f"),
            format!("{}89", &long[..33]),
            33,
        ),
        (format!("{long}\x01\x0b"), String::new(), 0),
        (format!("{long}\x15short"), "short".to_owned(), 5),
        (
            format!("{long}{long}\x01\x06\x06\x04"),
            format!("ab{}{long}", &long[3..]),
            2,
        ),
    ];
    for columns in [4, 5, 7, 10, 19, 20, 38, 39, 80] {
        for (keys, text, cursor) in &sessions {
            let mut terminal = Fake::new(&format!("{keys}\r"), columns);
            answer_of(&mut terminal, &mut Editor::new(History::default()));
            let all: Vec<char> = format!("$ {text}").chars().collect();
            let rows: Vec<String> = all
                .chunks(columns)
                .map(|row| row.iter().collect::<String>().trim_end().to_owned())
                .collect();
            assert_eq!(terminal.before_enter, rows, "{keys:?} at {columns} columns");
            let place = cursor + 2;
            let (row, column) = terminal.cursor_before_enter;
            assert_eq!(
                row * columns + column,
                place,
                "cursor after {keys:?} at {columns} columns"
            );
        }
    }
}

#[test]
fn a_plain_terminal_scrolls_sideways() {
    let mut terminal = Fake::new("0123456789abcdefghij\r", 12);
    terminal.plain = true;
    let answer = answer_of(&mut terminal, &mut Editor::new(History::default()));
    assert_eq!(answer, Answer::Line("0123456789abcdefghij".to_owned()));
    assert_eq!(terminal.before_enter, ["$ bcdefghij"]);
    let mut terminal = Fake::new("0123456789abcdefghij\x01\r", 12);
    terminal.plain = true;
    answer_of(&mut terminal, &mut Editor::new(History::default()));
    assert_eq!(terminal.before_enter, ["$ 012345678"]);
    assert_eq!(terminal.cursor_before_enter, (0, 2));
}

#[test]
fn an_unknown_size_is_taken_for_the_usual_one() {
    let text = "x".repeat(UNKNOWN_WIDTH * 2);
    let mut terminal = Fake::new(&format!("{text}\x01y\r"), UNKNOWN_WIDTH);
    terminal.told = 0;
    let answer = answer_of(&mut terminal, &mut Editor::new(History::default()));
    assert_eq!(answer, Answer::Line(format!("y{text}")));
    assert_eq!(terminal.before_enter.concat(), format!("$ y{text}"));
}

#[test]
fn widths() {
    assert_eq!(visible_width("\x1b[1;32mab\x1b[0m"), 2);
    assert_eq!(visible_width("\u{4e2d}a\u{301}"), 3);
}
