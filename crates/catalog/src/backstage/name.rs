//! An entity reference as a short text: the letter of its kind, then `namespace/name`.

use topology::entity_ref::EntityRef;

/// The kinds there are, each with its letter.
const KINDS: [(char, &str); 3] = [('c', "component"), ('g', "group"), ('u', "user")];

/// The name of a reference, which is of one of the kinds that stitching uses, as those of all facts are.
pub(super) fn of(reference: &EntityRef) -> String {
    let letter = KINDS
        .iter()
        .find(|(_, kind)| *kind == &*reference.kind)
        .map_or('u', |(letter, _)| *letter);
    let (namespace, name) = (&reference.namespace, &reference.name);
    let mut text = String::with_capacity(2 + namespace.len() + name.len());
    text.push(letter);
    text.push_str(namespace);
    text.push('/');
    text.push_str(name);
    text
}

/// The kind of a name.
pub(super) fn kind(name: &str) -> &'static str {
    KINDS
        .iter()
        .find(|(letter, _)| name.starts_with(*letter))
        .map_or("user", |(_, kind)| kind)
}

/// The reference of a name. A namespace has no `/`, which the reading of entities sees to.
pub(super) fn reference(name: &str) -> EntityRef {
    let rest = name.get(1..).unwrap_or_default();
    let (namespace, rest) = rest.split_once('/').unwrap_or(("", rest));
    EntityRef {
        kind: kind(name).into(),
        namespace: namespace.into(),
        name: rest.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_its_reference() {
        for (kind, namespace, local) in [
            ("component", "default", "checkout"),
            ("group", "emea", "team/of:teams"),
            ("user", "ümlaut", "é"),
        ] {
            let written = EntityRef::new(kind, namespace, local);
            let name = of(&written);
            assert_eq!(reference(&name), written);
            assert_eq!(super::kind(&name), kind);
        }
    }
}
