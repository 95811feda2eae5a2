//! Why something is as it is.

use api::Explanation;
use serde_json::json;

use super::{Answer, cut_to, written};
use crate::output::explanation;
use crate::output::paint::Paint;
use crate::report::Failure;

/// The whole reasoning about a subject.
pub(crate) fn explained(found: &Explanation, limit: usize) -> Result<Answer, Failure> {
    let text = written(|out| explanation::write(found, Paint::NONE, out))?;
    cut_to(text, &json!({ "explanation": found }), limit)
}
