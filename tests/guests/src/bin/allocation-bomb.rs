//! Takes memory and uses it until the system refuses or kills it.

fn main() {
    let mut taken: Vec<Vec<u8>> = Vec::new();
    loop {
        // Written to, page by page, so that it is really there.
        taken.push(vec![taken.len() as u8 | 1; 1 << 20]);
    }
}
