//! The shell at a terminal: a pseudo-terminal plays the person's side.

use crate::support::Place;
use fork::Fork;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::CommandExt;
use std::time::{Duration, Instant};

/// How long an answer may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(20);

struct Session {
    terminal: OwnedFd,
    pid: Pid,
    waited_for: bool,
    said: String,
    /// How much of what was said has been looked at.
    seen: usize,
    _place: Place,
}

impl Session {
    /// Starts a shell at a terminal of a size; 0 columns is a terminal that does not know.
    fn start(columns: u16, variables: &[(&str, &str)]) -> Session {
        // No other shell may hold this side, or its closing would not be a hang-up.
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let terminal = openpt(flags).expect("there are pseudo-terminals");
        grantpt(&terminal).expect("it is ours");
        unlockpt(&terminal).expect("it is ours");
        let rows = if columns == 0 { 0 } else { 24 };
        let size = Winsize {
            ws_row: rows,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&terminal, size).expect("a terminal takes a size");
        let name = OsString::from_vec(
            ptsname(&terminal, Vec::new())
                .expect("it has a name")
                .into_bytes(),
        );
        let place = Place::new();
        let mut command = place.shell();
        command
            .arg("-i")
            .env("PS1", "% ")
            .envs(variables.iter().copied());
        let pid = match fork::fork().expect("a process can be started") {
            Fork::Parent(pid) => Pid::from_raw(pid).expect("a child has a pid"),
            Fork::Child => {
                // A session leader gets the terminal it opens as its controlling terminal.
                rustix::process::setsid().expect("a fork leads no group");
                let side = std::fs::OpenOptions::new()
                    .read(true)
                    .write(true)
                    .open(name)
                    .expect("it is unlocked");
                rustix::stdio::dup2_stdin(&side).expect("0 is a descriptor");
                rustix::stdio::dup2_stdout(&side).expect("1 is a descriptor");
                rustix::stdio::dup2_stderr(&side).expect("2 is a descriptor");
                let error = command.exec();
                panic!("the shell does not start: {error}");
            }
        };
        let mut session = Session {
            terminal,
            pid,
            waited_for: false,
            said: String::new(),
            seen: 0,
            _place: place,
        };
        session.expect("% ");
        session
    }

    fn send(&mut self, text: &str) {
        rustix::io::write(&self.terminal, text.as_bytes()).expect("the shell lives");
    }

    /// Waits until the shell says `text`, after what was expected before.
    fn expect(&mut self, text: &str) {
        let end = Instant::now() + LIMIT;
        loop {
            if let Some(at) = self.said[self.seen..].find(text) {
                self.seen += at + text.len();
                return;
            }
            assert!(
                Instant::now() < end,
                "expected {text:?} in {:?}",
                &self.said[self.seen..]
            );
            self.listen();
        }
    }

    /// Takes what the shell says, for a moment; false when it has gone.
    fn listen(&mut self) -> bool {
        let moment = Timespec {
            tv_sec: 0,
            tv_nsec: 50_000_000,
        };
        let mut watched = [PollFd::new(&self.terminal, PollFlags::IN)];
        if poll(&mut watched, Some(&moment)).is_ok_and(|ready| ready == 0) {
            return true;
        }
        let mut buffer = [0; 1024];
        match rustix::io::read(&self.terminal, &mut buffer) {
            Ok(length) if length > 0 => {
                self.said
                    .push_str(&String::from_utf8_lossy(&buffer[..length]));
                true
            }
            _ => false,
        }
    }

    /// Types a line and waits for an answer and the prompt.
    fn ask(&mut self, line: &str, answer: &str) {
        self.send(&format!("{line}\r"));
        self.expect(&format!("\r\n{answer}"));
        self.expect("% ");
    }

    /// Waits for the end and gives the exit status.
    fn end(mut self) -> i32 {
        while self.listen() {}
        let status = fork::waitpid(self.pid.as_raw_pid()).expect("it is our child");
        self.waited_for = true;
        assert!(fork::WIFEXITED(status), "it ended with {status:#x}");
        fork::WEXITSTATUS(status)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.waited_for {
            return;
        }
        // It leads its session: with its end the terminal hangs up on what it started. It can only
        // be gone already, which is as well.
        let _ = kill_process(self.pid, Signal::KILL);
        let _ = fork::waitpid(self.pid.as_raw_pid());
    }
}

#[test]
fn a_session_leaves_no_shell_behind() {
    let session = Session::start(80, &[]);
    let pid = session.pid;
    assert!(test_kill_process(pid).is_ok());
    drop(session);
    assert!(test_kill_process(pid).is_err());
}

#[test]
fn a_hang_up_ends_it() {
    let mut session = Session::start(80, &[]);
    let other = std::fs::File::open("/dev/null").expect("every system has it");
    session.terminal = other.into();
    let end = Instant::now() + LIMIT;
    let status = loop {
        let ended = fork::waitpid_nohang(session.pid.as_raw_pid());
        if let Some(status) = ended.expect("it is our child") {
            break status;
        }
        assert!(Instant::now() < end, "it lives on without its terminal");
        std::thread::sleep(Duration::from_millis(20));
    };
    session.waited_for = true;
    assert_eq!(fork::WTERMSIG(status), Signal::HUP.as_raw(), "{status:#x}");
}

#[test]
fn lines_are_edited() {
    let mut session = Session::start(80, &[]);
    session.ask("echo ac\x1b[Db", "abc\r\n");
    session.ask("cho start\x01e", "start\r\n");
    session.ask("echo wrong\x15echo right", "right\r\n");
    session.ask("echo one two\x17\x17three", "three\r\n");
    session.ask("echo abx\x7f", "ab\r\n");
    session.ask("echo \u{e4}\u{f6}\x1b[D\x1b[3~\u{fc}", "\u{e4}\u{fc}\r\n");
}

#[test]
fn history_is_browsed_and_searched() {
    let mut session = Session::start(80, &[]);
    session.ask("echo first", "first\r\n");
    session.ask("echo second", "second\r\n");
    session.ask("\x1b[A\x1b[A", "first\r\n");
    session.ask("\x12sec", "second\r\n");
    session.ask("draft\x1b[A\x1b[B\x15echo kept", "kept\r\n");
}

#[test]
fn tab_completes() {
    let mut session = Session::start(80, &[("LONGVARIABLE", "value")]);
    session.ask(
        "mkdir folder; echo text > folder/file-name; ec\tdone",
        "done\r\n",
    );
    session.ask("cat fo\tfi\t", "text\r\n");
    session.ask("echo $LONGV\t", "value\r\n");
    session.ask("touch 'a b'; echo made", "made\r\n");
    session.ask("echo a\t", "a b\r\n");
    session.send("echo folder/nothing\x17folder/\t\x15");
    session.send("touch x1 x2; echo x\r");
    session.expect("\r\nx\r\n");
    session.expect("% ");
    session.send("echo x\t\t");
    session.expect("x1  x2\r\n");
}

#[test]
fn a_terminal_without_size_or_sequences_works() {
    let mut session = Session::start(0, &[("TERM", "dumb")]);
    let long = "x".repeat(150);
    session.ask(
        &format!("echo {long}\x01\x06\x06\x06\x06\x06y"),
        &format!("y{long}\r\n"),
    );
    assert!(!session.said.contains('\x1b'), "{:?}", session.said);
    let mut session = Session::start(0, &[]);
    session.ask(
        &format!("echo {long}\x01\x06\x06\x06\x06\x06y"),
        &format!("y{long}\r\n"),
    );
    let mut session = Session::start(20, &[]);
    session.ask(
        &format!("echo {long}\x01\x06\x06\x06\x06\x06y"),
        &format!("y{}", "x".repeat(15)),
    );
}

#[test]
fn control_c_gives_up_lines_programs_and_loops() {
    let mut session = Session::start(80, &[]);
    session.send("echo not run\x03");
    session.expect("^C\r\n% ");
    session.ask("echo $?", "130\r\n");
    session.send("if true; then\r");
    session.expect("> ");
    session.send("\x03");
    session.expect("% ");
    session.send("sleep 30; echo not run\r");
    std::thread::sleep(Duration::from_millis(300));
    session.send("\x03");
    session.expect("^C\r\n% ");
    session.ask("echo $?", "130\r\n");
    session.send("while :; do :; done\r");
    std::thread::sleep(Duration::from_millis(300));
    session.send("\x03");
    session.expect("% ");
    session.send("wait\r");
    session.expect("% ");
    session.send("read x\r");
    std::thread::sleep(Duration::from_millis(300));
    session.send("\x03");
    session.expect("% ");
    session.ask("echo alive", "alive\r\n");
}

#[test]
fn jobs_stop_and_go_on() {
    let mut session = Session::start(80, &[]);
    session.send("sleep 30\r");
    std::thread::sleep(Duration::from_millis(300));
    session.send("\x1a");
    session.expect("[1]+  Stopped                 sleep 30\r\n");
    session.expect("% ");
    session.ask("echo $?", "148\r\n");
    session.send("bg\r");
    session.expect("[1] sleep 30 &\r\n");
    session.ask("jobs", "[1]+  Running                 sleep 30 &\r\n");
    session.send("fg\r");
    session.expect("sleep 30\r\n");
    std::thread::sleep(Duration::from_millis(300));
    session.send("\x03");
    session.expect("% ");
    session.ask("jobs; echo none", "none\r\n");
}

#[test]
fn background_jobs_are_announced_and_waited_for() {
    let mut session = Session::start(80, &[]);
    session.send("sleep 0.2 &\r");
    session.expect("[1] ");
    session.expect("% ");
    std::thread::sleep(Duration::from_millis(500));
    session.send("\r");
    session.expect("[1]+  Done                    sleep 0.2\r\n");
    session.send("(exit 3) & wait $!; echo =$?\r");
    session.expect("\r\n=3\r\n");
    session.send("sleep 30 &\r");
    session.expect("% ");
    session.send("kill %1; wait %1; echo =$?\r");
    session.expect("\r\n=143\r\n");
}

#[test]
fn pipelines_own_the_terminal_and_give_it_back() {
    let mut session = Session::start(80, &[]);
    session.send("cat | tr a-z A-Z\r");
    std::thread::sleep(Duration::from_millis(200));
    session.send("typed\r\x04");
    session.expect("TYPED\r\n");
    session.expect("% ");
    session.ask("(read x; echo got $x)\rline", "got line\r\n");
    session.ask("echo $(sh -c 'read x; echo sub $x')\rline", "sub line\r\n");
}

#[test]
fn control_d_and_exit_end_it() {
    let mut session = Session::start(80, &[]);
    session.send("\x04");
    session.expect("exit\r\n");
    assert_eq!(session.end(), 0);
    let mut session = Session::start(80, &[]);
    session.send("sleep 30\r");
    std::thread::sleep(Duration::from_millis(300));
    session.send("\x1a");
    session.expect("% ");
    session.send("exit 7\r");
    session.expect("stopped jobs");
    session.expect("% ");
    session.send("exit 7\r");
    assert_eq!(session.end(), 7);
}

#[test]
fn prompts_show_what_they_ask_for() {
    let mut session = Session::start(80, &[]);
    session.send("cd /; PS1='\\w \\$ $((1+1)) > '; true\r");
    let sign = if rustix::process::geteuid().is_root() {
        '#'
    } else {
        '$'
    };
    session.expect(&format!("/ {sign} 2 > "));
    session.send("PS2='more> '; echo \"a\r");
    session.expect("more> ");
    session.send("b\"\r");
    session.expect("a\r\nb\r\n");
}
