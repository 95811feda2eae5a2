//! What commands print: tables, documents, steps, warnings.
//!
//! Data goes to standard output, everything else to standard error; nothing needs colour to be understood.

pub(crate) mod csv;
pub(crate) mod decisions;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod document;
pub(crate) mod explanation;
pub(crate) mod ownership;
pub(crate) mod paint;
pub(crate) mod report;
pub(crate) mod screen;
pub(crate) mod sources;
pub(crate) mod suggest;
pub(crate) mod summary;
pub(crate) mod table;
pub(crate) mod walk;
pub(crate) mod warnings;
pub(crate) mod writeback;

/// Why an object of that kind has no owner.
pub(crate) fn unowned(kind: &str) -> &'static str {
    match kind {
        "Ingress" | "HTTPRoute" | "GRPCRoute" => "it leads to no Service that is known",
        "PersistentVolumeClaim" => "nothing that a Service selects mounts it",
        "HorizontalPodAutoscaler" => "it scales nothing that a Service selects",
        "Node" => "nothing that a Service selects runs on it",
        _ => "no Service selects it",
    }
}
