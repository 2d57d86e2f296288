//! The calls about processes, memory, signals, time and the system, with the kinds of their
//! arguments. A call that would only wait, or whose right arguments would harm a host, has
//! arguments that are refused late instead.

use crate::argument::Argument::{self, *};
use crate::argument::FILE;
use libc::*;

/// One call.
pub struct Row {
    /// Its name, `SYS_` in front.
    pub name: &'static str,
    /// Its number.
    pub number: i64,
    /// Whether the result is a count worth comparing.
    pub counts: bool,
    /// Whether arguments are only made wrong one by one, because the order in which Linux looks
    /// at several has changed since 6.1.
    pub apart: bool,
    /// Its arguments.
    pub arguments: &'static [Argument],
}

/// `rows![SYS_read counts: Descriptor(FILE), Out(16), Size(16); …]`
macro_rules! rows {
    ($($name:ident $($counts:ident)?: $($argument:expr),* ;)*) => {
        &[$($crate::table::Row {
            name: stringify!($name),
            number: $name,
            counts: rows!(@counts $($counts)?),
            apart: rows!(@apart $($counts)?),
            arguments: &[$($argument),*],
        }),*]
    };
    (@counts) => { false };
    (@counts counts) => { true };
    (@counts apart) => { false };
    (@apart) => { false };
    (@apart counts) => { false };
    (@apart apart) => { true };
}
pub(crate) use rows;

/// Signal actions: ignore, no flags, no restorer, empty mask.
const ACTION: &[u64] = &[1, 0, 0, 0];
/// A time that is not one, so that a clock is never set.
const NO_TIME: &[u64] = &[0, u64::MAX];
/// One nanosecond.
const SHORT: &[u64] = &[0, 1];

/// The rows of this file.
pub const ROWS: &[Row] = rows![
    SYS_arch_prctl: Fixed(0x1003), Out(8);
    SYS_brk: Number(0);
    SYS_alarm: Number(0);
    SYS_capget: Words(&[0x2008_0522]), Out(24);
    SYS_clock_getres: Number(1), Out(16);
    SYS_clock_gettime: Number(1), Out(16);
    SYS_clock_nanosleep: Number(1), Flags(0), Words(SHORT), Out(16);
    SYS_clock_settime: Number(77), Words(NO_TIME);
    SYS_clone: Fixed(CLONE_SIGHAND as i64), Address, Out(4), Out(4), Number(0);
    SYS_clone: Fixed((CLONE_PIDFD | SIGCHLD) as i64), Fixed(0), Out(4), Fixed(0), Fixed(0);
    SYS_clone: Fixed((CLONE_PARENT_SETTID | SIGCHLD) as i64), Fixed(0), Out(4), Fixed(0), Fixed(0);
    SYS_clone: Fixed((CLONE_CHILD_SETTID | SIGCHLD) as i64), Fixed(0), Fixed(0), Out(4), Fixed(0);
    SYS_clone: Fixed((CLONE_NEWNS | CLONE_FS) as i64), Fixed(0), Out(4), Out(4), Number(0);
    SYS_clone3: Words(&[0x1000, 8, 0, 0, 17, 0, 0, 0]), Size(64);
    SYS_clone3: Words(&[0x2000_0200, 0, 0, 0, 17, 0, 0, 0]), Size(64);
    SYS_clone3: Words(&[1 << 63, 0, 0, 0, 17, 0, 0, 0]), Size(64);
    SYS_execve: Path(c"script"), In(8), In(8);
    SYS_execveat: Folder, Path(c"script"), In(8), In(8), Flags(0);
    SYS_futex: Out(4), Flags(FUTEX_WAKE as i64), Number(1), In(16), Out(4), Number(1);
    SYS_get_robust_list: Number(0), Out(8), Out(8);
    SYS_getcpu: Out(4), Out(4), Fixed(0);
    SYS_getgroups: Number(10), Out(40);
    SYS_getitimer: Number(0), Out(32);
    SYS_getpgid: Number(0);
    SYS_getpriority: Number(0), Number(0);
    SYS_getrandom counts: Out(16), Size(16), Flags(0);
    SYS_getresgid: Out(4), Out(4), Out(4);
    SYS_getresuid: Out(4), Out(4), Out(4);
    SYS_getrlimit: Number(7), Out(16);
    SYS_getrusage: Number(0), Out(144);
    SYS_getsid: Number(0);
    SYS_gettimeofday: Out(16), Out(8);
    SYS_kill: Number(0), Number(0);
    SYS_madvise: Address, Size(4096), Number(0);
    SYS_membarrier: Number(0), Flags(0), Number(0);
    SYS_mincore: Address, Size(4096), Out(1);
    SYS_mlock: Address, Size(4096);
    SYS_mlock2: Address, Size(4096), Flags(1);
    SYS_munlock: Address, Size(4096);
    SYS_mmap: Fixed(0), Size(4096), Number(3), Fixed(0x22), Descriptor(-1), Number(0);
    SYS_mprotect: Address, Size(4096), Number(3);
    SYS_mremap: Address, Size(4096), Size(8192), Flags(1), Address;
    SYS_msync: Address, Size(4096), Flags(4);
    SYS_munmap: Address, Size(4096);
    SYS_nanosleep: Words(SHORT), Out(16);
    SYS_pidfd_open: Number(1), Number(0);
    SYS_pidfd_send_signal: Descriptor(FILE), Number(0), In(128), Number(0);
    SYS_prctl: Number(PR_GET_NAME as i64), Out(16), Fixed(0), Fixed(0), Fixed(0);
    SYS_prctl: Fixed(PR_SET_NAME as i64), In(16), Number(0), Number(0), Number(0);
    SYS_prctl: Fixed(PR_SET_PDEATHSIG as i64), Number(0), Fixed(0), Fixed(0), Fixed(0);
    SYS_prctl: Fixed(PR_GET_PDEATHSIG as i64), Out(4), Fixed(0), Fixed(0), Fixed(0);
    SYS_prlimit64: Number(0), Number(7), Words(&[20, 30]), Out(16);
    SYS_reboot: Number(0), Number(0), Number(0), Out(8);
    SYS_rseq: Address, Size(32), Flags(0), Number(0);
    SYS_rt_sigaction: Number(10), Words(ACTION), Out(32), Size(8);
    SYS_rt_sigpending: Out(8), Size(8);
    SYS_rt_sigprocmask: Number(0), In(8), Out(8), Size(8);
    SYS_rt_sigqueueinfo: Number(4_000_000), Number(10), In(128);
    SYS_rt_sigsuspend: Out(8), Size(7);
    SYS_rt_sigtimedwait: In(8), Out(128), Words(SHORT), Size(8);
    SYS_rt_tgsigqueueinfo: Number(4_000_000), Number(4_000_000), Number(10), In(128);
    SYS_sched_get_priority_max: Number(0);
    SYS_sched_get_priority_min: Number(0);
    SYS_sched_getaffinity: Number(0), Size(128), Out(128);
    SYS_sched_getattr: Number(0), Out(48), Size(48), Flags(0);
    SYS_sched_getparam: Number(0), Out(4);
    SYS_sched_getscheduler: Number(0);
    SYS_sched_rr_get_interval: Number(0), Out(16);
    SYS_sched_setaffinity: Number(0), Size(8), Words(&[1]);
    SYS_sched_setparam: Number(0), In(4);
    SYS_sched_setscheduler: Number(0), Number(0), In(4);
    SYS_set_robust_list: Address, Size(24);
    SYS_set_tid_address: Address;
    SYS_setdomainname: In(8), Fixed(8);
    SYS_sethostname: In(8), Fixed(8);
    SYS_setfsgid: Number(0);
    SYS_setfsuid: Number(0);
    SYS_setgid: Number(0);
    SYS_setgroups: Number(2), In(8);
    SYS_setitimer: Number(0), In(32), Out(32);
    SYS_setns: Descriptor(FILE), Number(0);
    SYS_setpgid: Number(0), Number(0);
    SYS_setpriority: Number(0), Number(0), Number(0);
    SYS_setregid: Number(0), Number(0);
    SYS_setresgid: Number(0), Number(0), Number(0);
    SYS_setresuid: Number(0), Number(0), Number(0);
    SYS_setreuid: Number(0), Number(0);
    SYS_setrlimit: Number(7), Words(&[20, 30]);
    SYS_settimeofday: Words(NO_TIME), Fixed(0);
    SYS_setuid: Number(0);
    SYS_sigaltstack: Words(&[0x2000_0000, 0, 8192]), Out(24);
    SYS_sysinfo: Out(112);
    SYS_syslog: Number(9), Out(16), Number(0);
    SYS_tgkill: Number(4_000_000), Number(4_000_000), Number(0);
    SYS_time: Out(8);
    SYS_times: Out(32);
    SYS_tkill: Number(4_000_000), Number(0);
    SYS_umask: Number(0o22);
    SYS_uname: Out(390);
    SYS_unshare: Number(0);
    SYS_wait4: Number(-1), Out(4), Flags(1), Out(144);
    SYS_waitid: Number(0), Number(0), Out(128), Flags(5), Out(144);
];
