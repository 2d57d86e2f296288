//! The Janus kernel: processes, memory, files, terminals and system calls.
#![no_std]
#![no_main]
extern crate alloc;

metal::entry!(main);

/// The boot order, one line a step.
fn main(information: &'static boot::BootInformation) -> ! {
    let com = metal::port::Port::<u8>::new(0x3f8).unwrap();
    for b in b"hello\n" {
        com.write(*b);
    }
    metal::memory::initialise(information);
    for b in b"memory\n" {
        com.write(*b);
    }
    metal::power::exit(metal::power::Outcome::Success)
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    use core::fmt::Write;
    struct S;
    impl Write for S {
        fn write_str(&mut self, s: &str) -> core::fmt::Result {
            let com = metal::port::Port::<u8>::new(0x3f8).unwrap();
            for b in s.bytes() {
                com.write(b)
            }
            Ok(())
        }
    }
    let _ = writeln!(S, "{info}\n{}", metal::backtrace::Backtrace);
    metal::power::exit(metal::power::Outcome::Failure)
}
