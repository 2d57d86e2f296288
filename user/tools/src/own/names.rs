//! User and group names, from /etc/passwd and /etc/group.
//!
//! Source: passwd(5), group(5). A line that is not of the format is skipped.

use std::collections::HashMap;

/// Names by number, read once.
pub struct Names(HashMap<u32, String>);

impl Names {
    /// No names at all: every number stays one.
    pub fn none() -> Names {
        Names(HashMap::new())
    }

    /// The users of /etc/passwd.
    pub fn users() -> Names {
        Names::read("/etc/passwd")
    }

    /// The groups of /etc/group.
    pub fn groups() -> Names {
        Names::read("/etc/group")
    }

    /// Without the file there are just numbers, which is no failure.
    fn read(file: &str) -> Names {
        Names::parse(&std::fs::read_to_string(file).unwrap_or_default())
    }

    fn parse(text: &str) -> Names {
        let mut names = HashMap::new();
        for line in text.lines() {
            let mut fields = line.split(':');
            let (name, id) = (fields.next(), fields.nth(1));
            if let (Some(name), Some(Ok(id))) = (name, id.map(str::parse)) {
                names.entry(id).or_insert_with(|| name.to_string());
            }
        }
        Names(names)
    }

    /// The name of `id`, or its digits.
    pub fn of(&self, id: u32) -> String {
        self.0.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }

    /// The number that goes by `name`, or that its digits say.
    pub fn number(&self, name: &str) -> Option<u32> {
        let found = self
            .0
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(id, _)| *id);
        found.or_else(|| name.parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        let names =
            Names::parse("root:x:0:0:root:/root:/bin/sh\nrubbish\nalso:x:0:\nnobody:x:65534:");
        assert_eq!(names.of(0), "root");
        assert_eq!(names.of(7), "7");
        assert_eq!(names.number("nobody"), Some(65534));
        assert_eq!(names.number("12"), Some(12));
        assert_eq!(names.number("who"), None);
    }
}
