//! Makes Rust of the interface in `aidl/`.

fn main() {
    let done = rsbinder_aidl::Builder::new()
        .source("aidl/hello/IGuest.aidl")
        .source("aidl/hello/IHello.aidl")
        .output("hello.rs")
        .generate();
    if let Err(error) = done {
        eprintln!("aidl/hello: {error}");
        std::process::exit(1);
    }
}
