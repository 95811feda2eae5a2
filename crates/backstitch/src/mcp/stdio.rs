//! One client, on standard input and output. Nothing else may write there.

use anyhow::Result;
use rmcp::service::ServerInitializeError;
use rmcp::transport::async_rw::AsyncRwTransport;
use rmcp::transport::stdio_pipes;

use super::{Handler, MAX_MESSAGE};
use crate::report::Failure;

/// Serves until the client closes standard input.
///
/// # Errors
/// When what comes first is no client.
pub(crate) async fn serve(handler: Handler) -> Result<()> {
    let (read, write) = stdio_pipes();
    let transport = AsyncRwTransport::new_server(read, write).with_max_line_length(MAX_MESSAGE);
    match rmcp::serve_server(handler, transport).await {
        Ok(running) => {
            running.waiting().await?;
            Ok(())
        }
        // A client that looks whether it can be started, and goes.
        Err(ServerInitializeError::ConnectionClosed(_)) => Ok(()),
        Err(error) => Err(Failure::because("no MCP client speaks here", &error)
            .hint(Some(
                "an MCP client starts `backstitch mcp`; for HTTP give `--listen`",
            ))
            .into()),
    }
}
