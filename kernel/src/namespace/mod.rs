//! Namespaces: views of the system that groups of processes share.
//!
//! One file for each kind. There is one namespace of each kind so far, the first.
pub mod uts;

/// A kind of namespace, and the number by which `/proc/PID/ns` names the first of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its name in `/proc/PID/ns`.
    pub name: &'static str,
    /// Inode number of the first one, as Linux has it.
    pub first_number: u64,
}

const fn kind(name: &'static str, first_number: u64) -> Kind {
    Kind { name, first_number }
}

/// All kinds, in the order `/proc/PID/ns` lists them.
pub const KINDS: [Kind; 9] = [
    kind("cgroup", 0xeffffffb),
    kind("ipc", 0xefffffff),
    kind("mnt", 0xf0000001),
    kind("net", 0xf0000000),
    kind("pid", 0xeffffffc),
    kind("pid_for_children", 0xeffffffc),
    kind("time", 0xeffffffa),
    kind("user", 0xeffffffd),
    kind("uts", 0xeffffffe),
];
