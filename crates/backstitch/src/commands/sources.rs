//! `backstitch sources`: where the sources of a running server stand.

use anyhow::Result;
use api::{Page, Phase, SourceStatus};

use super::ask::Server;
use crate::args::{AnswerFormat, SourcesArgs};
use crate::config::Config;
use crate::exit::Exit;
use crate::output::{document, sources};
use crate::report::Failure;
use crate::terminal::Terminal;

/// Runs the command.
pub(crate) async fn run(args: &SourcesArgs, config: &Config, terminal: Terminal) -> Result<Exit> {
    let server = Server::named(&args.server, config)?;
    let page = Page {
        items: chosen(&server, &args.names).await?,
        next: None,
    };
    Terminal::print(|out| match args.output {
        AnswerFormat::Text => sources::write(&page.items, terminal.out, out),
        AnswerFormat::Json => document::json(&page, out),
        AnswerFormat::Yaml => document::yaml(&page, out),
    })?;
    let gates: Vec<Phase> = args.fail_on.iter().map(|word| (*word).into()).collect();
    let failed: Vec<&SourceStatus> = page
        .items
        .iter()
        .filter(|source| gates.contains(&source.phase))
        .collect();
    terminal.tell(|err, paint| sources::write_gates(&failed, paint, err));
    Ok(if failed.is_empty() {
        Exit::Done
    } else {
        Exit::Refused
    })
}

/// The sources of these names, all where there is none; each once, in the order of the server.
pub(super) async fn chosen(
    server: &Server,
    names: &[String],
) -> Result<Vec<SourceStatus>, Failure> {
    let page: Page<SourceStatus> = server.get(&["sources"], &[]).await?;
    let called =
        |source: &SourceStatus, name: &str| source.name == name || full_name(source) == name;
    for name in names {
        if !page.items.iter().any(|source| called(source, name)) {
            let all: Vec<String> = page.items.iter().map(full_name).collect();
            let hint = format!("the sources are {}", all.join(", "));
            return Err(Failure::new(format!("there is no source `{name}`"))
                .hint((!all.is_empty()).then_some(hint)));
        }
    }
    let wanted =
        |source: &SourceStatus| names.is_empty() || names.iter().any(|name| called(source, name));
    Ok(page.items.into_iter().filter(wanted).collect())
}

/// `kind/name`
pub(super) fn full_name(source: &SourceStatus) -> String {
    format!("{}/{}", source.kind, source.name)
}
