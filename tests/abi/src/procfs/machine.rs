//! The files of /proc that are about the machine and the kernel.

use abi_tests::check::{Failure, Outcome};
use abi_tests::{cases, fails, gives, holds, same, works};
use libc::*;
use std::fs::read_to_string;

cases![
    memory_information,
    uptime_form,
    load_average_form,
    version_form,
    processor_information,
    file_systems,
    machine_stat,
    command_line_of_kernel,
    devices_form,
    host_name_is_uname,
    operating_system_type,
    pid_limit,
    random_ids,
    overcommit_setting,
    dev_links,
    sysfs_is_there,
];

fn memory_information() -> Outcome {
    let text = read_to_string("/proc/meminfo")?;
    let value = |name: &str| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse::<u64>().ok())
    };
    let names = [
        "MemTotal",
        "MemFree",
        "MemAvailable",
        "Buffers",
        "Cached",
        "SwapTotal",
        "SwapFree",
        "Shmem",
    ];
    for name in names {
        holds!(value(name).is_some(), "{name} is missing");
    }
    holds!(value("MemTotal") > value("MemFree") && value("MemFree") > Some(0));
    same!(
        text.lines().next().map(str::len),
        Some("MemTotal:        1234567 kB".len())
    );
    Ok(())
}

fn uptime_form() -> Outcome {
    let read = || -> Result<f64, Failure> {
        let text = read_to_string("/proc/uptime")?;
        let words: Vec<&str> = text.trim_end().split(' ').collect();
        same!(words.len(), 2);
        for word in &words {
            same!(word.split_once('.').map(|(_, rest)| rest.len()), Some(2));
        }
        Ok(words[0].parse().unwrap_or(-1.0))
    };
    let (first, mut boot) = (read()?, [0i64; 2]);
    works!(SYS_clock_gettime, CLOCK_BOOTTIME, &mut boot);
    holds!((first - boot[0] as f64).abs() < 2.0);
    Ok(())
}

fn load_average_form() -> Outcome {
    let text = read_to_string("/proc/loadavg")?;
    let words: Vec<&str> = text.trim_end().split(' ').collect();
    same!(words.len(), 5);
    for word in &words[..3] {
        holds!(word.parse::<f64>().is_ok() && word.split('.').nth(1).map(str::len) == Some(2));
    }
    let counts = words[3]
        .split_once('/')
        .map(|(a, b)| (a.parse::<u32>(), b.parse::<u32>()));
    holds!(matches!(counts, Some((Ok(running), Ok(all))) if running >= 1 && all >= running));
    holds!(words[4].parse::<u32>().is_ok());
    Ok(())
}

fn version_form() -> Outcome {
    let text = read_to_string("/proc/version")?;
    holds!(text.starts_with("Linux version ") && text.ends_with('\n'));
    let release = read_to_string("/proc/sys/kernel/osrelease")?;
    same!(
        text.split(' ').nth(2).unwrap_or_default(),
        release.trim_end()
    );
    Ok(())
}

fn processor_information() -> Outcome {
    let text = read_to_string("/proc/cpuinfo")?;
    holds!(text.starts_with("processor\t: 0\nvendor_id\t: "));
    for name in [
        "cpu family",
        "model",
        "model name",
        "stepping",
        "cpu MHz",
        "flags",
        "bogomips",
    ] {
        let found = text
            .lines()
            .any(|line| line.split_once('\t').is_some_and(|(key, _)| key == name));
        holds!(found, "{name} is missing");
    }
    holds!(text.ends_with("\n\n"));
    Ok(())
}

fn file_systems() -> Outcome {
    let text = read_to_string("/proc/filesystems")?;
    for name in ["proc", "tmpfs", "devpts", "sysfs", "devtmpfs"] {
        holds!(
            text.lines().any(|line| line == format!("nodev\t{name}")),
            "{name} is missing"
        );
    }
    Ok(())
}

fn machine_stat() -> Outcome {
    let text = read_to_string("/proc/stat")?;
    let first = text.lines().next().unwrap_or_default();
    holds!(
        first.starts_with("cpu  ") && first.split_whitespace().count() == 11,
        "saw {first}"
    );
    for name in [
        "cpu0 ",
        "intr ",
        "ctxt ",
        "btime ",
        "processes ",
        "procs_running ",
        "procs_blocked ",
    ] {
        holds!(
            text.lines().any(|line| line.starts_with(name)),
            "{name} is missing"
        );
    }
    Ok(())
}

fn command_line_of_kernel() -> Outcome {
    let text = read_to_string("/proc/cmdline")?;
    same!(text.lines().count(), 1);
    holds!(text.ends_with('\n'));
    Ok(())
}

fn devices_form() -> Outcome {
    let text = read_to_string("/proc/devices")?;
    holds!(text.starts_with("Character devices:\n  1 mem\n"));
    holds!(text.contains("\n136 pts\n") && text.contains("\nBlock devices:\n"));
    Ok(())
}

fn host_name_is_uname() -> Outcome {
    let mut names = [[0u8; 65]; 6];
    gives!(0, SYS_uname, &mut names);
    let text = read_to_string("/proc/sys/kernel/hostname")?;
    let node = names[1].split(|b| *b == 0).next().unwrap_or_default();
    same!(text.trim_end(), String::from_utf8_lossy(node));
    Ok(())
}

fn operating_system_type() -> Outcome {
    same!(read_to_string("/proc/sys/kernel/ostype")?, "Linux\n");
    Ok(())
}

fn pid_limit() -> Outcome {
    let text = read_to_string("/proc/sys/kernel/pid_max")?;
    holds!(
        text.trim_end()
            .parse::<u32>()
            .is_ok_and(|limit| limit >= 300)
    );
    Ok(())
}

fn random_ids() -> Outcome {
    let boot = read_to_string("/proc/sys/kernel/random/boot_id")?;
    same!(boot.trim_end().len(), 36);
    same!(read_to_string("/proc/sys/kernel/random/boot_id")?, boot);
    let first = read_to_string("/proc/sys/kernel/random/uuid")?;
    holds!(first != read_to_string("/proc/sys/kernel/random/uuid")?);
    same!(first.as_bytes()[14], b'4');
    Ok(())
}

fn overcommit_setting() -> Outcome {
    let text = read_to_string("/proc/sys/vm/overcommit_memory")?;
    holds!(["0\n", "1\n", "2\n"].contains(&text.as_str()), "saw {text}");
    Ok(())
}

fn dev_links() -> Outcome {
    for (name, to) in [
        ("/dev/fd", "/proc/self/fd"),
        ("/dev/stdin", "/proc/self/fd/0"),
        ("/dev/stdout", "/proc/self/fd/1"),
        ("/dev/stderr", "/proc/self/fd/2"),
    ] {
        same!(
            (name, std::fs::read_link(name)?.display().to_string()),
            (name, to.to_owned())
        );
    }
    Ok(())
}

fn sysfs_is_there() -> Outcome {
    let mut seen = [0u64; 15];
    gives!(0, SYS_statfs, c"/sys", &mut seen);
    same!(seen[0], 0x6265_6572);
    for name in ["block", "bus", "class", "dev", "devices", "fs", "kernel"] {
        holds!(
            std::fs::metadata(format!("/sys/{name}"))?.is_dir(),
            "{name} is missing"
        );
    }
    fails!(EPERM, SYS_mkdir, c"/sys/class/new", 0o755);
    Ok(())
}
