//! The rules of the tree, as tests: what no compiler checks and every reader relies on.
//!
//! Each rule is one test in the module of what it reads, and a failure lists every place to mend.

mod citations;
mod crates;
mod sources;
mod tree;
