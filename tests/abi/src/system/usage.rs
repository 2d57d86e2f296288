//! What the kernel counts of a process, and where it tells: getrusage(2), /proc/PID/io and auxv,
//! the times of SIGCHLD, the overruns of timers, the queue of signals. Source: getrusage(2),
//! proc(5), sigaction(2), timer_getoverrun(2), getrlimit(2).

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{inside_child, now, pause, spawn, wait};
use abi_tests::signal::{Info, bit, mask, raise};
use abi_tests::{cases, fails, gives, holds, raw, same, sys, works};
use libc::*;

cases![
    usage_counts_switches,
    usage_of_children_counts_switches,
    usage_in_status,
    usage_tells_the_peak_of_memory,
    usage_of_children_tells_the_highest_peak,
    peak_of_memory_outlives_the_program,
    usage_of_transfers,
    auxiliary_vector_in_proc,
    child_signal_tells_times,
    timer_overruns_are_told_when_taken,
    standard_signals_are_counted,
    standard_signal_without_room_loses_details,
];

/// Voluntary switches so far.
fn switches(who: i32) -> Result<u64, Failure> {
    let mut usage = [0u64; 18];
    works!(SYS_getrusage, who, &mut usage);
    Ok(usage[16])
}

fn sleep_often() {
    (0..5).for_each(|_| pause(2));
}

fn usage_counts_switches() -> Outcome {
    for who in [RUSAGE_SELF, RUSAGE_THREAD] {
        let before = switches(who)?;
        sleep_often();
        let more = switches(who)? - before;
        holds!((5..100).contains(&more), "{more} voluntary switches");
    }
    Ok(())
}

fn usage_of_children_counts_switches() -> Outcome {
    same!(switches(RUSAGE_CHILDREN)?, 0);
    let child = spawn(|| {
        sleep_often();
        0
    })?;
    let mut usage = [0u64; 18];
    works!(SYS_wait4, child, 0, 0, &mut usage);
    holds!((5..100).contains(&usage[16]), "{} told by wait4", usage[16]);
    same!(switches(RUSAGE_CHILDREN)?, usage[16]);
    Ok(())
}

/// The number behind `name:` in a file of /proc/self.
fn number(file: &str, name: &str) -> Result<u64, Failure> {
    let text = std::fs::read_to_string(format!("/proc/self/{file}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let word = line.and_then(|line| line.trim_start_matches(':').trim().split(['/', ' ']).next());
    let number = word.and_then(|word| word.parse().ok());
    number.ok_or_else(|| Failure::Wrong(format!("{name} of {file}: {text}")))
}

fn usage_in_status() -> Outcome {
    let before = number("status", "voluntary_ctxt_switches")?;
    sleep_often();
    holds!(number("status", "voluntary_ctxt_switches")? >= before + 5);
    number("status", "nonvoluntary_ctxt_switches")?;
    Ok(())
}

/// The bytes of a peak that is told in these tests, and the least that must be told of it: Linux
/// counts in batches.
const PEAK_BYTES: usize = 16 << 20;
const PEAK_KILOBYTES: u64 = 15 << 10;

/// Has `PEAK_BYTES` in memory for a moment.
fn have_a_peak() -> Outcome {
    let anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
    let protection = PROT_READ | PROT_WRITE;
    let at = works!(SYS_mmap, 0, PEAK_BYTES, protection, anonymous, -1, 0) as usize;
    for page in (at..at + PEAK_BYTES).step_by(4096) {
        raw::poke(page, 1);
    }
    works!(SYS_munmap, at, PEAK_BYTES);
    Ok(())
}

/// The most memory there ever was, in KiB.
fn peak(who: i32) -> Result<u64, Failure> {
    let mut usage = [0u64; 18];
    works!(SYS_getrusage, who, &mut usage);
    Ok(usage[4])
}

fn usage_tells_the_peak_of_memory() -> Outcome {
    // Reading zeros takes up nothing.
    let anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
    let zeros = works!(SYS_mmap, 0, PEAK_BYTES, PROT_READ, anonymous, -1, 0) as usize;
    works!(SYS_madvise, zeros, PEAK_BYTES, MADV_POPULATE_READ);
    holds!(peak(RUSAGE_SELF)? < PEAK_KILOBYTES);
    have_a_peak()?;
    for told in [
        peak(RUSAGE_SELF)?,
        peak(RUSAGE_THREAD)?,
        number("status", "VmHWM")?,
    ] {
        holds!(
            (PEAK_KILOBYTES..2 * PEAK_KILOBYTES).contains(&told),
            "{told}"
        );
    }
    holds!(number("status", "VmRSS")? < PEAK_KILOBYTES);
    holds!(number("status", "VmPeak")? >= number("status", "VmSize")? + PEAK_KILOBYTES);
    Ok(())
}

fn usage_of_children_tells_the_highest_peak() -> Outcome {
    same!(peak(RUSAGE_CHILDREN)?, 0);
    for (has_peak, in_child) in [(false, false), (true, false), (false, true)] {
        let child = spawn(|| i32::from(has_peak && have_a_peak().is_err()))?;
        let mut usage = [0u64; 18];
        works!(SYS_wait4, child, 0, 0, &mut usage);
        same!(usage[4] >= PEAK_KILOBYTES, has_peak);
        same!(
            peak(RUSAGE_CHILDREN)? >= PEAK_KILOBYTES,
            has_peak || in_child
        );
    }
    // A grandchild's is handed up.
    let child = spawn(|| {
        i32::from(
            spawn(|| i32::from(have_a_peak().is_err()))
                .map(wait)
                .is_err(),
        )
    })?;
    let mut usage = [0u64; 18];
    works!(SYS_wait4, child, 0, 0, &mut usage);
    holds!(usage[4] >= PEAK_KILOBYTES);
    holds!(peak(RUSAGE_SELF)? < PEAK_KILOBYTES);
    Ok(())
}

fn peak_of_memory_outlives_the_program() -> Outcome {
    let text = crate::helper::output_of(|| match have_a_peak() {
        Ok(()) => crate::helper::again(&["peak"]),
        Err(_) => 1,
    })?;
    let told: u64 = text.trim().parse().unwrap_or(0);
    holds!(told >= PEAK_KILOBYTES, "{text}");
    Ok(())
}

fn usage_of_transfers() -> Outcome {
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    let written = |name| number("io", name);
    let (bytes, calls) = (written("wchar")?, written("syscw")?);
    gives!(300, SYS_write, ends[1], [1u8; 300].as_slice(), 300);
    gives!(2, SYS_write, ends[1], b"ab", 2);
    same!(
        (written("wchar")? - bytes, written("syscw")? - calls),
        (302, 2)
    );
    let read = number("io", "rchar")?;
    gives!(302, SYS_read, ends[0], &mut [0u8; 400], 400);
    holds!(number("io", "rchar")? >= read + 302);
    holds!(number("io", "syscr")? > 0);
    same!(number("io", "cancelled_write_bytes")?, 0);
    Ok(())
}

fn auxiliary_vector_in_proc() -> Outcome {
    let bytes = std::fs::read("/proc/self/auxv")?;
    let words: Vec<usize> = bytes
        .chunks_exact(8)
        .map(|word| usize::from_ne_bytes(word.try_into().unwrap_or_default()))
        .collect();
    same!(words.len() % 2, 0);
    same!(&words[words.len() - 2..], &[AT_NULL as usize, 0]);
    for kind in [AT_PAGESZ, AT_ENTRY, AT_RANDOM, AT_PHDR, AT_EXECFN, AT_UID] {
        let pair = words.chunks(2).find(|pair| pair[0] == kind as usize);
        same!(pair.map(|pair| pair[1]), Some(raw::auxiliary(kind)));
    }
    Ok(())
}

fn child_signal_tells_times() -> Outcome {
    mask(SIG_BLOCK, bit(SIGCHLD));
    let child = spawn(|| {
        let mut usage = [0i64; 18];
        // Until a tenth of a second of processor time is used, the most of it in the program.
        while usage[0] == 0 && usage[1] < 100_000 {
            let end = now() + 2_000_000;
            let mut count = 0u64;
            while count < 200_000 && end > 0 {
                count = std::hint::black_box(count + 1);
            }
            sys!(SYS_getrusage, RUSAGE_SELF, &mut usage);
        }
        0
    })?;
    let mut info = Info::default();
    works!(
        SYS_rt_sigtimedwait,
        &bit(SIGCHLD),
        &mut info,
        &[10i64, 0],
        8
    );
    same!((info.pid(), info.code), (child, CLD_EXITED));
    holds!(
        (5..500).contains(&info.fields[2]),
        "{} ticks",
        info.fields[2]
    );
    holds!(info.fields[3] < 500, "{} ticks", info.fields[3]);
    wait(child)?;
    Ok(())
}

fn timer_overruns_are_told_when_taken() -> Outcome {
    mask(SIG_BLOCK, bit(SIGUSR1));
    let event = [0u64, SIGUSR1 as u64, 0, 0, 0, 0, 0, 0];
    let mut timer = 9i32;
    works!(SYS_timer_create, CLOCK_MONOTONIC, &event, &mut timer);
    let often = [0i64, 10_000_000, 0, 10_000_000];
    works!(SYS_timer_settime, timer, 0, &often, 0);
    pause(120);
    let mut info = Info::default();
    gives!(SIGUSR1, SYS_rt_sigtimedwait, &bit(SIGUSR1), &mut info, 0, 8);
    let told = (info.fields[0] >> 32) as isize;
    holds!(told >= 9, "{told} overruns after 120 ms of 10 ms each");
    gives!(told, SYS_timer_getoverrun, timer);
    same!(info.code, SI_TIMER);
    works!(SYS_timer_delete, timer);
    fails!(EINVAL, SYS_timer_getoverrun, timer);
    Ok(())
}

fn as_nobody_else(body: impl FnOnce() -> Outcome) -> Outcome {
    inside_child(|| {
        if sys!(SYS_setresuid, 54_321, 54_321, 54_321) != 0 {
            return Err(Failure::Skipped);
        }
        sys!(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
        mask(SIG_BLOCK, bit(SIGUSR1) + bit(SIGUSR2) + bit(40));
        body()
    })
}

fn standard_signals_are_counted() -> Outcome {
    as_nobody_else(|| {
        same!(number("status", "SigQ")?, 0);
        raise(SIGUSR1);
        raise(SIGUSR1);
        works!(SYS_kill, works!(SYS_getpid), SIGUSR2);
        raise(40);
        same!(number("status", "SigQ")?, 3);
        gives!(SIGUSR1, SYS_rt_sigtimedwait, &bit(SIGUSR1), 0, 0, 8);
        same!(number("status", "SigQ")?, 2);
        Ok(())
    })
}

fn standard_signal_without_room_loses_details() -> Outcome {
    as_nobody_else(|| {
        works!(SYS_prlimit64, 0, RLIMIT_SIGPENDING, &[0u64, 0], 0);
        raise(SIGUSR1);
        let mut info = Info::default();
        gives!(SIGUSR1, SYS_rt_sigtimedwait, &bit(SIGUSR1), &mut info, 0, 8);
        same!((info.code, info.pid()), (SI_USER, 0));
        // kill(2) is never refused its details.
        works!(SYS_kill, works!(SYS_getpid), SIGUSR2);
        gives!(SIGUSR2, SYS_rt_sigtimedwait, &bit(SIGUSR2), &mut info, 0, 8);
        same!(info.pid(), works!(SYS_getpid) as i32);
        Ok(())
    })
}
