//! Files and processes by way of the standard library.

use abi_tests::check::Outcome;
use abi_tests::{cases, holds, same};
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::process::{Command, Stdio};

cases![
    threads_write_own_files,
    threads_append_to_one_file,
    lines_written_and_read,
    seeks_at_random,
    tree_made_walked_removed,
    copies_and_renames,
    metadata_and_times,
    processes_in_parallel,
    process_fed_and_read,
    process_environment_cleared,
    process_killed,
];

/// Run again as a child: repeats its input, then says what it knows.
pub fn echo() {
    let mut text = String::new();
    if std::io::stdin().read_to_string(&mut text).is_ok() {
        print!("{text}{}", std::env::var("WORD").unwrap_or_default());
    }
}

fn threads_write_own_files() -> Outcome {
    let threads: Vec<_> = (0..16u8)
        .map(|n| {
            std::thread::spawn(move || {
                let name = format!("file-{n}");
                let block = vec![n; 10_000];
                let written = (0..10).all(|_| {
                    OpenOptions::new()
                        .create(true)
                        .append(true)
                        .open(&name)
                        .is_ok_and(|mut file| file.write_all(&block).is_ok())
                });
                let back = fs::read(&name).unwrap_or_default();
                written && back.len() == 100_000 && back.iter().all(|byte| *byte == n)
            })
        })
        .collect();
    let good = threads
        .into_iter()
        .filter_map(|thread| thread.join().ok())
        .filter(|good| *good);
    same!(good.count(), 16);
    Ok(())
}

/// Appending writes are whole: no line is torn, none is lost.
fn threads_append_to_one_file() -> Outcome {
    let threads: Vec<_> = (0..8)
        .map(|n| {
            std::thread::spawn(move || {
                let Ok(mut file) = OpenOptions::new().create(true).append(true).open("log") else {
                    return;
                };
                for step in 0..200 {
                    // A line that is not written is missed by the count below.
                    let _ =
                        file.write_all(format!("thread {n} line {step:03} of many\n").as_bytes());
                }
            })
        })
        .collect();
    for thread in threads {
        holds!(thread.join().is_ok());
    }
    let text = fs::read_to_string("log")?;
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines.dedup();
    same!(
        (lines.len(), lines[0], lines[1599]),
        (
            1600,
            "thread 0 line 000 of many",
            "thread 7 line 199 of many"
        )
    );
    Ok(())
}

fn lines_written_and_read() -> Outcome {
    let mut writer = BufWriter::new(File::create("lines")?);
    for n in 0..20_000u64 {
        writeln!(writer, "{}", n * n)?;
    }
    writer
        .into_inner()
        .map_err(std::io::IntoInnerError::into_error)?
        .sync_all()?;
    let mut sum = 0u64;
    for line in BufReader::new(File::open("lines")?).lines() {
        sum += line?.parse::<u64>().unwrap_or(0);
    }
    same!(sum, 2_666_466_670_000);
    Ok(())
}

fn seeks_at_random() -> Outcome {
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(true)
        .read(true)
        .write(true)
        .open("f")?;
    let mut place = 1u64;
    let mut next = || {
        place = place
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        place >> 33
    };
    let mut expected = vec![0u8; 300_000];
    for _ in 0..500 {
        let (at, value) = (next() % 299_900, next() as u8);
        file.seek(SeekFrom::Start(at))?;
        file.write_all(&[value; 100])?;
        expected[at as usize..at as usize + 100].fill(value);
    }
    let length = file.seek(SeekFrom::End(0))? as usize;
    file.rewind()?;
    let mut seen = Vec::new();
    file.read_to_end(&mut seen)?;
    same!(
        (seen.len() == length, seen[..] == expected[..length]),
        (true, true)
    );
    Ok(())
}

fn tree_made_walked_removed() -> Outcome {
    for a in 0..8 {
        for b in 0..8 {
            fs::create_dir_all(format!("tree/{a}/{b}"))?;
            for c in 0..8 {
                fs::write(format!("tree/{a}/{b}/{c}"), [c as u8; 64])?;
            }
        }
    }
    fn walk(folder: &std::path::Path) -> std::io::Result<(u64, u64)> {
        let (mut files, mut bytes) = (0, 0);
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                let inside = walk(&entry.path())?;
                files += inside.0;
                bytes += inside.1;
            } else {
                files += 1;
                bytes += entry.metadata()?.len();
            }
        }
        Ok((files, bytes))
    }
    same!(walk(std::path::Path::new("tree"))?, (512, 32_768));
    fs::remove_dir_all("tree")?;
    holds!(!fs::exists("tree")?);
    Ok(())
}

fn copies_and_renames() -> Outcome {
    let block: Vec<u8> = (0..200_000u32).map(|n| (n % 241) as u8).collect();
    fs::write("a", &block)?;
    for n in 0..10 {
        same!(fs::copy("a", format!("copy-{n}"))?, 200_000);
        fs::rename(format!("copy-{n}"), "b")?;
    }
    same!(fs::read("b")? == block, true);
    fs::hard_link("b", "c")?;
    std::os::unix::fs::symlink("c", "d")?;
    fs::remove_file("b")?;
    same!(fs::canonicalize("d")?, std::env::current_dir()?.join("c"));
    same!(fs::read("d")? == block, true);
    Ok(())
}

fn metadata_and_times() -> Outcome {
    use std::os::unix::fs::PermissionsExt;
    let file = File::create("f")?;
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_millis(1_234_567_891);
    file.set_times(fs::FileTimes::new().set_modified(time).set_accessed(time))?;
    file.set_len(12_345)?;
    file.set_permissions(fs::Permissions::from_mode(0o640))?;
    file.set_times(fs::FileTimes::new().set_modified(time))?;
    let metadata = fs::metadata("f")?;
    same!(
        (metadata.len(), metadata.permissions().mode() & 0o777),
        (12_345, 0o640)
    );
    same!(metadata.modified()? == time, true);
    Ok(())
}

/// This program, to be run again as `echo`.
fn me() -> std::io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg("echo")
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    Ok(command)
}

fn processes_in_parallel() -> Outcome {
    let mut children = Vec::new();
    for n in 0..8 {
        children.push(me()?.env("WORD", format!("child {n}")).spawn()?);
    }
    for (n, child) in children.into_iter().enumerate() {
        let output = child.wait_with_output()?;
        same!(
            String::from_utf8_lossy(&output.stdout).into_owned(),
            format!("child {n}")
        );
        same!(output.status.code(), Some(0));
    }
    Ok(())
}

fn process_fed_and_read() -> Outcome {
    let text = "a line of text\n".repeat(10_000);
    let mut child = me()?.stdin(Stdio::piped()).spawn()?;
    let Some(mut into) = child.stdin.take() else {
        return Ok(());
    };
    let feeder = {
        let text = text.clone();
        std::thread::spawn(move || into.write_all(text.as_bytes()).is_ok())
    };
    let output = child.wait_with_output()?;
    same!(
        (
            feeder.join().unwrap_or(false),
            output.stdout == text.as_bytes()
        ),
        (true, true)
    );
    Ok(())
}

fn process_environment_cleared() -> Outcome {
    let output = me()?.env_clear().env("WORD", "only").output()?;
    same!(String::from_utf8_lossy(&output.stdout).into_owned(), "only");
    Ok(())
}

fn process_killed() -> Outcome {
    use std::os::unix::process::ExitStatusExt;
    let mut child = me()?.stdin(Stdio::piped()).spawn()?;
    same!(child.try_wait()?.is_none(), true);
    child.kill()?;
    same!(child.wait()?.signal(), Some(libc::SIGKILL));
    Ok(())
}
