//! What a client is answered, whichever way it came.

use std::sync::Arc;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData,
    Implementation, JsonObject, ListToolsResult, PaginatedRequestParams, ServerCapabilities,
    ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::{RoleServer, ServerHandler};
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

use super::answer::Answer;
use super::tools::{INSTRUCTIONS, Question, tools};
use super::{arguments, ask};
use crate::commands::ask::Server;
use crate::report::Failure;

/// Bound on the tools that are at work at once; more wait.
const MAX_CALLS: usize = 16;

/// The tools, and the server that is asked. Clones share both.
#[derive(Clone)]
pub(crate) struct Handler {
    server: Arc<Server>,
    tools: Arc<[(Question, Tool)]>,
    calls: Arc<Semaphore>,
}

impl Handler {
    /// Tools that ask this server.
    ///
    /// # Errors
    /// When a tool cannot be described, which all can.
    pub(crate) fn new(server: Server) -> Result<Self, Failure> {
        let tools = tools().map_err(Failure::new)?;
        Ok(Self {
            server: Arc::new(server),
            tools: tools.into(),
            calls: Arc::new(Semaphore::new(MAX_CALLS)),
        })
    }

    async fn answer(
        &self,
        question: Question,
        tool: &Tool,
        given: Option<JsonObject>,
    ) -> Result<Answer, Failure> {
        let server = &self.server;
        match question {
            Question::WhoOwns => ask::who_owns(server, read(tool, given)?).await,
            Question::Explain => ask::explain(server, read(tool, given)?).await,
            Question::TeamServices => ask::team_services(server, read(tool, given)?).await,
            Question::WhatChanged => ask::what_changed(server, read(tool, given)?).await,
            Question::Unowned => ask::unowned(server, read(tool, given)?).await,
            Question::ResolveAlert => ask::resolve_alert(server, read(tool, given)?).await,
        }
    }
}

fn read<T: DeserializeOwned>(tool: &Tool, given: Option<JsonObject>) -> Result<T, Failure> {
    arguments::read(&tool.name, given, &tool.input_schema)
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        let named = Implementation::new("backstitch", env!("CARGO_PKG_VERSION"));
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(named.with_title("Backstitch"))
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let tools = self.tools.iter().map(|(_, tool)| tool.clone());
        Ok(ListToolsResult::with_all_items(tools.collect()))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        let mut tools = self.tools.iter();
        tools
            .find(|(_, tool)| tool.name == name)
            .map(|(_, tool)| tool.clone())
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let mut tools = self.tools.iter();
        let Some((question, tool)) = tools.find(|(_, tool)| tool.name == request.name) else {
            let names = Question::ALL.map(Question::name).join(", ");
            let message = format!("there is no tool `{}`; the tools are {names}", request.name);
            return Err(ErrorData::invalid_params(message, None));
        };
        // The semaphore is never closed.
        let _permit = self.calls.acquire().await;
        let answer = self.answer(*question, tool, request.arguments).await;
        Ok(result(answer).into())
    }
}

/// What failed is for the model to read as well: it may ask again, and better.
fn result(answer: Result<Answer, Failure>) -> CallToolResult {
    match answer {
        Ok(answer) => {
            let mut result = CallToolResult::structured(answer.structured);
            result.content = vec![ContentBlock::text(answer.text)];
            result
        }
        Err(failure) => CallToolResult::error(vec![ContentBlock::text(told(&failure))]),
    }
}

fn told(failure: &Failure) -> String {
    let mut text = failure.message.clone();
    for cause in &failure.causes {
        text.push_str(": ");
        text.push_str(cause);
    }
    if let Some(hint) = &failure.hint {
        text.push_str("\nhint: ");
        text.push_str(hint);
    }
    text
}
