//! execve and execveat: what is refused, what the new program is given, what it keeps. Source:
//! execve(2), execveat(2), getauxval(3).

use crate::helper::{self, again, answer};
use abi_tests::check::Outcome;
use abi_tests::process::{self, spawn, status_of, wait};
use abi_tests::{cases, fails, gives, holds, same, signal, sys, works};
use libc::*;

cases![
    exec_missing,
    exec_directory,
    exec_not_executable,
    exec_not_executable_even_for_root,
    exec_unknown_format,
    exec_empty_file,
    exec_truncated_elf,
    exec_bad_addresses,
    exec_arguments_too_big,
    exec_one_argument_too_long,
    exec_through_file,
    exec_too_long_name,
    exec_passes_arguments_and_environment,
    exec_empty_arguments,
    exec_null_argument_vector,
    exec_closes_only_marked,
    exec_keeps_offset_and_flags,
    exec_resets_handlers_keeps_ignored,
    exec_keeps_mask_and_pending,
    exec_keeps_identity,
    exec_sets_name,
    exec_script,
    exec_script_with_argument,
    exec_script_missing_interpreter,
    exec_script_loop,
    exec_script_nested,
    exec_script_goes_by_its_own_name,
    exec_script_empty_interpreter,
    exec_keeps_alarm,
    exec_auxiliary_vector,
    exec_set_user_id,
    exec_set_user_id_ignored_with_no_new_privileges,
    exec_from_thread_ends_the_others,
    exec_by_several_threads_at_once,
    execveat_relative_and_empty_path,
    execveat_symlink_nofollow,
    execveat_errors,
    exec_busy_text,
];

fn put(name: &str, text: &[u8], mode: u32) -> Result<(), std::io::Error> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(name, text)?;
    std::fs::set_permissions(name, std::fs::Permissions::from_mode(mode))
}

fn exec_missing() -> Outcome {
    fails!(ENOENT, SYS_execve, c"missing", 0, 0);
    fails!(ENOENT, SYS_execve, c"", 0, 0);
    Ok(())
}

fn exec_directory() -> Outcome {
    fails!(EACCES, SYS_execve, c".", 0, 0);
    Ok(())
}

fn exec_not_executable() -> Outcome {
    put("f", b"#!/bin/sh\n", 0o755)?;
    put("g", b"#!/bin/sh\n", 0o644)?;
    process::inside_child(|| {
        works!(SYS_setuid, 54_321);
        fails!(EACCES, SYS_execve, c"g", 0, 0);
        Ok(())
    })
}

fn exec_not_executable_even_for_root() -> Outcome {
    put("g", b"#!/bin/sh\n", 0o666)?;
    fails!(EACCES, SYS_execve, c"g", 0, 0);
    works!(SYS_mknod, c"p", S_IFIFO | 0o777, 0);
    fails!(EACCES, SYS_execve, c"p", 0, 0);
    Ok(())
}

fn exec_unknown_format() -> Outcome {
    put("f", b"just some words\n", 0o755)?;
    fails!(ENOEXEC, SYS_execve, c"f", 0, 0);
    Ok(())
}

fn exec_empty_file() -> Outcome {
    put("f", b"", 0o755)?;
    fails!(ENOEXEC, SYS_execve, c"f", 0, 0);
    Ok(())
}

fn exec_truncated_elf() -> Outcome {
    put("f", b"\x7fELF\x02\x01\x01", 0o755)?;
    fails!(ENOEXEC, SYS_execve, c"f", 0, 0);
    let whole = std::fs::read("/proc/self/exe")?;
    let mut header = whole[..64].to_vec();
    put("header", &header, 0o755)?;
    let seen = sys!(SYS_execve, c"header", 0, 0);
    holds!(
        seen == -(ENOEXEC as isize) || seen == -(EIO as isize),
        "saw {seen}"
    );
    // A machine that this is not: 40 is ARM.
    header[18] = 40;
    put("arm", &header, 0o755)?;
    fails!(ENOEXEC, SYS_execve, c"arm", 0, 0);
    Ok(())
}

fn exec_bad_addresses() -> Outcome {
    fails!(EFAULT, SYS_execve, 8, 0, 0);
    fails!(EFAULT, SYS_execve, c"/proc/self/exe", 8, 0);
    fails!(EFAULT, SYS_execve, c"/proc/self/exe", &[8usize, 0], 0);
    fails!(EFAULT, SYS_execve, c"/proc/self/exe", 1usize << 63, 0);
    fails!(EFAULT, SYS_execve, c"/proc/self/exe", 0, 8);
    Ok(())
}

fn exec_arguments_too_big() -> Outcome {
    let part = std::ffi::CString::new(vec![b'x'; 100_000]).unwrap_or_default();
    let mut pointers = vec![part.as_ptr().expose_provenance(); 100];
    pointers.push(0);
    fails!(E2BIG, SYS_execve, c"/proc/self/exe", pointers.as_slice(), 0);
    fails!(E2BIG, SYS_execve, c"/proc/self/exe", 0, pointers.as_slice());
    Ok(())
}

/// One string may not be longer than 32 pages.
fn exec_one_argument_too_long() -> Outcome {
    let part = std::ffi::CString::new(vec![b'x'; 131_072]).unwrap_or_default();
    let pointers = [part.as_ptr().expose_provenance(), 0];
    fails!(E2BIG, SYS_execve, c"/proc/self/exe", &pointers, 0);
    let long = "x".repeat(131_071);
    let text = answer(&["argv", &long])?;
    same!(text.len(), long.len() + 1);
    Ok(())
}

fn exec_through_file() -> Outcome {
    put("f", b"", 0o755)?;
    fails!(ENOTDIR, SYS_execve, c"f/x", 0, 0);
    Ok(())
}

fn exec_too_long_name() -> Outcome {
    let name = std::ffi::CString::new("n".repeat(300)).unwrap_or_default();
    fails!(ENAMETOOLONG, SYS_execve, name.as_c_str(), 0, 0);
    Ok(())
}

fn exec_passes_arguments_and_environment() -> Outcome {
    same!(
        answer(&["argv", "one", "", "three four"])?,
        "one\n\nthree four\n"
    );
    same!(answer(&["environment"])?, "COLOUR=blue\nEMPTY=\n");
    Ok(())
}

fn exec_empty_arguments() -> Outcome {
    let status = status_of(|| {
        let vector = [c"abi-helper".as_ptr().expose_provenance(), 0];
        -sys!(SYS_execve, c"/proc/self/exe", &vector, &[0usize]) as i32
    })?;
    same!(status, helper::NO_COMMAND << 8);
    Ok(())
}

/// Since 5.18 a program never starts with an empty argument list: it gets one empty string.
fn exec_null_argument_vector() -> Outcome {
    put("s", b"#!/proc/self/exe\n", 0o755)?;
    let status = status_of(|| -sys!(SYS_execve, c"/bin/true", 0, 0) as i32)?;
    holds!(
        status == 0 || status >> 8 == ENOENT || status >> 8 == 1,
        "saw status {status}"
    );
    Ok(())
}

fn exec_closes_only_marked() -> Outcome {
    works!(SYS_dup3, 0, 50, O_CLOEXEC);
    works!(SYS_dup2, 0, 51);
    works!(SYS_dup3, 0, 52, O_CLOEXEC);
    works!(SYS_dup2, 0, 53);
    works!(SYS_fcntl, 53, F_SETFD, FD_CLOEXEC);
    works!(SYS_fcntl, 52, F_SETFD, 0);
    same!(answer(&["descriptors"])?, "51 52\n");
    Ok(())
}

fn exec_keeps_offset_and_flags() -> Outcome {
    put("f", b"0123456789", 0o644)?;
    let fd = works!(SYS_open, c"f", O_RDONLY);
    works!(SYS_lseek, fd, 4, SEEK_SET);
    works!(SYS_dup2, fd, 0);
    same!(answer(&["copy"])?, "456789");
    Ok(())
}

extern "C" fn ignore(_: i32, _: &signal::Info, _: &mut signal::Context) {}

fn exec_resets_handlers_keeps_ignored() -> Outcome {
    signal::dispose(SIGUSR1, SIG_IGN);
    abi_tests::raw::set_handler(SIGUSR2, ignore, 0, 0);
    same!(answer(&["dispositions"])?, "10 ignored\n12 default\n");
    Ok(())
}

fn exec_keeps_mask_and_pending() -> Outcome {
    signal::mask(SIG_SETMASK, signal::bit(SIGUSR1) | signal::bit(SIGHUP));
    same!(
        answer(&["mask"])?,
        format!("{:x}\n", signal::bit(SIGUSR1) | signal::bit(SIGHUP))
    );
    let status = status_of(|| {
        signal::raise(SIGUSR1);
        again(&["pending"])
    })?;
    same!(status, SIGUSR1 << 8);
    Ok(())
}

fn exec_keeps_identity() -> Outcome {
    works!(SYS_umask, 0o033);
    let text = answer(&["identity"])?;
    same!(text, format!("parent {} umask 033\n", works!(SYS_getpid)));
    Ok(())
}

fn exec_sets_name() -> Outcome {
    sys!(SYS_prctl, PR_SET_NAME, c"other", 0, 0, 0);
    std::fs::copy("/proc/self/exe", "a-name-longer-than-fifteen")?;
    let vector = [c"abi-helper".as_ptr(), c"name".as_ptr(), std::ptr::null()];
    let text = helper::output_of(|| {
        -sys!(
            SYS_execve,
            c"./a-name-longer-than-fifteen",
            vector.as_slice(),
            0
        ) as i32
    })?;
    same!(text, "a-name-longer-t\n");
    Ok(())
}

fn script_output(name: &std::ffi::CStr) -> Result<String, abi_tests::check::Failure> {
    let vector = [c"zero".as_ptr(), c"one".as_ptr(), std::ptr::null()];
    helper::output_of(|| -sys!(SYS_execve, name, vector.as_slice(), 0) as i32)
}

/// The kernel gives the interpreter: its own name, the optional argument, the script's path as
/// executed, and the remaining arguments. The interpreter here is a link named as the helper.
fn exec_script() -> Outcome {
    std::fs::copy("/proc/self/exe", "abi-helper")?;
    put("s", b"#! \t./abi-helper  \nrest\n", 0o755)?;
    same!(script_output(c"./s")?, "./s\none\n");
    Ok(())
}

fn exec_script_with_argument() -> Outcome {
    std::fs::copy("/proc/self/exe", "abi-helper")?;
    put("s", b"#!./abi-helper argv  two words \n", 0o755)?;
    same!(script_output(c"./s")?, "argv  two words\n./s\none\n");
    put("t", b"#!./abi-helper x", 0o755)?;
    same!(script_output(c"t")?, "x\nt\none\n");
    Ok(())
}

fn exec_script_missing_interpreter() -> Outcome {
    put("s", b"#!/no/such/program\n", 0o755)?;
    fails!(ENOENT, SYS_execve, c"s", 0, 0);
    put("t", b"#!/\n", 0o755)?;
    fails!(EACCES, SYS_execve, c"t", 0, 0);
    Ok(())
}

fn exec_script_loop() -> Outcome {
    put("s", b"#!./s\n", 0o755)?;
    fails!(ELOOP, SYS_execve, c"./s", 0, 0);
    Ok(())
}

fn exec_script_nested() -> Outcome {
    std::fs::copy("/proc/self/exe", "abi-helper")?;
    put("a", b"#!./abi-helper\n", 0o755)?;
    put("b", b"#!./a\n", 0o755)?;
    same!(script_output(c"./b")?, "./a\n./b\none\n");
    Ok(())
}

/// Not by its interpreter's, however many lie between.
fn exec_script_goes_by_its_own_name() -> Outcome {
    std::fs::copy("/proc/self/exe", "abi-helper")?;
    put("inner", b"#!./abi-helper name\n", 0o755)?;
    put("outer", b"#!./inner\n", 0o755)?;
    same!(script_output(c"./inner")?, "inner\n");
    same!(script_output(c"./outer")?, "outer\n");
    Ok(())
}

fn exec_script_empty_interpreter() -> Outcome {
    put("s", b"#!   \n", 0o755)?;
    fails!(ENOEXEC, SYS_execve, c"s", 0, 0);
    Ok(())
}

fn exec_keeps_alarm() -> Outcome {
    works!(SYS_alarm, 1000);
    let status = status_of(|| {
        sys!(SYS_alarm, 1000);
        again(&["alarm"])
    })?;
    same!(status, 1 << 8);
    Ok(())
}

fn exec_auxiliary_vector() -> Outcome {
    let lines = answer(&["auxiliary"])?;
    let expected = "page size 4096\nclock 100\nids 0 0 0 0\nsecure 0\nphent 56\nrandom differs\n\
                    platform x86_64\nexecutable /proc/self/exe\nbase 0\nentry inside\n";
    same!(lines, expected);
    Ok(())
}

fn exec_set_user_id() -> Outcome {
    std::fs::copy("/proc/self/exe", "abi-helper")?;
    works!(SYS_chown, c"abi-helper", 111, 222);
    works!(SYS_chmod, c"abi-helper", 0o6755);
    works!(SYS_chmod, c".", 0o755);
    let vector = [c"abi-helper".as_ptr(), c"users".as_ptr(), std::ptr::null()];
    let run = || -sys!(SYS_execve, c"./abi-helper", vector.as_slice(), 0) as i32;
    same!(helper::output_of(run)?, "0 111 111 0 222 222 secure 1\n");
    Ok(())
}

fn exec_set_user_id_ignored_with_no_new_privileges() -> Outcome {
    std::fs::copy("/proc/self/exe", "abi-helper")?;
    works!(SYS_chown, c"abi-helper", 111, 222);
    works!(SYS_chmod, c"abi-helper", 0o6755);
    let vector = [c"abi-helper".as_ptr(), c"users".as_ptr(), std::ptr::null()];
    let text = helper::output_of(|| {
        sys!(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        -sys!(SYS_execve, c"./abi-helper", vector.as_slice(), 0) as i32
    })?;
    same!(text, "0 0 0 0 0 0 secure 0\n");
    Ok(())
}

/// The thread that calls execve takes over the pid; the others are gone.
fn exec_from_thread_ends_the_others() -> Outcome {
    let child = spawn(|| {
        std::thread::spawn(|| {
            loop {
                process::pause(10);
            }
        });
        let caller = std::thread::spawn(|| again(&["single"]));
        caller.join().unwrap_or(99)
    })?;
    same!(wait(child)?, 21 << 8);
    Ok(())
}

/// One of them wins, and the program it asked for is what goes on; nobody ends them all.
fn exec_by_several_threads_at_once() -> Outcome {
    // Long enough to load that the others come to the same point meanwhile.
    let words = vec!["y"; 2000];
    let mut arguments = vec!["single"];
    arguments.extend(&words);
    for _ in 0..20 {
        let status = status_of(|| {
            let start = std::sync::Barrier::new(3);
            std::thread::scope(|scope| {
                for _ in 0..3 {
                    scope.spawn(|| {
                        start.wait();
                        again(&arguments)
                    });
                }
            });
            99
        })?;
        same!(status, 21 << 8);
    }
    Ok(())
}

fn execveat_relative_and_empty_path() -> Outcome {
    works!(SYS_mkdir, c"d", 0o755);
    std::fs::copy("/proc/self/exe", "d/tool")?;
    let vector = [
        c"abi-helper".as_ptr(),
        c"argv".as_ptr(),
        c"x".as_ptr(),
        std::ptr::null(),
    ];
    let folder = works!(SYS_open, c"d", O_RDONLY | O_DIRECTORY);
    let run = || -sys!(SYS_execveat, folder, c"tool", vector.as_slice(), 0, 0) as i32;
    same!(helper::output_of(run)?, "x\n");
    let file = works!(SYS_open, c"d/tool", O_PATH | O_CLOEXEC);
    let run = || -sys!(SYS_execveat, file, c"", vector.as_slice(), 0, AT_EMPTY_PATH) as i32;
    same!(helper::output_of(run)?, "x\n");
    Ok(())
}

fn execveat_symlink_nofollow() -> Outcome {
    works!(SYS_symlink, c"/proc/self/exe", c"l");
    fails!(
        ELOOP,
        SYS_execveat,
        AT_FDCWD,
        c"l",
        0,
        0,
        AT_SYMLINK_NOFOLLOW
    );
    Ok(())
}

fn execveat_errors() -> Outcome {
    fails!(ENOENT, SYS_execveat, AT_FDCWD, c"", 0, 0, 0);
    fails!(EINVAL, SYS_execveat, AT_FDCWD, c"x", 0, 0, 0x4000_0000);
    fails!(EBADF, SYS_execveat, 99, c"x", 0, 0, 0);
    let fd = works!(SYS_open, c"/dev/null", O_RDONLY);
    fails!(ENOTDIR, SYS_execveat, fd, c"x", 0, 0, 0);
    fails!(EACCES, SYS_execveat, fd, c"", 0, 0, AT_EMPTY_PATH);
    Ok(())
}

fn exec_busy_text() -> Outcome {
    std::fs::copy("/proc/self/exe", "tool")?;
    works!(SYS_chmod, c"tool", 0o755);
    let writer = works!(SYS_open, c"tool", O_WRONLY);
    fails!(ETXTBSY, SYS_execve, c"./tool", 0, 0);
    works!(SYS_close, writer);
    let child = spawn(|| {
        let vector = [c"abi-helper".as_ptr(), c"sleep".as_ptr(), std::ptr::null()];
        -sys!(SYS_execve, c"./tool", vector.as_slice(), 0) as i32
    })?;
    // Only look: a file held open for writing would keep the child from running it.
    let name = || std::fs::read_to_string(format!("/proc/{child}/comm")).unwrap_or_default();
    holds!(process::until(|| name() == "tool\n"));
    fails!(ETXTBSY, SYS_open, c"tool", O_WRONLY);
    fails!(ETXTBSY, SYS_open, c"tool", O_RDONLY | O_TRUNC);
    fails!(ETXTBSY, SYS_truncate, c"tool", 0);
    gives!(0, SYS_kill, child, SIGKILL);
    wait(child)?;
    works!(SYS_open, c"tool", O_WRONLY);
    Ok(())
}
