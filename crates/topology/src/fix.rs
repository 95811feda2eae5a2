//! A verdict in one sentence, and the smallest fix as text to paste (S21).
//!
//! A fix is a line of the catalog file (or of the configuration) with a comment that says where it goes; where only a
//! person can know the value, a `<placeholder>` stands for it.

use std::fmt::Display;

use crate::fact::FieldFault;
use crate::settings::MatchRule;
use crate::verdict::{Miss, OwnerOutcome, OwnerState, ServiceKey, Verdict, VerdictKind};

/// How many names one sentence lists before it counts the rest.
const LISTED: usize = 3;

impl Verdict {
    /// Why the verdict is what it is, in one sentence.
    pub fn reason(&self) -> String {
        match self.kind {
            VerdictKind::Stitched => self.stitched(),
            VerdictKind::NoKubernetesId => {
                format!(
                    "no value at {}",
                    listed(self.id_paths.iter().map(|it| format!("`{}`", it.path)))
                )
            }
            VerdictKind::ServiceNotFound => self.not_found(),
            VerdictKind::Ambiguous => format!(
                "{} Services of that name and no namespace is given: {}",
                self.rules.last().map_or(0, |it| it.found_total),
                listed(self.candidates.iter())
            ),
            VerdictKind::Conflict => self.conflict(),
            VerdictKind::Invalid => match &self.fault {
                Some(fault) => fault_text(fault),
                None => "a field cannot be used".to_owned(),
            },
        }
    }

    /// The smallest change that would mend it, its owner where it is stitched; `None` where nothing is to be mended.
    pub fn fix(&self) -> Option<String> {
        match self.kind {
            VerdictKind::Stitched => self.owner_fix(),
            VerdictKind::NoKubernetesId => Some(self.name_the_service(self.known_service())),
            VerdictKind::ServiceNotFound => Some(self.not_found_fix()),
            VerdictKind::Ambiguous => {
                let namespaces = self.candidates.iter().map(|it| &*it.namespace);
                Some(self.name_the_namespace(namespaces.collect()))
            }
            VerdictKind::Conflict if self.rule == Some(MatchRule::LabelSelector) => Some(format!(
                "{}  # {}, such that no other component has",
                assignment(SELECTOR, "<a selector of its own Services>"),
                place(SELECTOR)
            )),
            VerdictKind::Conflict => Some(format!(
                "{}  # {}, one that no other component has",
                assignment(self.id_path(), "<name of its own Service>"),
                place(self.id_path())
            )),
            VerdictKind::Invalid => self.fault.as_ref().map(|fault| {
                let field = if fault.field.is_empty() {
                    "the entity"
                } else {
                    &fault.field
                };
                format!(
                    "{}  # {}, now {}",
                    assignment(field, &format!("<{}>", fault.expected)),
                    place(field),
                    fault.found
                )
            }),
        }
    }

    fn stitched(&self) -> String {
        let rule = self.rule.map_or("", |rule| rule.as_str());
        let found = self
            .rules
            .last()
            .and_then(|it| it.lookup.clone())
            .unwrap_or_default();
        let lost = match self.lost.len() {
            0 => String::new(),
            count => format!("; {count} more it claims and others have"),
        };
        format!("rule `{rule}` found {found}{lost}")
    }

    fn conflict(&self) -> String {
        let Some(winner) = &self.conflict_with else {
            return "another component has the Service".to_owned();
        };
        let (theirs, others): (Vec<_>, Vec<_>) =
            self.lost.iter().partition(|(_, other)| other == winner);
        let is = if theirs.len() == 1 { "is" } else { "are" };
        let others = match others.len() {
            0 => String::new(),
            count => format!("; others have {count} more"),
        };
        format!(
            "{} {is} already that of `{}` of instance `{}`{others}",
            listed(theirs.iter().map(|(it, _)| format!("`{it}`"))),
            winner.reference,
            winner.instance
        )
    }

    fn not_found(&self) -> String {
        let looked: Vec<&str> = self
            .rules
            .iter()
            .filter_map(|it| it.lookup.as_deref())
            .collect();
        let is = match looked.first() {
            Some(first) if first.starts_with("Services") => "are",
            _ => "is",
        };
        let mut reason = format!("there {is} no {}", looked.join(", and no "));
        let Some(miss) = &self.miss else {
            return reason;
        };
        match miss.namespace_exists {
            Some(true) => reason.push_str("; the namespace exists"),
            Some(false) => reason.push_str("; the namespace does not exist"),
            None => {}
        }
        if miss.elsewhere.is_empty() {
            say(&mut reason, NEAR_NAMES, &miss.near_services);
        } else {
            say(&mut reason, "the name exists as", &miss.elsewhere);
        }
        let others = &miss.other_clusters;
        say(&mut reason, "the name exists in cluster", others);
        reason
    }

    fn not_found_fix(&self) -> String {
        let nothing = Miss::default();
        let miss = self.miss.as_ref().unwrap_or(&nothing);
        if !self.tried(MatchRule::ServiceName) && !self.tried(MatchRule::ComponentName) {
            return self.label_fix(miss);
        }
        if !miss.elsewhere.is_empty() {
            let mut namespaces: Vec<&str> =
                miss.elsewhere.iter().map(|it| &*it.namespace).collect();
            // A slip in the namespace is likelier than another one.
            namespaces
                .sort_by_key(|name| !miss.near_namespaces.iter().any(|near| **near == **name));
            return self.name_the_namespace(namespaces);
        }
        let named = self
            .namespace_paths
            .iter()
            .find_map(|it| it.value.as_deref());
        let there = miss
            .near_services
            .iter()
            .find(|it| Some(&*it.namespace) == named);
        if let Some(near) = there.or(miss.near_services.first()) {
            return self.name_the_service(Some(near));
        }
        if !miss.near_namespaces.is_empty() {
            return self.name_the_namespace(miss.near_namespaces.iter().map(|it| &**it).collect());
        }
        self.name_the_service(None)
    }

    fn tried(&self, rule: MatchRule) -> bool {
        self.rules.iter().any(|it| it.rule == rule)
    }

    /// Where no rule goes by a Service's name, it is the labels that have to meet.
    fn label_fix(&self, miss: &Miss) -> String {
        let id = self.id_paths.iter().find_map(|it| it.value.as_deref());
        match id.filter(|_| self.tried(MatchRule::KubernetesIdLabel)) {
            Some(id) => {
                let service = match miss.elsewhere.first().or(miss.near_services.first()) {
                    Some(service) => format!("Service `{service}`, if that is meant"),
                    None => "the Service that is meant".to_owned(),
                };
                format!(
                    "{}  # under `metadata.labels` of {service}",
                    assignment(ID_LABEL, id)
                )
            }
            None => format!(
                "{}  # {}",
                assignment(SELECTOR, "<a selector of Services that run>"),
                place(SELECTOR)
            ),
        }
    }

    /// A Service that is probably meant by a component that names none.
    fn known_service(&self) -> Option<&ServiceKey> {
        let miss = self.miss.as_ref()?;
        miss.elsewhere.first().or(miss.near_services.first())
    }

    fn name_the_service(&self, service: Option<&ServiceKey>) -> String {
        let path = self.id_path();
        match service {
            Some(service) => format!(
                "{}  # {}, if `{service}` is meant",
                assignment(path, &service.name),
                place(path)
            ),
            None => format!(
                "{}  # {}",
                assignment(path, "<name of a Service that runs>"),
                place(path)
            ),
        }
    }

    fn name_the_namespace(&self, mut namespaces: Vec<&str>) -> String {
        namespaces.dedup();
        let path = self
            .namespace_paths
            .iter()
            .find(|it| it.value.is_some())
            .or(self.namespace_paths.first())
            .map_or("annotations.backstage.io/kubernetes-namespace", |it| {
                &*it.path
            });
        let first = namespaces.first().copied().unwrap_or("<namespace>");
        let others = match namespaces.get(1..) {
            Some(others) if !others.is_empty() => {
                format!(", or {}", listed(others.iter().map(|it| format!("`{it}`"))))
            }
            _ => String::new(),
        };
        format!("{}  # {}{others}", assignment(path, first), place(path))
    }

    /// The path that supplied the name, or else the first that could.
    fn id_path(&self) -> &str {
        let by_id = [MatchRule::ServiceName, MatchRule::KubernetesIdLabel];
        if !by_id.into_iter().any(|rule| self.tried(rule)) && self.tried(MatchRule::ComponentName) {
            return "metadata.name";
        }
        self.id_paths
            .iter()
            .find(|it| it.value.is_some())
            .or(self.id_paths.first())
            .map_or("annotations.backstage.io/kubernetes-id", |it| &*it.path)
    }

    /// Why it has no owner, in one sentence; `None` where it has one.
    pub fn owner_reason(&self) -> Option<String> {
        match self.owner.state {
            OwnerState::Resolved => None,
            OwnerState::None => {
                let paths = self.owner.paths.iter().map(|path| format!("`{path}`"));
                Some(format!("no owner at {}", listed(paths)))
            }
            OwnerState::Unresolved => {
                let tried = self.owner.tried.iter();
                let tried = tried.filter(|it| it.outcome != OwnerOutcome::NotTried);
                let tried: Vec<String> = tried.map(|it| format!("`{}`", it.target)).collect();
                let is = if tried.len() == 1 { "is" } else { "are" };
                let mut reason = format!(
                    "{} {is} no Group or User of instance `{}`",
                    listed(tried.iter()),
                    self.component.instance
                );
                say(&mut reason, NEAR_NAMES, &self.owner.near);
                Some(reason)
            }
        }
    }

    /// The smallest change that would give it an owner; `None` where it has one.
    pub fn owner_fix(&self) -> Option<String> {
        match self.owner.state {
            OwnerState::Resolved => None,
            OwnerState::None => {
                let field = owner_field(self.owner.paths.first().map_or("", |path| path));
                Some(format!(
                    "{}  # {}",
                    assignment(field, A_GROUP),
                    place(field)
                ))
            }
            OwnerState::Unresolved => {
                let dangling = self
                    .owner
                    .tried
                    .iter()
                    .find(|it| it.outcome != OwnerOutcome::NotTried)?;
                let near = self.owner.near.first().map(ToString::to_string);
                let field = owner_field(&dangling.path);
                Some(format!(
                    "{}  # {}; `{}` is no Group or User of instance `{}`",
                    assignment(field, near.as_deref().unwrap_or(A_GROUP)),
                    place(field),
                    dangling.target,
                    self.component.instance
                ))
            }
        }
    }
}

/// The label that rule `kubernetes-id-label` goes by, as a path.
const ID_LABEL: &str = "labels.backstage.io/kubernetes-id";
const SELECTOR: &str = "annotations.backstage.io/kubernetes-label-selector";
const NEAR_NAMES: &str = "near names:";
const A_GROUP: &str = "group:<name of a Group>";

/// The field that a person writes: relations are Backstage's own reading of `spec.owner`.
fn owner_field(path: &str) -> &str {
    match path {
        "" | "relations.ownedBy" => "spec.owner",
        path => path,
    }
}

fn fault_text(fault: &FieldFault) -> String {
    format!(
        "`{}` is {}, expected {}",
        fault.field, fault.found, fault.expected
    )
}

/// `key: value` as it stands in the catalog file.
fn assignment(path: &str, value: &str) -> String {
    let key = key_of(path).1;
    if value.ends_with('>') {
        format!("{key}: {value}")
    } else {
        format!("{key}: {}", quoted(value))
    }
}

/// A value that YAML would read as something else than a text is quoted.
fn quoted(value: &str) -> String {
    let plain = value.starts_with(|c: char| c.is_ascii_alphabetic())
        && value
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-._/:".contains(c))
        && !value.ends_with(':')
        && !matches!(
            value.to_ascii_lowercase().as_str(),
            "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n"
        );
    if plain {
        value.to_owned()
    } else {
        format!("{value:?}")
    }
}

fn place(path: &str) -> String {
    match key_of(path).0 {
        "" => "at the top".to_owned(),
        parent => format!("under `{parent}`"),
    }
}

/// The map that a path's key stands in, and the key.
fn key_of(path: &str) -> (&str, &str) {
    for (prefix, parent) in [
        ("metadata.annotations.", "metadata.annotations"),
        ("metadata.labels.", "metadata.labels"),
        ("annotations.", "metadata.annotations"),
        ("labels.", "metadata.labels"),
    ] {
        if let Some(key) = path.strip_prefix(prefix) {
            return (parent, key);
        }
    }
    path.rsplit_once('.').unwrap_or(("", path))
}

/// Goes on with these names, if there are any.
fn say<T: Display>(reason: &mut String, what: &str, names: &[T]) {
    if !names.is_empty() {
        let names = listed(names.iter().map(|it| format!("`{it}`")));
        reason.extend(["; ", what, " ", &names]);
    }
}

fn listed<T: ToString>(items: impl ExactSizeIterator<Item = T>) -> String {
    let count = items.len();
    let shown: Vec<String> = items.take(LISTED).map(|it| it.to_string()).collect();
    let shown = shown.join(", ");
    match count.saturating_sub(LISTED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
