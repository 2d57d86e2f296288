//! The one room where unsafe code lives: CPU, traps, paging, context switch, ports, user copies.
#![no_std]
