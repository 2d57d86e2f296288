//! The rules of the device namespaces, tested through what the crate shows to the outside.

mod common;
mod fuzz;
mod leaving;
mod model;
mod pair;
mod proc_files;
mod registering;
mod sequences;
mod states;
mod switching;
mod threads;
