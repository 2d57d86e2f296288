//! What the driver tells of nodes and references.

use abi_tests::check::{Failure, Outcome, note};
use abi_tests::{cases, holds, same};
use libc::*;

use crate::commands::Commands;
use crate::endpoint::Endpoint;
use crate::expect::answered;
use crate::manager::become_manager;
use crate::pair::{NODE, Pair, publish};
use crate::parcel::{Parcel, binder};
use crate::protocol::{bc, ioctl};
use crate::returns::{half, word};

cases![
    nodes_of_none,
    nodes_one_after_the_other,
    node_that_lost_its_references,
    nodes_at_a_bad_address,
    reference_counts,
    reference_counts_of_another,
    reference_counts_not_by_the_manager,
    reference_counts_of_none,
    reference_counts_with_reserved_fields,
    reference_counts_at_a_bad_address,
    debug_files,
    debug_files_name_the_process,
    debug_file_of_a_closed_one,
];

/// BINDER_GET_NODE_DEBUG_INFO from `after` on: pointer, cookie, strong and weak.
fn node_after(endpoint: &Endpoint, after: u64) -> Result<(u64, u64, u32, u32), Failure> {
    let mut bytes = [0u8; 24];
    bytes[..8].copy_from_slice(&after.to_ne_bytes());
    same!(endpoint.ioctl(ioctl::GET_NODE_DEBUG_INFO, &mut bytes), 0);
    Ok((
        word(&bytes, 0),
        word(&bytes, 8),
        half(&bytes, 16),
        half(&bytes, 20),
    ))
}

fn nodes_of_none() -> Outcome {
    let endpoint = Endpoint::open()?;
    same!(node_after(&endpoint, 0)?, (0, 0, 0, 0));
    Ok(())
}

fn nodes_one_after_the_other() -> Outcome {
    let pair = Pair::new()?;
    publish(&pair.server, 1, &binder(0x5000, 5))?;
    publish(&pair.server, 2, &binder(0x4000, 4))?;
    same!(node_after(&pair.server, 0)?, (0x4000, 4, 1, 1));
    same!(node_after(&pair.server, 0x4000)?, (0x5000, 5, 1, 1));
    same!(node_after(&pair.server, 0x5000)?, (NODE.0, NODE.1, 1, 1));
    same!(node_after(&pair.server, NODE.0)?, (0, 0, 0, 0));
    Ok(())
}

fn node_that_lost_its_references() -> Outcome {
    let pair = Pair::new()?;
    abi_tests::sys!(SYS_kill, pair.manager.pid, SIGKILL);
    abi_tests::process::wait(pair.manager.pid)?;
    pair.client.write(
        &Commands::new()
            .with_handle(bc::INCREFS, pair.handle)
            .with_handle(bc::RELEASE, pair.handle),
    )?;
    pair.server.read()?;
    same!(node_after(&pair.server, 0)?, (NODE.0, NODE.1, 0, 1));
    pair.client
        .write(&Commands::new().with_handle(bc::DECREFS, pair.handle))?;
    pair.server.read()?;
    same!(node_after(&pair.server, 0)?, (0, 0, 0, 0));
    Ok(())
}

fn nodes_at_a_bad_address() -> Outcome {
    let endpoint = Endpoint::open()?;
    let seen = endpoint.ioctl(ioctl::GET_NODE_DEBUG_INFO, 8usize);
    answered("GET_NODE_DEBUG_INFO", seen, EFAULT)
}

/// A manager of this process with a handle of a node of the child's, and the child.
fn manager_with_handle() -> Result<(Endpoint, u32), Failure> {
    let manager = become_manager()?;
    abi_tests::process::spawn(|| {
        let served = Endpoint::open().and_then(|server| publish(&server, 0, &binder(0x1000, 0)));
        abi_tests::process::pause(10_000);
        i32::from(served.is_err())
    })?;
    let asked = manager.transaction()?;
    let handle = asked.number(8);
    manager.write(&Commands::new().with_handle(bc::ACQUIRE, handle))?;
    Ok((manager, handle))
}

fn counts(endpoint: &Endpoint, words: [u32; 6]) -> (isize, [u32; 6]) {
    let mut words = words;
    let seen = endpoint.ioctl(ioctl::GET_NODE_INFO_FOR_REF, &mut words);
    (seen, words)
}

fn reference_counts() -> Outcome {
    let (manager, handle) = manager_with_handle()?;
    let (seen, words) = counts(&manager, [handle, 0, 0, 0, 0, 0]);
    same!(seen, 0);
    note(format!("strong {}, weak {}", words[1], words[2]));
    manager.write(
        &Commands::new()
            .with_handle(bc::ACQUIRE, handle)
            .with_handle(bc::INCREFS, handle),
    )?;
    let (seen, words) = counts(&manager, [handle, 0, 0, 0, 0, 0]);
    same!(seen, 0);
    note(format!("strong {}, weak {}", words[1], words[2]));
    Ok(())
}

fn reference_counts_of_another() -> Outcome {
    let (manager, _) = manager_with_handle()?;
    let (seen, _) = counts(&manager, [0, 0, 0, 0, 0, 0]);
    answered("GET_NODE_INFO_FOR_REF", seen, EINVAL)
}

fn reference_counts_not_by_the_manager() -> Outcome {
    let pair = Pair::new()?;
    let (seen, _) = counts(&pair.client, [pair.handle, 0, 0, 0, 0, 0]);
    answered("GET_NODE_INFO_FOR_REF", seen, EPERM)
}

fn reference_counts_of_none() -> Outcome {
    let (manager, _) = manager_with_handle()?;
    let (seen, _) = counts(&manager, [4711, 0, 0, 0, 0, 0]);
    answered("GET_NODE_INFO_FOR_REF", seen, EINVAL)
}

fn reference_counts_with_reserved_fields() -> Outcome {
    let (manager, handle) = manager_with_handle()?;
    for at in 1..6 {
        let mut words = [handle, 0, 0, 0, 0, 0];
        words[at] = 1;
        let (seen, _) = counts(&manager, words);
        same!((at, seen), (at, -(EINVAL as isize)));
    }
    note("EINVAL");
    Ok(())
}

fn reference_counts_at_a_bad_address() -> Outcome {
    let (manager, _) = manager_with_handle()?;
    let seen = manager.ioctl(ioctl::GET_NODE_INFO_FOR_REF, 8usize);
    answered("GET_NODE_INFO_FOR_REF", seen, EFAULT)
}

const DEBUG: &str = "/sys/kernel/debug/binder";

fn debug_files() -> Outcome {
    let _pair = Pair::new()?;
    for name in ["state", "stats", "transactions"] {
        let text = std::fs::read_to_string(format!("{DEBUG}/{name}"))?;
        holds!(!text.is_empty(), "{name}");
    }
    let stats = std::fs::read_to_string(format!("{DEBUG}/stats"))?;
    for word in [
        "binder stats:",
        "BC_TRANSACTION: ",
        "BR_TRANSACTION: ",
        "proc: active ",
    ] {
        holds!(stats.contains(word), "stats lacks `{word}`");
    }
    let state = std::fs::read_to_string(format!("{DEBUG}/state"))?;
    for word in [
        "binder state:",
        "proc ",
        "context binder",
        "thread ",
        "node ",
        "ref ",
    ] {
        holds!(state.contains(word), "state lacks `{word}`");
    }
    let transactions = std::fs::read_to_string(format!("{DEBUG}/transactions"))?;
    holds!(transactions.starts_with("binder transactions:\n"));
    Ok(())
}

fn debug_files_name_the_process() -> Outcome {
    let pair = Pair::new()?;
    pair.call(0x77, 0, &Parcel::bytes(b"12345678"))?;
    let me = std::process::id();
    let text = std::fs::read_to_string(format!("{DEBUG}/proc/{me}"))?;
    holds!(text.contains(&format!("proc {me}\n")), "{text}");
    holds!(text.contains("incoming transaction"), "{text}");
    holds!(text.contains("code 77 flags 0"), "{text}");
    holds!(text.contains("size 8:0"), "{text}");
    Ok(())
}

fn debug_file_of_a_closed_one() -> Outcome {
    let name = format!("{DEBUG}/proc/{}", std::process::id());
    let endpoint = Endpoint::open()?;
    holds!(std::fs::metadata(&name).is_ok());
    drop(endpoint);
    let gone = abi_tests::process::until(|| std::fs::metadata(&name).is_err());
    holds!(gone, "{name} is still there");
    Ok(())
}
