//! One series as text, in the words of `OpenMetrics`.

use std::fmt::Write as _;

use topology::holder::Holder;
use topology::topology::Topology;

use super::Owned;

/// Bound on one label's value, in bytes. No name of Kubernetes or Backstage is that long; a text for people may be.
const MAX_VALUE: usize = 1_024;

/// Help and type, which come before the series of a kind.
pub(super) fn head(text: &mut String, of: Owned) {
    let (family, what) = match of {
        Owned::Services => ("backstitch_service_owner", "a Service"),
        Owned::Workloads => ("backstitch_workload_owner", "a workload"),
        Owned::Pods => ("backstitch_pod_owner", "a pod"),
    };
    // Nothing fails that is written to a text.
    let _ = writeln!(text, "# HELP {family} Who owns {what}.");
    let _ = writeln!(text, "# TYPE {family} info");
}

/// The name of the series of a kind.
pub(super) fn name(of: Owned) -> &'static str {
    match of {
        Owned::Services => "backstitch_service_owner_info",
        Owned::Workloads => "backstitch_workload_owner_info",
        Owned::Pods => "backstitch_pod_owner_info",
    }
}

/// One series: where the object is, and who has it. A label without a value is left out, which is the same to whoever asks.
pub(super) fn write(
    text: &mut String,
    name: &str,
    place: &[(&str, &str)],
    topology: &Topology,
    holder: Holder,
) {
    text.push_str(name);
    text.push('{');
    for (key, value) in place {
        label(text, key, value);
    }
    match holder {
        Holder::One { owner, component } => {
            let it = topology.owner(owner);
            label(text, "owner_ref", &topology.owner_ref(owner).to_string());
            label(text, "team", it.display_name);
            label(text, "owner_kind", it.kind.as_str());
            if let Some(component) = component {
                let reference = topology.component_ref(component).to_string();
                let it = topology.component(component);
                label(text, "component", &reference);
                label(text, "system", it.system.unwrap_or_default());
                label(text, "lifecycle", it.lifecycle.unwrap_or_default());
            }
        }
        Holder::Nobody | Holder::Several => text.push_str("owner_ref=\"\""),
    }
    if text.ends_with(',') {
        text.pop();
    }
    text.push_str("} 1\n");
}

fn label(text: &mut String, key: &str, value: &str) {
    if value.is_empty() {
        return;
    }
    text.push_str(key);
    text.push_str("=\"");
    let mut rest = &value[..value.floor_char_boundary(MAX_VALUE)];
    // Hardly any value has one of these.
    while let Some(at) = rest.find(['\\', '"', '\n']) {
        let (before, special) = rest.split_at(at);
        text.push_str(before);
        text.push_str(match special.as_bytes()[0] {
            b'\\' => "\\\\",
            b'"' => "\\\"",
            _ => "\\n",
        });
        rest = &special[1..];
    }
    text.push_str(rest);
    text.push_str("\",");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_name_holds_stays_inside_of_its_label() {
        let long = "ä".repeat(MAX_VALUE);
        for (value, written) in [
            ("Payments", "team=\"Payments\",".to_owned()),
            ("", String::new()),
            ("a\"} 1\nb", "team=\"a\\\"} 1\\nb\",".to_owned()),
            ("C:\\", "team=\"C:\\\\\",".to_owned()),
            ("Zahlung €", "team=\"Zahlung €\",".to_owned()),
            (&long, format!("team=\"{}\",", "ä".repeat(MAX_VALUE / 2))),
        ] {
            let mut text = String::new();
            label(&mut text, "team", value);
            assert_eq!(text, written);
        }
    }
}
