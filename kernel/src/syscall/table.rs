//! The one table of system calls: number, name, number of arguments, function.
//!
//! `registers` in place of a number of arguments means that the function gets the program's
//! registers and may change them. Numbers are Linux's for x86-64
//! (`arch/x86/entry/syscalls/syscall_64.tbl`).

use super::{Handler, SystemCall, arguments, memory, process, signal, system};

/// Numbers from here on are not served.
pub const COUNT: usize = 512;

macro_rules! handler {
    (0, $function:path) => {{
        const HANDLER: Handler = |thread, _| $function(thread);
        HANDLER
    }};
    (1, $function:path) => { handler!(@ $function, a) };
    (2, $function:path) => { handler!(@ $function, a b) };
    (3, $function:path) => { handler!(@ $function, a b c) };
    (4, $function:path) => { handler!(@ $function, a b c d) };
    (5, $function:path) => { handler!(@ $function, a b c d e) };
    (6, $function:path) => { handler!(@ $function, a b c d e f) };
    (@ $function:path, $($argument:ident)+) => {{
        const HANDLER: Handler = |thread, registers| {
            let [$($argument,)+ ..] = arguments(registers);
            $function(thread, $($argument),+)
        };
        HANDLER
    }};
    (registers, $function:path) => {{
        const HANDLER: Handler = |thread, registers| $function(thread, registers);
        HANDLER
    }};
}

macro_rules! table {
    ($($number:literal $name:ident $arguments:tt $function:path;)*) => {
        static TABLE: [Option<SystemCall>; COUNT] = {
            let mut table = [const { None }; COUNT];
            $(
                table[$number] = Some(SystemCall {
                    name: stringify!($name),
                    handler: handler!($arguments, $function),
                });
            )*
            table
        };
    };
}

table! {
      9 mmap                 6         memory::sys_mmap;
     10 mprotect             3         memory::sys_mprotect;
     11 munmap               2         memory::sys_munmap;
     12 brk                  1         memory::sys_brk;
     13 rt_sigaction         4         signal::sys_rt_sigaction;
     14 rt_sigprocmask       4         signal::sys_rt_sigprocmask;
     15 rt_sigreturn         registers signal::sys_rt_sigreturn;
     25 mremap               5         memory::sys_mremap;
     26 msync                3         memory::sys_msync;
     27 mincore              3         memory::sys_mincore;
     28 madvise              3         memory::sys_madvise;
     34 pause                0         signal::sys_pause;
     39 getpid               0         process::sys_getpid;
     56 clone                registers process::sys_clone;
     57 fork                 registers process::sys_fork;
     58 vfork                registers process::sys_vfork;
     59 execve               registers process::sys_execve;
     60 exit                 1         process::sys_exit;
     61 wait4                4         process::sys_wait4;
     62 kill                 2         signal::sys_kill;
     63 uname                1         system::sys_uname;
     99 sysinfo              1         system::sys_sysinfo;
    103 syslog               3         system::sys_syslog;
    109 setpgid              2         process::sys_setpgid;
    110 getppid              0         process::sys_getppid;
    111 getpgrp              0         process::sys_getpgrp;
    112 setsid               0         process::sys_setsid;
    121 getpgid              1         process::sys_getpgid;
    124 getsid               1         process::sys_getsid;
    127 rt_sigpending        2         signal::sys_rt_sigpending;
    128 rt_sigtimedwait      4         signal::sys_rt_sigtimedwait;
    129 rt_sigqueueinfo      3         signal::sys_rt_sigqueueinfo;
    130 rt_sigsuspend        2         signal::sys_rt_sigsuspend;
    131 sigaltstack          registers signal::sys_sigaltstack;
    149 mlock                2         memory::sys_mlock;
    150 munlock              2         memory::sys_mlock;
    153 vhangup              0         system::sys_vhangup;
    158 arch_prctl           2         process::sys_arch_prctl;
    169 reboot               4         system::sys_reboot;
    170 sethostname          2         system::sys_sethostname;
    171 setdomainname        2         system::sys_setdomainname;
    186 gettid               0         process::sys_gettid;
    200 tkill                2         signal::sys_tkill;
    218 set_tid_address      1         process::sys_set_tid_address;
    219 restart_syscall      0         signal::sys_restart_syscall;
    231 exit_group           1         process::sys_exit_group;
    234 tgkill               3         signal::sys_tgkill;
    247 waitid               5         process::sys_waitid;
    297 rt_tgsigqueueinfo    4         signal::sys_rt_tgsigqueueinfo;
    318 getrandom            3         system::sys_getrandom;
    322 execveat             registers process::sys_execveat;
    435 clone3               registers process::sys_clone3;
}

/// The row of a call, if it is served.
pub(super) fn get(number: usize) -> Option<&'static SystemCall> {
    TABLE.get(number)?.as_ref()
}

/// The name of a call that a program may well ask for and that is not served, for the log.
pub(super) fn name_of_unserved(number: usize) -> &'static str {
    use abi::raw::general as linux;
    const KNOWN: [(u32, &str); 24] = [
        (linux::__NR_socket, "socket"),
        (linux::__NR_connect, "connect"),
        (linux::__NR_bind, "bind"),
        (linux::__NR_socketpair, "socketpair"),
        (linux::__NR_ptrace, "ptrace"),
        (linux::__NR_epoll_create, "epoll_create"),
        (linux::__NR_epoll_create1, "epoll_create1"),
        (linux::__NR_epoll_wait, "epoll_wait"),
        (linux::__NR_epoll_ctl, "epoll_ctl"),
        (linux::__NR_eventfd2, "eventfd2"),
        (linux::__NR_signalfd4, "signalfd4"),
        (linux::__NR_timerfd_create, "timerfd_create"),
        (linux::__NR_inotify_init1, "inotify_init1"),
        (linux::__NR_splice, "splice"),
        (linux::__NR_tee, "tee"),
        (linux::__NR_io_uring_setup, "io_uring_setup"),
        (linux::__NR_copy_file_range, "copy_file_range"),
        (linux::__NR_pidfd_open, "pidfd_open"),
        (linux::__NR_unshare, "unshare"),
        (linux::__NR_setns, "setns"),
        (linux::__NR_getxattr, "getxattr"),
        (linux::__NR_listxattr, "listxattr"),
        (linux::__NR_bpf, "bpf"),
        (linux::__NR_seccomp, "seccomp"),
    ];
    let found = KNOWN.iter().find(|(known, _)| *known as usize == number);
    found.map_or("see the table of numbers in syscall(2)", |(_, name)| name)
}
