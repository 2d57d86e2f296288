//! The scenarios: each boots the image and acts on it from outside, as a person or a hostile
//! program would. Run them with `cargo xtask test --only scenarios`.

mod binder;
mod bombs;
mod boot;
mod busybox;
mod commands;
mod debug;
mod demo;
mod depth;
mod desk;
mod exec;
mod hands;
mod haste;
mod lamps;
mod lights;
mod logs;
mod look;
mod options;
mod panic;
mod personas;
mod pictures;
mod power;
mod programs;
mod resize;
mod storm;
mod terminal;
mod time;
mod tools;
mod typing;
mod window;
mod without_devns;
