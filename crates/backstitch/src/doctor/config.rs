//! The configuration: what is wrong with it, and what of it cannot start. Pure, but for the API's token, which is read.

use crate::commands::serve::{Lack, lack};
use crate::config::{Config, ConfigError, Fault};

use super::{Check, told};

/// What a configuration comes to that can be used.
pub(crate) fn checks(config: &Config) -> Vec<Check> {
    let mut checks = vec![read(config)];
    checks.extend(lack(config).map(lacking));
    for refused in &config.refused {
        let checked = |fault: &Fault| {
            let message = format!("`{}` cannot start: {}", refused.name, fault.summary());
            Check::fail("instance", message).remedy(fault.hint())
        };
        checks.extend(refused.faults.iter().map(checked));
    }
    for options in &config.without_source {
        let name = &options.settings.name;
        let message =
            format!("`{name}` does not say where its catalog is, and `serve` passes over it");
        let remedy = "give it `endpoint`, `path` or `secretName`";
        checks.push(Check::warn("instance", message).remedy(Some(remedy)));
    }
    for warning in &config.warnings {
        checks.push(Check::warn("warning", warning.summary()).remedy(warning.hint()));
    }
    checks.extend(api_token(config));
    checks
}

/// What a configuration comes to that cannot be used at all.
pub(crate) fn refused(error: &ConfigError) -> Vec<Check> {
    match error {
        ConfigError::Unreadable { .. } => {
            vec![Check::fail("file", told(error)).remedy(Some("`--config` names the file"))]
        }
        ConfigError::Faults { faults, .. } => faults
            .iter()
            .map(|fault| Check::fail("file", fault.summary()).remedy(fault.hint()))
            .collect(),
    }
}

fn read(config: &Config) -> Check {
    let Some(path) = &config.path else {
        return Check::note("file", "none is named");
    };
    let message = format!(
        "`{}`: instances {}, clusters {}",
        path.display(),
        config.instances.len() + config.refused.len() + config.without_source.len(),
        config.clusters.len()
    );
    Check::ok("file", message)
}

fn lacking(lack: Lack) -> Check {
    let check = match lack {
        Lack::Everything => Check::fail("sources", lack.message()),
        Lack::Catalogs | Lack::Clusters => Check::warn("sources", lack.message()),
    };
    check.remedy(Some(lack.remedy()))
}

fn api_token(config: &Config) -> Option<Check> {
    let Some(token) = &config.api_token else {
        let message = format!(
            "whoever reaches `{}` may read everything that the API has",
            config.listen
        );
        let remedy = "set `api_token_file` or `sign_in`, or let `listen` be a loopback address";
        let open = config.sign_in.is_none() && !config.listen.ip().is_loopback();
        return open.then(|| Check::warn("api-token", message).remedy(Some(remedy)));
    };
    Some(match token.read("token") {
        Ok(_) => Check::ok("api-token", "can be read"),
        Err(error) => {
            let message = format!("there is none for the API: {}", told(&error));
            let remedy = "write it there; `serve` does not start without it";
            Check::fail("api-token", message).remedy(Some(remedy))
        }
    })
}
