//! Each persona has a context of its own: a manager of its own, and nobody else's nodes.
//!
//! Linux has no personas, so there these cases are left out, and what they expect is what the
//! specification of the device namespaces says of `/dev/binder`.

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{self, inside_child, until};
use abi_tests::{cases, gives, holds, same};
use janus_tests::persona::{self, Persona, fork_persona};
use libc::*;

use crate::commands::Commands;
use crate::endpoint::Endpoint;
use crate::expect::{answered, failed, saw};
use crate::manager::{ECHO, GET, Manager, PUT, become_manager};
use crate::parcel::{Parcel, binder};
use crate::protocol::{ioctl, tf};

cases![
    each_has_a_manager,
    root_manager_is_none_of_theirs,
    same_slot_other_service,
    first_manager_may_be_anyone,
    user_of_the_first_manager_counts_within,
    file_keeps_its_persona,
    sender_is_who_opened_the_file,
    freezing_ends_at_the_border,
    state_shows_ones_own,
    root_state_shows_all,
    end_of_a_persona_leaves_the_others,
    many_at_once,
    death_within,
];

/// Leaves the case out where there are no personas.
fn here() -> Outcome {
    match std::fs::metadata("/proc/dev_ns") {
        Ok(_) => Ok(()),
        Err(_) => Err(Failure::Skipped),
    }
}

/// Calls this persona's manager.
fn echo() -> Outcome {
    let client = Endpoint::open()?;
    client.write(&Commands::new().transaction(0, ECHO, 0, &Parcel::bytes(b"1234")))?;
    same!(client.reply()?.data(), b"1234");
    Ok(())
}

fn each_has_a_manager() -> Outcome {
    here()?;
    let _manager = Manager::start()?;
    persona::inside(|| {
        let own = Endpoint::open()?;
        same!(own.ioctl(ioctl::SET_CONTEXT_MGR, 0usize), 0);
        let second = Endpoint::open()?;
        answered("it", second.ioctl(ioctl::SET_CONTEXT_MGR, 0usize), EBUSY)
    })?;
    echo()
}

fn root_manager_is_none_of_theirs() -> Outcome {
    here()?;
    let _manager = Manager::start()?;
    persona::inside(|| {
        let client = Endpoint::open()?;
        client.write(&Commands::new().transaction(0, ECHO, 0, &Parcel::default()))?;
        failed(&client, "DEAD_REPLY", EINVAL)
    })
}

/// Publishes a node in this persona, and has it called through what the manager passes out.
fn published(pointer: u64) -> Outcome {
    let (server, client) = (Endpoint::open()?, Endpoint::open()?);
    let parcel = Parcel::default().object(&binder(pointer, 0));
    server.write(&Commands::new().transaction(0, PUT, 0, &parcel))?;
    server.reply()?;
    client.write(&Commands::new().transaction(0, GET, 0, &Parcel::default()))?;
    let handle = client.reply()?.number(8);
    client.write(&Commands::new().transaction(handle, 1, tf::ONE_WAY, &Parcel::default()))?;
    same!(server.transaction()?.target, pointer);
    Ok(())
}

fn same_slot_other_service() -> Outcome {
    here()?;
    let _manager = Manager::start()?;
    let server = Endpoint::open()?;
    crate::pair::publish(&server, 0, &binder(0x1000, 0))?;
    persona::inside(|| {
        let _manager = Manager::start()?;
        published(0x2000)
    })?;
    let client = Endpoint::open()?;
    let handle = crate::pair::look_up(&client, 0)?;
    client.write(&Commands::new().transaction(handle, 1, tf::ONE_WAY, &Parcel::default()))?;
    same!(server.transaction()?.target, 0x1000);
    Ok(())
}

fn first_manager_may_be_anyone() -> Outcome {
    here()?;
    let _manager = Manager::start()?;
    persona::inside(|| {
        let own = Endpoint::open()?;
        gives!(0, SYS_setresuid, 1000, 1000, 1000);
        same!(own.ioctl(ioctl::SET_CONTEXT_MGR, 0usize), 0);
        Ok(())
    })
}

fn user_of_the_first_manager_counts_within() -> Outcome {
    here()?;
    persona::inside(|| {
        inside_child(|| {
            let own = Endpoint::open()?;
            gives!(0, SYS_setresuid, 1000, 1000, 1000);
            same!(own.ioctl(ioctl::SET_CONTEXT_MGR, 0usize), 0);
            Ok(())
        })?;
        // Root is another user than the first one was.
        let next = Endpoint::open()?;
        let mut seen = 0;
        until(|| {
            seen = next.ioctl(ioctl::SET_CONTEXT_MGR, 0usize);
            seen != -(EBUSY as isize)
        });
        answered("SET_CONTEXT_MGR", seen, EPERM)
    })
}

fn file_keeps_its_persona() -> Outcome {
    here()?;
    let manager = become_manager()?;
    // By a process of its own: nobody calls a manager from the manager's own process.
    process::spawn(|| {
        let called = Endpoint::open().and_then(|client| {
            persona::inside(|| {
                // It was opened outside, and so it calls those outside.
                client.write(&Commands::new().transaction(
                    0,
                    7,
                    tf::ONE_WAY,
                    &Parcel::default(),
                ))?;
                saw(&client.read()?, "TRANSACTION_COMPLETE")
            })
        });
        i32::from(called.is_err())
    })?;
    same!(manager.transaction()?.code, 7);
    Ok(())
}

fn sender_is_who_opened_the_file() -> Outcome {
    here()?;
    let manager = become_manager()?;
    // A process of the root that opens it, and one of another persona that calls with it.
    let opener = process::spawn(|| {
        let called = Endpoint::open().and_then(|client| {
            persona::inside(|| {
                client.write(&Commands::new().transaction(0, 7, 0, &Parcel::default()))
            })?;
            process::pause(5000);
            Ok(())
        });
        i32::from(called.is_err())
    })?;
    let asked = manager.transaction()?;
    same!((asked.code, asked.sender_pid), (7, opener));
    Ok(())
}

fn freezing_ends_at_the_border() -> Outcome {
    here()?;
    let mut ends = [0i32; 2];
    gives!(0, SYS_pipe2, &mut ends, O_CLOEXEC);
    let other = Persona::running(|| {
        let open = Endpoint::open();
        abi_tests::sys!(SYS_write, ends[1], b"x", 1);
        match open {
            Ok(_endpoint) => persona::sleep_for_good(),
            Err(_) => 1,
        }
    })?;
    gives!(1, SYS_read, ends[0], &mut [0u8], 1);
    let client = Endpoint::open()?;
    let freeze = [other.pid as u32, 1, 0];
    answered("FREEZE", client.ioctl(ioctl::FREEZE, &freeze), EINVAL)?;
    other.end()
}

const STATE: &str = "/sys/kernel/debug/binder/state";

/// How many processes the state file shows.
fn processes() -> Result<usize, Failure> {
    let text = std::fs::read_to_string(STATE)?;
    Ok(text
        .lines()
        .filter(|line| line.starts_with("proc "))
        .count())
}

fn state_shows_ones_own() -> Outcome {
    here()?;
    let _manager = Manager::start()?;
    persona::inside(|| {
        same!(processes()?, 0);
        let _one = Endpoint::open()?;
        let _other = Endpoint::open()?;
        same!(processes()?, 2);
        Ok(())
    })
}

fn root_state_shows_all() -> Outcome {
    here()?;
    let _one = Endpoint::open()?;
    let before = processes()?;
    let mut ends = [0i32; 2];
    gives!(0, SYS_pipe2, &mut ends, O_CLOEXEC);
    let other = Persona::running(|| {
        let open = Endpoint::open();
        abi_tests::sys!(SYS_write, ends[1], b"x", 1);
        match open {
            Ok(_endpoint) => persona::sleep_for_good(),
            Err(_) => 1,
        }
    })?;
    gives!(1, SYS_read, ends[0], &mut [0u8], 1);
    same!(processes()?, before + 1);
    other.end()?;
    holds!(until(|| processes().is_ok_and(|count| count == before)));
    Ok(())
}

fn end_of_a_persona_leaves_the_others() -> Outcome {
    here()?;
    let _manager = Manager::start()?;
    for _ in 0..5 {
        persona::inside(|| {
            let _manager = Manager::start()?;
            echo()
        })?;
        echo()?;
    }
    Ok(())
}

fn many_at_once() -> Outcome {
    here()?;
    let children: Vec<_> = (0..20u64)
        .map(|number| {
            process::spawn_by(fork_persona, move || {
                let body = || -> Outcome {
                    let _manager = Manager::start()?;
                    for round in 0..5 {
                        published(0x1000 * (number + 1) + round * 16)?;
                    }
                    Ok(())
                };
                i32::from(body().is_err())
            })
        })
        .collect();
    for child in children {
        same!(process::wait(child?)?, 0);
    }
    Ok(())
}

fn death_within() -> Outcome {
    here()?;
    let _manager = Manager::start()?;
    persona::inside(|| {
        let manager = Manager::start()?;
        let client = Endpoint::open()?;
        client.write(
            &Commands::new()
                .with_handle(crate::protocol::bc::ACQUIRE, 0)
                .with_death(crate::protocol::bc::REQUEST_DEATH_NOTIFICATION, 0, 5),
        )?;
        manager.kill()?;
        saw(&client.read()?, "DEAD_BINDER")
    })?;
    echo()
}
