//! `explain`: the whole reasoning about one subject, for HTTP and for the command line.

use topology::topology::Topology;

use crate::render;
use crate::subject::{SubjectError, Target, find};

/// Explains what a subject names; its grammar is that of [`crate::subject`].
///
/// # Errors
/// When the subject cannot be read, names nothing, or names several things.
pub fn explain(topology: &Topology, subject: &str) -> Result<api::Explanation, SubjectError> {
    Ok(match find(topology, subject)? {
        Target::Component(reference, components) => {
            render::component_explanation(topology, &reference, &components)
        }
        Target::Service(service) => render::service_explanation(topology, service),
        Target::Workload(workload) => render::workload_explanation(topology, workload),
    })
}
