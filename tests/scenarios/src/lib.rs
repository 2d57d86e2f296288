//! Scenarios that boot the image and act on it from outside.
