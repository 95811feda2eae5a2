//! `backstitch mcp`: tools for AI agents, over standard input and output or over HTTP.

use std::io::IsTerminal as _;
use std::net::SocketAddr;

use anyhow::Result;
use server::{Access, Hosts};

use super::ask::Server;
use super::serve::listen;
use crate::args::McpArgs;
use crate::config::{Config, SecretSource};
use crate::exit::Exit;
use crate::mcp::{Handler, http, stdio};
use crate::output::warnings;
use crate::report::Failure;
use crate::service::Signals;
use crate::terminal::Terminal;

/// The environment variable that holds the token of clients.
const TOKEN_VARIABLE: &str = "BACKSTITCH_MCP_TOKEN";

/// Runs the command.
pub(crate) async fn run(args: &McpArgs, config: &Config, terminal: Terminal) -> Result<Exit> {
    let mut signals = Signals::listen()?;
    let handler = Handler::new(Server::named(&args.server, config)?)?;
    let Some(address) = args.listen else {
        if std::io::stdin().is_terminal() {
            let note = "an MCP client is expected on standard input; Ctrl-C ends this".to_owned();
            terminal.tell(|err, paint| warnings::write_notes(&[note], paint, err));
        }
        tokio::select! {
            served = stdio::serve(handler) => served?,
            _ = signals.next() => {}
        }
        return Ok(Exit::Done);
    };
    let access = access(args, address)?;
    let listener = listen(address).await?;
    tracing::info!(
        "listening on http://{}{}",
        listener.local_addr()?,
        http::PATH
    );
    let ended = async {
        let signal = signals.next().await;
        tracing::info!("{signal}: no more requests are taken");
    };
    server::serve::serve(listener, http::router(handler, access), ended).await;
    Ok(Exit::Done)
}

/// Who may ask, by the rules of the API's own listener; but beyond this machine only with a token.
fn access(args: &McpArgs, address: SocketAddr) -> Result<Access, Failure> {
    let token = SecretSource::given(args.client_token_file.as_ref(), TOKEN_VARIABLE)
        .map(|source| source.read("token"))
        .transpose()
        .map_err(|error| Failure::because("there is no token for clients", &error))?;
    if token.is_none() && !address.ip().is_loopback() {
        return Err(Failure::new(format!(
            "others than this machine reach {address}, and no token is given that clients must send"
        ))
        .hint(Some(format!(
            "give one by `--client-token-file` or {TOKEN_VARIABLE}, or listen on a loopback address"
        ))));
    }
    let hosts = Hosts::of(address, &args.allow_host);
    Ok(Access {
        token,
        hosts,
        ..Access::default()
    })
}
