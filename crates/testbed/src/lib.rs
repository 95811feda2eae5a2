//! What the tests of the sources run against.
//!
//! It owns the starting and stopping of real systems, a catalog that is served in process, and the proxy that breaks what
//! passes through it. It is a dependency of tests alone, and must not know any other crate of the workspace: whatever it
//! gives is what a Backstage or a network gives, not what our code makes of it.

#[cfg(unix)]
pub mod alertmanager;
#[cfg(unix)]
pub mod backstage;
#[cfg(unix)]
pub mod kubernetes;
pub mod proxy;
pub mod served;
