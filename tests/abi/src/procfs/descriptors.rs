//! The open files of a process as /proc shows them. Source: proc_pid_fd(5), proc_pid_fdinfo(5).

use abi_tests::check::Outcome;
use abi_tests::{cases, fails, gives, holds, same, works};
use libc::*;
use std::fs::{read_link, read_to_string};

cases![
    descriptor_links,
    descriptor_of_deleted_file,
    descriptor_reopen,
    descriptor_list,
    descriptor_info,
];

fn descriptor_links() -> Outcome {
    std::fs::write("f", "")?;
    let fd = works!(SYS_open, c"f", O_RDONLY);
    let link = read_link(format!("/proc/self/fd/{fd}"))?;
    same!(link, std::env::current_dir()?.join("f"));
    let null = works!(SYS_open, c"/dev/null", O_RDONLY);
    same!(
        read_link(format!("/proc/self/fd/{null}"))?
            .display()
            .to_string(),
        "/dev/null"
    );
    fails!(
        ENOENT,
        SYS_readlink,
        c"/proc/self/fd/99",
        &mut [0u8; 10],
        10
    );
    Ok(())
}

fn descriptor_of_deleted_file() -> Outcome {
    let fd = works!(SYS_open, c"f", O_CREAT | O_RDWR, 0o644);
    let path = std::env::current_dir()?.join("f").display().to_string();
    works!(SYS_unlink, c"f");
    let link = read_link(format!("/proc/self/fd/{fd}"))?;
    same!(link.display().to_string(), path + " (deleted)");
    Ok(())
}

/// Opening a descriptor's entry opens the very file again, even when its name is gone.
fn descriptor_reopen() -> Outcome {
    std::fs::write("f", "contents")?;
    let fd = works!(SYS_open, c"f", O_RDONLY);
    works!(SYS_unlink, c"f");
    same!(read_to_string(format!("/proc/self/fd/{fd}"))?, "contents");
    let path = std::ffi::CString::new(format!("/proc/self/fd/{fd}")).unwrap_or_default();
    let writer = works!(SYS_open, path.as_c_str(), O_WRONLY);
    gives!(1, SYS_write, writer, b"C", 1);
    same!(read_to_string(format!("/proc/self/fd/{fd}"))?, "Contents");
    Ok(())
}

fn descriptor_list() -> Outcome {
    works!(SYS_dup2, 0, 77);
    let names: Vec<String> = std::fs::read_dir("/proc/self/fd")?
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    holds!(names.contains(&"0".to_owned()) && names.contains(&"77".to_owned()));
    works!(SYS_close, 77);
    fails!(ENOENT, SYS_access, c"/proc/self/fd/77", F_OK);
    Ok(())
}

fn descriptor_info() -> Outcome {
    std::fs::write("f", "0123456789")?;
    let fd = works!(SYS_open, c"f", O_RDWR | O_APPEND | O_CLOEXEC);
    works!(SYS_lseek, fd, 4, SEEK_SET);
    let text = read_to_string(format!("/proc/self/fdinfo/{fd}"))?;
    holds!(
        text.starts_with("pos:\t4\nflags:\t02102002\nmnt_id:\t"),
        "saw {text}"
    );
    Ok(())
}
