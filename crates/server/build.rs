//! Has the crate built anew when the pages were: they are part of it.

fn main() {
    // What builds the pages sets it to their content's hash (`cargo xtask`); watching the folder would build anew each
    // time where there is none.
    println!("cargo:rerun-if-env-changed=BACKSTITCH_PAGES");
    println!("cargo:rerun-if-changed=build.rs");
}
