//! Links `bench-exit` without the C library's start files: it brings its own `_start`.

fn main() {
    println!("cargo::rustc-link-arg-bin=bench-exit=-nostartfiles");
    println!("cargo::rerun-if-changed=build.rs");
}
