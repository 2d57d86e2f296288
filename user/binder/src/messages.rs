//! The messages of the library: where a program serves, warnings and errors go to standard error,
//! one a line. Elsewhere nobody hears them: what failed is said by who called.

use std::sync::OnceLock;

use log::{LevelFilter, Log, Metadata, Record};

/// Prints what it is told, with the program's name in front.
struct Messages;

static NAME: OnceLock<&'static str> = OnceLock::new();

impl Log for Messages {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= LevelFilter::Warn
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let name = NAME.get().copied().unwrap_or("binder");
            eprintln!("{name}: {}", record.args());
        }
    }

    fn flush(&self) {}
}

/// From here on messages go to standard error, `name` in front. Later calls change nothing.
pub fn go_to_standard_error(name: &'static str) {
    // Both fail only if they were set before, which is as good.
    let _ = NAME.set(name);
    if log::set_logger(&Messages).is_ok() {
        log::set_max_level(LevelFilter::Warn);
    }
}
