//! The terminal at work: the screen, the keyboards and the shell around a [`Session`].

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use screen::{Chance, Door, Inputs, Screen, Turn};

use crate::options::Options;
use crate::session::Session;
use crate::shell::Shell;

/// How long output is read before some of it is shown: a screen has sixty pictures a second.
const PICTURE: Duration = Duration::from_millis(16);
/// How soon to ask again while another program has the screen and there is something to draw.
const PATIENCE: Duration = Duration::from_millis(100);

/// Runs a terminal until its program ends.
///
/// # Errors
/// A sentence that says which device is missing or failed.
pub fn run(options: &Options) -> Result<(), String> {
    Desk::open(options)?.sit()
}

struct Desk {
    screen: Screen,
    inputs: Inputs,
    turn: Turn,
    door: Door,
    session: Session,
    shell: Shell,
    /// Whether something waits to be drawn until another program leaves the screen.
    behind: bool,
}

/// What has come while the terminal slept.
#[derive(Clone, Copy, Debug, Default)]
struct Awake {
    input: bool,
    output: bool,
    ended: bool,
    /// A program has left the screen.
    left: bool,
}

impl Desk {
    fn open(options: &Options) -> Result<Self, String> {
        let mut screen = Screen::open()?;
        // The window may have got another size since the kernel asked for it, or while nobody was
        // here.
        screen.fit()?;
        let inputs = Inputs::open()?;
        let mode = screen.mode();
        let program = options.command.first().map(Path::new);
        let name = program.and_then(Path::file_name).unwrap_or_default();
        let session = Session::new(
            options.who.clone(),
            &name.to_string_lossy(),
            (mode.width, mode.height),
        );
        let own = Path::new("/proc/self/exe");
        let shell = Shell::start(own, &options.command, session.size())?;
        let turn = Turn::open();
        Ok(Self {
            screen,
            inputs,
            door: turn.door(),
            turn,
            session,
            shell,
            behind: false,
        })
    }

    fn sit(mut self) -> Result<(), String> {
        loop {
            self.follow_screen()?;
            self.draw();
            let awake = self.sleep().map_err(failed("cannot wait"))?;
            if awake.left {
                self.door.await_next();
            }
            if awake.input {
                self.take_input()?;
            }
            if awake.output || awake.ended {
                let open = self.take_output().map_err(failed("cannot read the pty"))?;
                if awake.ended || !open {
                    self.draw();
                    return self
                        .shell
                        .bury()
                        .map_err(failed("cannot wait for the shell"));
                }
            }
            let outgoing = self.session.outgoing();
            self.shell
                .write(outgoing)
                .map_err(failed("cannot write to the pty"))?;
        }
    }

    /// Sleeps until something happens.
    fn sleep(&mut self) -> io::Result<Awake> {
        let now = Instant::now();
        let mut wait = self
            .session
            .wake_at()
            .map(|time| time.saturating_duration_since(now));
        if self.behind {
            wait = Some(wait.map_or(PATIENCE, |wait| wait.min(PATIENCE)));
        }
        let timeout = wait.and_then(|wait| Timespec::try_from(wait).ok());
        let mut terminal = PollFlags::IN;
        if !self.session.outgoing().is_empty() {
            terminal |= PollFlags::OUT;
        }
        let mut descriptors = vec![
            PollFd::from_borrowed_fd(self.shell.terminal(), terminal),
            PollFd::from_borrowed_fd(self.shell.ended(), PollFlags::IN),
        ];
        let door = self.door.descriptor();
        descriptors.extend(door.map(|door| PollFd::from_borrowed_fd(door, PollFlags::empty())));
        let changes = descriptors.len();
        // Whatever it is, the loop begins with a look at the screen.
        for change in self.screen.changes() {
            descriptors.push(PollFd::from_borrowed_fd(change, PollFlags::PRI));
        }
        let devices = descriptors.len();
        for device in self.inputs.descriptors() {
            descriptors.push(PollFd::from_borrowed_fd(device, PollFlags::IN));
        }
        match poll(&mut descriptors, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let output = PollFlags::IN | PollFlags::HUP | PollFlags::ERR;
        let is_ready = |polled: &PollFd| !polled.revents().is_empty();
        Ok(Awake {
            output: descriptors[0].revents().intersects(output),
            ended: is_ready(&descriptors[1]),
            left: descriptors[2..changes].iter().any(is_ready),
            input: descriptors[devices..].iter().any(is_ready),
        })
    }

    fn take_input(&mut self) -> Result<(), String> {
        let events = self
            .inputs
            .read()
            .map_err(failed("cannot read the keyboard"))?;
        for (event, _) in events {
            self.session.input(event);
        }
        for (lamp, on) in self.session.take_lamps() {
            self.inputs.set_led(lamp, on);
        }
        Ok(())
    }

    /// Reads for the time of a picture at most. False: nobody has the terminal open any more.
    fn take_output(&mut self) -> io::Result<bool> {
        let start = Instant::now();
        let mut buffer = [0; 16384];
        loop {
            match self.shell.read(&mut buffer)? {
                None => return Ok(true),
                Some([]) => return Ok(false),
                Some(bytes) => self.session.feed(bytes, start),
            }
            if start.elapsed() >= PICTURE {
                return Ok(true);
            }
        }
    }

    /// The window may have been resized while we slept, or the screen been given another mode.
    fn follow_screen(&mut self) -> Result<(), String> {
        if self.screen.follow()? {
            let mode = self.screen.mode();
            self.session.resize((mode.width, mode.height));
            let told = self.shell.resize(self.session.size());
            told.map_err(failed("cannot set the size of the pty"))?;
        }
        Ok(())
    }

    fn draw(&mut self) {
        let chance = self.turn.take();
        let _hold = match chance {
            Chance::Taken => {
                self.behind = true;
                return;
            }
            Chance::Spoilt(hold) => {
                self.session.spoil();
                hold
            }
            Chance::Yours(hold) => hold,
        };
        self.behind = false;
        self.session.draw(&mut self.screen.canvas(), Instant::now());
    }
}

fn failed(what: &'static str) -> impl Fn(io::Error) -> String {
    move |error| format!("{what}: {error}")
}
