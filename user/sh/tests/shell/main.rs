//! Tests of the built shell from outside: scripts, its command line, and a person at a terminal.

mod scripts;
mod start;
mod support;
mod terminal;
