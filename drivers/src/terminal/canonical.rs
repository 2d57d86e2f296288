//! Keys that mean something while input is collected into lines.
use super::discipline::LineDiscipline;
use super::erase::Erase;
use abi::raw::general::{
    ECHO, ECHOCTL, ECHONL, IEXTEN, VEOF, VEOL, VEOL2, VERASE, VKILL, VLNEXT, VREPRINT, VWERASE,
};
use abi::terminal::DISABLED;

impl LineDiscipline {
    /// Handles `byte` if it is a key of line editing or ends a line; false if it is ordinary.
    pub(super) fn receive_line_key(&mut self, byte: u8) -> bool {
        let termios = *self.termios();
        let is = |index| termios.character(index) == Some(byte);
        let extended = termios.local(IEXTEN);
        let echo = termios.local(ECHO);
        if is(VERASE) {
            self.erase(Erase::Character);
        } else if is(VKILL) {
            self.erase(Erase::Line);
        } else if extended && is(VWERASE) {
            self.erase(Erase::Word);
        } else if extended && is(VLNEXT) {
            self.quote_next();
        } else if extended && echo && is(VREPRINT) {
            self.reprint(byte);
        } else if byte == b'\n' {
            if echo || termios.local(ECHONL) {
                self.echo_plain(byte);
            }
            self.input.push_line_end(byte);
        } else if is(VEOF) {
            self.input.push_line_end(DISABLED);
        } else if is(VEOL) || (extended && is(VEOL2)) {
            if echo {
                self.begin_echo();
                self.echo(byte);
            }
            self.mark_if_doubled(byte);
            self.input.push_line_end(byte);
        } else {
            return false;
        }
        true
    }

    fn quote_next(&mut self) {
        self.literal_next = true;
        if !self.termios().local(ECHO) {
            return;
        }
        self.finish_erasing();
        if self.termios().local(ECHOCTL) {
            // Shown until the next byte is typed over it.
            self.output.push_slice(b"^\x08");
        }
    }

    fn reprint(&mut self, key: u8) {
        self.finish_erasing();
        self.echo(key);
        self.echo_plain(b'\n');
        for offset in 0..self.input.len_being_typed() {
            let byte = self.input.typed(offset);
            self.echo(byte);
        }
    }

    /// Remembers where on the screen the line being typed begins, at its first byte.
    pub(super) fn begin_echo(&mut self) {
        if self.input.len_being_typed() == 0 {
            self.line_start_column = self.column;
        }
    }
}
