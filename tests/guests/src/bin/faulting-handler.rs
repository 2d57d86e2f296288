//! Closes everything it has, then faults; its handler for that faults again.

use abi_tests::raw;

/// Nothing is ever mapped there.
const NOWHERE: usize = 8;
const SIGSEGV: i32 = 11;
/// close_range(2) on x86-64.
const CLOSE_RANGE: usize = 436;

extern "C" fn handler(_: i32, _: &abi_tests::signal::Info, _: &mut abi_tests::signal::Context) {
    raw::peek(NOWHERE);
}

fn main() {
    raw::set_handler(SIGSEGV, handler, 0, 0);
    raw::syscall(CLOSE_RANGE, [0, u32::MAX as usize, 0, 0, 0, 0]);
    raw::peek(NOWHERE);
}
