//! Process 1: mounts, starts what its table says, reaps, powers off.

fn main() {}
