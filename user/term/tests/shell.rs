//! A real shell of the host on a real pty, with the picture in memory.

use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use screen::{EventType, InputEvent, KeyCode, Who};
use term::session::Session;
use term::shell::Shell;

/// How long anything may take: the machine of the tests may be slow.
const LIMIT: Duration = Duration::from_secs(60);

struct Desk {
    session: Session,
    shell: Shell,
    said: String,
}

impl Desk {
    fn start(command: &[&str]) -> Self {
        let session = Session::new(Who::named("test"), "sh", (800, 600));
        let command: Vec<OsString> = command.iter().map(OsString::from).collect();
        let own = Path::new(env!("CARGO_BIN_EXE_term"));
        let shell = Shell::start(own, &command, session.size()).expect("there are ptys");
        Self {
            session,
            shell,
            said: String::new(),
        }
    }

    /// Reads once. False: everyone has closed the terminal.
    fn step(&mut self, deadline: Instant) -> bool {
        let left = deadline.saturating_duration_since(Instant::now());
        assert!(!left.is_zero(), "it took too long; so far: {:?}", self.said);
        let wait = Timespec::try_from(left).expect("a minute");
        let mut descriptors = [PollFd::from_borrowed_fd(
            self.shell.terminal(),
            PollFlags::IN,
        )];
        poll(&mut descriptors, Some(&wait)).expect("poll works");
        let mut buffer = [0; 4096];
        match self.shell.read(&mut buffer).expect("the pty can be read") {
            None => {}
            Some([]) => return false,
            Some(bytes) => {
                self.said.push_str(&String::from_utf8_lossy(bytes));
                self.session.feed(bytes, Instant::now());
            }
        }
        true
    }

    fn wait_for(&mut self, text: &str) {
        let deadline = Instant::now() + LIMIT;
        while !self.said.contains(text) {
            assert!(self.step(deadline), "it ended; it said {:?}", self.said);
        }
    }

    fn wait_for_end(&mut self) -> String {
        let deadline = Instant::now() + LIMIT;
        while self.step(deadline) {}
        self.shell.bury().expect("it has ended");
        std::mem::take(&mut self.said)
    }

    fn keys(&mut self, keys: &[KeyCode]) {
        for key in keys {
            for value in [1, 0] {
                self.session
                    .input(InputEvent::new(EventType::KEY.0, key.0, value));
            }
        }
        self.shell
            .write(self.session.outgoing())
            .expect("the pty takes a line");
    }
}

#[test]
fn what_is_typed_is_run_and_shown() {
    let mut desk = Desk::start(&["sh", "-c", "read word; echo \"<$word>\"; tty"]);
    desk.keys(&[KeyCode::KEY_H, KeyCode::KEY_I, KeyCode::KEY_ENTER]);
    desk.wait_for("<hi>");
    let said = desk.wait_for_end();
    assert!(said.contains("/dev/pts/"), "{said}");
}

#[test]
fn the_shell_leads_a_session_on_a_terminal_of_the_right_size() {
    let script = "stty size; ps -o sid= -p $$ | tr -d ' ' | sed s/$$/leader/; echo $TERM";
    let mut desk = Desk::start(&["sh", "-c", script]);
    let size = desk.session.size();
    let said = desk.wait_for_end();
    assert!(
        said.contains(&format!("{} {}", size.lines, size.columns)),
        "{said}"
    );
    assert!(said.contains("leader"), "{said}");
    assert!(said.contains("xterm-256color"), "{said}");
}

#[test]
fn control_c_interrupts_and_another_size_is_told() {
    let script = "trap 'echo interrupted; exit' INT; trap 'stty size' WINCH; echo ready; \
                  while :; do sleep 0.1; done";
    let mut desk = Desk::start(&["sh", "-c", script]);
    desk.wait_for("ready");
    desk.session.resize((640, 400));
    let size = desk.session.size();
    desk.shell.resize(size).expect("the pty takes it");
    desk.wait_for(&format!("{} {}", size.lines, size.columns));
    let control = KeyCode::KEY_LEFTCTRL.0;
    desk.session
        .input(InputEvent::new(EventType::KEY.0, control, 1));
    desk.keys(&[KeyCode::KEY_C]);
    desk.wait_for("interrupted");
}

#[test]
fn a_program_gets_the_answer_to_its_question() {
    let script = "stty raw -echo; printf '\\033[6n'; dd bs=1 count=6 2>/dev/null | od -c";
    let mut desk = Desk::start(&["sh", "-c", script]);
    let deadline = Instant::now() + LIMIT;
    while !desk.said.contains("[6n") {
        assert!(desk.step(deadline), "{}", desk.said);
    }
    desk.keys(&[]);
    desk.wait_for("1   ;   1   R");
    desk.wait_for_end();
}

#[test]
fn a_command_that_is_not_there_is_complained_about() {
    let mut desk = Desk::start(&["/no/such/program"]);
    let said = desk.wait_for_end();
    assert!(said.contains("/no/such/program: No such file"), "{said}");
}
