//! What a bare `cargo xtask` prints: the commands, in the order in which a newcomer needs them.

/// The menu.
pub const TEXT: &str = "\
Janus: a kernel of our own that runs Linux programs, in QEMU.

  cargo xtask run            build everything, boot, and sit at its shell (leave with: poweroff)
  cargo xtask run --exec 'ls -l /proc'
                             boot, run one command line, print its output, end with its status
  cargo xtask test           test everything: on the host, inside the kernel, from outside
  cargo xtask test pipe      only the tests with `pipe` in their names

  cargo xtask build          kernel and ramdisk, into target/janus/
  cargo xtask check          formatting, clippy and documentation, warnings being errors
  cargo xtask debug          boot and wait for gdb; prints the line to type
  cargo xtask size           how large the image is, and which crate takes how much
  cargo xtask bench          instructions per operation, the same figure on any host

What each takes: cargo xtask COMMAND --help. The first run fetches what is missing (on Debian and
Ubuntu as root) or says what to type.
";
