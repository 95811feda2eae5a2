//! `backstitch explain`: the whole reasoning about one subject.

use anyhow::Result;

use super::ask::Asked;
use crate::args::{AnswerFormat, ExplainArgs};
use crate::config::Config;
use crate::exit::Exit;
use crate::output::{document, explanation};
use crate::terminal::Terminal;

/// Runs the command.
pub(crate) async fn run(args: &ExplainArgs, config: &Config, terminal: Terminal) -> Result<Exit> {
    let asked = Asked::open(&args.ask.at, config, terminal).await?;
    let found = asked.explain(&args.subject).await?;
    Terminal::print(|out| match args.ask.output {
        AnswerFormat::Text => explanation::write(&found, terminal.out, out),
        AnswerFormat::Json => document::json(&found, out),
        AnswerFormat::Yaml => document::yaml(&found, out),
    })?;
    Ok(Exit::Done)
}
