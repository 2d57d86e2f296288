//! Bytes from the line: through the line discipline, to the readers, the echo and the signals.
use super::Terminal;
use crate::process::signal::SignalInfo;
use crate::process::table;
use drivers::terminal::{LineError, Queue, Received, Signal};

/// The number of the signal a key asks for.
const fn number(signal: Signal) -> u32 {
    use abi::raw::general::{SIGINT, SIGQUIT, SIGTSTP};
    match signal {
        Signal::Interrupt => SIGINT,
        Signal::Quit => SIGQUIT,
        Signal::Suspend => SIGTSTP,
    }
}

impl Terminal {
    /// Takes bytes from the line and says how many; fewer than given when readers have to make
    /// room first. The line decides whether the rest waits or is lost.
    pub fn receive(&self, bytes: &[u8]) -> usize {
        let mut taken = 0;
        while taken < bytes.len() {
            let received = self.receive_some(&bytes[taken..]);
            taken += received.taken;
            if let Some(signal) = received.signal {
                self.line.flushed(Queue::Both);
                self.signal_foreground(number(signal));
            } else {
                break;
            }
        }
        if taken > 0 {
            self.after_receiving();
        }
        taken
    }

    /// How many bytes from the line it takes now at least.
    pub fn input_room(&self) -> usize {
        self.state.lock().discipline.input_room()
    }

    fn receive_some(&self, bytes: &[u8]) -> Received {
        let (received, flow) = {
            let discipline = &mut self.state.lock().discipline;
            let stopped = discipline.is_stopped();
            let received = discipline.receive(bytes);
            let now_stopped = discipline.is_stopped();
            (received, (stopped != now_stopped).then_some(now_stopped))
        };
        if let Some(stopped) = flow {
            self.line.flow_changed(stopped);
            self.writers.wake_all();
        }
        received
    }

    /// Takes the news of a damaged byte or a break.
    pub fn receive_error(&self, error: LineError) {
        let signal = self.state.lock().discipline.receive_error(error);
        if let Some(signal) = signal {
            self.signal_foreground(number(signal));
        }
        self.after_receiving();
    }

    fn after_receiving(&self) {
        self.transmit();
        let readable = self.state.lock().discipline.has_input();
        if readable {
            self.readers.wake_all();
            self.signals.input();
        }
    }

    /// Sends a signal to the foreground process group, if there is one.
    pub(super) fn signal_foreground(&self, number: u32) {
        let group = self.job_control.lock().foreground();
        if let Some(group) = group {
            table::signal_group(group, &SignalInfo::from_kernel(number));
        }
    }

    /// Gives the line what output it takes, and the writers the room that makes.
    pub fn transmit(&self) {
        let (added, room) = {
            let discipline = &mut self.state.lock().discipline;
            let waiting = discipline.output_waiting() > 0;
            self.line.transmit(discipline);
            (waiting, discipline.write_room() > 0)
        };
        if added {
            self.line.output_added();
        }
        if room {
            self.writers.wake_all();
            self.signals.room();
        }
    }
}
