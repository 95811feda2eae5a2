//! The live side against an API server that follows a script, over real HTTP.

mod exec;
mod inline;
mod kubeconfig;
mod list_once;
mod namespaces;
mod scripted;
mod secrets;
mod streaming;
mod watch;
