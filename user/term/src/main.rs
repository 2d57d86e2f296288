//! `term`: a terminal on the screen, as a program of its own. What it does is in the library, which
//! the multi-call program of the guest has too.

fn main() {
    std::process::exit(term::main(std::env::args_os().collect()));
}
