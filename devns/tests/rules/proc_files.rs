//! `/proc/dev_ns`: what is read, what is written, and every refusal in its order.

use std::sync::Arc;

use devns::proc::{self, File, Malformed, ProcError, Request, WRITE_MAX, Write, list, parse};
use devns::{Foreground, Namespace, Refused, Tag};

use crate::common::{Log, at, foreground, persona, probe};

/// Writes as a process of `caller` would; process N lives in the namespace with init pid N.
fn write(
    foreground: &Foreground,
    caller: &Namespace,
    file: File,
    text: &[u8],
) -> Result<usize, ProcError> {
    let write = Write {
        caller,
        length: text.len(),
        copy: |buffer: &mut [u8]| {
            buffer.copy_from_slice(text);
            true
        },
        find: |pid| foreground.by_init_pid(pid),
        now: at(700),
    };
    write.apply(file, foreground)
}

fn read(foreground: &Foreground, file: File) -> String {
    let bytes = proc::read(file, foreground).expect("outside");
    String::from_utf8(bytes).expect("the tags of this test are text")
}

#[test]
fn the_examples_of_the_documentation_give_the_documented_results() {
    let foreground = foreground();
    let root = foreground.root();
    let demo = persona(&foreground, 41);
    let tag = |text: &[u8]| write(&foreground, root, File::NsTag, text);
    let switch = |text: &[u8]| write(&foreground, root, File::ActiveNsPid, text);
    assert_eq!(tag(b"1:init\n"), Ok(7));
    let text = read(&foreground, File::NsTag);
    assert_eq!(text, "active: 1 timestamp: 0 tag: init\n");
    assert_eq!(tag(b"41:demo\n"), Ok(8));
    assert_eq!(switch(b"41\n"), Ok(3));
    assert_eq!(read(&foreground, File::ActiveNsPid), "41\n");
    let text = read(&foreground, File::NsTag);
    assert_eq!(text, "active: 41 timestamp: 700 tag: demo\n");
    assert_eq!(switch(b"1\n"), Ok(2));
    assert_eq!(read(&foreground, File::ActiveNsPid), "1\n");
    assert_eq!(demo.timestamp(), at(700));
}

#[test]
fn refusals_come_in_their_order() {
    let foreground = foreground();
    let two = persona(&foreground, 2);
    let files = [File::ActiveNsPid, File::NsTag];
    let attempt = |caller: &Arc<Namespace>, file, length, readable, text: &[u8]| {
        let write = Write {
            caller,
            length,
            copy: |buffer: &mut [u8]| {
                buffer[..text.len()].copy_from_slice(text);
                readable
            },
            find: |_| None,
            now: at(1),
        };
        write
            .apply(file, &foreground)
            .map_err(|error| (error, error.errno()))
    };
    for file in files {
        let root = foreground.root();
        // Each has all the faults of those after it.
        let outside = attempt(&two, file, 0, false, b"");
        assert_eq!(outside, Err((ProcError::NotRoot, 1)));
        for length in [0, 16, 17, usize::MAX] {
            let result = attempt(root, file, length, false, b"");
            assert_eq!(result, Err((ProcError::BadLength, 14)), "{length}");
        }
        for length in [1, WRITE_MAX] {
            let result = attempt(root, file, length, false, b"x");
            assert_eq!(result, Err((ProcError::BadPointer, 14)));
        }
        let malformed = ProcError::Malformed(Malformed::NotAPid);
        assert_eq!(attempt(root, file, 3, true, b"x:y"), Err((malformed, 22)));
        assert_eq!(
            attempt(root, file, 3, true, b"7:y"),
            Err((ProcError::NoProcess, 22))
        );
    }
    assert_eq!(proc::open(&two), Err(ProcError::NotRoot));
    assert_eq!(proc::open(foreground.root()), Ok(()));
    assert_eq!(list(&foreground, &two), Err(ProcError::NotRoot));
    assert_eq!(ProcError::Refused(Refused::Inside).errno(), 35);
}

#[test]
fn a_process_that_has_just_ended_is_none() {
    let foreground = foreground();
    let two = persona(&foreground, 2);
    foreground.leave(&two, at(1)).expect("outside");
    let write = Write {
        caller: foreground.root(),
        length: 1,
        copy: |buffer: &mut [u8]| {
            buffer.fill(b'2');
            true
        },
        find: |_| Some(Arc::clone(&two)),
        now: at(2),
    };
    let result = write.apply(File::ActiveNsPid, &foreground);
    assert_eq!(result, Err(ProcError::NoProcess));
    assert!(foreground.root().is_active());
}

#[test]
fn texts_are_taken_apart_as_specified() {
    let both = [File::ActiveNsPid, File::NsTag];
    let request = |pid, tag: &[u8]| {
        Ok(Request {
            pid,
            tag: Tag::new(tag),
        })
    };
    let good: [(&[u8], u32, &[u8]); 17] = [
        (b"12:demo", 12, b"demo"),
        (b"+12:demo", 12, b"demo"),
        (b"0012:demo", 12, b"demo"),
        (b"12:demonstrate", 12, b"demo"),
        (b"12:", 12, b""),
        (b" \t\n\x0b\x0c\r12:a \t\n\x0b\x0c\r", 12, b"a"),
        (b"\xa012:b\xa0", 12, b"b"),
        (b"12: a", 12, b" a"),
        (b"12: a b", 12, b" a b"),
        (b"12:     x", 12, b"    "),
        (b"12:a:b", 12, b"a:b"),
        (b"12::", 12, b":"),
        (b"12: \n", 12, b""),
        (b"12:ab\0:x 1", 12, b"ab"),
        (b"12:a \0b", 12, b"a"),
        (b"12:\xff\x01\xa1", 12, b"\xff\x01\xa1"),
        (b"2147483647:z", 2_147_483_647, b"z"),
    ];
    for (text, pid, tag) in good {
        for file in both {
            assert_eq!(
                parse(file, text),
                request(pid, tag),
                "{}",
                text.escape_ascii()
            );
        }
    }
    for text in [&b"12"[..], b" 12\n", b"12\0:demo", b"+12"] {
        assert_eq!(parse(File::ActiveNsPid, text), request(12, b""));
        assert_eq!(parse(File::NsTag, text), Err(Malformed::NoColon));
    }
    let bad: [&[u8]; 27] = [
        b" ",
        b"\0",
        b"\x001:a",
        b":",
        b":a",
        b" :a",
        b"0:a",
        b"-0:a",
        b"+0:a",
        b"-1:a",
        b"+:a",
        b"-:a",
        b"+-1:a",
        b"++1:a",
        b"+ 1:a",
        b"1 :a",
        b"1\n:a",
        b"1 2:a",
        b"1a:a",
        b"0x1:a",
        b"1.0:a",
        b"1_0:a",
        b"\xef\xbc\x91:a",
        b"2147483648:a",
        b"-2147483649:a",
        b"9999999999999:",
        b"\xa11:a",
    ];
    for text in bad {
        for file in both {
            assert_eq!(
                parse(file, text),
                Err(Malformed::NotAPid),
                "{}",
                text.escape_ascii()
            );
        }
    }
}

#[test]
fn an_empty_tag_clears_it_and_a_pid_alone_leaves_it() {
    let foreground = foreground();
    let root = foreground.root();
    root.set_tag(Tag::new(b"old"));
    assert_eq!(write(&foreground, root, File::ActiveNsPid, b"1:new"), Ok(5));
    assert_eq!(root.tag(), Tag::new(b"old"));
    assert_eq!(write(&foreground, root, File::NsTag, b"1:"), Ok(2));
    assert_eq!(
        read(&foreground, File::NsTag),
        "active: 1 timestamp: 0 tag: \n"
    );
    root.set_tag(Tag::new(b"a\n\xff "));
    let text = proc::read(File::NsTag, &foreground).expect("outside");
    assert_eq!(text, b"active: 1 timestamp: 0 tag: a\n\xff \n");
}

#[test]
fn the_list_has_a_line_of_twelve_words_for_each() {
    let foreground = foreground();
    let log = Log::default();
    let class = probe::<false>(&foreground, "input", &log);
    let screen = probe::<true>(&foreground, "fb 0,\\", &log);
    let root = Arc::clone(foreground.root());
    root.join().expect("always");
    let (two, three) = (persona(&foreground, 2), persona(&foreground, 3));
    let _unborn = foreground.create(4);
    two.set_tag(Tag::new(b"-"));
    three.set_tag(Tag::new(b"a \n\xc3"));
    three.join().expect("it lives");
    foreground.switch(&three, at(55)).expect("it has a process");
    let _files = (screen.get(&three), class.get(&three));
    foreground.leave(&two, at(60)).expect("outside");
    let text = list(&foreground, &root).expect("root");
    let text = String::from_utf8(text).expect("ASCII");
    assert_eq!(
        text,
        "init_pid: 3 tag: a\\040\\012\\303 state: active timestamp: 55 processes: 2 \
         classes: input,fb\\0400\\054\\134\n\
         init_pid: 1 tag: - state: background timestamp: 55 processes: 1 classes: -\n\
         init_pid: 2 tag: \\055 state: background timestamp: 0 processes: 0 classes: -\n\
         init_pid: 0 tag: - state: background timestamp: 0 processes: 0 classes: -\n"
    );
    assert!(text.lines().all(|line| line.split(' ').count() == 12));
}
