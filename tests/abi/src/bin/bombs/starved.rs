//! Calls that need memory of the kernel's own, at the worst of times: when a program has taken all
//! the rest. Each fails or kills somebody, and none of them ends the kernel.

use crate::explode;
use crate::memory::fill;
use abi_tests::check::Outcome;
use abi_tests::{cases, raw, same, sys, works};
use libc::*;

cases![
    fork_of_many_mappings,
    many_pollers_of_one_pipe,
    locks_cut_in_two,
    path_of_a_deep_folder,
    select_of_many,
    files_of_many_processes,
    signals_queued,
    timers_made,
    namespaces_of_many_mounts,
    file_system_of_many_names,
    watched_by_many_instances,
    waiters_moved,
];

const RW: i32 = PROT_READ | PROT_WRITE;
const ANON: i32 = MAP_PRIVATE | MAP_ANONYMOUS;

/// Sleeps until it is killed.
fn sleep_on() -> ! {
    loop {
        sys!(SYS_pause);
    }
}

/// Raises a limit as far as it goes without asking anybody.
fn raise_limit(resource: u32) {
    let mut limit = [0u64; 2];
    sys!(SYS_prlimit64, 0, resource, 0, &mut limit);
    sys!(SYS_prlimit64, 0, resource, &[limit[1], limit[1]], 0);
}

/// What the kernel knows of 30,000 mappings is more than it keeps back for itself.
fn fork_of_many_mappings() -> Outcome {
    explode(|| {
        const LENGTH: usize = 30_000 * 4096;
        let flags = ANON | MAP_NORESERVE;
        let at = sys!(SYS_mmap, 0, LENGTH, PROT_NONE, flags, -1, 0) as usize;
        for page in (at..at + LENGTH).step_by(8192) {
            sys!(SYS_mprotect, page, 4096, PROT_READ);
        }
        // What is given back is enough to begin with, and not to end.
        let kept = sys!(SYS_mmap, 0, 1 << 20, RW, ANON | MAP_POPULATE, -1, 0);
        fill();
        sys!(SYS_munmap, kept, 1 << 20);
        for _ in 0..20 {
            if raw::fork() == 0 {
                sleep_on();
            }
        }
        sleep_on()
    })
}

fn many_pollers_of_one_pipe() -> Outcome {
    explode(|| {
        let (mut start, mut polled) = ([0i32; 2], [0i32; 2]);
        sys!(SYS_pipe, &mut start);
        sys!(SYS_pipe, &mut polled);
        for _ in 0..100 {
            if raw::fork() == 0 {
                sys!(SYS_close, start[1]);
                sys!(SYS_read, start[0], &mut [0u8], 1);
                let one = pollfd {
                    fd: polled[0],
                    events: POLLIN,
                    revents: 0,
                };
                let list = vec![one; 1000];
                sys!(SYS_poll, list.as_slice(), list.len(), -1);
                sleep_on();
            }
        }
        fill();
        sys!(SYS_close, start[1]);
        sleep_on()
    })
}

fn locks_cut_in_two() -> Outcome {
    explode(|| {
        let fd = sys!(SYS_open, c"f", O_CREAT | O_RDWR, 0o600);
        let set = |kind: i32, start: i64, length: i64| {
            let lock = flock {
                l_type: kind as i16,
                l_whence: 0,
                l_start: start,
                l_len: length,
                l_pid: 0,
            };
            sys!(SYS_fcntl, fd, F_SETLK, &lock);
        };
        (0..3000).for_each(|n| set(F_WRLCK, n * 10, 9));
        fill();
        (0..3000).for_each(|n| set(F_UNLCK, n * 10 + 4, 1));
        (0..3000).for_each(|n| set(F_RDLCK, n * 10 + 1, 1));
        0
    })
}

/// The path of such a folder is 200 KiB long, and nobody can use it.
fn path_of_a_deep_folder() -> Outcome {
    const DEPTH: usize = 1000;
    let name = std::ffi::CString::new("n".repeat(200)).unwrap_or_default();
    for _ in 0..DEPTH {
        works!(SYS_mkdir, name.as_c_str(), 0o755);
        works!(SYS_chdir, name.as_c_str());
    }
    let outcome = explode(|| {
        let mut path = vec![0u8; 8192];
        fill();
        for _ in 0..10 {
            let seen = sys!(SYS_getcwd, path.as_mut_slice(), path.len());
            if seen != -(ENAMETOOLONG as isize) {
                return 1;
            }
            sys!(SYS_readlink, c"/proc/self/cwd", path.as_mut_slice(), 4096);
        }
        0
    });
    for _ in 0..DEPTH {
        works!(SYS_chdir, c"..");
        works!(SYS_rmdir, name.as_c_str());
    }
    outcome
}

fn select_of_many() -> Outcome {
    explode(|| {
        raise_limit(RLIMIT_NOFILE);
        let mut ends = [0i32; 2];
        sys!(SYS_pipe, &mut ends);
        while sys!(SYS_dup, ends[0]) >= 0 && sys!(SYS_dup, ends[0]) < 100_000 {}
        fill();
        let all = vec![u64::MAX; 100_000 / 64];
        for _ in 0..20 {
            if raw::fork() == 0 {
                let mut sets = [all.clone(), all.clone()];
                let [first, second] = &mut sets;
                let (first, second) = (first.as_mut_slice(), second.as_mut_slice());
                sys!(SYS_select, 1000, first, 0, second, 0);
                sleep_on();
            }
        }
        sleep_on()
    })
}

fn files_of_many_processes() -> Outcome {
    explode(|| {
        raise_limit(RLIMIT_NOFILE);
        for number in 0..64 {
            if raw::fork() == 0 {
                let path = [c"/dev/null", c"/dev/kmsg", c"/proc/self/maps", c"."][number % 4];
                let mut opened = 0;
                while opened < 20_000 && sys!(SYS_open, path, O_RDONLY) >= 0 {
                    opened += 1;
                }
                sleep_on();
            }
        }
        fill();
        sleep_on()
    })
}

fn signals_queued() -> Outcome {
    explode(|| {
        raise_limit(RLIMIT_SIGPENDING);
        sys!(SYS_rt_sigprocmask, SIG_BLOCK, &u64::MAX, 0, 8);
        fill();
        let mut info = [0u32; 32];
        (info[0], info[2]) = (40, SI_QUEUE as u32);
        let me = sys!(SYS_getpid);
        for _ in 0..200_000 {
            if sys!(SYS_rt_sigqueueinfo, me, 40, &info) < 0 {
                break;
            }
        }
        sleep_on()
    })
}

fn timers_made() -> Outcome {
    explode(|| {
        raise_limit(RLIMIT_SIGPENDING);
        fill();
        let event = [0u64, 40, 0, 0, 0, 0, 0, 0];
        let later = [0i64, 0, 1000, 0];
        for number in 0..100_000 {
            let clock = [CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID][number % 2];
            let mut timer = 0i32;
            if sys!(SYS_timer_create, clock, &event, &mut timer) < 0 {
                break;
            }
            sys!(SYS_timer_settime, timer, 0, &later, 0);
        }
        sleep_on()
    })
}

fn namespaces_of_many_mounts() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    let outcome = explode(|| {
        if sys!(SYS_unshare, CLONE_NEWNS) < 0 {
            return 0;
        }
        sys!(SYS_mount, c"none", c"/", 0, MS_REC | MS_PRIVATE, 0);
        for _ in 0..500 {
            sys!(SYS_mount, c"none", c"d", c"tmpfs", 0, 0);
        }
        for _ in 0..100 {
            if raw::fork() == 0 {
                sys!(SYS_unshare, CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWPID);
                sleep_on();
            }
        }
        fill();
        for _ in 0..100 {
            sys!(SYS_unshare, CLONE_NEWNS | CLONE_NEWUTS);
        }
        sleep_on()
    });
    works!(SYS_rmdir, c"d");
    outcome
}

/// A whole file system goes while there is no memory for a list of what is in it.
fn file_system_of_many_names() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    let outcome = explode(|| {
        if sys!(SYS_unshare, CLONE_NEWNS) < 0 {
            return 0;
        }
        sys!(SYS_mount, c"none", c"/", 0, MS_REC | MS_PRIVATE, 0);
        if sys!(SYS_mount, c"none", c"d", c"tmpfs", 0, 0) < 0 {
            return 0;
        }
        for number in 0..10_000 {
            let name = std::ffi::CString::new(format!("d/{number}")).unwrap_or_default();
            if sys!(SYS_mknod, name.as_c_str(), S_IFREG | 0o600, 0) < 0 {
                break;
            }
        }
        fill();
        sys!(SYS_umount2, c"d", MNT_DETACH);
        0
    });
    works!(SYS_rmdir, c"d");
    outcome
}

fn watched_by_many_instances() -> Outcome {
    explode(|| {
        raise_limit(RLIMIT_NOFILE);
        let mut ends = [0i32; 2];
        sys!(SYS_pipe, &mut ends);
        fill();
        loop {
            let instance = sys!(SYS_epoll_create1, 0);
            if instance < 0 {
                sleep_on();
            }
            let event = [EPOLLIN as u32, 0, 0];
            sys!(SYS_epoll_ctl, instance, EPOLL_CTL_ADD, ends[0], &event);
        }
    })?;
    same!(sys!(SYS_getppid) > 0, true);
    Ok(())
}

/// The list of those who wait for the second word is longer than what the kernel keeps back.
fn waiters_moved() -> Outcome {
    explode(|| {
        const SHARED: i32 = MAP_SHARED | MAP_ANONYMOUS;
        let words = sys!(SYS_mmap, 0, 4096, RW, SHARED, -1, 0) as usize;
        for _ in 0..800 {
            if raw::fork() == 0 {
                sys!(SYS_futex, words, FUTEX_WAIT, 0, 0);
                sleep_on();
            }
        }
        fill();
        for word in (words + 4..words + 64).step_by(4) {
            sys!(SYS_futex, words, FUTEX_REQUEUE, 1, 900, word);
            sys!(SYS_futex, word, FUTEX_REQUEUE, 0, 900, words);
        }
        sys!(SYS_futex, words, FUTEX_WAKE, i32::MAX);
        0
    })
}
