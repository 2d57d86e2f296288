//! `/proc/PID/mounts` and `/proc/PID/mountinfo`: one line for each mount.
use super::text::Text;
use core::fmt::{Result, Write};

/// Bytes that would break the fields of a line apart.
const SPECIAL: &[u8] = b" \t\n\\#";

/// One mount.
#[derive(Clone, Copy, Debug)]
pub struct Mount<'a> {
    /// Number of the mount.
    pub number: u32,
    /// Number of the mount it lies on.
    pub parent: u32,
    /// Device of the file system, major and minor.
    pub device: (u32, u32),
    /// Which directory of the file system is mounted.
    pub root: &'a [u8],
    /// Where it is mounted.
    pub point: &'a [u8],
    /// Options of this mount: `rw,nosuid,…`.
    pub options: &'a str,
    /// Kind of file system.
    pub kind: &'a str,
    /// What was mounted: a device's path, or a name that says nothing.
    pub source: &'a [u8],
    /// Options of the file system: `rw,mode=755,…`.
    pub super_options: &'a str,
}

impl Mount<'_> {
    /// Writes the line of `mounts`.
    pub fn write_mounts(&self, text: &mut Text) -> Result {
        text.escaped(self.source, SPECIAL)?;
        text.write_str(" ")?;
        text.escaped(self.point, SPECIAL)?;
        write!(text, " {} {}", self.kind, self.options)?;
        if let Some((_, rest)) = self.super_options.split_once(',') {
            write!(text, ",{rest}")?;
        }
        text.write_str(" 0 0\n")
    }

    /// Writes the line of `mountinfo`.
    pub fn write_mountinfo(&self, text: &mut Text) -> Result {
        let (major, minor) = self.device;
        write!(text, "{} {} {major}:{minor} ", self.number, self.parent)?;
        text.escaped(self.root, SPECIAL)?;
        text.write_str(" ")?;
        text.escaped(self.point, SPECIAL)?;
        write!(text, " {} - {} ", self.options, self.kind)?;
        text.escaped(self.source, SPECIAL)?;
        writeln!(text, " {}", self.super_options)
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::written;
    use super::*;

    #[test]
    fn lines_are_those_of_linux() {
        let mount = Mount {
            number: 22,
            parent: 1,
            device: (0, 21),
            root: b"/",
            point: b"/my tmp",
            options: "rw,nosuid",
            kind: "tmpfs",
            source: b"tmpfs",
            super_options: "rw,mode=755",
        };
        assert_eq!(
            written(|text| mount.write_mounts(text)),
            "tmpfs /my\\040tmp tmpfs rw,nosuid,mode=755 0 0\n"
        );
        assert_eq!(
            written(|text| mount.write_mountinfo(text)),
            "22 1 0:21 / /my\\040tmp rw,nosuid - tmpfs tmpfs rw,mode=755\n"
        );
    }
}
