//! Random sequences of operations, on the crate and on the plain model: after each, both must
//! have logged the same, answered the same, and count the same states, holds and namespaces.

use proptest::prelude::*;

use crate::common::random;
use crate::model::is_lasting;
use crate::pair::Pair;

/// One operation. The numbers choose among what there is, modulo how many there are.
#[derive(Clone, Debug)]
pub enum Operation {
    Create,
    Join(usize),
    Leave(usize),
    Switch(usize),
    /// A switch in whose middle somebody lets go of a hold.
    SwitchDropping(usize, usize),
    Get(usize, usize),
    Clone(usize),
    Drop(usize),
    Fail(usize, bool),
    Forget(usize),
}

fn operation() -> impl Strategy<Value = Operation> {
    let one = || 0..1000_usize;
    let class = 0..3_usize;
    prop_oneof![
        2 => Just(Operation::Create),
        3 => one().prop_map(Operation::Join),
        3 => one().prop_map(Operation::Leave),
        4 => one().prop_map(Operation::Switch),
        2 => (one(), one()).prop_map(|(target, hold)| Operation::SwitchDropping(target, hold)),
        6 => (one(), class.clone()).prop_map(|(owner, class)| Operation::Get(owner, class)),
        1 => one().prop_map(Operation::Clone),
        4 => one().prop_map(Operation::Drop),
        1 => (class, any::<bool>()).prop_map(|(class, fails)| Operation::Fail(class, fails)),
        2 => one().prop_map(Operation::Forget),
    ]
}

#[test]
fn random_sequences_do_as_the_plain_model_does() {
    assert!(is_lasting(1) && !is_lasting(0) && !is_lasting(2));
    let sequences = prop::collection::vec(operation(), 1..120);
    let run = random(1500).run(&sequences, |operations| {
        let mut pair = Pair::new();
        for operation in &operations {
            pair.perform(operation);
            pair.compare();
        }
        pair.finish();
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
}
