//! The tables of mounts, /proc/self/mounts and /etc/fstab, and the words of their options.
//!
//! Source: fstab(5), proc(5), mount(8).

use std::path::Path;

use rustix::mount::MountFlags;

/// One line of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The device, or what stands for one.
    pub source: String,
    /// Where it is mounted.
    pub target: String,
    /// The type of file system.
    pub kind: String,
    /// Options, separated by commas.
    pub options: String,
}

/// What is mounted now, in the order of mounting.
pub fn mounted() -> std::io::Result<Vec<Line>> {
    Ok(parse(&std::fs::read_to_string("/proc/self/mounts")?))
}

/// Reads a table; lines that are comments or too short are skipped.
pub fn parse(text: &str) -> Vec<Line> {
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    lines
        .filter_map(|line| {
            let mut words = line.split_whitespace().map(unescape);
            Some(Line {
                source: words.next()?,
                target: words.next()?,
                kind: words.next()?,
                options: words.next().unwrap_or_else(|| "defaults".into()),
            })
        })
        .collect()
}

/// Blanks, tabs, newlines and backslashes stand as three octal digits.
fn unescape(word: &str) -> String {
    let mut parts = word.split('\\');
    let mut text = parts.next().unwrap_or("").to_string();
    for part in parts {
        let code = part
            .get(..3)
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match code {
            Some(code) => {
                text.push(char::from(code));
                text.push_str(&part[3..]);
            }
            None => {
                text.push('\\');
                text.push_str(part);
            }
        }
    }
    text
}

/// What the words of `-o` ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The flags of mount(2).
    pub flags: MountFlags,
    /// What is left for the file system itself.
    pub data: String,
    /// Change the flags of what is mounted already.
    pub remount: bool,
    /// Show a directory at a second place.
    pub bind: bool,
    /// With all that is mounted below it.
    pub recursive: bool,
    /// Move a mount to another place.
    pub shift: bool,
    /// `mount -a` leaves it out.
    pub not_by_all: bool,
}

impl Default for Wish {
    fn default() -> Wish {
        Wish {
            flags: MountFlags::empty(),
            data: String::new(),
            remount: false,
            bind: false,
            recursive: false,
            shift: false,
            not_by_all: false,
        }
    }
}

impl Wish {
    /// Takes the words of one `-o`; later words win over earlier ones.
    pub fn add(&mut self, options: &str) {
        for word in options.split(',').filter(|word| !word.is_empty()) {
            match word {
                "defaults" | "auto" | "user" | "nouser" | "users" | "nofail" => {}
                "noauto" => self.not_by_all = true,
                "remount" => self.remount = true,
                "bind" => self.bind = true,
                "rbind" => (self.bind, self.recursive) = (true, true),
                "move" => self.shift = true,
                _ => match flag(word) {
                    Some((flag, on)) => self.flags.set(flag, on),
                    None => {
                        if !self.data.is_empty() {
                            self.data.push(',');
                        }
                        self.data.push_str(word);
                    }
                },
            }
        }
    }
}

fn flag(word: &str) -> Option<(MountFlags, bool)> {
    Some(match word {
        "ro" => (MountFlags::RDONLY, true),
        "rw" => (MountFlags::RDONLY, false),
        "nosuid" => (MountFlags::NOSUID, true),
        "suid" => (MountFlags::NOSUID, false),
        "nodev" => (MountFlags::NODEV, true),
        "dev" => (MountFlags::NODEV, false),
        "noexec" => (MountFlags::NOEXEC, true),
        "exec" => (MountFlags::NOEXEC, false),
        "sync" => (MountFlags::SYNCHRONOUS, true),
        "async" => (MountFlags::SYNCHRONOUS, false),
        "dirsync" => (MountFlags::DIRSYNC, true),
        "noatime" => (MountFlags::NOATIME, true),
        "atime" => (MountFlags::NOATIME, false),
        "nodiratime" => (MountFlags::NODIRATIME, true),
        "relatime" => (MountFlags::RELATIME, true),
        "norelatime" => (MountFlags::RELATIME, false),
        "strictatime" => (MountFlags::STRICTATIME, true),
        "silent" => (MountFlags::SILENT, true),
        _ => return None,
    })
}

/// The path as the kernel knows it, for a comparison with a table.
pub fn canonical(path: &Path) -> String {
    let full = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    full.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_read_with_their_escapes() {
        let lines = parse("# c\nproc /proc proc rw,nosuid 0 0\nx /a\\040b\\134 tmpfs\nshort\n");
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].options, "rw,nosuid");
        assert_eq!(lines[1].target, "/a b\\");
        assert_eq!(lines[1].options, "defaults");
    }

    #[test]
    fn options_are_flags_or_data() {
        let mut wish = Wish::default();
        wish.add("ro,nosuid,size=1m,rw,mode=755");
        assert_eq!(wish.flags, MountFlags::NOSUID);
        assert_eq!(wish.data, "size=1m,mode=755");
        wish.add("remount,rbind");
        assert!(wish.remount && wish.bind && wish.recursive);
    }
}
