//! What the device says of itself.

use super::device::{
    BLANK, Fix, GET_COLORS, GET_FIX, GET_VAR, NODE, PAN, PUT_COLORS, PUT_VAR, Var, WAIT, fix_of,
    map, memory_length, open, stride, var, var_of,
};
use abi_tests::check::{Failure, Outcome};
use abi_tests::raw::poke;
use abi_tests::{cases, fails, gives, holds, same, works};
use libc::*;
use std::time::Duration;

cases![
    the_node_is_there,
    a_pixel_is_four_bytes_blue_first,
    memory_holds_what_is_seen,
    bad_addresses,
    unknown_commands,
    colors_come_back,
    bad_colors,
    blank_levels,
    waiting_for_a_frame,
    an_idle_screen_sends_nothing,
    what_is_drawn_is_sent_sixty_times_a_second,
    the_lists_name_it,
    the_files_of_sys,
    modes_that_are_listed_can_be_chosen,
    polling_is_always_ready,
];

fn the_node_is_there() -> Outcome {
    for node in [NODE, c"/dev/graphics/fb0"] {
        let mut status = [0_u64; 18];
        works!(SYS_stat, node, &mut status);
        same!(status[3] as u32 & S_IFMT, S_IFCHR);
        same!(status[5], 29 << 8);
        let file = works!(SYS_open, node, O_RDWR);
        works!(SYS_close, file);
    }
    Ok(())
}

fn a_pixel_is_four_bytes_blue_first() -> Outcome {
    let seen = var_of(open(O_RDWR)?)?;
    same!(seen[var::BITS], 32);
    same!(&seen[var::RED..var::RED + 3], &[16, 8, 0]);
    same!(&seen[var::GREEN..var::GREEN + 3], &[8, 8, 0]);
    same!(&seen[var::BLUE..var::BLUE + 3], &[0, 8, 0]);
    same!(&seen[var::TRANSPARENCY..var::TRANSPARENCY + 3], &[0, 0, 0]);
    same!(&seen[36..40], &[0; 4]);
    Ok(())
}

fn memory_holds_what_is_seen() -> Outcome {
    let file = open(O_RDONLY)?;
    let (fix, seen) = (fix_of(file)?, var_of(file)?);
    holds!(seen[var::XRES] >= 320 && seen[var::YRES] >= 200);
    holds!(seen[var::XRES_VIRTUAL] >= seen[var::XRES]);
    holds!(seen[var::YRES_VIRTUAL] >= seen[var::YRES]);
    same!(stride(&fix), 4 * seen[var::XRES_VIRTUAL] as usize);
    let rows = seen[var::YRES_VIRTUAL] as usize;
    holds!(memory_length(&fix) >= stride(&fix) * rows);
    // Packed pixels, true colours.
    same!((fix[7], fix[9]), (0, 2));
    holds!(fix[0] != 0, "the device has no name");
    Ok(())
}

fn bad_addresses() -> Outcome {
    let file = open(O_RDWR)?;
    let commands = [GET_VAR, PUT_VAR, GET_FIX, GET_COLORS, PUT_COLORS, PAN];
    for command in commands {
        for address in [0, 8, usize::MAX - 3, 0xffff_8000_0000_0000] {
            fails!(EFAULT, SYS_ioctl, file, command, address);
        }
    }
    // Across the end of a mapping.
    let page = works!(
        SYS_mmap,
        0,
        8192,
        PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS,
        -1,
        0
    );
    works!(SYS_munmap, page + 4096, 4096);
    fails!(EFAULT, SYS_ioctl, file, GET_VAR, page + 4096 - 100);
    fails!(EFAULT, SYS_ioctl, file, GET_FIX, page + 4096 - 70);
    works!(
        SYS_ioctl,
        file,
        GET_VAR,
        page + 4096 - size_of::<Var>() as isize
    );
    works!(
        SYS_ioctl,
        file,
        GET_FIX,
        page + 4096 - size_of::<Fix>() as isize
    );
    Ok(())
}

fn unknown_commands() -> Outcome {
    let file = open(O_RDWR)?;
    for command in [0_u32, 0x4603, 0x46ff, 0x5401, u32::MAX] {
        fails!(ENOTTY, SYS_ioctl, file, command, 0);
    }
    Ok(())
}

/// `struct fb_cmap` of `length` entries, the colours at these addresses.
fn colors(start: u32, length: u32, parts: [usize; 4]) -> [u64; 5] {
    let [red, green, blue, transparency] = parts.map(|part| part as u64);
    let first = u64::from(start) | u64::from(length) << 32;
    [first, red, green, blue, transparency]
}

fn address<T>(of: &T) -> usize {
    std::ptr::from_ref(of).expose_provenance()
}

fn colors_come_back() -> Outcome {
    let file = open(O_RDWR)?;
    let before: [[u16; 16]; 3] = [[0; 16]; 3];
    let whole = |parts: &[[u16; 16]; 3]| {
        let [red, green, blue] = [address(&parts[0]), address(&parts[1]), address(&parts[2])];
        colors(0, 16, [red, green, blue, 0])
    };
    works!(SYS_ioctl, file, GET_COLORS, &whole(&before));
    let mut chosen = [[0x1100_u16; 16], [0x2200; 16], [0x3300; 16]];
    chosen[0][15] = 0x4400;
    works!(SYS_ioctl, file, PUT_COLORS, &whole(&chosen));
    let seen: [[u16; 16]; 3] = [[0; 16]; 3];
    works!(SYS_ioctl, file, GET_COLORS, &whole(&seen));
    same!(std::hint::black_box(&seen), &chosen);
    works!(SYS_ioctl, file, PUT_COLORS, &whole(&before));
    Ok(())
}

fn bad_colors() -> Outcome {
    let file = open(O_RDWR)?;
    let values = [0_u16; 512];
    let at = address(&values);
    fails!(
        EFAULT,
        SYS_ioctl,
        file,
        PUT_COLORS,
        &colors(0, 16, [8, at, at, 0])
    );
    fails!(
        EFAULT,
        SYS_ioctl,
        file,
        GET_COLORS,
        &colors(0, 16, [at, 8, at, 0])
    );
    fails!(
        EINVAL,
        SYS_ioctl,
        file,
        PUT_COLORS,
        &colors(0xffff_fff0, 16, [at, at, at, 0])
    );
    Ok(())
}

fn blank_levels() -> Outcome {
    let file = open(O_RDWR)?;
    for level in 0..=4 {
        gives!(0, SYS_ioctl, file, BLANK, level);
    }
    for level in [5, -1, i32::MAX] {
        fails!(EINVAL, SYS_ioctl, file, BLANK, level);
    }
    gives!(0, SYS_ioctl, file, BLANK, 0);
    Ok(())
}

fn waiting_for_a_frame() -> Outcome {
    let file = open(O_RDWR)?;
    let start = abi_tests::process::now();
    for _ in 0..4 {
        gives!(0, SYS_ioctl, file, WAIT, &0_u32);
    }
    // Three whole frames at the least, of a sixtieth of a second each, and not many more: whoever
    // runs the machine may have left it alone for a while.
    let waited = abi_tests::process::now() - start;
    holds!(waited >= 3 * 16_000_000, "{waited} ns");
    holds!(waited < 30 * 16_000_000, "{waited} ns");
    Ok(())
}

/// How many interrupts there were.
fn interrupts() -> Result<u64, Failure> {
    let table = std::fs::read_to_string("/proc/interrupts")?;
    let counts = table.lines().skip(1).filter_map(|line| {
        let count = line.split_whitespace().nth(1)?;
        count.parse::<u64>().ok()
    });
    Ok(counts.sum())
}

/// However often a program draws in a second, it is sent 60 times, and a GPU says of each that it
/// has it.
fn what_is_drawn_is_sent_sixty_times_a_second() -> Outcome {
    let file = open(O_RDWR)?;
    if !std::fs::read_to_string("/proc/fb")?.contains("virtio-gpu") {
        return Err(Failure::Skipped);
    }
    let at = map(file, 0, 4096)?;
    let (before, start) = (interrupts()?, abi_tests::process::now());
    let mut drawn = 0_u8;
    while abi_tests::process::now() - start < 1_000_000_000 {
        drawn = drawn.wrapping_add(1);
        poke(at, drawn);
        std::thread::sleep(Duration::from_millis(2));
    }
    let sent = interrupts()? - before;
    poke(at, 0);
    // A host that is busy lets some frames pass.
    holds!((40..=80).contains(&sent), "{sent} interrupts");
    Ok(())
}

/// A display that is sent something interrupts when it has it.
fn an_idle_screen_sends_nothing() -> Outcome {
    let file = open(O_RDWR)?;
    let at = map(file, 0, 4096)?;
    poke(at, 0x11);
    // Sent at the next frame; for half a second somebody looks for more.
    std::thread::sleep(Duration::from_secs(1));
    let before = interrupts()?;
    std::thread::sleep(Duration::from_secs(1));
    let after = interrupts()?;
    holds!(after - before < 10, "{} interrupts", after - before);
    poke(at, 0);
    Ok(())
}

fn the_lists_name_it() -> Outcome {
    let list = std::fs::read_to_string("/proc/fb")?;
    holds!(
        list.starts_with("0 ") && list.ends_with('\n'),
        "it says {list:?}"
    );
    let devices = std::fs::read_to_string("/proc/devices")?;
    holds!(devices.contains("\n 29 fb\n"), "it says {devices}");
    Ok(())
}

fn the_files_of_sys() -> Outcome {
    let seen = var_of(open(O_RDWR)?)?;
    let (width, height) = (seen[var::XRES], seen[var::YRES]);
    let read = |name: &str| std::fs::read_to_string(format!("/sys/class/graphics/fb0/{name}"));
    same!(read("dev")?, "29:0\n");
    same!(read("bits_per_pixel")?, "32\n");
    let (whole_width, whole_height) = (seen[var::XRES_VIRTUAL], seen[var::YRES_VIRTUAL]);
    same!(
        read("virtual_size")?,
        format!("{whole_width},{whole_height}\n")
    );
    same!(read("stride")?, format!("{}\n", 4 * whole_width));
    same!(read("pan")?, "0,0\n");
    same!(read("rotate")?, "0\n");
    same!(read("state")?, "0\n");
    let mode = read("mode")?;
    holds!(
        mode.contains(&format!("{width}x{height}p")),
        "it says {mode:?}"
    );
    holds!(read("modes")?.contains(mode.trim_end()));
    same!(
        read("name")?,
        std::fs::read_to_string("/proc/fb")?["0 ".len()..].to_owned()
    );
    let write =
        |name: &str, text: &str| std::fs::write(format!("/sys/class/graphics/fb0/{name}"), text);
    holds!(write("bits_per_pixel", "7").is_err());
    write("bits_per_pixel", "16")?;
    same!(read("stride")?, format!("{}\n", 2 * whole_width));
    write("bits_per_pixel", "32\n")?;
    same!(read("bits_per_pixel")?, "32\n");
    write("blank", "4")?;
    write("blank", "0")?;
    holds!(write("pan", "0,100000").is_err());
    let turned = write("rotate", "1\n").err();
    same!(turned.and_then(|error| error.raw_os_error()), Some(EINVAL));
    same!(read("rotate")?, "0\n");
    Ok(())
}

fn modes_that_are_listed_can_be_chosen() -> Outcome {
    let file = open(O_RDWR)?;
    let before = var_of(file)?;
    let place = |name: &str| format!("/sys/class/graphics/fb0/{name}");
    let modes = std::fs::read_to_string(place("modes"))?;
    let first = std::fs::read_to_string(place("mode"))?;
    holds!(!modes.is_empty());
    let mut outcome = Ok(());
    for line in modes.lines() {
        if let Err(error) = std::fs::write(place("mode"), format!("{line}\n")) {
            outcome = Err(Failure::Wrong(format!("{line}: {error}")));
            break;
        }
        same!(std::fs::read_to_string(place("mode"))?, format!("{line}\n"));
    }
    std::fs::write(place("mode"), first)?;
    let mut again = before;
    works!(SYS_ioctl, file, PUT_VAR, &mut again);
    same!(var_of(file)?, before);
    outcome
}

fn polling_is_always_ready() -> Outcome {
    let file = open(O_RDWR)?;
    let mut entry = [file as u64 & 0xffff_ffff | ((POLLIN | POLLOUT) as u64) << 32];
    gives!(1, SYS_poll, &mut entry, 1, 0);
    Ok(())
}
