//! The everyday tools in one multi-call program.

fn main() {}
