//! What programs write, and the cells that come of it: the sequences that shells, editors and
//! pagers use. The expected screens are xterm's.

use alacritty_terminal::grid::Scroll;
use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::term::TermMode;
use alacritty_terminal::term::cell::Flags;
use screen::Who;

use super::{Emulator, Size};
use crate::colours::Colours;

fn emulator() -> Emulator {
    let size = Size {
        columns: 10,
        lines: 5,
        cell: (9, 20),
    };
    Emulator::new(size, Colours::of(&Who::named("test")))
}

/// The lines of the screen after this was written.
fn screen(text: &str) -> Vec<String> {
    let mut emulator = emulator();
    emulator.feed(text.as_bytes());
    (0..5).map(|line| emulator.line(line)).collect()
}

fn replies(text: &str) -> String {
    let mut emulator = emulator();
    emulator.feed(text.as_bytes());
    String::from_utf8(emulator.take_replies()).expect("replies are text")
}

#[test]
fn text_wraps_at_the_last_column_and_not_before() {
    assert_eq!(screen("0123456789")[..2], ["0123456789", ""]);
    assert_eq!(screen("0123456789x")[..2], ["0123456789", "x"]);
    assert_eq!(screen("0123456789\r\nx")[..2], ["0123456789", "x"]);
}

#[test]
fn the_cursor_goes_where_it_is_told() {
    let text = "\x1b[3;4Hx\x1b[2Ay\x1b[Dz\x1b[1;2Ha\x1b[2Bb\x1b[5Gc";
    assert_eq!(screen(text)[..3], [" a  z", "", "  bxc"]);
}

#[test]
fn erasing_leaves_the_rest() {
    let text = "0123456789\r\nabcdefghij\r\nABCDEFGHIJ\x1b[2;5H";
    assert_eq!(screen(&format!("{text}\x1b[K"))[1], "abcd");
    assert_eq!(screen(&format!("{text}\x1b[1K"))[1], "     fghij");
    assert_eq!(
        screen(&format!("{text}\x1b[J"))[..3],
        ["0123456789", "abcd", ""]
    );
    let lower = "0123456789\r\nabcdefghij\r\nABCDEFGHIJ\x1b[3;5H\x1b[1J";
    assert_eq!(screen(lower)[..3], ["", "", "     FGHIJ"]);
    assert_eq!(screen(&format!("{text}\x1b[3X"))[1], "abcd   hij");
}

#[test]
fn characters_and_lines_are_inserted_and_deleted() {
    assert_eq!(screen("abcdef\x1b[3G\x1b[2@")[0], "ab  cdef");
    assert_eq!(screen("abcdef\x1b[3G\x1b[2P")[0], "abef");
    assert_eq!(screen("a\r\nb\r\nc\x1b[2H\x1b[L")[..4], ["a", "", "b", "c"]);
    assert_eq!(screen("a\r\nb\r\nc\x1b[2H\x1b[M")[..3], ["a", "c", ""]);
    assert_eq!(screen("abc\x1b[1G\x1b[4hX\x1b[4l")[0], "Xabc");
}

#[test]
fn a_scroll_region_scrolls_alone() {
    let text = "1\r\n2\r\n3\r\n4\r\n5\x1b[2;4r\x1b[4H\n";
    assert_eq!(screen(text), ["1", "3", "4", "", "5"]);
    assert_eq!(
        screen("1\r\n2\r\n3\r\n4\r\n5\x1b[2;4r\x1b[2H\x1bM"),
        ["1", "", "2", "3", "5"]
    );
}

#[test]
fn tabs_stop_every_eight_columns_and_where_set() {
    assert_eq!(screen("\tx")[0], "        x");
    assert_eq!(screen("\x1b[4G\x1bH\r\tx")[0], "   x");
    assert_eq!(screen("\x1b[3g\x1b[4G\x1bH\r\tx\r\n\t\ty")[1], "         y");
}

#[test]
fn the_alternate_screen_comes_and_goes() {
    assert_eq!(screen("main\x1b[?1049hother")[0], "    other");
    assert_eq!(screen("main\x1b[?1049hother\x1b[?1049l")[0], "main");
}

#[test]
fn attributes_and_colours_stand_in_the_cells() {
    let mut emulator = emulator();
    emulator.feed(b"\x1b[1;3;4;7;9;38;5;196;48;2;1;2;3mx\x1b[0my");
    let line = &emulator.grid().grid()[Line(0)];
    let flags = line[Column(0)].flags;
    for flag in [
        Flags::BOLD,
        Flags::ITALIC,
        Flags::UNDERLINE,
        Flags::INVERSE,
        Flags::STRIKEOUT,
    ] {
        assert!(flags.contains(flag), "{flag:?}");
    }
    assert!(line[Column(1)].flags.is_empty());
}

#[test]
fn wide_characters_take_two_cells_and_broken_ones_one() {
    let mut emulator = emulator();
    emulator.feed("漢x\u{301}".as_bytes());
    emulator.feed(b"\xff!");
    let line = &emulator.grid().grid()[Line(0)];
    assert!(line[Column(0)].flags.contains(Flags::WIDE_CHAR));
    assert!(line[Column(1)].flags.contains(Flags::WIDE_CHAR_SPACER));
    assert_eq!(line[Column(2)].zerowidth(), Some(&['\u{301}'][..]));
    assert_eq!(line[Column(3)].c, '\u{fffd}');
    assert_eq!(line[Column(4)].c, '!');
}

/// The columns of the first line in which the two halves of wide characters are, after this was
/// written: `<` and `>`, and `.` for all else.
fn halves(text: &str) -> String {
    let mut emulator = emulator();
    emulator.feed(text.as_bytes());
    let line = &emulator.grid().grid()[Line(0)];
    let half = |column| match line[Column(column)].flags {
        flags if flags.contains(Flags::WIDE_CHAR) => '<',
        flags if flags.contains(Flags::WIDE_CHAR_SPACER) => '>',
        _ => '.',
    };
    (0..10).map(half).collect()
}

#[test]
fn characters_are_as_wide_as_unicode_says() {
    let column = |text: &str| replies(&format!("{text}\x1b[6n"));
    for (text, width) in [
        ("a", 1),
        ("ü", 1),
        ("漢", 2),
        ("ア", 2),
        ("ｱ", 1),
        ("한", 2),
        ("Ａ", 2),
        ("\u{1f600}", 2),
        ("─", 1),
        ("e\u{301}", 1),
        ("\u{5d0}\u{5b0}\u{5b8}", 1),
        ("漢\u{3099}", 2),
        ("a\u{200b}\u{200d}\u{fe0f}", 1),
    ] {
        assert_eq!(column(text), format!("\x1b[1;{}R", width + 1), "{text}");
    }
}

#[test]
fn a_wide_character_is_never_split_at_the_last_column() {
    assert_eq!(halves("01234567漢"), "........<>");
    let lines = |text: &str| screen(text)[..2].to_vec();
    assert_eq!(lines("01234567漢x"), ["01234567漢", "x"]);
    assert_eq!(lines("012345678漢x"), ["012345678", "漢 x"]);
    assert_eq!(halves("012345678漢x"), "..........");
    // A mark goes with the character before the wrap.
    assert_eq!(lines("01234567漢\u{301}x"), ["01234567漢", "x"]);
    assert_eq!(halves("\x1b[?7l012345678漢"), "..........");
}

#[test]
fn half_a_wide_character_takes_the_other_along() {
    assert_eq!(halves("a漢字b"), ".<><>.....");
    for (what, text, expected, line) in [
        ("overwritten left", "\x1b[2Gx", "...<>.....", "ax 字 b"),
        ("overwritten right", "\x1b[3Gx", "...<>.....", "a x字 b"),
        ("erased left", "\x1b[2G\x1b[X", "...<>.....", "a  字 b"),
        ("erased right", "\x1b[3G\x1b[X", "...<>.....", "a  字 b"),
        ("erased to the end", "\x1b[5G\x1b[K", ".<>.......", "a漢"),
        (
            "erased from the start",
            "\x1b[2G\x1b[1K",
            "...<>.....",
            "   字 b",
        ),
        ("deleted left", "\x1b[2G\x1b[P", "..<>......", "a 字 b"),
        ("deleted right", "\x1b[3G\x1b[P", "..<>......", "a 字 b"),
        (
            "inserted between",
            "\x1b[3G\x1b[@",
            "....<>....",
            "a   字 b",
        ),
        (
            "a wide one over two halves",
            "\x1b[3G語",
            "..<>......",
            "a 語  b",
        ),
    ] {
        let text = format!("a漢字b{text}");
        assert_eq!(halves(&text), expected, "{what}");
        assert_eq!(screen(&text)[0], line, "{what}");
    }
    assert_eq!(halves("01234567漢\x1b[1G\x1b[@"), "..........");
}

#[test]
fn marks_without_end_do_not_fill_the_memory() {
    let mut emulator = emulator();
    emulator.feed("\x1b[4me".as_bytes());
    for _ in 0..100 {
        emulator.feed("\u{301}".repeat(100).as_bytes());
    }
    let cell = &emulator.grid().grid()[Line(0)][Column(0)];
    assert!(cell.zerowidth().is_some_and(|marks| marks.len() <= 100));
    assert!(cell.flags.contains(Flags::UNDERLINE));
}

#[test]
fn a_letter_may_come_in_parts() {
    let mut emulator = emulator();
    for byte in "ä\x1b[31mö".bytes() {
        emulator.feed(&[byte]);
    }
    assert_eq!(emulator.line(0), "äö");
}

#[test]
fn programs_that_ask_get_an_answer() {
    assert_eq!(replies("\x1b[3;4H\x1b[6n"), "\x1b[3;4R");
    assert_eq!(replies("\x1b[5n"), "\x1b[0n");
    assert!(replies("\x1b[c").starts_with("\x1b[?6"));
    assert_eq!(replies("\x1b[18t"), "\x1b[8;5;10t");
    assert_eq!(
        replies("\x1b]4;196;?\x07"),
        "\x1b]4;196;rgb:ffff/0000/0000\x07"
    );
    assert_eq!(replies("\x1b[?2004$p"), "\x1b[?2004;2$y");
}

#[test]
fn modes_are_known_to_the_keyboard() {
    let mut emulator = emulator();
    emulator.feed(b"\x1b[?1h\x1b=\x1b[?2004h");
    let wanted = TermMode::APP_CURSOR | TermMode::APP_KEYPAD | TermMode::BRACKETED_PASTE;
    assert!(emulator.mode().contains(wanted));
    emulator.feed(b"\x1b[?1l\x1b>\x1b[?2004l");
    assert!(!emulator.mode().intersects(wanted));
}

#[test]
fn titles_and_bells_are_noticed() {
    let mut emulator = emulator();
    emulator.feed(b"\x1b]0;the title\x07");
    assert_eq!(emulator.title(), Some("the title"));
    assert!(!emulator.take_bell(), "that BEL only ended the title");
    emulator.feed(b"\x07");
    assert!(emulator.take_bell());
    assert!(!emulator.take_bell());
}

#[test]
fn what_has_scrolled_away_can_be_seen_again() {
    let mut emulator = emulator();
    for line in 1..=12 {
        emulator.feed(format!("\r\n{line}").as_bytes());
    }
    emulator.scroll(Scroll::PageUp);
    assert_eq!(emulator.lines_back(), 5);
    emulator.scroll(Scroll::Top);
    assert_eq!(emulator.lines_back(), 8);
    emulator.scroll(Scroll::Bottom);
    assert_eq!(emulator.lines_back(), 0);
}

#[test]
fn long_lines_are_wrapped_anew_in_another_size() {
    let mut emulator = emulator();
    emulator.feed(b"0123456789abc");
    let wider = Size {
        columns: 20,
        ..emulator.size()
    };
    emulator.resize(wider);
    assert_eq!(emulator.line(0), "0123456789abc");
}

#[test]
fn rubbish_does_no_harm() {
    let mut emulator = emulator();
    let mut state = 1_u32;
    for _ in 0..20_000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let byte = match state >> 24 {
            0..40 => 0x1b,
            40..90 => b"[]?;0123456789hlmHJKrP@LMSTX"[(state >> 8) as usize % 28],
            other => other as u8,
        };
        emulator.feed(&[byte]);
    }
    emulator.feed(b"\x1bc\x18ok");
    assert_eq!(emulator.line(0), "ok");
}
