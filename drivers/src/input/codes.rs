//! How many codes each type of event has, and how long their lists are.

use abi::input::{
    ABS_CNT, EV_ABS, EV_CNT, EV_FF, EV_KEY, EV_LED, EV_MSC, EV_REL, EV_SND, EV_SW, EV_SYN, FF_CNT,
    KEY_CNT, LED_CNT, MSC_CNT, REL_CNT, SND_CNT, SW_CNT,
};

/// How many codes type `kind` has; type 0 stands for the types. 0 for one without codes.
pub fn count_of(kind: u16) -> u16 {
    match kind {
        EV_SYN => EV_CNT,
        EV_KEY => KEY_CNT,
        EV_REL => REL_CNT,
        EV_ABS => ABS_CNT,
        EV_MSC => MSC_CNT,
        EV_SW => SW_CNT,
        EV_LED => LED_CNT,
        EV_SND => SND_CNT,
        EV_FF => FF_CNT,
        _ => 0,
    }
}

/// Bytes of the list of its codes, in whole words.
pub fn bytes_of(kind: u16) -> usize {
    usize::from(count_of(kind)).div_ceil(64) * 8
}
