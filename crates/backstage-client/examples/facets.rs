//! Counts the entities of a catalog by any facets, at the server:
//! `BACKSTAGE_TOKEN=… cargo run --example facets -- https://backstage.example.com kind spec.lifecycle`

use std::error::Error;
use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

use backstage_client::{Client, Credentials, EntityFilter, Settings};

#[tokio::main]
async fn main() -> ExitCode {
    let Err(error) = facets().await else {
        return ExitCode::SUCCESS;
    };
    let client_error = error.downcast_ref::<backstage_client::Error>();
    let hint = client_error.and_then(backstage_client::Error::remedy);
    let hint = hint.map(|hint| format!("hint: {hint}\n"));
    // Nothing is left to be done where stderr is closed.
    let _ = write!(stderr(), "error: {error}\n{}", hint.unwrap_or_default());
    ExitCode::FAILURE
}

async fn facets() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next();
    let url = url.ok_or("the URL of a Backstage backend is missing")?;
    let asked: Vec<String> = arguments.collect();
    let mut asked: Vec<&str> = asked.iter().map(String::as_str).collect();
    if asked.is_empty() {
        asked = vec!["kind", "spec.type", "spec.lifecycle"];
    }
    let mut settings = Settings::new(url.parse()?);
    if let Ok(token) = std::env::var("BACKSTAGE_TOKEN") {
        settings.credentials = Credentials::Token(token.into());
    }
    let client = Client::new(settings)?;

    let counts = client.facets(&EntityFilter::all(), &asked).await?;
    for (facet, values) in counts.iter() {
        writeln!(stdout(), "{facet}")?;
        for value in values {
            writeln!(stdout(), "{:>8} {}", value.count, value.value)?;
        }
    }
    Ok(())
}
