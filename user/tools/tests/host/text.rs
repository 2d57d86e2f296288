//! The tools that read text.

use crate::{Folder, feed, run};

const TEXT: &str = "foo\nbar foo\nFoo\n\nxfoox\nfoo_bar\nend";

#[track_caller]
fn grep(options: &str, expected: &str) {
    let words: Vec<&str> = std::iter::once("grep")
        .chain(options.split_whitespace())
        .collect();
    let ran = feed(&words, TEXT);
    assert_eq!(ran.output, expected, "grep {options}: {}", ran.errors);
    assert_eq!(ran.status, i32::from(expected.is_empty()), "grep {options}");
}

#[test]
fn grep_selects_lines() {
    grep("foo", "foo\nbar foo\nxfoox\nfoo_bar\n");
    grep("-n end", "7:end\n");
    grep("-c foo", "4\n");
    grep("-vi foo", "\nend\n");
    grep("-w foo", "foo\nbar foo\n");
    grep("-x foo", "foo\n");
    grep("-o fo*", "foo\nfoo\nfoo\nfoo\n");
    grep("-E ^(foo|end)$", "foo\nend\n");
    grep("-F o_", "foo_bar\n");
    grep("-e Foo -e end", "Foo\nend\n");
    grep("-m1 foo", "foo\n");
    grep("-A1 Foo", "Foo\n\n");
    grep("-n -B1 Foo", "2-bar foo\n3:Foo\n");
    grep("nothing", "");
}

#[test]
fn grep_searches_files_and_folders() {
    let folder = Folder::new("grep");
    folder
        .file("a", "x\nyes\n")
        .file("d/b", "yes\n")
        .file("c", "no\0yes\n");
    assert_eq!(
        folder.run(&["grep", "yes", "a", "d/b"]).good(),
        "a:yes\nd/b:yes\n"
    );
    assert_eq!(
        folder.run(&["grep", "-rl", "yes", "d", "a"]).good(),
        "d/b\na\n"
    );
    assert_eq!(
        folder.run(&["grep", "-h", "yes", "a", "d/b"]).good(),
        "yes\nyes\n"
    );
    assert_eq!(
        folder.run(&["grep", "yes", "c"]).good(),
        "grep: c: binary file matches\n"
    );
    assert_eq!(folder.run(&["grep", "-q", "yes", "a", "nope"]).status, 0);
    assert_eq!(
        folder.run(&["grep", "yes", "nope"]).bad(2),
        "grep: nope: No such file or directory\n"
    );
    assert!(
        folder
            .run(&["grep", "\\(", "a"])
            .bad(2)
            .contains("unmatched")
    );
}

#[test]
fn tail_takes_the_end() {
    let lines: String = (1..=3000).map(|number| format!("{number}\n")).collect();
    let folder = Folder::new("tail");
    folder.file("n", &lines).file("open", "a\nb");
    let cases: [(&[&str], &str); 6] = [
        (&["-n", "2"], "2999\n3000\n"),
        (&["-1"], "3000\n"),
        (&["-c", "5"], "3000\n"),
        (&["-n", "+3000"], "3000\n"),
        (&["-n", "0"], ""),
        (&["+2999"], "2999\n3000\n"),
    ];
    for (options, expected) in cases {
        let words: Vec<&str> = ["tail"].iter().chain(options).copied().collect();
        assert_eq!(
            feed(&words, &lines).good(),
            expected,
            "{options:?} of a stream"
        );
        let words: Vec<&str> = words.into_iter().chain(["n"]).collect();
        assert_eq!(folder.run(&words).good(), expected, "{options:?} of a file");
    }
    assert_eq!(folder.run(&["tail", "-n1", "open"]).good(), "b");
    assert_eq!(
        folder.run(&["tail", "-n1", "open", "n"]).good(),
        "==> open <==\nb\n==> n <==\n3000\n"
    );
    // A file that says it is empty and is not.
    assert!(
        run(&["tail", "-n1", "/proc/self/status"])
            .good()
            .contains("ctxt_switches")
    );
}

#[test]
fn nl_and_hexdump_and_expr() {
    assert_eq!(
        feed(&["nl"], "a\n\nb\n").good(),
        "     1\ta\n       \n     2\tb\n"
    );
    assert_eq!(
        feed(&["nl", "-ba", "-w2", "-s:", "-nrz"], "a\n\n").good(),
        "01:a\n02:\n"
    );
    assert_eq!(
        feed(&["hexdump", "-C"], "hello, world\n").good(),
        "00000000  68 65 6c 6c 6f 2c 20 77  6f 72 6c 64 0a           |hello, world.|\n0000000d\n"
    );
    assert_eq!(
        feed(&["hexdump"], &"\0".repeat(48)).good(),
        "0000000 0000 0000 0000 0000 0000 0000 0000 0000\n*\n0000030\n"
    );
    assert_eq!(run(&["expr", "2", "+", "3", "*", "4"]).good(), "14\n");
    assert_eq!(run(&["expr", "0"]).bad(1), "");
    assert_eq!(
        run(&["expr", "1", "/", "0"]).bad(2),
        "expr: division by zero\n"
    );
}

#[test]
fn xargs_makes_commands() {
    assert_eq!(feed(&["xargs"], "a b\n'c d'\n").good(), "a b c d\n");
    assert_eq!(
        feed(&["xargs", "-n1", "echo", "-"], "a b").good(),
        "- a\n- b\n"
    );
    assert_eq!(
        feed(&["xargs", "-I{}", "echo", "<{}>"], "a b\nc\n").good(),
        "<a b>\n<c>\n"
    );
    assert_eq!(
        feed(&["xargs", "-0", "-n1", "echo"], "a b\0c\0").good(),
        "a b\nc\n"
    );
    assert_eq!(feed(&["xargs", "-r", "echo", "x"], "").good(), "");
    assert_eq!(feed(&["xargs", "false"], "a").bad(123), "");
    let message = feed(&["xargs", "no-such-program"], "a").bad(127);
    assert_eq!(
        message,
        "xargs: no-such-program: No such file or directory\n"
    );
}

#[test]
fn more_copies_what_does_not_go_to_a_terminal() {
    assert_eq!(feed(&["more"], TEXT).good(), TEXT);
}

#[test]
fn sed_edits_lines() {
    let sed = |script: &str| feed(&["sed", script], "one\ntwo\nthree\n").good();
    assert_eq!(sed("2d"), "one\nthree\n");
    assert_eq!(sed("s/e/E/g"), "onE\ntwo\nthrEE\n");
    assert_eq!(
        sed("s/\\(.\\)\\(.\\)/\\2\\1/;/two/!p"),
        "noe\nnoe\nwto\nwto\nhtree\nhtree\n"
    );
    assert_eq!(sed("1!G;h;$!d"), "three\ntwo\none\n");
    assert_eq!(sed("/one/,/two/{s/$/!/}"), "one!\ntwo!\nthree\n");
    assert_eq!(sed(":a;N;$!ba;s/\\n/,/g"), "one,two,three\n");
    assert_eq!(sed("2q"), "one\ntwo\n");
    assert_eq!(sed("1a x\n3i y"), "one\nx\ntwo\ny\nthree\n");
    assert_eq!(feed(&["sed", "-n", "$p"], "a\nb").good(), "b");
    assert_eq!(
        feed(&["sed", "-En", "s/(x+)/<\\1>/p"], "axxb\nc\n").good(),
        "a<xx>b\n"
    );
    let folder = Folder::new("sed");
    folder
        .file("t", "a\nb\n")
        .run(&["sed", "-i", "s/a/A/", "t"])
        .good();
    assert_eq!(folder.run(&["cat", "t"]).good(), "A\nb\n");
    for script in [
        "k",
        "s/a/b",
        "{p",
        "p}",
        "s/a/\\1/",
        "b nowhere",
        "y/ab/c/",
        "p p",
    ] {
        assert!(
            feed(&["sed", script], "x\n").bad(1).starts_with("sed: "),
            "{script}"
        );
    }
}

#[test]
fn dd_copies_blocks() {
    let folder = Folder::new("dd");
    folder.file("a", "0123456789");
    let ran = folder.run(&["dd", "if=a", "of=b", "bs=4"]);
    assert!(
        ran.errors
            .starts_with("2+1 records in\n2+1 records out\n10 bytes copied, "),
        "{ran:?}"
    );
    assert_eq!(folder.run(&["cat", "b"]).good(), "0123456789");
    let quiet = |words: &[&str]| {
        let words: Vec<&str> = words.iter().copied().chain(["status=none"]).collect();
        folder.run(&words).good()
    };
    assert_eq!(
        quiet(&["dd", "if=a", "bs=3", "skip=1", "count=2"]),
        "345678"
    );
    assert_eq!(
        quiet(&["dd", "if=a", "ibs=2", "obs=7", "conv=swab"]),
        "1032547698"
    );
    quiet(&[
        "dd",
        "if=a",
        "of=b",
        "bs=1",
        "count=2",
        "seek=4",
        "conv=notrunc",
    ]);
    assert_eq!(folder.run(&["cat", "b"]).good(), "0123016789");
    quiet(&["dd", "if=a", "of=b", "bs=1", "count=1", "seek=2"]);
    assert_eq!(folder.run(&["cat", "b"]).good(), "010");
    assert_eq!(
        folder.run(&["dd", "if=nope"]).bad(1),
        "dd: failed to open 'nope': No such file or directory\n"
    );
    assert!(
        folder
            .run(&["dd", "nonsense"])
            .bad(2)
            .contains("unrecognized operand 'nonsense'")
    );
}

#[test]
fn cat_copies_and_shows() {
    let folder = Folder::new("cat");
    folder.file("a", "one\n\n\ntwo").file("b", " three\n");
    assert_eq!(
        folder.run(&["cat", "a", "b"]).good(),
        "one\n\n\ntwo three\n"
    );
    assert_eq!(feed(&["cat", "-"], "in").good(), "in");
    assert_eq!(
        folder.run(&["cat", "-ns", "a", "b"]).good(),
        "     1\tone\n     2\t\n     3\ttwo three\n"
    );
    assert_eq!(
        folder.run(&["cat", "-b", "a"]).good(),
        "     1\tone\n\n\n     2\ttwo"
    );
    assert_eq!(
        feed(&["cat", "-A"], "a\tb\x01\u{e9}\x7f\n").good(),
        "a^Ib^AM-CM-)^?$\n"
    );
    let ran = folder.run(&["cat", "nope", "b"]);
    assert_eq!(ran.output, " three\n");
    assert_eq!(ran.bad(1), "cat: nope: No such file or directory\n");
    assert_eq!(folder.run(&["cat", "."]).bad(1), "cat: .: Is a directory\n");
    assert_eq!(run(&["cat", "/proc/self/comm"]).good(), "tools\n");
}
