//! The built-in shell.

fn main() {}
