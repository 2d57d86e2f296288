//! The Janus kernel: processes, memory, files, terminals and system calls.
#![no_std]
