//! The program `desk` or `hands` of tests/guests in one persona, as the scenario gives it orders.

use guests::pattern::{Pattern, Primary};
use qemu::Picture;

use crate::{Console, Seat};

/// Someone at a desk in a persona.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sitter {
    name: &'static str,
}

impl Sitter {
    /// Makes a persona called `name` with `desk` as its first process, and waits until it is
    /// ready.
    pub fn in_new_persona(console: &mut Console, name: &'static str) -> Self {
        let line = format!("persona create {name} /test/desk {name}");
        Self::start(console, name, &line)
    }

    /// The same with `hands`.
    pub fn hands_in_new_persona(console: &mut Console, name: &'static str) -> Self {
        let line = format!("persona create {name} /test/hands {name}");
        Self::start(console, name, &line)
    }

    /// Starts `desk` in the root persona.
    pub fn in_root(console: &mut Console, name: &'static str) -> Self {
        let line = format!("/test/desk {name} < /dev/null > /tmp/{name}.log 2>&1 &");
        Self::start(console, name, &line)
    }

    /// The same with `hands`.
    pub fn hands_in_root(console: &mut Console, name: &'static str) -> Self {
        let line = format!("/test/hands {name} < /dev/null > /tmp/{name}.log 2>&1 &");
        Self::start(console, name, &line)
    }

    /// Starts one more in `persona`.
    pub fn in_persona(console: &mut Console, name: &'static str, persona: &str) -> Self {
        let line =
            format!("persona run {persona} /test/desk {name} < /dev/null > /tmp/{name}.log 2>&1 &");
        Self::start(console, name, &line)
    }

    fn start(console: &mut Console, name: &'static str, line: &str) -> Self {
        let answer = console.run(&format!(
            "{line}\nuntil [ -p /tmp/{name}.orders ]; do sleep 0.1; done"
        ));
        assert_eq!(answer.status, 0, "{line}: {}", answer.text);
        Self { name }
    }

    /// The persona's name.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// Gives an order and returns the answer.
    #[track_caller]
    pub fn told(self, console: &mut Console, order: &str) -> String {
        let name = self.name;
        let line = format!("echo '{order}' > /tmp/{name}.orders; cat /tmp/{name}.answers");
        let answer = console.run(&line);
        let found = answer.text.lines().find_map(|line| line.strip_prefix("=>"));
        match found {
            Some(found) => found.trim().to_owned(),
            None => panic!("{name} did not answer `{order}`: {}", answer.text),
        }
    }

    /// Gives an order that must be answered in these words.
    #[track_caller]
    pub fn does(self, console: &mut Console, order: &str, answer: &str) {
        let found = self.told(console, order);
        assert_eq!(found, answer, "{}'s answer to `{order}`", self.name);
    }

    /// Lets it draw a pattern, and returns the picture of a screen that shows it.
    #[track_caller]
    pub fn draws(self, console: &mut Console, primary: Primary, number: u32) -> Picture {
        let order = format!("draw {} {number}", primary.name());
        self.does(console, &order, "drawn");
        let pattern = Pattern { primary, number };
        Seat::picture_of(|x, y| pattern.pixel(x, y))
    }

    /// The keys it has read so far, without repetitions: as `CODE+` and `CODE-`.
    #[track_caller]
    pub fn keys(self, console: &mut Console) -> Vec<String> {
        let words = self.told(console, "keys");
        let words = words.split_whitespace().filter(|word| !word.ends_with('*'));
        words.map(str::to_owned).collect()
    }
}
