//! Death notifications: asked for, given up, delivered.

use abi_tests::check::Outcome;
use abi_tests::{cases, same, sys};
use libc::*;

use crate::commands::Commands;
use crate::endpoint::Endpoint;
use crate::expect::saw;
use crate::pair::{Pair, look_up};
use crate::protocol::bc;
use crate::returns::Return;

cases![
    told_when_the_owner_closes,
    told_when_the_owner_is_killed,
    told_once,
    each_holder_is_told,
    not_told_before,
    already_dead,
    asked_twice,
    given_up,
    given_up_with_another_cookie,
    given_up_without_being_asked,
    given_up_after_it_was_told,
    given_up_before_it_was_read,
    asked_for_again_after_giving_up,
    for_a_handle_that_never_was,
    for_a_weak_reference,
    done_with_a_wrong_cookie,
    done_without_being_told,
    manager_dies,
    holder_dies_first,
    reference_dropped_with_a_notification,
    one_waits_on_the_process,
    one_notice_a_read,
];

const COOKIE: u64 = 0x1111_2222_3333_4444;

fn ask(endpoint: &Endpoint, handle: u32, cookie: u64) -> Outcome {
    endpoint.write(&Commands::new().with_death(bc::REQUEST_DEATH_NOTIFICATION, handle, cookie))
}

fn give_up(endpoint: &Endpoint, handle: u32, cookie: u64) -> Outcome {
    endpoint.write(&Commands::new().with_death(bc::CLEAR_DEATH_NOTIFICATION, handle, cookie))
}

fn done(endpoint: &Endpoint, cookie: u64) -> Outcome {
    endpoint.write(&Commands::new().with_word(bc::DEAD_BINDER_DONE, cookie))
}

fn told_when_the_owner_closes() -> Outcome {
    let Pair {
        server,
        client,
        handle,
        ..
    } = Pair::new()?;
    ask(&client, handle, COOKIE)?;
    drop(server);
    let seen = client.read()?;
    saw(&seen, "DEAD_BINDER")?;
    same!(seen[0], Return::DeadBinder(COOKIE));
    done(&client, COOKIE)?;
    saw(&client.take()?, "")
}

fn told_when_the_owner_is_killed() -> Outcome {
    let pair = Pair::new()?;
    pair.client
        .write(&Commands::new().with_handle(bc::ACQUIRE, 0))?;
    ask(&pair.client, 0, COOKIE)?;
    sys!(SYS_kill, pair.manager.pid, SIGKILL);
    let seen = pair.client.read()?;
    saw(&seen, "DEAD_BINDER")
}

fn told_once() -> Outcome {
    let Pair {
        server,
        client,
        handle,
        ..
    } = Pair::new()?;
    ask(&client, handle, COOKIE)?;
    drop(server);
    saw(&client.read()?, "DEAD_BINDER")?;
    // Even though it has not said that it is done.
    saw(&client.take()?, "")
}

fn each_holder_is_told() -> Outcome {
    let Pair {
        server,
        client,
        handle,
        ..
    } = Pair::new()?;
    let other = Endpoint::open()?;
    let theirs = look_up(&other, 0)?;
    ask(&client, handle, 1)?;
    ask(&other, theirs, 2)?;
    drop(server);
    same!(client.read()?, [Return::DeadBinder(1)]);
    same!(other.read()?, [Return::DeadBinder(2)]);
    Ok(())
}

fn not_told_before() -> Outcome {
    let pair = Pair::new()?;
    ask(&pair.client, pair.handle, COOKIE)?;
    saw(&pair.client.take()?, "")
}

/// A client with a handle whose owner is dead.
fn bereaved() -> Result<(Endpoint, u32), abi_tests::check::Failure> {
    let Pair {
        server,
        client,
        handle,
        manager,
    } = Pair::new()?;
    ask(&client, handle, 1)?;
    drop(server);
    same!(client.read()?, [Return::DeadBinder(1)]);
    done(&client, 1)?;
    give_up(&client, handle, 1)?;
    same!(client.read()?, [Return::ClearDeathNotificationDone(1)]);
    manager.kill()?;
    Ok((client, handle))
}

fn already_dead() -> Outcome {
    let (client, handle) = bereaved()?;
    ask(&client, handle, COOKIE)?;
    let seen = client.take()?;
    saw(&seen, "DEAD_BINDER")?;
    same!(seen[0], Return::DeadBinder(COOKIE));
    Ok(())
}

fn asked_twice() -> Outcome {
    let Pair {
        server,
        client,
        handle,
        ..
    } = Pair::new()?;
    ask(&client, handle, 1)?;
    // Complained of in the log, and forgotten.
    ask(&client, handle, 2)?;
    drop(server);
    same!(client.read()?, [Return::DeadBinder(1)]);
    saw(&client.take()?, "")
}

fn given_up() -> Outcome {
    let Pair {
        server,
        client,
        handle,
        ..
    } = Pair::new()?;
    ask(&client, handle, COOKIE)?;
    give_up(&client, handle, COOKIE)?;
    let seen = client.take()?;
    saw(&seen, "CLEAR_DEATH_NOTIFICATION_DONE")?;
    same!(seen[0], Return::ClearDeathNotificationDone(COOKIE));
    drop(server);
    abi_tests::process::pause(100);
    saw(&client.take()?, "")
}

fn given_up_with_another_cookie() -> Outcome {
    let Pair {
        server,
        client,
        handle,
        ..
    } = Pair::new()?;
    ask(&client, handle, COOKIE)?;
    give_up(&client, handle, COOKIE + 1)?;
    saw(&client.take()?, "")?;
    drop(server);
    same!(client.read()?, [Return::DeadBinder(COOKIE)]);
    Ok(())
}

fn given_up_without_being_asked() -> Outcome {
    let pair = Pair::new()?;
    give_up(&pair.client, pair.handle, COOKIE)?;
    saw(&pair.client.take()?, "")
}

fn given_up_after_it_was_told() -> Outcome {
    let Pair {
        server,
        client,
        handle,
        ..
    } = Pair::new()?;
    ask(&client, handle, COOKIE)?;
    drop(server);
    saw(&client.read()?, "DEAD_BINDER")?;
    give_up(&client, handle, COOKIE)?;
    // Not before it is done with the notice.
    saw(&client.take()?, "")?;
    done(&client, COOKIE)?;
    saw(&client.take()?, "CLEAR_DEATH_NOTIFICATION_DONE")
}

fn given_up_before_it_was_read() -> Outcome {
    let Pair {
        server,
        client,
        handle,
        ..
    } = Pair::new()?;
    ask(&client, handle, COOKIE)?;
    drop(server);
    let ready = abi_tests::process::until(|| crate::polling::events(&client, POLLIN) != 0);
    same!(ready, true);
    give_up(&client, handle, COOKIE)?;
    let seen = client.take()?;
    saw(&seen, "DEAD_BINDER")?;
    done(&client, COOKIE)?;
    saw(&client.take()?, "CLEAR_DEATH_NOTIFICATION_DONE")
}

fn asked_for_again_after_giving_up() -> Outcome {
    let Pair {
        server,
        client,
        handle,
        ..
    } = Pair::new()?;
    ask(&client, handle, 1)?;
    give_up(&client, handle, 1)?;
    saw(&client.take()?, "CLEAR_DEATH_NOTIFICATION_DONE")?;
    ask(&client, handle, 2)?;
    drop(server);
    same!(client.read()?, [Return::DeadBinder(2)]);
    Ok(())
}

fn for_a_handle_that_never_was() -> Outcome {
    let client = Endpoint::open()?;
    ask(&client, 4711, COOKIE)?;
    give_up(&client, 4711, COOKIE)?;
    saw(&client.take()?, "")
}

fn for_a_weak_reference() -> Outcome {
    let Pair {
        server,
        client,
        handle,
        ..
    } = Pair::new()?;
    client.write(
        &Commands::new()
            .with_handle(bc::INCREFS, handle)
            .with_handle(bc::RELEASE, handle),
    )?;
    ask(&client, handle, COOKIE)?;
    drop(server);
    same!(client.read()?, [Return::DeadBinder(COOKIE)]);
    Ok(())
}

fn done_with_a_wrong_cookie() -> Outcome {
    let Pair {
        server,
        client,
        handle,
        ..
    } = Pair::new()?;
    ask(&client, handle, COOKIE)?;
    drop(server);
    saw(&client.read()?, "DEAD_BINDER")?;
    done(&client, COOKIE + 1)?;
    give_up(&client, handle, COOKIE)?;
    saw(&client.take()?, "")
}

fn done_without_being_told() -> Outcome {
    let client = Endpoint::open()?;
    done(&client, COOKIE)?;
    saw(&client.take()?, "")
}

fn manager_dies() -> Outcome {
    let pair = Pair::new()?;
    // A notification for handle 0 needs no reference of one's own before.
    let client = Endpoint::open()?;
    ask(&client, 0, COOKIE)?;
    pair.manager.kill()?;
    abi_tests::process::pause(100);
    saw(&client.take()?, "")
}

fn holder_dies_first() -> Outcome {
    let Pair {
        server,
        client,
        handle,
        ..
    } = Pair::new()?;
    ask(&client, handle, COOKIE)?;
    drop(client);
    abi_tests::process::pause(50);
    drop(server);
    Ok(())
}

fn reference_dropped_with_a_notification() -> Outcome {
    let Pair {
        server,
        client,
        handle,
        ..
    } = Pair::new()?;
    ask(&client, handle, COOKIE)?;
    client.write(&Commands::new().with_handle(bc::RELEASE, handle))?;
    saw(&client.take()?, "")?;
    drop(server);
    abi_tests::process::pause(100);
    saw(&client.take()?, "")
}

fn one_waits_on_the_process() -> Outcome {
    let Pair {
        server,
        client,
        handle,
        ..
    } = Pair::new()?;
    ask(&client, handle, COOKIE)?;
    // Another thread of the holder than the one that asked can read it.
    let seen = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            client.write(&Commands::new().bare(bc::ENTER_LOOPER))?;
            client.read()
        });
        drop(server);
        waiting.join()
    });
    saw(&seen.unwrap_or_else(|_| Ok(Vec::new()))?, "DEAD_BINDER")
}

fn one_notice_a_read() -> Outcome {
    let Pair {
        server,
        client,
        handle,
        ..
    } = Pair::new()?;
    crate::pair::publish(&server, 1, &crate::parcel::binder(0x5000, 0))?;
    let other = look_up(&client, 1)?;
    ask(&client, handle, 1)?;
    ask(&client, other, 2)?;
    drop(server);
    // A notice may make its reader call somebody, so it is the last of its read.
    let mut cookies = Vec::new();
    for _ in 0..2 {
        match client.read()?[..] {
            [Return::DeadBinder(cookie)] => cookies.push(cookie),
            ref other => same!(other, []),
        }
    }
    cookies.sort_unstable();
    same!(cookies, [1, 2]);
    Ok(())
}
