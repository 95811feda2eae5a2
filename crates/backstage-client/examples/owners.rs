//! Prints every component with its owners:
//! `BACKSTAGE_TOKEN=… cargo run --example owners -- https://backstage.example.com`

use std::error::Error;
use std::io::{Write, stderr, stdout};
use std::num::NonZeroU32;
use std::process::ExitCode;

use backstage_client::{Client, Credentials, EntityFilter, EntityRef, Settings};

#[tokio::main]
async fn main() -> ExitCode {
    let Err(error) = owners().await else {
        return ExitCode::SUCCESS;
    };
    let client_error = error.downcast_ref::<backstage_client::Error>();
    let hint = client_error.and_then(backstage_client::Error::remedy);
    let hint = hint.map(|hint| format!("hint: {hint}\n"));
    // Nothing is left to be done where stderr is closed.
    let _ = write!(stderr(), "error: {error}\n{}", hint.unwrap_or_default());
    ExitCode::FAILURE
}

async fn owners() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1);
    let url = url.ok_or("the URL of a Backstage backend is missing")?;
    let mut settings = Settings::new(url.parse()?);
    if let Ok(token) = std::env::var("BACKSTAGE_TOKEN") {
        settings.credentials = Credentials::Token(token.into());
    }
    let client = Client::new(settings)?;

    let components = EntityFilter::kinds(["component"])?;
    let limit = NonZeroU32::new(1000).ok_or("1000 is not zero")?;
    let mut pager = client.entities(components, limit);
    while let Some(page) = pager.next_page().await? {
        for reading in page.parse_entities() {
            let reading = match reading {
                Ok(reading) => reading,
                Err(error) => {
                    writeln!(stderr(), "skipped: {error}")?;
                    continue;
                }
            };
            let component = reading.entity.entity_ref();
            for problem in &reading.problems {
                writeln!(stderr(), "{component}: {problem}")?;
            }
            let owners = reading.entity.owners();
            let owners: Vec<&str> = owners.iter().map(EntityRef::as_str).collect();
            writeln!(stdout(), "{component}\t{}", owners.join(" "))?;
        }
    }
    Ok(())
}
