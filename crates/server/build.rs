//! Has the crate built anew when the pages were: they are part of it.

use std::path::Path;

fn main() {
    // What builds the pages sets it to their content's hash (`cargo xtask`); watching the folder would build anew each
    // time where there is none.
    println!("cargo:rerun-if-env-changed=BACKSTITCH_PAGES");
    println!("cargo:rerun-if-changed=build.rs");
    // A debug build reads the pages from the folder, whenever they are built; where there is no folder when it is
    // compiled, it would look for none. A checkout that cannot be written to has no pages then, which is all.
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/dist");
    let _ = std::fs::create_dir_all(built);
}
