//! The vDSO: found as a C library finds it, called, and compared with the system calls. Source:
//! vdso(7), getauxval(3), elf(5).

use std::sync::OnceLock;

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::status_of;
use abi_tests::{cases, fails, gives, holds, raw, same, sys, works};
use goblin::elf::Elf;
use goblin::elf::program_header::{PF_W, PT_DYNAMIC, PT_LOAD};
use libc::*;

cases![
    image_is_a_shared_object,
    image_is_mapped_by_name,
    symbols_have_the_version,
    vdso_clocks_agree_with_the_call,
    vdso_and_call_mixed_never_go_back,
    vdso_passes_on_other_clocks,
    vdso_resolutions_agree,
    vdso_gettimeofday_agrees,
    vdso_time_agrees,
    vdso_getcpu_agrees,
    vdso_sees_a_set_time_at_once,
    vdso_faults_on_bad_pointers,
    vdso_works_in_a_child,
    vdso_can_be_taken_away,
    vdso_can_be_moved,
    data_cannot_be_written,
];

const SYMBOLS: [&str; 5] = [
    "__vdso_clock_gettime",
    "__vdso_gettimeofday",
    "__vdso_time",
    "__vdso_clock_getres",
    "__vdso_getcpu",
];

/// The clocks that the vDSO shows by itself.
const CLOCKS: [i32; 7] = [
    CLOCK_REALTIME,
    CLOCK_MONOTONIC,
    CLOCK_MONOTONIC_RAW,
    CLOCK_REALTIME_COARSE,
    CLOCK_MONOTONIC_COARSE,
    CLOCK_BOOTTIME,
    CLOCK_TAI,
];

/// Start, end and rights of the mapping that /proc/self/maps calls `name`.
fn mapping(name: &str) -> Result<(usize, usize, String), Failure> {
    let text = std::fs::read_to_string("/proc/self/maps")?;
    let line = text.lines().find(|line| line.ends_with(name));
    let missing = || Failure::Wrong(format!("no mapping is called {name}"));
    let mut words = line.ok_or_else(missing)?.split_whitespace();
    let (range, rights) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let address = |text| usize::from_str_radix(text, 16).ok();
    let (start, end) = range.split_once('-').ok_or_else(missing)?;
    match (address(start), address(end)) {
        (Some(start), Some(end)) => Ok((start, end, rights.to_string())),
        _ => Err(missing()),
    }
}

/// Where the image lies, and its bytes.
fn image() -> Result<(usize, Vec<u8>), Failure> {
    let start = raw::auxiliary(AT_SYSINFO_EHDR);
    let (_, end, _) = mapping("[vdso]")?;
    Ok((start, raw::copy_of(start, end - start)))
}

fn parse(bytes: &[u8]) -> Result<Elf<'_>, Failure> {
    Elf::parse(bytes).map_err(|error| Failure::Wrong(format!("the image: {error}")))
}

/// Place in the symbol table and address of the function `name`.
fn find(name: &str) -> Result<(usize, usize), Failure> {
    let (start, bytes) = image()?;
    let elf = parse(&bytes)?;
    let place = elf.dynsyms.iter().position(|symbol| {
        symbol.is_function()
            && symbol.st_shndx != 0
            && elf.dynstrtab.get_at(symbol.st_name) == Some(name)
    });
    let place = place.ok_or_else(|| Failure::Wrong(format!("no function {name}")))?;
    let value = elf.dynsyms.get(place).map_or(0, |symbol| symbol.st_value);
    Ok((place, start + value as usize))
}

/// The addresses of all functions, looked up once.
fn functions() -> Result<[usize; 5], Failure> {
    static FOUND: OnceLock<[usize; 5]> = OnceLock::new();
    if let Some(found) = FOUND.get() {
        return Ok(*found);
    }
    let mut addresses = [0; 5];
    for (address, name) in addresses.iter_mut().zip(SYMBOLS) {
        *address = find(name)?.1;
    }
    Ok(*FOUND.get_or_init(|| addresses))
}

fn image_is_a_shared_object() -> Outcome {
    let (start, bytes) = image()?;
    holds!(start != 0);
    let elf = parse(&bytes)?;
    holds!(elf.is_lib && elf.is_64);
    same!(elf.soname, Some("linux-vdso.so.1"));
    same!(elf.header.e_machine, 62);
    let loads: Vec<_> = elf
        .program_headers
        .iter()
        .filter(|header| header.p_type == PT_LOAD)
        .collect();
    same!((loads.len(), loads[0].p_vaddr, loads[0].p_flags), (1, 0, 5));
    let dynamic = elf
        .program_headers
        .iter()
        .find(|header| header.p_type == PT_DYNAMIC);
    same!(dynamic.map(|header| header.p_flags & PF_W), Some(0));
    Ok(())
}

fn image_is_mapped_by_name() -> Outcome {
    let (start, _, rights) = mapping("[vdso]")?;
    same!(start, raw::auxiliary(AT_SYSINFO_EHDR));
    same!(rights, "r-xp");
    let (data, end, rights) = mapping("[vvar]")?;
    same!(rights, "r--p");
    holds!(data < end && end <= start);
    Ok(())
}

/// Follows the tables that a dynamic linker follows.
fn symbols_have_the_version() -> Outcome {
    const VERSIONS_OF_SYMBOLS: u64 = 0x6fff_fff0;
    const DEFINITIONS: u64 = 0x6fff_fffc;
    let (_, bytes) = image()?;
    let elf = parse(&bytes)?;
    let table = |tag| {
        let dynamic = elf.dynamic.as_ref()?;
        let entry = dynamic.dyns.iter().find(|entry| entry.d_tag == tag)?;
        usize::try_from(entry.d_val).ok()
    };
    let half = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    let word = |at: usize| half(at) | half(at + 2) << 16;
    let (Some(of_symbols), Some(definitions)) = (table(VERSIONS_OF_SYMBOLS), table(DEFINITIONS))
    else {
        return Err(Failure::Wrong("the versions are missing".into()));
    };
    for name in SYMBOLS {
        let version = half(of_symbols + 2 * find(name)?.0) & 0x7fff;
        // Definition: version, flags, index, count (halves), hash, auxiliary, next (words).
        let mut at = definitions;
        while half(at + 4) != version {
            holds!(word(at + 16) != 0, "{name} has no version");
            at += word(at + 16);
        }
        same!(word(at + 8), 0x3ae_75f6);
        same!(
            elf.dynstrtab.get_at(word(at + word(at + 12))),
            Some("LINUX_2.6")
        );
    }
    Ok(())
}

fn in_nanoseconds(time: [i64; 2]) -> i64 {
    time[0] * 1_000_000_000 + time[1]
}

fn by_call(clock: i32) -> Result<i64, Failure> {
    let mut time = [0i64; 2];
    works!(SYS_clock_gettime, clock, &mut time);
    Ok(in_nanoseconds(time))
}

fn by_vdso(clock: i32) -> Result<i64, Failure> {
    let [clock_gettime, ..] = functions()?;
    let mut time = [0i64; 2];
    let at = time.as_mut_ptr().expose_provenance();
    let result = raw::call_function(clock_gettime, [clock as usize, at, 0]);
    same!((clock, result), (clock, 0));
    holds!((0..1_000_000_000).contains(&time[1]), "clock {clock}");
    Ok(in_nanoseconds(time))
}

/// The vDSO's time lies between those of a call before it and a call after it.
fn agrees(clock: i32) -> Outcome {
    let before = by_call(clock)?;
    let between = by_vdso(clock)?;
    let after = by_call(clock)?;
    holds!(before <= between && between <= after, "clock {clock}");
    Ok(())
}

fn vdso_clocks_agree_with_the_call() -> Outcome {
    for clock in CLOCKS {
        for _ in 0..200 {
            agrees(clock)?;
        }
    }
    Ok(())
}

fn vdso_and_call_mixed_never_go_back() -> Outcome {
    for clock in [
        CLOCK_MONOTONIC,
        CLOCK_MONOTONIC_RAW,
        CLOCK_BOOTTIME,
        CLOCK_MONOTONIC_COARSE,
    ] {
        let mut last = 0;
        for round in 0..10_000 {
            let now = match round % 3 {
                0 => by_call(clock)?,
                _ => by_vdso(clock)?,
            };
            holds!(now >= last, "clock {clock}");
            last = now;
        }
    }
    Ok(())
}

fn vdso_passes_on_other_clocks() -> Outcome {
    for clock in [CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, -2, -6] {
        agrees(clock)?;
    }
    let [clock_gettime, _, _, clock_getres, _] = functions()?;
    let mut time = [0i64; 2];
    let at = time.as_mut_ptr().expose_provenance();
    for clock in [10, 12, 31, 32, 33, 64, 1000, i32::MAX, i32::MIN] {
        for function in [clock_gettime, clock_getres] {
            let result = raw::call_function(function, [clock as usize, at, 0]);
            same!((clock, result), (clock, -(EINVAL as isize)));
        }
    }
    Ok(())
}

fn vdso_resolutions_agree() -> Outcome {
    let [.., clock_getres, _] = functions()?;
    for clock in CLOCKS
        .into_iter()
        .chain([CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID])
    {
        let (mut called, mut read) = ([7i64; 2], [8i64; 2]);
        gives!(0, SYS_clock_getres, clock, &mut called);
        let at = read.as_mut_ptr().expose_provenance();
        same!(raw::call_function(clock_getres, [clock as usize, at, 0]), 0);
        same!((clock, read), (clock, called));
        same!(raw::call_function(clock_getres, [clock as usize, 0, 0]), 0);
    }
    Ok(())
}

fn vdso_gettimeofday_agrees() -> Outcome {
    let [_, gettimeofday, ..] = functions()?;
    let mut zones = [[1i32; 2], [2i32; 2]];
    let mut times = [[0i64; 2]; 3];
    for round in 0..200 {
        works!(SYS_gettimeofday, &mut times[0], &mut zones[0]);
        let (time, zone) = (
            times[1].as_mut_ptr().expose_provenance(),
            zones[1].as_mut_ptr().expose_provenance(),
        );
        let zone = if round % 2 == 0 { 0 } else { zone };
        same!(raw::call_function(gettimeofday, [time, zone, 0]), 0);
        works!(SYS_gettimeofday, &mut times[2], 0);
        holds!((0..1_000_000).contains(&times[1][1]));
        holds!(times.is_sorted());
    }
    same!(zones[1], zones[0]);
    same!(raw::call_function(gettimeofday, [0, 0, 0]), 0);
    Ok(())
}

fn vdso_time_agrees() -> Outcome {
    let [_, _, time, ..] = functions()?;
    let mut stored = 0i64;
    for _ in 0..200 {
        let before = works!(SYS_time, 0);
        let seconds = raw::call_function(time, [(&raw mut stored).expose_provenance(), 0, 0]);
        same!(stored as isize, seconds);
        let after = works!(SYS_time, 0);
        // Linux's time(2) looks at a clock that is brought up to date a few times a second only.
        holds!(before <= seconds && seconds <= after + 1);
    }
    holds!(raw::call_function(time, [0, 0, 0]) >= stored as isize);
    Ok(())
}

fn vdso_getcpu_agrees() -> Outcome {
    let [.., getcpu] = functions()?;
    // The thread may be moved in between, but not every time.
    for _ in 0..1000 {
        let (mut before, mut here, mut after) = ([9u32; 2], [8u32; 2], [7u32; 2]);
        works!(SYS_getcpu, &mut before[0], &mut before[1], 0);
        let at = here.as_mut_ptr().expose_provenance();
        same!(raw::call_function(getcpu, [at, at + 4, 0]), 0);
        works!(SYS_getcpu, &mut after[0], &mut after[1], 0);
        if before == after {
            same!(here, before);
            same!(raw::call_function(getcpu, [0, 0, 0]), 0);
            return Ok(());
        }
    }
    Err(Failure::Wrong(
        "the thread never stayed on a processor".into(),
    ))
}

/// The clock is moved by a moment only: this may be somebody's real clock.
fn vdso_sees_a_set_time_at_once() -> Outcome {
    const MOMENT: i64 = 20_000_000;
    let set = |time: i64| {
        sys!(
            SYS_clock_settime,
            CLOCK_REALTIME,
            &[time / 1_000_000_000, time % 1_000_000_000]
        )
    };
    let ahead =
        || -> Result<i64, Failure> { Ok(by_vdso(CLOCK_REALTIME)? - by_vdso(CLOCK_MONOTONIC)?) };
    let before = ahead()?;
    match set(by_call(CLOCK_REALTIME)? + MOMENT) {
        0 => {}
        error if error == -(EPERM as isize) => return Err(Failure::Skipped),
        error => same!(error, 0),
    }
    let moved = ahead()? - before;
    same!(set(by_call(CLOCK_REALTIME)? - MOMENT), 0);
    let back = ahead()? - before;
    // Some of it is lost between asking and setting, and some time may pass between two readings.
    let close = MOMENT / 2..=MOMENT + MOMENT / 2;
    holds!(close.contains(&moved), "moved by {moved}");
    holds!(back < MOMENT / 2, "still moved by {back}");
    Ok(())
}

fn vdso_faults_on_bad_pointers() -> Outcome {
    let [clock_gettime, gettimeofday, ..] = functions()?;
    let status =
        status_of(|| raw::call_function(clock_gettime, [CLOCK_MONOTONIC as usize, 8, 0]) as i32)?;
    same!(status, SIGSEGV);
    same!(
        status_of(|| raw::call_function(gettimeofday, [8, 0, 0]) as i32)?,
        SIGSEGV
    );
    Ok(())
}

fn vdso_works_in_a_child() -> Outcome {
    functions()?;
    let child = || i32::from(CLOCKS.iter().all(|clock| agrees(*clock).is_ok()));
    same!(status_of(child)?, 1 << 8);
    Ok(())
}

fn vdso_can_be_taken_away() -> Outcome {
    let [clock_gettime, ..] = functions()?;
    let (start, end, _) = mapping("[vdso]")?;
    let child = || {
        let gone = sys!(SYS_munmap, start, end - start) == 0;
        let mut time = [0i64; 2];
        let called = sys!(SYS_clock_gettime, CLOCK_MONOTONIC, &mut time) == 0;
        i32::from(gone && called)
    };
    same!(status_of(child)?, 1 << 8);
    let child = || {
        sys!(SYS_munmap, start, end - start);
        raw::call_function(clock_gettime, [CLOCK_MONOTONIC as usize, 0, 0]) as i32
    };
    same!(status_of(child)?, SIGSEGV);
    Ok(())
}

/// The code can be moved, and what needs no data goes on there.
fn vdso_can_be_moved() -> Outcome {
    let [.., getcpu] = functions()?;
    let (start, end, _) = mapping("[vdso]")?;
    let length = end - start;
    let child = || {
        let place = sys!(
            SYS_mmap,
            0,
            length,
            PROT_NONE,
            MAP_PRIVATE | MAP_ANONYMOUS,
            -1,
            0
        ) as usize;
        let flags = MREMAP_MAYMOVE | MREMAP_FIXED;
        let moved = sys!(SYS_mremap, start, length, length, flags, place) as usize;
        let called = raw::call_function(getcpu - start + place, [0; 3]);
        i32::from(moved == place && called == 0)
    };
    same!(status_of(child)?, 1 << 8);
    fails!(
        EFAULT,
        SYS_mremap,
        start,
        length,
        2 * length,
        MREMAP_MAYMOVE,
        0
    );
    Ok(())
}

fn data_cannot_be_written() -> Outcome {
    let (start, _, _) = mapping("[vvar]")?;
    same!(
        status_of(|| {
            raw::poke(start, 1);
            0
        })?,
        SIGSEGV
    );
    fails!(EACCES, SYS_mprotect, start, 4096, PROT_READ | PROT_WRITE);
    Ok(())
}
