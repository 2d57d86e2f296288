//! The rules of the device namespaces, tested through what the crate shows to the outside.

mod common;
mod switching;
