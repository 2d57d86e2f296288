//! Too many of what the kernel keeps in tables: descriptors, names, mounts, terminals, locks.

use crate::{explode, still_answers};
use abi_tests::check::Outcome;
use abi_tests::{cases, gives, sys, works};
use libc::*;

cases![
    descriptor_bomb,
    name_bomb,
    deep_folder_bomb,
    terminal_bomb,
    lock_bomb,
    mount_bomb,
    poll_bomb,
    long_path_bomb,
    futex_bomb,
];

fn descriptor_bomb() -> Outcome {
    explode(|| {
        while sys!(SYS_open, c"/dev/null", O_RDWR) >= 0 {}
        while sys!(SYS_dup, 0) >= 0 {}
        0
    })
}

fn name_bomb() -> Outcome {
    works!(SYS_mkdir, c"many", 0o755);
    for n in 0..3000 {
        std::fs::write(format!("many/name-{n}"), "")?;
    }
    std::fs::remove_dir_all("many")?;
    still_answers()
}

/// Folders in folders, a thousand deep; walked back and removed from the inside.
fn deep_folder_bomb() -> Outcome {
    for _ in 0..1000 {
        works!(SYS_mkdir, c"deep", 0o755);
        works!(SYS_chdir, c"deep");
    }
    for _ in 0..1000 {
        works!(SYS_chdir, c"..");
        works!(SYS_rmdir, c"deep");
    }
    still_answers()
}

fn terminal_bomb() -> Outcome {
    explode(|| {
        for _ in 0..300 {
            if sys!(SYS_open, c"/dev/ptmx", O_RDWR | O_NOCTTY) < 0 {
                return 1;
            }
        }
        0
    })?;
    works!(SYS_open, c"/dev/ptmx", O_RDWR | O_NOCTTY);
    Ok(())
}

fn lock_bomb() -> Outcome {
    let fd = works!(SYS_open, c"f", O_CREAT | O_RDWR, 0o600);
    for n in 0..1000i64 {
        let lock = flock {
            l_type: F_WRLCK as i16,
            l_whence: 0,
            l_start: n * 2,
            l_len: 1,
            l_pid: 0,
        };
        gives!(0, SYS_fcntl, fd, F_SETLK, &lock);
    }
    works!(SYS_close, fd);
    still_answers()
}

fn mount_bomb() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    let mut mounted = 0;
    while mounted < 100 && sys!(SYS_mount, c"none", c"d", c"tmpfs", 0, 0) == 0 {
        mounted += 1;
    }
    for _ in 0..mounted {
        gives!(0, SYS_umount2, c"d", 0);
    }
    still_answers()
}

fn poll_bomb() -> Outcome {
    explode(|| {
        let list = vec![
            pollfd {
                fd: 0,
                events: POLLIN,
                revents: 0
            };
            1000
        ];
        for _ in 0..200 {
            sys!(SYS_poll, list.as_slice(), list.len(), 0);
        }
        0
    })
}

fn long_path_bomb() -> Outcome {
    let path = std::ffi::CString::new("./".repeat(2040) + "x").unwrap_or_default();
    for _ in 0..500 {
        sys!(SYS_open, path.as_c_str(), O_RDONLY);
        sys!(SYS_rename, path.as_c_str(), path.as_c_str());
    }
    still_answers()
}

/// Many threads that sleep on many words and are never woken.
fn futex_bomb() -> Outcome {
    explode(|| {
        for _ in 0..200 {
            let builder = std::thread::Builder::new().stack_size(65536);
            let sleeper = builder.spawn(|| {
                let word = 0u32;
                sys!(SYS_futex, &word, FUTEX_WAIT, 0, 0);
            });
            if sleeper.is_err() {
                break;
            }
        }
        0
    })
}
