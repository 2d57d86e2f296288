//! The Janus kernel: processes, memory, files, terminals and system calls.
//!
//! [`main`] is the boot order, one line a step. After it, the processor that booted is the
//! idle loop, and everything happens in threads.

#![no_std]
#![no_main]

extern crate alloc;

mod boot_options;
mod device;
mod error;
mod file;
#[cfg(feature = "ktest")]
mod ktest;
mod log;
mod memory;
mod namespace;
mod panic;
#[cfg(feature = "ktest")]
mod panic_tests;
mod process;
mod sync;
mod syscall;
mod terminal;
mod time;

use boot_options::BootOptions;

metal::entry!(main);

fn main(information: &'static boot::BootInformation) -> ! {
    log::initialise();
    metal::memory::initialise(information);
    metal::apic::initialise();
    metal::acpi::initialise(information.acpi_root());
    metal::clock::calibrate();
    metal::vdso::initialise();
    metal::trap::set_handlers(metal::trap::Handlers {
        interrupt: device::interrupt::handle,
        user_page_fault: memory::handle_kernel_fault,
    });
    process::out_of_memory::initialise();
    time::initialise();
    file::procfs::set_command_line(information.command_line());
    let options = BootOptions::parse(information.command_line());
    log::set_console_level(options.log_level);
    if let Some(seconds) = options.panic_seconds {
        panic::set_reset_delay(seconds);
    }
    announce(information);
    file::seed_hash(device::random::number());
    if let Err(error) = metal::memory::with_ramdisk(file::initialise) {
        panic!("the root file system cannot be made: {error:?}");
    }
    if let Err(error) = device::initialise() {
        panic!("the devices cannot be set up: {error:?}");
    }
    #[cfg(feature = "devns")]
    if let Err(error) = device::light::initialise(options.lights)
        .and_then(|()| device::input::initialise(options.switch_keys))
    {
        ::log::error!("input devices are left out: {error:?}");
    }
    #[cfg(feature = "devns")]
    if let Err(error) = device::display::initialise(options.screen_size) {
        ::log::error!("the display is left out: {error:?}");
    }
    if let Err(error) = device::rtc::initialise() {
        ::log::error!("the real-time clock is left out: {error:?}");
    }
    if let Err(error) = device::alarm::initialise() {
        ::log::error!("the alarms are left out: {error:?}");
    }
    #[cfg(feature = "devns")]
    if let Err(error) = device::logger::initialise() {
        ::log::error!("/dev/log is left out: {error:?}");
    }
    #[cfg(feature = "devns")]
    if let Err(error) = device::binder::initialise() {
        ::log::error!("/dev/binder is left out: {error:?}");
    }
    metal::interrupt::enable();
    start(&options);
    process::scheduler::idle()
}

/// The first lines of the log: who speaks, what it was told, and what it has.
fn announce(information: &boot::BootInformation) {
    use namespace::uts::{RELEASE, SYSTEM, VERSION};
    let line = alloc::string::String::from_utf8_lossy(information.command_line());
    let kibibytes = |frames: usize| frames * metal::memory::PAGE_SIZE / 1024;
    let (total, free) = (metal::memory::total_frames(), metal::memory::free_frames());
    ::log::info!("{SYSTEM} version {RELEASE} {VERSION}");
    ::log::info!("Command line: {line}");
    ::log::info!(
        "Memory: {} KiB, {} KiB free",
        kibibytes(total),
        kibibytes(free)
    );
}

#[cfg(feature = "ktest")]
fn start(options: &BootOptions<'static>) {
    if let Some(selection) = options.tests {
        ktest::start(selection, options.tests_after);
    } else {
        start_init(options);
    }
}

#[cfg(not(feature = "ktest"))]
fn start(options: &BootOptions<'_>) {
    start_init(options);
}

/// Starts process 1.
fn start_init(options: &BootOptions<'_>) {
    let path = options.init;
    let mut arguments = alloc::vec![path.to_vec()];
    arguments.extend(options.init_arguments());
    let environment: [&[u8]; 3] = [
        b"HOME=/",
        b"TERM=linux",
        b"PATH=/bin:/sbin:/usr/bin:/usr/sbin",
    ];
    if let Err(error) = process::exec::start_first_process(path, &arguments, &environment) {
        let path = alloc::string::String::from_utf8_lossy(path);
        panic!(
            "cannot run {path} as process 1: {error:?}. Is it in the ramdisk (QEMU's -initrd), \
             executable and static? The option init=PATH names another program."
        );
    }
}
