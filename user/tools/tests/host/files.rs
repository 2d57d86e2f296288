//! The tools that look at files.

use std::os::unix::fs::{PermissionsExt, symlink};

use crate::{Folder, run};

fn tree() -> Folder {
    let folder = Folder::new(
        std::thread::current()
            .name()
            .unwrap_or("x")
            .rsplit(':')
            .next()
            .unwrap_or("x"),
    );
    folder
        .file("one", "1\n")
        .file("d/two", "22\n")
        .file("d/e/three.txt", "")
        .file(".hidden", "");
    symlink("one", folder.0.join("link")).expect("can be made");
    symlink("nowhere", folder.0.join("broken")).expect("can be made");
    folder
}

#[test]
fn ls_lists_names_in_byte_order_and_hides_dots() {
    let folder = tree();
    assert_eq!(folder.run(&["ls"]).good(), "broken\nd\nlink\none\n");
    assert_eq!(
        folder.run(&["ls", "-A"]).good(),
        ".hidden\nbroken\nd\nlink\none\n"
    );
    assert_eq!(
        folder.run(&["ls", "-aF"]).good(),
        "./\n../\n.hidden\nbroken@\nd/\nlink@\none\n"
    );
    assert_eq!(folder.run(&["ls", "-r", "d"]).good(), "two\ne\n");
    assert_eq!(folder.run(&["ls", "-d", "d", "one"]).good(), "d\none\n");
    assert_eq!(
        folder.run(&["ls", "-R", "d"]).good(),
        "d:\ne\ntwo\n\nd/e:\nthree.txt\n"
    );
    assert_eq!(
        folder.run(&["ls", "-C", "."]).good(),
        "broken  d  link  one\n"
    );
}

#[test]
fn ls_tells_all_in_the_long_form() {
    let folder = tree();
    folder
        .run(&["touch", "-d", "2001-02-03 04:05", "one"])
        .good();
    folder.run(&["chmod", "640", "one"]).good();
    let line = folder.run(&["ls", "-ln", "one"]).good();
    assert!(line.starts_with("-rw-r----- 1 "), "{line}");
    assert!(line.ends_with(" 2 Feb  3  2001 one\n"), "{line}");
    let line = folder.run(&["ls", "-l", "link"]).good();
    assert!(
        line.starts_with("lrwxrwxrwx") && line.ends_with("link -> one\n"),
        "{line}"
    );
    let line = run(&["ls", "-l", "/dev/null"]).good();
    assert!(
        line.starts_with("crw-rw-rw-") && line.contains(" 1, 3 "),
        "{line}"
    );
    assert!(folder.run(&["ls", "-l"]).good().starts_with("total "));
}

#[test]
fn ls_says_what_it_cannot_find() {
    let folder = tree();
    let ran = folder.run(&["ls", "nope", "one"]);
    assert_eq!(ran.output, "one\n");
    assert_eq!(
        ran.bad(2),
        "ls: cannot access 'nope': No such file or directory\n"
    );
    assert!(
        folder
            .run(&["ls", "--nope"])
            .bad(2)
            .contains("Try 'ls --help'")
    );
}

#[test]
fn find_walks_and_tests() {
    let folder = tree();
    let sorted = |words: &[&str]| {
        let text = folder.run(words).good();
        let mut lines: Vec<String> = text.lines().map(String::from).collect();
        lines.sort();
        lines.join(" ")
    };
    assert_eq!(sorted(&["find", "d"]), "d d/e d/e/three.txt d/two");
    assert_eq!(
        sorted(&["find", "-name", "t*", "-type", "f"]),
        "./d/e/three.txt ./d/two"
    );
    assert_eq!(sorted(&["find", "-type", "l"]), "./broken ./link");
    assert_eq!(
        sorted(&["find", ".", "-maxdepth", "1", "-type", "d"]),
        ". ./d"
    );
    assert_eq!(
        sorted(&["find", "d", "-mindepth", "1", "!", "-type", "d"]),
        "d/e/three.txt d/two"
    );
    assert_eq!(
        sorted(&["find", "d", "-name", "e", "-prune", "-o", "-print"]),
        "d d/two"
    );
    assert_eq!(
        sorted(&["find", "-L", ".", "-name", "link", "-type", "f"]),
        "./link"
    );
    assert_eq!(
        sorted(&["find", "d", "-name", "two", "-exec", "echo", "<{}>", ";"]),
        "<d/two>"
    );
    assert_eq!(
        sorted(&["find", "d/two", "one", "-exec", "echo", "{}", "+"]),
        "d/two one"
    );
    assert_eq!(sorted(&["find", "d", "-empty"]), "d/e/three.txt");
    assert_eq!(folder.run(&["find", "d/two", "-print0"]).good(), "d/two\0");
    assert!(
        folder
            .run(&["find", "nope"])
            .bad(1)
            .starts_with("find: 'nope': No such file")
    );
    assert_eq!(folder.run(&["find", "d", "-delete"]).good(), "");
    assert!(!folder.0.join("d").exists());
}

#[test]
fn touch_sets_what_it_is_told() {
    let folder = tree();
    folder
        .run(&["touch", "-t", "202001020304.05", "new"])
        .good();
    let stamp = |file: &str| folder.run(&["date", "-r", file, "+%F %T"]).good();
    assert_eq!(stamp("new"), "2020-01-02 03:04:05\n");
    folder.run(&["touch", "-r", "new", "one"]).good();
    assert_eq!(stamp("one"), "2020-01-02 03:04:05\n");
    folder.run(&["touch", "-c", "absent"]).good();
    assert!(!folder.0.join("absent").exists());
    let message = folder.run(&["touch", "no/where"]).bad(1);
    assert_eq!(
        message,
        "touch: cannot touch 'no/where': No such file or directory\n"
    );
}

#[test]
fn date_writes_and_reads() {
    assert_eq!(
        run(&["date", "-d", "@0"]).good(),
        "Thu Jan  1 00:00:00 UTC 1970\n"
    );
    assert_eq!(
        run(&["date", "-u", "-d", "2024-02-29 12:00", "+%s"]).good(),
        "1709208000\n"
    );
    assert_eq!(
        run(&["date", "-Iseconds", "-d", "@5"]).good(),
        "1970-01-01T00:00:05+00:00\n"
    );
    assert_eq!(
        run(&["date", "-d", "nonsense"]).bad(1),
        "date: invalid date 'nonsense'\n"
    );
}

#[test]
fn which_searches_the_path() {
    let folder = tree();
    let program = folder.0.join("one");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("own file");
    assert_eq!(folder.run(&["which", "./one"]).good(), "./one\n");
    assert_eq!(folder.run(&["which", "d/two"]).bad(1), "");
    assert!(run(&["which", "sh"]).good().ends_with("/sh\n"));
}

#[test]
fn the_uutils_ones_work_as_they_are_built_in() {
    let folder = tree();
    assert_eq!(folder.run(&["cat", "one", "d/two"]).good(), "1\n22\n");
    folder.run(&["cp", "-r", "d", "copy"]).good();
    folder.run(&["mv", "copy/two", "copy/moved"]).good();
    assert_eq!(folder.run(&["cat", "copy/moved"]).good(), "22\n");
    folder.run(&["mkdir", "-p", "x/y/z"]).good();
    folder.run(&["rmdir", "x/y/z"]).good();
    folder.run(&["ln", "-s", "one", "soft"]).good();
    assert_eq!(folder.run(&["readlink", "soft"]).good(), "one\n");
    folder.run(&["rm", "-r", "copy"]).good();
    assert_eq!(
        folder.run(&["stat", "-c", "%s %F", "one"]).good(),
        "2 regular file\n"
    );
    assert_eq!(folder.run(&["seq", "3"]).good(), "1\n2\n3\n");
    assert_eq!(
        folder.run(&["printf", "%03d|%s\\n", "7", "x"]).good(),
        "007|x\n"
    );
    assert!(
        folder
            .run(&["cat", "nope"])
            .bad(1)
            .contains("nope: No such file or directory")
    );
    folder.run(&["mkfifo", "pipe"]).good();
    assert_eq!(folder.run(&["stat", "-c", "%F", "pipe"]).good(), "fifo\n");
}
