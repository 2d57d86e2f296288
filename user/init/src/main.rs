//! `init`: process 1, as a program of its own. What it does is in the library, which the multi-call
//! program of the guest has too.

fn main() {
    std::process::exit(init::main(std::env::args_os().collect()));
}
