//! In-kernel tests of procfs: the calling thread as /proc shows it, and the names it does not
//! have. The texts themselves are tested with `abi::procfs`, on the host.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::root::Root;
use super::view::View;
use crate::error::{Errno, Result};
use crate::file::{FileKind, Inode, IoFlags, LinkTarget, OpenFlags};
use crate::memory::io::Sink;
use crate::process;

fn lookup(path: &str) -> Result<Arc<dyn Inode>> {
    let mut at: Arc<dyn Inode> = Arc::new(Root::new(View::of_caller()));
    for name in path.split('/').filter(|_| !path.is_empty()) {
        at = at.lookup(name.as_bytes())?;
    }
    Ok(at)
}

fn read(path: &str) -> Result<String> {
    let file = lookup(path)?.open(OpenFlags::from_raw(0))?;
    let mut bytes = [0; 4096];
    let count = file.read(
        &mut 0,
        &mut Sink::from_slice(&mut bytes),
        IoFlags {
            nonblocking: true,
            ..IoFlags::default()
        },
    )?;
    Ok(String::from_utf8_lossy(&bytes[..count]).into_owned())
}

fn own(file: &str) -> String {
    format!("{}/{file}", process::current().process.pid)
}

fn names(path: &str) -> Vec<String> {
    let directory = lookup(path).expect("a directory");
    let mut names = Vec::new();
    let mut cursor = 0;
    loop {
        // One name at a time, so that every cursor is used.
        let mut found = None;
        let listed = directory.list(cursor, &mut |entry| {
            if found.is_none() {
                found = Some((String::from_utf8_lossy(entry.name).into_owned(), entry.next));
                return true;
            }
            false
        });
        listed.expect("it can be listed");
        let Some((name, next)) = found else {
            return names;
        };
        assert!(next > cursor, "the cursor of {name} goes back");
        names.push(name);
        cursor = next;
    }
}

metal::ktest! {
    fn self_leads_to_the_calling_process() {
        let target = lookup("self").and_then(|link| link.read_link());
        let expected = format!("{}", process::current().process.pid);
        assert!(matches!(target, Ok(LinkTarget::Path(path)) if *path == *expected.as_bytes()));
    }

    fn stat_begins_with_number_and_name() {
        let pid = process::current().process.pid;
        let stat = read(&own("stat")).expect("a living process has one");
        assert!(stat.starts_with(&format!("{pid} (")), "{stat}");
        assert!(stat.contains(") R "), "{stat}");
        assert_eq!(stat.rsplit(") ").next().map(|rest| rest.split(' ').count()), Some(50));
    }

    fn every_name_that_is_listed_is_found() {
        for directory in [own("ns"), own("task"), String::from("sys"), String::from("sys/kernel")] {
            let names = names(&directory);
            assert!(!names.is_empty(), "{directory} is empty");
            for name in names {
                lookup(&format!("{directory}/{name}")).expect("a listed name");
            }
        }
    }

    fn names_that_are_no_numbers_are_no_processes() {
        for name in ["01", "+1", "-1", "99999999999999999999", "0", "1x"] {
            assert_eq!(lookup(name).map(|_| ()), Err(Errno::ENOENT), "{name}");
        }
    }

    fn identifiers_are_new_each_time_but_the_boots_stays() {
        let uuid = || read("sys/kernel/random/uuid").expect("always there");
        assert_ne!(uuid(), uuid());
        assert_eq!(uuid().len(), 37);
        let boot = || read("sys/kernel/random/boot_id").expect("always there");
        assert_eq!(boot(), boot());
        assert_eq!(&uuid()[14..15], "4", "the version of the identifier");
    }

    fn files_of_the_machine_can_be_read() {
        // What may only be written has nothing to read.
        let is_readable = |inode: Arc<dyn Inode>| {
            let metadata = inode.metadata();
            metadata.kind == FileKind::Regular && metadata.ownership.permissions & 0o444 != 0
        };
        for name in names("").into_iter().filter(|name| lookup(name).is_ok_and(is_readable)) {
            match read(&name) {
                // What a round before this one took from the log is no longer there.
                Err(Errno::EAGAIN) if name == "kmsg" => {}
                result => drop(result.expect("readable")),
            }
        }
    }
}
