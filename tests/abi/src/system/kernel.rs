//! uname, sysinfo, getrandom, host names, the log, membarrier, rseq, reboot, unknown numbers.

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::inside_child;
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use libc::*;

cases![
    uname_fields,
    uname_bad_address,
    host_name_set_and_get,
    host_name_errors,
    domain_name,
    sysinfo_fields,
    getrandom_fills,
    getrandom_errors,
    getrandom_large,
    syslog_sizes,
    syslog_errors,
    membarrier_query,
    membarrier_commands,
    rseq_arguments,
    reboot_bad_magic,
    arch_prctl_segments,
    unknown_numbers,
    getcpu_answers,
    personality_query,
    personality_is_kept,
    personality_read_implies_exec,
    time_zone_out_of_bounds,
    capabilities_of_root,
    sethostname_seen_by_all,
];

fn names() -> Result<[String; 6], Failure> {
    let mut raw = [[0u8; 65]; 6];
    gives!(0, SYS_uname, &mut raw);
    Ok(raw.map(|field| {
        let text = field.split(|b| *b == 0).next().unwrap_or_default();
        String::from_utf8_lossy(text).into_owned()
    }))
}

fn uname_fields() -> Outcome {
    let [system, node, release, version, machine, _] = names()?;
    same!((system.as_str(), machine.as_str()), ("Linux", "x86_64"));
    holds!(!node.is_empty() && version.starts_with('#'));
    let mut numbers = release
        .split(['.', '-'])
        .map(|part| part.parse::<u32>().unwrap_or(0));
    let release = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    holds!(release >= (6, 1));
    Ok(())
}

fn uname_bad_address() -> Outcome {
    fails!(EFAULT, SYS_uname, 8);
    fails!(EFAULT, SYS_uname, 1usize << 63);
    Ok(())
}

/// Changes the name and puts it back. Without the privilege there is nothing to test.
fn with_host_name(name: &[u8], body: impl FnOnce() -> Outcome) -> Outcome {
    let old = names()?[1].clone();
    match sys!(SYS_sethostname, name, name.len()) {
        0 => {}
        error if error == -(EPERM as isize) => return Err(Failure::Skipped),
        error => same!(error, 0),
    }
    let outcome = body();
    works!(SYS_sethostname, old.as_bytes(), old.len());
    outcome
}

fn host_name_set_and_get() -> Outcome {
    // In a name space of its own where there are such, so that a host keeps its name.
    sys!(SYS_unshare, CLONE_NEWUTS);
    with_host_name(b"a-test-name", || {
        same!(names()?[1].clone(), String::from("a-test-name"));
        Ok(())
    })
}

fn host_name_errors() -> Outcome {
    fails!(EINVAL, SYS_sethostname, &[b'x'; 65], 65);
    fails!(EINVAL, SYS_sethostname, b"x", -1);
    fails!(EFAULT, SYS_sethostname, 8, 5);
    Ok(())
}

fn domain_name() -> Outcome {
    sys!(SYS_unshare, CLONE_NEWUTS);
    let old = names()?[5].clone();
    match sys!(SYS_setdomainname, b"a.domain", 8) {
        0 => {}
        error if error == -(EPERM as isize) => return Err(Failure::Skipped),
        error => same!(error, 0),
    }
    same!(names()?[5].clone(), String::from("a.domain"));
    works!(SYS_setdomainname, old.as_bytes(), old.len());
    fails!(EINVAL, SYS_setdomainname, b"x", 65);
    Ok(())
}

fn sethostname_seen_by_all() -> Outcome {
    sys!(SYS_unshare, CLONE_NEWUTS);
    with_host_name(b"seen-by-all", || {
        inside_child(|| {
            same!(names()?[1].clone(), String::from("seen-by-all"));
            Ok(())
        })
    })
}

/// `struct sysinfo`: uptime, three loads, total, free, shared, buffers, swap (2), processes …
fn sysinfo_fields() -> Outcome {
    let mut seen = [0u64; 14];
    gives!(0, SYS_sysinfo, &mut seen);
    let unit = seen[13] as u32;
    holds!(unit >= 1 && seen[4] > seen[5] && seen[5] > 0);
    holds!(seen[10] as u16 >= 1, "no processes");
    fails!(EFAULT, SYS_sysinfo, 8);
    Ok(())
}

fn getrandom_fills() -> Outcome {
    let (mut first, mut second) = ([0u8; 64], [0u8; 64]);
    gives!(64, SYS_getrandom, &mut first, 64, 0);
    gives!(64, SYS_getrandom, &mut second, 64, GRND_NONBLOCK);
    holds!(first != second && first != [0; 64]);
    gives!(0, SYS_getrandom, 8, 0, 0);
    Ok(())
}

fn getrandom_errors() -> Outcome {
    fails!(EFAULT, SYS_getrandom, 8, 16, 0);
    fails!(EINVAL, SYS_getrandom, &mut [0u8; 16], 16, 0x100);
    fails!(
        EINVAL,
        SYS_getrandom,
        &mut [0u8; 16],
        16,
        GRND_RANDOM | GRND_INSECURE
    );
    Ok(())
}

fn getrandom_large() -> Outcome {
    let mut block = vec![0u8; 100_000];
    gives!(100_000, SYS_getrandom, block.as_mut_slice(), 100_000, 0);
    let ones: u32 = block.iter().map(|byte| byte.count_ones()).sum();
    // Four standard deviations around the half of 800,000 bits.
    holds!((398_200..401_800).contains(&ones), "saw {ones} one bits");
    Ok(())
}

fn syslog_sizes() -> Outcome {
    let size = works!(SYS_syslog, 10, 0, 0);
    holds!(size >= 4096);
    let mut text = vec![0u8; size as usize];
    let count = works!(SYS_syslog, 3, text.as_mut_slice(), size);
    holds!(count > 0 && text[0] == b'<');
    holds!(works!(SYS_syslog, 9, 0, 0) >= 0);
    Ok(())
}

fn syslog_errors() -> Outcome {
    fails!(EINVAL, SYS_syslog, 99, 0, 0);
    fails!(EINVAL, SYS_syslog, 3, 0, 10);
    fails!(EINVAL, SYS_syslog, 3, &mut [0u8; 4], -1);
    fails!(EINVAL, SYS_syslog, 8, 0, 9);
    inside_child(|| {
        works!(SYS_setuid, 1000);
        fails!(EPERM, SYS_syslog, 5, 0, 0);
        Ok(())
    })
}

fn membarrier_query() -> Outcome {
    let mask = works!(SYS_membarrier, 0, 0, 0);
    holds!(mask & 1 != 0 && mask & 8 != 0);
    Ok(())
}

fn membarrier_commands() -> Outcome {
    gives!(0, SYS_membarrier, 1, 0, 0);
    fails!(EPERM, SYS_membarrier, 8, 0, 0);
    gives!(0, SYS_membarrier, 16, 0, 0);
    gives!(0, SYS_membarrier, 8, 0, 0);
    fails!(EINVAL, SYS_membarrier, 1 << 20, 0, 0);
    fails!(EINVAL, SYS_membarrier, 1, 1, 0);
    Ok(())
}

/// The C library has registered the area already, so a second one is refused.
fn rseq_arguments() -> Outcome {
    let at = works!(
        SYS_mmap,
        0,
        4096,
        PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS,
        -1,
        0
    );
    fails!(EINVAL, SYS_rseq, at + 1, 32, 0, 0);
    fails!(EINVAL, SYS_rseq, at, 31, 0, 0);
    fails!(EINVAL, SYS_rseq, at, 32, 8, 0);
    Ok(())
}

fn reboot_bad_magic() -> Outcome {
    fails!(EINVAL, SYS_reboot, 0, 0, 0, 0);
    fails!(
        EINVAL,
        SYS_reboot,
        LINUX_REBOOT_MAGIC1,
        0,
        LINUX_REBOOT_CMD_RESTART,
        0
    );
    fails!(
        EINVAL,
        SYS_reboot,
        0,
        LINUX_REBOOT_MAGIC2,
        LINUX_REBOOT_CMD_RESTART,
        0
    );
    fails!(
        EINVAL,
        SYS_reboot,
        LINUX_REBOOT_MAGIC1,
        LINUX_REBOOT_MAGIC2,
        0x55,
        0
    );
    Ok(())
}

fn arch_prctl_segments() -> Outcome {
    let (mut fs, mut gs) = (0usize, 1usize);
    gives!(0, SYS_arch_prctl, 0x1003, &mut fs);
    gives!(0, SYS_arch_prctl, 0x1004, &mut gs);
    holds!(fs != 0 && gs == 0);
    gives!(0, SYS_arch_prctl, 0x1001, 0x1234_5000);
    gives!(0, SYS_arch_prctl, 0x1004, &mut gs);
    same!(gs, 0x1234_5000);
    fails!(EPERM, SYS_arch_prctl, 0x1001, 1usize << 63);
    fails!(EPERM, SYS_arch_prctl, 0x1002, usize::MAX);
    fails!(EFAULT, SYS_arch_prctl, 0x1003, 8);
    fails!(EINVAL, SYS_arch_prctl, 0x7777, 0);
    Ok(())
}

fn unknown_numbers() -> Outcome {
    for number in [600i64, 999, 4096, 1 << 31, i64::MAX, -1, -100] {
        same!((number, sys!(number)), (number, -(ENOSYS as isize)));
    }
    Ok(())
}

fn getcpu_answers() -> Outcome {
    let (mut processor, mut node) = (99u32, 99u32);
    gives!(0, SYS_getcpu, &mut processor, &mut node, 0);
    holds!(processor < 64 && node < 8);
    gives!(0, SYS_getcpu, 0, 0, 0);
    fails!(EFAULT, SYS_getcpu, 8, 0, 0);
    Ok(())
}

fn personality_query() -> Outcome {
    gives!(0, SYS_personality, u32::MAX);
    Ok(())
}

/// Any value is kept; that of 32-bit Linux shows in the name of the machine.
fn personality_is_kept() -> Outcome {
    const PER_LINUX32: u32 = 8;
    inside_child(|| {
        gives!(0, SYS_personality, PER_LINUX32);
        same!(names()?[4].clone(), String::from("i686"));
        gives!(PER_LINUX32, SYS_personality, 0x0042_0001);
        same!(names()?[4].clone(), String::from("x86_64"));
        holds!(names()?[2].starts_with("2.6."));
        gives!(0x0042_0001, SYS_personality, 0);
        gives!(0, SYS_personality, u32::MAX);
        Ok(())
    })
}

/// With READ_IMPLIES_EXEC what can be read can be executed.
fn personality_read_implies_exec() -> Outcome {
    inside_child(|| {
        gives!(0, SYS_personality, 0x0040_0000);
        let flags = MAP_PRIVATE | MAP_ANONYMOUS;
        let at = works!(SYS_mmap, 0, 4096, PROT_READ, flags, -1, 0);
        let rights = |address: isize| -> Result<String, Failure> {
            let maps = std::fs::read_to_string("/proc/self/maps")?;
            let line = maps
                .lines()
                .find(|line| line.starts_with(&format!("{address:x}-")));
            let word = line.and_then(|line| line.split(' ').nth(1));
            Ok(word.unwrap_or_default().to_owned())
        };
        same!(rights(at)?, String::from("r-xp"));
        gives!(0, SYS_mprotect, at, 4096, PROT_WRITE);
        same!(rights(at)?, String::from("-w-p"));
        gives!(0, SYS_mprotect, at, 4096, PROT_READ);
        same!(rights(at)?, String::from("r-xp"));
        Ok(())
    })
}

/// At most fifteen hours from Greenwich, in either direction.
fn time_zone_out_of_bounds() -> Outcome {
    for minutes in [i32::MIN, i32::MAX, 15 * 60 + 1, -15 * 60 - 1] {
        match sys!(SYS_settimeofday, 0, &[minutes, 0]) {
            error if error == -(EPERM as isize) => return Err(Failure::Skipped),
            error => same!(error, -(EINVAL as isize)),
        }
    }
    Ok(())
}

/// capget: a process of root's has what the kernel gives; one of a user's has nothing.
fn capabilities_of_root() -> Outcome {
    let header = [0x2008_0522u32, 0];
    let mut sets = [0u32; 6];
    gives!(0, SYS_capget, &header, &mut sets);
    holds!(sets[0] & 1 == 1 && sets[1] & 1 == 1);
    inside_child(|| {
        works!(SYS_setuid, 1000);
        let mut sets = [9u32; 6];
        gives!(0, SYS_capget, &header, &mut sets);
        same!((sets[0], sets[3]), (0, 0));
        Ok(())
    })?;
    let mut bad = [0x1234u32, 0];
    fails!(EINVAL, SYS_capget, &mut bad, &mut sets);
    same!(bad[0], 0x2008_0522);
    Ok(())
}
