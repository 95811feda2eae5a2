//! `completions` and `man`: what a shell and a person read instead of `--help`.

use anyhow::Result;
use clap::CommandFactory as _;

use crate::args::{Cli, CompletionsArgs, ManArgs};
use crate::exit::Exit;
use crate::report::Failure;
use crate::terminal::Terminal;

/// Prints the completion script.
pub(crate) fn completions(args: CompletionsArgs) -> Result<Exit> {
    let mut command = Cli::command();
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "backstitch", &mut script);
    Terminal::print(|out| out.write_all(&script))?;
    Ok(Exit::Done)
}

/// Prints the manual page, in roff.
pub(crate) fn man(args: &ManArgs) -> Result<Exit> {
    let mut command = Cli::command();
    command.build();
    let page = match &args.command {
        None => command,
        Some(name) => {
            let Some(subcommand) = command.find_subcommand(name) else {
                let names: Vec<&str> = command
                    .get_subcommands()
                    .map(clap::Command::get_name)
                    .collect();
                return Err(Failure::new(format!("there is no command `{name}`"))
                    .hint(Some(format!("the commands are {}", names.join(", "))))
                    .into());
            };
            let title = format!("backstitch-{name}");
            subcommand.clone().name(title.clone()).display_name(title)
        }
    };
    Terminal::print(|mut out| clap_mangen::Man::new(page).render(&mut out))?;
    Ok(Exit::Done)
}
