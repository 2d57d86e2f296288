//! What Tab offers after `persona`.

use crate::{known, menu};

/// What the word being typed may become.
#[derive(Debug, PartialEq, Eq)]
pub enum Candidates {
    /// One of these.
    Words(Vec<String>),
    /// A command, as at the start of a line.
    Commands,
    /// Whatever an argument of a program may be.
    Arguments,
}

/// The candidates behind these words (`persona` itself not among them); not yet narrowed down to
/// those that begin with what has been typed.
pub fn complete(words: &[&str]) -> Candidates {
    match words {
        [] | ["help"] => words_of(menu::TABLE.iter().map(|command| command.name.to_owned())),
        ["switch"] => words_of(names(true).into_iter().chain(["-".into()])),
        ["run" | "tag"] => words_of(names(true).into_iter()),
        ["stop"] | ["stop", "-t", _] => words_of(names(false).into_iter()),
        ["run" | "create", _] => Candidates::Commands,
        ["run" | "create", ..] => Candidates::Arguments,
        _ => Candidates::Words(Vec::new()),
    }
}

fn words_of(words: impl Iterator<Item = String>) -> Candidates {
    Candidates::Words(words.collect())
}

/// Outside the root persona there are no names to offer, and Tab is no place to say why.
fn names(with_root: bool) -> Vec<String> {
    let personas = known::all().unwrap_or_default();
    let wanted = personas
        .into_iter()
        .filter(|persona| with_root || !persona.is_root());
    wanted.filter_map(|persona| persona.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_has_its_candidates() {
        let Candidates::Words(words) = complete(&[]) else {
            panic!("subcommands are words");
        };
        assert!(words.contains(&"switch".to_owned()), "{words:?}");
        assert_eq!(complete(&["run", "demo"]), Candidates::Commands);
        assert_eq!(complete(&["run", "demo", "cat"]), Candidates::Arguments);
        assert_eq!(complete(&["list"]), Candidates::Words(Vec::new()));
    }
}
