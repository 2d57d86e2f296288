//! Who sees which entries: personas, users, the group, and what the root chooses.

use super::{
    FLUSH_LOG, GET_LOG_LEN, GET_NEXT_ENTRY_LEN, MAIN, SET_DEV_NS_FILTER, fresh, int, open,
    read_all, say, texts,
};
use crate::persona::{Persona, inside, sleep_for_good};
use abi_tests::check::Outcome;
use abi_tests::process::{inside_child, until_asleep};
use abi_tests::{cases, fails, gives, holds, same, works};
use libc::*;

cases![
    persona_writes_with_both_numbers,
    other_users_see_their_own,
    group_sees_all_users,
    persona_sees_its_own,
    persona_may_not_look_around,
    root_chooses,
    flush_by_root,
    flush_by_persona,
    inherited_reader_stays_the_root_s,
];

fn persona_writes_with_both_numbers() -> Outcome {
    let file = fresh(O_RDONLY | O_DIRECT)?;
    let persona = Persona::running(|| match say(b"inside") {
        Ok(()) => sleep_for_good(),
        Err(_) => 1,
    })?;
    holds!(until_asleep(persona.pid));
    let entry = read_all(file)?.remove(0);
    same!(
        [0, 4, 8].map(|at| int(&entry, at)),
        [persona.pid, persona.pid, persona.pid]
    );
    same!(&entry[12..16], b"\0\0\0\0");
    same!((int(&entry, 20), int(&entry, 24)), (1, 1));
    persona.end()
}

fn other_users_see_their_own() -> Outcome {
    works!(SYS_close, fresh(O_RDONLY)?);
    say(b"of root")?;
    inside_child(|| {
        works!(SYS_setgroups, 0, 0);
        works!(SYS_setresgid, 1234, 1234, 1234);
        works!(SYS_setresuid, 1234, 1234, 1234);
        let file = open(O_RDWR)?;
        gives!(0, SYS_ioctl, file, GET_LOG_LEN, 0);
        say(b"mine")?;
        same!(texts(file, 20)?, ["mine"]);
        Ok(())
    })
}

fn group_sees_all_users() -> Outcome {
    works!(SYS_close, fresh(O_RDONLY)?);
    say(b"of root")?;
    for groups in [[1007u32, 5], [5, 1007]] {
        inside_child(|| {
            works!(SYS_setgroups, 1, &groups[1..]);
            works!(SYS_setresgid, groups[0], groups[0], groups[0]);
            works!(SYS_setresuid, 1234, 1234, 1234);
            same!(texts(open(O_RDONLY)?, 20)?, ["of root"]);
            Ok(())
        })?;
    }
    Ok(())
}

fn persona_sees_its_own() -> Outcome {
    let file = fresh(O_RDONLY)?;
    say(b"of root")?;
    inside(|| {
        let file = open(O_RDONLY)?;
        gives!(0, SYS_ioctl, file, GET_LOG_LEN, 0);
        gives!(0, SYS_ioctl, file, GET_NEXT_ENTRY_LEN, 0);
        say(b"inside")?;
        same!(texts(file, 20)?, ["inside"]);
        Ok(())
    })?;
    // Nor does the next one with the same numbers.
    inside(|| {
        same!(texts(open(O_RDONLY)?, 20)?, Vec::<String>::new());
        Ok(())
    })?;
    same!(texts(file, 20)?, ["of root"]);
    Ok(())
}

fn persona_may_not_look_around() -> Outcome {
    works!(SYS_close, fresh(O_RDONLY)?);
    inside(|| {
        fails!(EPERM, SYS_open, MAIN, O_RDONLY | O_DIRECT);
        let file = open(O_RDONLY)?;
        for pid in [-1, 0, 1] {
            fails!(EPERM, SYS_ioctl, file, SET_DEV_NS_FILTER, pid);
        }
        Ok(())
    })
}

fn root_chooses() -> Outcome {
    let file = fresh(O_RDONLY)?;
    let persona = Persona::running(|| match say(b"inside") {
        Ok(()) => sleep_for_good(),
        Err(_) => 1,
    })?;
    holds!(until_asleep(persona.pid));
    say(b"of root")?;
    gives!(0, SYS_ioctl, file, SET_DEV_NS_FILTER, persona.pid);
    same!(texts(file, 20)?, ["inside"]);
    let file = open(O_RDONLY)?;
    gives!(0, SYS_ioctl, file, SET_DEV_NS_FILTER, 0);
    same!(texts(file, 36)?, ["inside", "of root"]);
    let file = open(O_RDONLY | O_DIRECT)?;
    gives!(0, SYS_ioctl, file, SET_DEV_NS_FILTER, 1);
    same!(texts(file, 20)?, ["of root"]);
    let file = open(O_RDONLY)?;
    fails!(EINVAL, SYS_ioctl, file, SET_DEV_NS_FILTER, -1);
    gives!(0, SYS_ioctl, file, SET_DEV_NS_FILTER, 12345);
    same!(texts(file, 20)?, Vec::<String>::new());
    persona.end()
}

fn flush_by_root() -> Outcome {
    let file = fresh(O_RDWR | O_DIRECT)?;
    say(b"of root")?;
    inside(|| say(b"inside"))?;
    gives!(0, SYS_ioctl, file, FLUSH_LOG, 0);
    gives!(0, SYS_ioctl, file, GET_LOG_LEN, 0);
    say(b"new")?;
    same!(texts(file, 36)?, ["new"]);
    Ok(())
}

fn flush_by_persona() -> Outcome {
    let file = fresh(O_RDONLY | O_DIRECT)?;
    say(b"of root")?;
    inside(|| {
        say(b"inside")?;
        let file = open(O_RDWR)?;
        gives!(26, SYS_ioctl, file, GET_LOG_LEN, 0);
        gives!(0, SYS_ioctl, file, FLUSH_LOG, 0);
        gives!(0, SYS_ioctl, file, GET_LOG_LEN, 0);
        Ok(())
    })?;
    same!(texts(file, 36)?, ["of root"]);
    Ok(())
}

/// A file belongs to the namespace that opened it, an entry to the one that writes it.
fn inherited_reader_stays_the_root_s() -> Outcome {
    let file = fresh(O_RDWR)?;
    say(b"of root")?;
    inside(|| {
        gives!(6, SYS_write, file, b"inside", 6);
        same!(texts(file, 20)?, ["of root"]);
        Ok(())
    })?;
    same!(texts(file, 20)?, Vec::<String>::new());
    gives!(0, SYS_ioctl, file, SET_DEV_NS_FILTER, 0);
    same!(
        texts(open(O_RDONLY | O_DIRECT)?, 36)?,
        ["of root", "inside"]
    );
    Ok(())
}
