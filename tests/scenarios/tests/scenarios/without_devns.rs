//! A kernel built without device namespaces, the baseline for what they cost: it boots, and has
//! nothing of them.

use qemu::Kind;
use scenarios::{Console, Image};

fn image() -> Image {
    Image::built_without_devns()
}

#[test]
fn it_boots_and_the_shell_answers() {
    for kind in Kind::ALL {
        let mut console = Console::boot(&image(), kind);
        console.still_answers();
        assert_eq!(
            console
                .run("ls -l / | cat > /tmp/list; rm /tmp/list")
                .status,
            0
        );
    }
}

#[test]
fn it_has_no_files_of_them() {
    let looked_for = "ls /proc/dev_ns 2>&1; ls /proc/self/ns";
    let output = image().run(looked_for).output;
    assert!(output.contains("/proc/dev_ns"), "{output}");
    let kinds: Vec<&str> = output
        .lines()
        .skip(1)
        .flat_map(str::split_whitespace)
        .collect();
    assert!(
        !kinds.contains(&"dev") && kinds.contains(&"uts"),
        "{output}"
    );
}

#[test]
fn it_refuses_a_pid_namespace() {
    let refused = image().with_program("new-pid-namespace");
    assert_eq!(
        refused.run("/test/new-pid-namespace; true").succeeded(),
        "clone: EINVAL\nclone3: EINVAL\nunshare: EINVAL\n"
    );
    let made = Image::built().with_program("new-pid-namespace");
    assert_eq!(
        made.run("/test/new-pid-namespace; true").succeeded(),
        "clone: made\nclone3: made\nunshare: made\n"
    );
}
