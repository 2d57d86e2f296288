//! `new-pid-namespace`: asks for a pid namespace in each of the three ways, and says what each was
//! answered: the number of an error, or `made`.

use abi_tests::check::error_name;
use abi_tests::process::leave;
use abi_tests::sys;

/// CLONE_NEWPID.
const NEW_PID: u64 = 0x2000_0000;
/// The signal of a child's end.
const CHILD: u64 = 17;

fn main() {
    let arguments = [NEW_PID, 0, 0, 0, CHILD, 0, 0, 0];
    let clone = || sys!(56, NEW_PID | CHILD, 0, 0, 0, 0);
    let clone3 = || sys!(435, &arguments, 64);
    let unshare = || sys!(272, NEW_PID);
    ask("clone", clone);
    ask("clone3", clone3);
    ask("unshare", unshare);
}

/// Makes the call and says what it was answered.
fn ask(name: &str, call: impl Fn() -> isize) {
    match call() {
        // A child has nothing to say.
        0 if name != "unshare" => leave(0),
        error @ -4095..=-1 => println!("{name}: {}", error_name(-error as i32)),
        _ => println!("{name}: made"),
    }
}
