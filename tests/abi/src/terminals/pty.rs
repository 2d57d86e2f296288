//! The pair itself: opening, windows, packet of settings, hanging up. Source: pty(7), ioctl_tty(2),
//! termios(3).

use super::{Termios, arrived, get, name, pair, put, set, settings, waiting};
use abi_tests::check::Outcome;
use abi_tests::process::{self, spawn, wait};
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use libc::*;
use std::os::unix::fs::MetadataExt;

cases![
    open_gives_numbers,
    slave_locked_until_unlocked,
    slave_node_attributes,
    slave_gone_after_master_close,
    get_peer,
    default_settings,
    settings_read_back,
    settings_errors,
    master_has_slave_settings,
    window_size,
    window_size_errors,
    is_a_terminal_name,
    bytes_both_ways,
    master_end_of_slave_close,
    slave_after_master_close,
    slave_reader_woken_by_master_close,
    poll_states,
    nonblocking_read,
    flush_discards,
    queue_counts,
    packet_of_many_bytes,
    not_seekable,
    exclusive_open,
    line_discipline_number,
    termio_and_termios2,
    modem_lines,
];

fn open_gives_numbers() -> Outcome {
    let (first, second) = (pair()?, pair()?);
    holds!(name(first.master)? != name(second.master)?);
    fails!(ENOTTY, SYS_ioctl, first.slave, TIOCGPTN, &mut 0i32);
    Ok(())
}

fn slave_locked_until_unlocked() -> Outcome {
    let master = works!(SYS_open, c"/dev/ptmx", O_RDWR | O_NOCTTY);
    let path = name(master)?;
    fails!(EIO, SYS_open, path.as_c_str(), O_RDWR | O_NOCTTY);
    let mut locked = 0i32;
    gives!(0, SYS_ioctl, master, TIOCGPTLCK, &mut locked);
    same!(locked, 1);
    gives!(0, SYS_ioctl, master, TIOCSPTLCK, &0i32);
    works!(SYS_open, path.as_c_str(), O_RDWR | O_NOCTTY);
    Ok(())
}

fn slave_node_attributes() -> Outcome {
    let pair = pair()?;
    let path = name(pair.master)?;
    let stat = std::fs::metadata(path.to_string_lossy().as_ref())?;
    same!(
        (stat.mode() & S_IFMT, major(stat.rdev()), stat.uid()),
        (S_IFCHR, 136, 0)
    );
    let number = path.to_string_lossy().rsplit('/').next().map(str::to_owned);
    same!(Some(minor(stat.rdev()).to_string()), number);
    Ok(())
}

fn slave_gone_after_master_close() -> Outcome {
    let pair = pair()?;
    let path = name(pair.master)?;
    works!(SYS_close, pair.slave);
    works!(SYS_close, pair.master);
    fails!(ENOENT, SYS_open, path.as_c_str(), O_RDWR | O_NOCTTY);
    Ok(())
}

fn get_peer() -> Outcome {
    let pair = pair()?;
    let peer = works!(SYS_ioctl, pair.master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
    put(peer, "x")?;
    same!(get(pair.master)?, "x");
    Ok(())
}

fn default_settings() -> Outcome {
    let pair = pair()?;
    let now = settings(pair.slave)?;
    same!((now.input, now.output), (ICRNL | IXON, OPOST | ONLCR));
    same!(now.control, CREAD | CS8 | B38400);
    let local = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
    same!((now.local, now.discipline), (local, 0));
    let expected = [
        3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0, 0, 0,
    ];
    same!(now.characters, expected);
    Ok(())
}

fn settings_read_back() -> Outcome {
    let pair = pair()?;
    for request in [TCSETS, TCSETSW, TCSETSF] {
        let mut wanted = settings(pair.slave)?;
        wanted.local ^= ECHO;
        wanted.characters[VMIN] += 1;
        works!(SYS_ioctl, pair.slave, request, &wanted);
        same!(settings(pair.slave)?, wanted);
    }
    Ok(())
}

fn settings_errors() -> Outcome {
    let pair = pair()?;
    fails!(EFAULT, SYS_ioctl, pair.slave, TCGETS, 8);
    fails!(EFAULT, SYS_ioctl, pair.slave, TCSETS, 8);
    fails!(ENOTTY, SYS_ioctl, pair.slave, 0x1234, 0);
    fails!(ENOTTY, SYS_ioctl, pair.master, 0x1234, 0);
    Ok(())
}

fn master_has_slave_settings() -> Outcome {
    let pair = pair()?;
    set(pair.master, |now| now.local &= !ECHO)?;
    same!(settings(pair.slave)?.local & ECHO, 0);
    let (a, b): (Termios, Termios) = (settings(pair.master)?, settings(pair.slave)?);
    same!(a, b);
    Ok(())
}

fn window_size() -> Outcome {
    let pair = pair()?;
    let mut size = [9u16; 4];
    gives!(0, SYS_ioctl, pair.slave, TIOCGWINSZ, &mut size);
    same!(size, [0; 4]);
    gives!(
        0,
        SYS_ioctl,
        pair.master,
        TIOCSWINSZ,
        &[24u16, 80, 640, 480]
    );
    gives!(0, SYS_ioctl, pair.slave, TIOCGWINSZ, &mut size);
    same!(size, [24, 80, 640, 480]);
    gives!(0, SYS_ioctl, pair.slave, TIOCSWINSZ, &[25u16, 81, 0, 0]);
    gives!(0, SYS_ioctl, pair.master, TIOCGWINSZ, &mut size);
    same!(size, [25, 81, 0, 0]);
    Ok(())
}

fn window_size_errors() -> Outcome {
    let pair = pair()?;
    fails!(EFAULT, SYS_ioctl, pair.slave, TIOCGWINSZ, 8);
    fails!(EFAULT, SYS_ioctl, pair.slave, TIOCSWINSZ, 8);
    Ok(())
}

fn is_a_terminal_name() -> Outcome {
    let pair = pair()?;
    let link = std::fs::read_link(format!("/proc/self/fd/{}", pair.slave))?;
    same!(
        link.to_string_lossy().into_owned(),
        name(pair.master)?.to_string_lossy().into_owned()
    );
    Ok(())
}

fn bytes_both_ways() -> Outcome {
    let pair = pair()?;
    set(pair.slave, |now| now.local &= !ECHO)?;
    put(pair.master, "to the slave\n")?;
    same!(get(pair.slave)?, "to the slave\n");
    put(pair.slave, "to the master\n")?;
    same!(get(pair.master)?, "to the master\r\n");
    Ok(())
}

/// Once the slave has been opened and is closed everywhere the master reads EIO, after what was
/// written is read.
fn master_end_of_slave_close() -> Outcome {
    let pair = pair()?;
    put(pair.slave, "last")?;
    works!(SYS_close, pair.slave);
    same!(get(pair.master)?, "last");
    fails!(EIO, SYS_read, pair.master, &mut [0u8], 1);
    let slave = works!(SYS_open, name(pair.master)?.as_c_str(), O_RDWR | O_NOCTTY);
    put(slave, "again")?;
    same!(get(pair.master)?, "again");
    Ok(())
}

fn slave_after_master_close() -> Outcome {
    let pair = pair()?;
    works!(SYS_close, pair.master);
    gives!(0, SYS_read, pair.slave, &mut [0u8], 1);
    fails!(EIO, SYS_write, pair.slave, b"x", 1);
    fails!(EIO, SYS_ioctl, pair.slave, TCGETS, &mut [0u8; 64]);
    Ok(())
}

fn slave_reader_woken_by_master_close() -> Outcome {
    let pair = pair()?;
    let child = spawn(|| {
        sys!(SYS_close, pair.master);
        -sys!(SYS_read, pair.slave, &mut [0u8], 1) as i32
    })?;
    holds!(process::until_asleep(child));
    works!(SYS_close, pair.master);
    same!(wait(child)?, EIO << 8);
    Ok(())
}

fn ready(fd: isize, events: i16) -> Result<i16, abi_tests::check::Failure> {
    let mut list = [pollfd {
        fd: fd as i32,
        events,
        revents: 0,
    }];
    works!(SYS_poll, &mut list, 1, 0);
    Ok(list[0].revents)
}

fn poll_states() -> Outcome {
    let pair = pair()?;
    same!(ready(pair.slave, POLLIN | POLLOUT)?, POLLOUT);
    put(pair.master, "half")?;
    // A line that has no end yet cannot be read.
    same!(ready(pair.slave, POLLIN)?, 0);
    put(pair.master, "\n")?;
    holds!(process::until(
        || ready(pair.slave, POLLIN).is_ok_and(|seen| seen == POLLIN)
    ));
    same!(ready(pair.master, POLLIN | POLLOUT)?, POLLIN | POLLOUT);
    works!(SYS_close, pair.slave);
    same!(ready(pair.master, POLLOUT)? & POLLHUP, POLLHUP);
    Ok(())
}

fn nonblocking_read() -> Outcome {
    let pair = pair()?;
    for end in [pair.master, pair.slave] {
        works!(SYS_fcntl, end, F_SETFL, O_NONBLOCK);
        fails!(EAGAIN, SYS_read, end, &mut [0u8], 1);
    }
    put(pair.master, "no end")?;
    fails!(EAGAIN, SYS_read, pair.slave, &mut [0u8], 1);
    Ok(())
}

fn flush_discards() -> Outcome {
    let pair = pair()?;
    put(pair.master, "line\n")?;
    holds!(arrived(pair.slave, 5));
    gives!(0, SYS_ioctl, pair.slave, TCFLSH, TCIFLUSH);
    same!(waiting(pair.slave)?, 0);
    fails!(EINVAL, SYS_ioctl, pair.slave, TCFLSH, 9);
    gives!(0, SYS_ioctl, pair.slave, TCSBRK, 1);
    Ok(())
}

fn queue_counts() -> Outcome {
    let pair = pair()?;
    set(pair.slave, |now| now.local &= !(ICANON | ECHO))?;
    put(pair.master, "12345")?;
    holds!(arrived(pair.slave, 5));
    let mut count = -1i32;
    gives!(0, SYS_ioctl, pair.slave, TIOCOUTQ, &mut count);
    same!(count, 0);
    Ok(())
}

fn packet_of_many_bytes() -> Outcome {
    let pair = pair()?;
    set(pair.slave, |now| {
        now.local &= !(ICANON | ECHO);
        now.output = 0;
    })?;
    let text: String = (0..20_000)
        .map(|n| (b'a' + (n % 26) as u8) as char)
        .collect();
    let child = spawn(|| {
        sys!(SYS_close, pair.master);
        let mut sent = 0;
        while sent < text.len() {
            match sys!(
                SYS_write,
                pair.slave,
                &text.as_bytes()[sent..],
                text.len() - sent
            ) {
                count if count > 0 => sent += count as usize,
                _ => return 1,
            }
        }
        0
    })?;
    let mut back = String::new();
    while back.len() < text.len() {
        back += &get(pair.master)?;
    }
    same!(back == text, true);
    same!(wait(child)?, 0);
    Ok(())
}

fn not_seekable() -> Outcome {
    let pair = pair()?;
    fails!(ESPIPE, SYS_lseek, pair.slave, 0, SEEK_CUR);
    fails!(ESPIPE, SYS_pread64, pair.slave, &mut [0u8], 1, 0);
    Ok(())
}

/// TIOCEXCL keeps everyone but root from opening the terminal again.
fn exclusive_open() -> Outcome {
    let pair = pair()?;
    works!(SYS_ioctl, pair.slave, TIOCEXCL, 0);
    let path = name(pair.master)?;
    works!(SYS_chmod, path.as_c_str(), 0o666);
    process::inside_child(|| {
        works!(SYS_setuid, 1000);
        fails!(EBUSY, SYS_open, path.as_c_str(), O_RDWR | O_NOCTTY);
        Ok(())
    })?;
    works!(SYS_ioctl, pair.slave, TIOCNXCL, 0);
    process::inside_child(|| {
        works!(SYS_setuid, 1000);
        works!(SYS_open, path.as_c_str(), O_RDWR | O_NOCTTY);
        Ok(())
    })
}

fn line_discipline_number() -> Outcome {
    let pair = pair()?;
    let mut number = 9i32;
    gives!(0, SYS_ioctl, pair.slave, TIOCGETD, &mut number);
    same!(number, 0);
    Ok(())
}

/// `struct termios2` has the speeds behind the characters.
fn termio_and_termios2() -> Outcome {
    let pair = pair()?;
    let mut now = [0u32; 11];
    gives!(0, SYS_ioctl, pair.slave, TCGETS2, &mut now);
    same!((now[0], now[9], now[10]), (ICRNL | IXON, 38400, 38400));
    Ok(())
}

fn modem_lines() -> Outcome {
    let pair = pair()?;
    fails!(ENOTTY, SYS_ioctl, pair.slave, TIOCMGET, &mut 0i32);
    fails!(ENOTTY, SYS_ioctl, pair.slave, TIOCMSET, &0i32);
    let serial = sys!(SYS_open, c"/dev/ttyS0", O_RDWR | O_NOCTTY | O_NONBLOCK);
    let mut before = 0i32;
    // Not every host has a serial line.
    if serial >= 0 && sys!(SYS_ioctl, serial, TIOCMGET, &mut before) == 0 {
        let mut now = 0i32;
        for (command, expected) in [
            (TIOCMBIC, before & !TIOCM_RTS),
            (TIOCMBIS, before | TIOCM_RTS),
        ] {
            works!(SYS_ioctl, serial, command, &TIOCM_RTS);
            works!(SYS_ioctl, serial, TIOCMGET, &mut now);
            same!(now & TIOCM_RTS, expected & TIOCM_RTS);
        }
        works!(SYS_ioctl, serial, TIOCMSET, &before);
    }
    Ok(())
}
