//! `/dev/input/mice` and `mouseN`, each opened three times: as a mouse without a wheel, with one,
//! and with five buttons. Source: Linux's `Documentation/input/input.rst`, section mousedev.

use std::fs::File;
use std::io::{ErrorKind, Read, Result, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, Instant};

use guests::orders;

/// How long bytes are waited for.
const LIMIT: Duration = Duration::from_secs(20);

/// The protocols and the bytes by which they are asked for.
const PROTOCOLS: [(&str, &[u8]); 3] = [
    ("ps2", &[]),
    ("imps2", &[0xf3, 200, 0xf3, 100, 0xf3, 80]),
    ("exps2", &[0xf3, 200, 0xf3, 200, 0xf3, 80]),
];

/// One opening and what came of it.
struct Mouse {
    name: String,
    file: File,
    bytes: Vec<u8>,
}

/// All openings.
pub struct Mice(Vec<Mouse>);

impl Mice {
    /// Opens them, and drops the answers to what was asked.
    pub fn open() -> Result<Self> {
        let mut names: Vec<_> = std::fs::read_dir("/dev/input")?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<Result<_>>()?;
        names.retain(|name| name.starts_with('m'));
        names.sort();
        let mut mice = Self(Vec::new());
        for name in &names {
            for (protocol, asked) in PROTOCOLS {
                let mut options = File::options();
                options.read(true).write(true);
                let path = format!("/dev/input/{name}");
                let mut file = options.custom_flags(libc::O_NONBLOCK).open(path)?;
                file.write_all(asked)?;
                mice.0.push(Mouse {
                    name: format!("{name}.{protocol}"),
                    file,
                    bytes: Vec::new(),
                });
            }
        }
        mice.read()?;
        mice.0.iter_mut().for_each(|mouse| mouse.bytes.clear());
        Ok(mice)
    }

    /// The files, to wait for.
    pub fn files(&self) -> impl Iterator<Item = &File> {
        self.0.iter().map(|mouse| &mouse.file)
    }

    /// Reads all there is to read.
    pub fn read(&mut self) -> Result<()> {
        for mouse in &mut self.0 {
            let mut some = [0; 64];
            loop {
                match mouse.file.read(&mut some) {
                    Ok(length) => mouse.bytes.extend_from_slice(&some[..length]),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    /// What has come, once there are `count` bytes of it all in all, or in vain waited for.
    pub fn bytes(&mut self, count: usize) -> Result<String> {
        let deadline = Instant::now() + LIMIT;
        loop {
            self.read()?;
            let left = deadline.saturating_duration_since(Instant::now());
            let has: usize = self.0.iter().map(|mouse| mouse.bytes.len()).sum();
            if has >= count || left.is_zero() {
                break;
            }
            orders::wait(self.files(), Some(left))?;
        }
        let moved = self.0.iter_mut().filter(|mouse| !mouse.bytes.is_empty());
        let words: Vec<String> = moved
            .map(|mouse| {
                let bytes = std::mem::take(&mut mouse.bytes);
                let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                format!("{}:{digits}", mouse.name)
            })
            .collect();
        Ok(words.join(" "))
    }
}
