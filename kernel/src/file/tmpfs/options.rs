//! The mount options of tmpfs: `size=`, `nr_blocks=`, `nr_inodes=`, `mode=`, `uid=`, `gid=`.
//! Source: tmpfs(5).

use crate::error::Result;
use abi::Errno;
use alloc::{format, string::String};
use core::str;

const PAGE_BYTES: u64 = 4096;

fn total_pages() -> u64 {
    metal::memory::total_frames() as u64
}

/// The options of one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Most pages that contents may take.
    pub pages: u64,
    /// Most inodes.
    pub inodes: u64,
    /// Permissions of the root directory.
    pub permissions: u32,
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
}

impl Default for Options {
    /// Half of memory, as on Linux, and as many inodes as pages.
    fn default() -> Self {
        let half = (total_pages() / 2).max(1);
        Options {
            pages: half,
            inodes: half,
            permissions: 0o1777,
            uid: 0,
            gid: 0,
        }
    }
}

impl Options {
    /// Reads options separated by commas; what is not named stays as in `base`. `EINVAL`: an
    /// unknown option or a bad value.
    pub fn parse(text: &[u8], base: &Options) -> Result<Options> {
        let mut options = base.clone();
        let text = str::from_utf8(text).map_err(|_| Errno::EINVAL)?;
        for word in text.split(',').filter(|word| !word.is_empty()) {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            match name {
                "size" => options.pages = limit(pages_of(value)?),
                "nr_blocks" => options.pages = limit(scaled(value)?),
                "nr_inodes" => options.inodes = limit(scaled(value)?),
                "mode" => {
                    let bits = u32::from_str_radix(value, 8).map_err(|_| Errno::EINVAL)?;
                    options.permissions = bits & 0o7777;
                }
                "uid" => options.uid = value.parse().map_err(|_| Errno::EINVAL)?,
                "gid" => options.gid = value.parse().map_err(|_| Errno::EINVAL)?,
                // Accepted and without effect, as nothing here is ever swapped or huge.
                "huge" | "mpol" | "noswap" | "inode32" | "inode64" => {}
                _ => return Err(Errno::EINVAL),
            }
        }
        Ok(options)
    }

    /// As /proc/mounts shows them: what differs from the default.
    pub fn shown(&self) -> String {
        let default = Options::default();
        let mut text = String::new();
        if self.pages != default.pages {
            text += &format!(",size={}k", self.pages.saturating_mul(PAGE_BYTES / 1024));
        }
        if self.inodes != default.inodes {
            text += &format!(",nr_inodes={}", self.inodes);
        }
        if self.permissions != default.permissions {
            text += &format!(",mode={:03o}", self.permissions);
        }
        if self.uid != 0 {
            text += &format!(",uid={}", self.uid);
        }
        if self.gid != 0 {
            text += &format!(",gid={}", self.gid);
        }
        text
    }
}

/// Zero means no limit.
fn limit(value: u64) -> u64 {
    if value == 0 {
        u64::MAX / PAGE_BYTES
    } else {
        value
    }
}

/// A size in bytes with an optional suffix, or a percentage of memory, as pages rounded up.
fn pages_of(value: &str) -> Result<u64> {
    if let Some(percent) = value.strip_suffix('%') {
        let percent: u64 = percent.parse().map_err(|_| Errno::EINVAL)?;
        let pages = total_pages().checked_mul(percent).ok_or(Errno::EINVAL)? / 100;
        return Ok(pages);
    }
    Ok(scaled(value)?.div_ceil(PAGE_BYTES))
}

/// A number with an optional suffix k, m, g or t.
fn scaled(value: &str) -> Result<u64> {
    let shift = match value.bytes().last() {
        Some(b'k' | b'K') => 10,
        Some(b'm' | b'M') => 20,
        Some(b'g' | b'G') => 30,
        Some(b't' | b'T') => 40,
        _ => 0,
    };
    let digits = if shift == 0 {
        value
    } else {
        &value[..value.len() - 1]
    };
    let number: u64 = digits.parse().map_err(|_| Errno::EINVAL)?;
    number.checked_mul(1 << shift).ok_or(Errno::EINVAL)
}
