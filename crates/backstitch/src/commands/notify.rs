//! `backstitch notify`: one example message to a receiver of the configuration, and what came back.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use topology::nearest::nearest;

use crate::args::NotifyArgs;
use crate::config::{Config, Receiver};
use crate::exit::Exit;
use crate::notifications::{Trial, place, trial};
use crate::report::Failure;
use crate::service::Random;
use crate::terminal::Terminal;

/// Runs the command.
pub(crate) async fn run(args: &NotifyArgs, config: &Config) -> Result<Exit> {
    let receiver = find(&args.test, config)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |now| i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
    let id = format!("test-{:016x}", Random::new().next());
    let came = trial(receiver, now, &id).await;
    let channel = receiver.channel.as_str();
    let said = match &came {
        Trial::Taken => format!("ok    {}: {channel} took it", receiver.name),
        Trial::Refused(why) => format!("FAIL  {}: {channel} refused it: {why}", receiver.name),
        Trial::NotNow(why) => format!("FAIL  {}: it was not sent: {why}", receiver.name),
        Trial::Nobody => format!("FAIL  {}: there is nobody to send it to", receiver.name),
    };
    Terminal::print(|out| {
        writeln!(out, "an example message goes to {}", place(receiver))?;
        writeln!(out, "{said}")?;
        match came.remedy(receiver) {
            Some(remedy) => writeln!(out, "      hint: {remedy}"),
            None => Ok(()),
        }
    })?;
    Ok(match came {
        Trial::Taken => Exit::Done,
        _ => Exit::Refused,
    })
}

fn find<'c>(name: &str, config: &'c Config) -> Result<&'c Receiver, Failure> {
    let receivers = &config.notifications;
    if let Some(found) = receivers.iter().find(|it| it.name == name) {
        return Ok(found);
    }
    let names: Vec<&str> = receivers.iter().map(|it| it.name.as_str()).collect();
    let hint = match (nearest(name, names.iter().copied()), names.is_empty()) {
        (_, true) => {
            "list receivers under `notifications` of the configuration that `--config` names"
                .to_owned()
        }
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, false) => format!("the receivers are {}", names.join(", ")),
    };
    Err(Failure::new(format!("there is no receiver `{name}`")).hint(Some(hint)))
}
