//! The tools that come from the uutils crates, under the names they answer to.
//!
//! Source: <https://github.com/uutils/coreutils>; what each does is in coreutils(1).

use std::ffi::OsString;
use std::io::Write;

/// What every uutils crate offers: its arguments, its own name first, to its exit status.
type UuMain = fn(std::vec::IntoIter<OsString>) -> i32;

/// The name and the main function of each, by name.
pub const TOOLS: &[(&str, UuMain)] = &[
    ("[", uu_test::uumain),
    ("basename", uu_basename::uumain),
    ("chgrp", uu_chgrp::uumain),
    ("chmod", uu_chmod::uumain),
    ("chown", uu_chown::uumain),
    ("chroot", uu_chroot::uumain),
    ("comm", uu_comm::uumain),
    ("cp", uu_cp::uumain),
    ("cut", uu_cut::uumain),
    ("df", uu_df::uumain),
    ("dirname", uu_dirname::uumain),
    ("du", uu_du::uumain),
    ("echo", uu_echo::uumain),
    ("env", uu_env::uumain),
    ("false", uu_false::uumain),
    ("fold", uu_fold::uumain),
    ("groups", uu_groups::uumain),
    ("head", uu_head::uumain),
    ("id", uu_id::uumain),
    ("link", uu_link::uumain),
    ("ln", uu_ln::uumain),
    ("mkdir", uu_mkdir::uumain),
    ("mkfifo", uu_mkfifo::uumain),
    ("mknod", uu_mknod::uumain),
    ("mktemp", uu_mktemp::uumain),
    ("mv", uu_mv::uumain),
    ("nice", uu_nice::uumain),
    ("nohup", uu_nohup::uumain),
    ("nproc", uu_nproc::uumain),
    ("od", uu_od::uumain),
    ("paste", uu_paste::uumain),
    ("printenv", uu_printenv::uumain),
    ("printf", uu_printf::uumain),
    ("pwd", uu_pwd::uumain),
    ("readlink", uu_readlink::uumain),
    ("realpath", uu_realpath::uumain),
    ("rm", uu_rm::uumain),
    ("rmdir", uu_rmdir::uumain),
    ("seq", uu_seq::uumain),
    ("sleep", uu_sleep::uumain),
    ("sort", uu_sort::uumain),
    ("split", uu_split::uumain),
    ("stat", uu_stat::uumain),
    ("sync", uu_sync::uumain),
    ("tee", uu_tee::uumain),
    ("test", uu_test::uumain),
    ("timeout", uu_timeout::uumain),
    ("tr", uu_tr::uumain),
    ("true", uu_true::uumain),
    ("truncate", uu_truncate::uumain),
    ("tty", uu_tty::uumain),
    ("uname", uu_uname::uumain),
    ("uniq", uu_uniq::uumain),
    ("unlink", uu_unlink::uumain),
    ("wc", uu_wc::uumain),
    ("whoami", uu_whoami::uumain),
    ("yes", uu_yes::uumain),
];

/// The main function of the tool `name`.
pub fn find(name: &str) -> Option<UuMain> {
    TOOLS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, main)| *main)
}

/// Runs it. `words` holds the tool's own name first; `behind_our_name` says that it was called
/// as `tools NAME …`, which its messages then repeat.
pub fn run(main: UuMain, words: Vec<OsString>, behind_our_name: bool) -> i32 {
    if behind_our_name {
        uucore::set_utility_is_second_arg();
    }
    uucore::panic::mute_sigpipe_panic();
    let status = main(words.into_iter());
    if let Err(error) = std::io::stdout().flush() {
        eprintln!("cannot write to standard output: {error}");
        return status.max(1);
    }
    status
}
