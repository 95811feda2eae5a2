//! A file of decisions, as `backstitch decisions export` writes it and people keep it in Git.

use std::path::Path;

use api::{DecisionKind, DecisionRequest, DecisionSource, SourceKind};
use serde::Serialize;
use topology::nearest::nearest;

use super::fault::ConfigError;
use super::node::Node;
use super::reader::{Faults, Map, items, listed, text};

/// What the file is, for messages.
const WHAT: &str = "file of decisions";

/// The whole file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct DecisionsFile {
    /// The decisions, in an order that does not matter.
    pub decisions: Vec<DecisionRequest>,
}

impl DecisionsFile {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or with all that is wrong with it.
    pub(crate) fn load(path: &Path) -> Result<Self, ConfigError> {
        Self::parse(path, &super::read(WHAT, path)?)
    }

    /// Reads the text of a file; `path` is where it comes from.
    ///
    /// # Errors
    /// With all that is wrong with it.
    pub(crate) fn parse(path: &Path, source: &str) -> Result<Self, ConfigError> {
        let mut faults = Faults::new(path, source);
        let mut decisions = Vec::new();
        match super::node::parse(source) {
            Ok(node) => {
                if let Some(mut root) =
                    Map::open(node, "the file", "a file of decisions", &mut faults)
                {
                    let list = root.take("decisions");
                    let list = list.map_or_else(Vec::new, |it| items("decisions", it, &mut faults));
                    decisions.extend(list.into_iter().filter_map(|it| decision(it, &mut faults)));
                    root.finish(&mut faults);
                }
            }
            Err(broken) => faults.add(broken.at, broken.message),
        }
        if faults.list.is_empty() {
            return Ok(Self { decisions });
        }
        let mut list = faults.list;
        list.sort_by_key(|fault| fault.at);
        Err(ConfigError::Faults {
            what: WHAT,
            path: path.to_owned(),
            faults: list,
        })
    }
}

/// One decision; what its fields must be for its kind is the server's to say, which knows what there is.
fn decision(node: Node, faults: &mut Faults<'_>) -> Option<DecisionRequest> {
    let mut map = Map::open(node, "decisions", "a decision", faults)?;
    let at = map.at();
    let field = |map: &mut Map, key: &'static str, faults: &mut Faults<'_>| {
        map.take(key).and_then(|node| text(key, &node, faults))
    };
    let kind = map.take("kind").map(|node| kind(&node, faults));
    if kind.is_none() {
        let kinds: Vec<&str> = DecisionKind::ALL.iter().map(|kind| kind.as_str()).collect();
        faults.hint(
            at,
            "`kind` is missing",
            format!("it is one of {}", listed(&kinds)),
        );
    }
    let component = field(&mut map, "component", faults);
    let instance = field(&mut map, "instance", faults);
    let service = field(&mut map, "service", faults);
    let source = map.take("source").map(|node| source(node, faults));
    let author = field(&mut map, "author", faults);
    let reason = field(&mut map, "reason", faults);
    let until = field(&mut map, "until", faults);
    map.finish(faults);
    Some(DecisionRequest {
        kind: kind??,
        component,
        instance,
        service,
        source: match source {
            Some(source) => Some(source?),
            None => None,
        },
        author: author.unwrap_or_default(),
        reason: reason.unwrap_or_default(),
        until,
    })
}

fn kind(node: &Node, faults: &mut Faults<'_>) -> Option<DecisionKind> {
    let given = text("kind", node, faults)?;
    let found = DecisionKind::ALL.iter().find(|kind| kind.as_str() == given);
    if found.is_none() {
        let kinds: Vec<&str> = DecisionKind::ALL.iter().map(|kind| kind.as_str()).collect();
        let hint = match nearest(&given, kinds.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it is one of {}", listed(&kinds)),
        };
        faults.hint(node.at, format!("`kind`: found `{given}`"), hint);
    }
    found.copied()
}

fn source(node: Node, faults: &mut Faults<'_>) -> Option<DecisionSource> {
    let mut map = Map::open(node, "source", "a source", faults)?;
    let at = map.at();
    let kind = map.take("kind");
    let name = map.take("name");
    map.finish(faults);
    let (Some(kind), Some(name)) = (kind, name) else {
        faults.add(at, "`source`: expected `kind` and `name`");
        return None;
    };
    let given = text("kind", &kind, faults)?;
    let Some(found) = [SourceKind::Catalog, SourceKind::Cluster]
        .into_iter()
        .find(|it| it.as_str() == given)
    else {
        faults.add(
            kind.at,
            format!("`kind`: found `{given}`, expected `catalog` or `cluster`"),
        );
        return None;
    };
    Some(DecisionSource {
        kind: found,
        name: text("name", &name, faults)?,
    })
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn s26_a_file_of_decisions_reads_back() {
        let pin = DecisionRequest {
            kind: DecisionKind::Pin,
            component: Some("component:default/checkout".to_owned()),
            instance: Some("main".to_owned()),
            service: Some("eu1/shop/checkout".to_owned()),
            source: None,
            author: "ann <ann@example.com>: \"me\"".to_owned(),
            reason: "two lines\n# no comment".to_owned(),
            until: Some("2027-01-31T12:00:00Z".to_owned()),
        };
        let confirm = DecisionRequest {
            kind: DecisionKind::ConfirmRemovals,
            component: None,
            instance: None,
            service: None,
            source: Some(DecisionSource {
                kind: SourceKind::Catalog,
                name: "main".to_owned(),
            }),
            author: "ann".to_owned(),
            reason: String::new(),
            until: None,
        };
        let file = DecisionsFile {
            decisions: vec![pin, confirm],
        };
        let mut text = Vec::new();
        crate::output::document::yaml(&file, &mut text).expect("it is written");
        let text = String::from_utf8(text).expect("text");
        let read = DecisionsFile::parse(Path::new("decisions.yaml"), &text);
        assert_eq!(read.expect("it reads back"), file, "{text}");
    }

    #[test]
    fn every_fault_of_a_file_is_shown_at_its_place() {
        let text = "
decisions:
  - kind: pinn
    component: component:default/checkout
    servce: eu1/shop/checkout
  - component: x
  - just a text
  - kind: confirm-removals
    source: {kind: secrets, name: x}
";
        let error = DecisionsFile::parse(Path::new("decisions.yaml"), text).expect_err("faults");
        assert_snapshot!(error.to_string(), @r"
        the file of decisions `decisions.yaml` has 5 faults

        decisions.yaml:3:11: `kind`: found `pinn`
            3 |   - kind: pinn
              |           ^^^^
            hint: did you mean `pin`?

        decisions.yaml:5:5: unknown key `servce`
            5 |     servce: eu1/shop/checkout
              |     ^^^^^^
            hint: did you mean `service`?

        decisions.yaml:6:5: `kind` is missing
            6 |   - component: x
              |     ^
            hint: it is one of `pin`, `prefer`, `ignore`, `confirm-removals`

        decisions.yaml:7:5: `decisions`: found `just a text`, expected a map
            7 |   - just a text
              |     ^^^^^^^^^^^

        decisions.yaml:9:20: `kind`: found `secrets`, expected `catalog` or `cluster`
            9 |     source: {kind: secrets, name: x}
              |                    ^^^^^^^
        ");
    }
}
