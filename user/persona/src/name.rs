//! What a persona may be called, and what a tag may hold.
//!
//! A name is also the persona's host name (sethostname(2) takes 64 bytes), the name of a file,
//! and must not be taken for a pid, an option or `-`: so it begins with a letter.

/// The root persona's name: the machine itself.
pub const ROOT: &str = "root";
/// The longest name, in bytes.
const LONGEST: usize = 64;
/// The longest tag, in bytes.
const LONGEST_TAG: usize = 4;

/// Says what is wrong with a name for a new persona.
pub fn check(name: &str) -> Result<(), String> {
    let wrong = match name.as_bytes() {
        [] => "a name cannot be empty".into(),
        long if long.len() > LONGEST => {
            format!(
                "a name has at most {LONGEST} bytes, this one has {}",
                long.len()
            )
        }
        [first, ..] if !first.is_ascii_alphabetic() => {
            format!("'{name}': a name begins with a letter")
        }
        all if !all.iter().all(is_fine) => {
            format!("'{name}': a name is made of letters, digits, - and _")
        }
        _ if name == ROOT => format!("{ROOT} is the machine itself, call it something else"),
        _ => return Ok(()),
    };
    Err(wrong)
}

fn is_fine(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// Says what is wrong with a tag. An empty one is fine: it takes the tag away.
pub fn check_tag(tag: &str) -> Result<(), String> {
    if tag.len() > LONGEST_TAG {
        return Err(format!(
            "'{tag}': a tag has at most {LONGEST_TAG} bytes, this one has {}",
            tag.len()
        ));
    }
    if !tag.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("a tag is made of visible ASCII characters, without blanks".into());
    }
    Ok(())
}

/// The tag a new persona gets: the first letters of its name, which [`check`] found good.
pub fn tag_of(name: &str) -> &str {
    name.get(..LONGEST_TAG).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sane() {
        for good in ["a", "demo", "work-2", "My_Phone", &"x".repeat(64)] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("", "empty"),
            ("7", "begins with a letter"),
            ("-", "begins with a letter"),
            ("-t", "begins with a letter"),
            (".lock", "begins with a letter"),
            ("a/b", "made of letters"),
            ("a b", "made of letters"),
            ("a.log", "made of letters"),
            ("naïve", "made of letters"),
            ("root", "the machine itself"),
            (&"x".repeat(65), "at most 64 bytes"),
        ] {
            let said = check(bad).expect_err(bad);
            assert!(said.contains(why), "{bad}: {said}");
        }
    }

    #[test]
    fn tags_fit_the_kernel() {
        for good in ["", "demo", "a:b", "-"] {
            assert_eq!(check_tag(good), Ok(()), "{good}");
        }
        for bad in ["hello", "a b", "\n", "éé"] {
            assert!(check_tag(bad).is_err(), "{bad}");
        }
        assert_eq!(tag_of("demonstration"), "demo");
        assert_eq!(tag_of("ab"), "ab");
    }
}
