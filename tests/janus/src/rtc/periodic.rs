//! Interrupts at a rate of one's own, and what /proc says of them.

use abi_tests::check::Outcome;
use abi_tests::process::inside_child;
use abi_tests::{cases, fails, gives, holds, same, works};
use janus_tests::clock::*;
use janus_tests::persona;
use libc::*;

cases![
    interrupts_come_at_the_rate,
    they_end_with_the_opening,
    many_need_a_capability,
    rates_that_there_are_not,
    a_persona_has_its_own_rate,
    proc_tells,
];

const FOREVER: i32 = 60_000;
const LIMIT: &str = "/sys/class/rtc/rtc0/max_user_freq";

fn hertz(clock: &Clock) -> Result<u64, abi_tests::check::Failure> {
    let mut hertz = 0_u64;
    works!(SYS_ioctl, clock.fd, RTC_IRQP_READ, &mut hertz);
    Ok(hertz)
}

/// A busy host makes them late, never early; those that come late are told together.
fn interrupts_come_at_the_rate() -> Outcome {
    let clock = Clock::open()?;
    gives!(0, SYS_ioctl, clock.fd, RTC_IRQP_SET, 64);
    same!(hertz(&clock)?, 64);
    same!(clock.wait(100)?, 0);
    let start = abi_tests::process::now();
    gives!(0, SYS_ioctl, clock.fd, RTC_PIE_ON, 0);
    let mut count = 0;
    while count < 32 {
        let data = clock.wait(FOREVER)?;
        same!(data & 0xff, 0xc0);
        count += data >> 8;
    }
    let periods = (abi_tests::process::now() - start) / (1_000_000_000 / 64);
    holds!(count as i64 <= periods, "{count} in {periods} periods");
    gives!(0, SYS_ioctl, clock.fd, RTC_PIE_OFF, 0);
    clock.wait(0)?;
    same!(clock.wait(200)?, 0);
    Ok(())
}

fn they_end_with_the_opening() -> Outcome {
    let clock = Clock::open()?;
    gives!(0, SYS_ioctl, clock.fd, RTC_IRQP_SET, 32);
    gives!(0, SYS_ioctl, clock.fd, RTC_PIE_ON, 0);
    drop(clock);
    let clock = Clock::open()?;
    same!(clock.wait(200)?, 0);
    same!(hertz(&clock)?, 32);
    Ok(())
}

fn many_need_a_capability() -> Outcome {
    let clock = Clock::open()?;
    gives!(0, SYS_ioctl, clock.fd, RTC_IRQP_SET, 65);
    inside_child(|| {
        works!(SYS_setresuid, 1000, 1000, 1000);
        fails!(EACCES, SYS_ioctl, clock.fd, RTC_PIE_ON, 0);
        fails!(EACCES, SYS_ioctl, clock.fd, RTC_IRQP_SET, 65);
        fails!(EACCES, SYS_ioctl, clock.fd, RTC_IRQP_SET, -1_i64);
        gives!(0, SYS_ioctl, clock.fd, RTC_IRQP_SET, 64);
        gives!(0, SYS_ioctl, clock.fd, RTC_PIE_ON, 0);
        gives!(0, SYS_ioctl, clock.fd, RTC_PIE_OFF, 0);
        Ok(())
    })?;
    std::fs::write(LIMIT, "100\n")?;
    let seen = inside_child(|| {
        works!(SYS_setresuid, 1000, 1000, 1000);
        gives!(0, SYS_ioctl, clock.fd, RTC_IRQP_SET, 100);
        fails!(EACCES, SYS_ioctl, clock.fd, RTC_IRQP_SET, 101);
        Ok(())
    });
    std::fs::write(LIMIT, "64\n")?;
    seen
}

fn rates_that_there_are_not() -> Outcome {
    let clock = Clock::open()?;
    for rate in [0_i64, 8193, -1] {
        fails!(EINVAL, SYS_ioctl, clock.fd, RTC_IRQP_SET, rate);
    }
    gives!(0, SYS_ioctl, clock.fd, RTC_IRQP_SET, 8192);
    for wrong in ["0\n", "4096\n", "-1\n", "many\n"] {
        let seen = std::fs::write(LIMIT, wrong).err();
        same!(seen.and_then(|error| error.raw_os_error()), Some(EINVAL));
    }
    Ok(())
}

fn a_persona_has_its_own_rate() -> Outcome {
    let clock = Clock::open()?;
    gives!(0, SYS_ioctl, clock.fd, RTC_IRQP_SET, 16);
    persona::inside(|| {
        let own = Clock::open()?;
        same!(hertz(&own)?, 1);
        gives!(0, SYS_ioctl, own.fd, RTC_IRQP_SET, 50);
        gives!(0, SYS_ioctl, own.fd, RTC_PIE_ON, 0);
        same!(own.wait(FOREVER)? & 0xff, 0xc0);
        std::fs::write(LIMIT, "4095\n")?;
        same!(clock.wait(0)?, 0);
        Ok(())
    })?;
    same!(hertz(&clock)?, 16);
    same!(std::fs::read_to_string(LIMIT)?, "64\n");
    Ok(())
}

fn proc_tells() -> Outcome {
    let clock = Clock::open()?;
    let moment = clock.seconds()? + 5000;
    same!(clock.set_alarm(moment), 0);
    gives!(0, SYS_ioctl, clock.fd, RTC_IRQP_SET, 10);
    let text = std::fs::read_to_string("/proc/driver/rtc")?;
    let [second, minute, hour, ..] = fields(moment);
    for line in [
        format!("alrm_time\t: {hour:02}:{minute:02}:{second:02}"),
        "alarm_IRQ\t: yes".into(),
        "periodic IRQ enabled\t: no".into(),
        "periodic IRQ frequency\t: 10".into(),
        "max user IRQ frequency\t: 64".into(),
        "24hr\t\t: yes".into(),
        "batt_status\t: okay".into(),
    ] {
        holds!(text.lines().any(|seen| seen == line), "{line} in {text}");
    }
    persona::inside(|| {
        let text = std::fs::read_to_string("/proc/driver/rtc")?;
        holds!(text.contains("alarm_IRQ\t: no\n") && text.contains("frequency\t: 1\n"));
        Ok(())
    })?;
    gives!(0, SYS_ioctl, clock.fd, RTC_AIE_OFF, 0);
    Ok(())
}
