//! Targets of a `Location` entity: which files it leads to.

use std::path::{Component, Path, PathBuf};

use glob::{MatchOptions, Pattern};
use topology::value::Value;

use super::inputs::Roots;

/// Bound on the targets of one Location.
const MAX_TARGETS: usize = 10_000;

/// One target that leads nowhere, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TargetFault(pub(crate) String);

/// The files that the targets of `location`, found in the file `from`, lead to; and what is wrong with the others.
pub(crate) fn targets(
    location: &Value<'_>,
    from: &Path,
    roots: &Roots,
) -> (Vec<PathBuf>, Vec<TargetFault>) {
    let spec = location.get("spec");
    let mut files = Vec::new();
    let mut faults = Vec::new();
    let mut listed: Vec<&Value<'_>> = Vec::new();
    for key in ["target", "targets"] {
        match spec.and_then(|spec| spec.get(key)) {
            None | Some(Value::Null) => {}
            Some(Value::Array(items)) => listed.extend(items),
            Some(single) => listed.push(single),
        }
    }
    if listed.is_empty() {
        faults.push(TargetFault(
            "the Location names no file, expected `spec.target` or `spec.targets`".to_owned(),
        ));
    }
    if listed.len() > MAX_TARGETS {
        faults.push(TargetFault(format!(
            "{} targets, expected at most {MAX_TARGETS}; the rest is left out",
            listed.len()
        )));
        listed.truncate(MAX_TARGETS);
    }
    let optional = spec
        .and_then(|spec| spec.get("presence"))
        .and_then(Value::text)
        == Some("optional");
    for target in listed {
        match target.text() {
            Some(text) => match resolve(text, from, roots) {
                Ok(found) => files.extend(found),
                Err(Unresolved::Missing(_)) if optional => {}
                Err(Unresolved::Missing(message) | Unresolved::Refused(message)) => {
                    faults.push(TargetFault(message));
                }
            },
            None => faults.push(TargetFault(format!(
                "a target of the Location is {}, expected a relative path",
                target.describe()
            ))),
        }
    }
    (files, faults)
}

enum Unresolved {
    Missing(String),
    Refused(String),
}

fn resolve(target: &str, from: &Path, roots: &Roots) -> Result<Vec<PathBuf>, Unresolved> {
    let refused =
        |why: &str| Unresolved::Refused(format!("the Location's target `{}` {why}", shown(target)));
    let missing =
        |why: &str| Unresolved::Missing(format!("the Location's target `{}` {why}", shown(target)));
    if target.contains("://") {
        return Err(refused(
            "is a URL, which is not fetched: put the file into this folder, or read the Backstage that ingests it",
        ));
    }
    let relative = Path::new(target);
    if relative.has_root() || matches!(relative.components().next(), Some(Component::Prefix(_))) {
        return Err(refused(
            "is an absolute path, expected one relative to the file that names it",
        ));
    }
    let folder = from.parent().unwrap_or(Path::new(""));
    let outside = "lies outside the folder that is read: give it as a catalog of its own";
    let wanted = folder.join(relative);
    if wanted.exists() || !target.contains(['*', '?', '[']) {
        let Ok(file) = wanted.canonicalize() else {
            return Err(missing("does not exist"));
        };
        if !roots.contain(&file) {
            return Err(refused(outside));
        }
        if file.is_dir() {
            return Err(refused(
                "is a folder, expected a file or a pattern such as `./*.yaml`",
            ));
        }
        return Ok(vec![file]);
    }
    let pattern = match folder.to_str() {
        Some("") => target.to_owned(),
        Some(folder) => format!("{}/{target}", Pattern::escape(folder)),
        None => {
            return Err(refused(
                "cannot be matched, as the folder's name is not UTF-8",
            ));
        }
    };
    let options = MatchOptions {
        case_sensitive: true,
        require_literal_separator: true,
        require_literal_leading_dot: true,
    };
    let paths = glob::glob_with(&pattern, options)
        .map_err(|error| refused(&format!("is no pattern: {}", error.msg)))?;
    let mut files = Vec::new();
    let mut left_root = false;
    for path in paths.flatten() {
        match path.canonicalize() {
            Ok(file) if !roots.contain(&file) => left_root = true,
            Ok(file) if file.is_file() => files.push(file),
            _ => {}
        }
    }
    if left_root {
        return Err(refused(outside));
    }
    if files.is_empty() {
        return Err(missing("matches no file"));
    }
    Ok(files)
}

/// The target without what may be a password in it, and not longer than one line.
fn shown(target: &str) -> String {
    const SHOWN: usize = 200;
    let mut text: String = target.chars().take(SHOWN).collect();
    if let Some((scheme, rest)) = text.split_once("://") {
        let end = rest.find('/').unwrap_or(rest.len());
        if let Some(user) = rest[..end].rfind('@') {
            text = format!("{scheme}://{}", &rest[user + 1..]);
        }
    }
    text
}
