//! User programs that check each system call against Linux.

fn main() {}
