//! Who may register, and what the refusals say.

use devns::class::CLASSES_MAX;
use devns::{Refused, RegisterError, StateError, SwitchError};

use crate::common::{Log, Probe, foreground};

#[test]
fn refusals_have_their_numbers_and_take_no_place() {
    let foreground = foreground();
    let register = |name: &str| {
        let class = Probe::<false>::new("probe", &Log::default());
        foreground
            .register(name, class)
            .map(|handle| handle.name().to_owned())
    };
    assert_eq!(register(""), Err(RegisterError::NoName));
    assert_eq!(register("input"), Ok("input".into()));
    assert_eq!(register("input"), Err(RegisterError::NameTaken));
    for number in 1..CLASSES_MAX {
        assert!(register(&format!("class{number}")).is_ok());
    }
    // A name that is taken is said before a table that is full, as there is no use in a place.
    assert_eq!(register("input"), Err(RegisterError::NameTaken));
    assert_eq!(register("late"), Err(RegisterError::Full));
    let numbers = [
        RegisterError::NoName,
        RegisterError::NameTaken,
        RegisterError::Full,
        RegisterError::Inside,
    ];
    assert_eq!(numbers.map(RegisterError::errno), [22, 16, 12, 35]);
}

#[test]
fn errors_say_what_to_do_next() {
    let texts = [
        RegisterError::Full.to_string(),
        RegisterError::NoName.to_string(),
        SwitchError::NoProcess.to_string(),
        Refused::Foreign.to_string(),
        StateError::<Refused>::Class(Refused::Inside).to_string(),
        devns::Ended.to_string(),
    ];
    for text in texts {
        let next = text.split(['.', ';']).nth(1);
        assert!(next.is_some_and(|advice| advice.len() > 8), "{text}");
    }
    assert_eq!(SwitchError::NoProcess.errno(), 22);
    let to_errno = |error: StateError<i32>| error.into_class(Refused::errno);
    assert_eq!(to_errno(StateError::Refused(Refused::Inside)), 35);
    assert_eq!(to_errno(StateError::Class(12)), 12);
}
