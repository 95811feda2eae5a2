//! Walks over all there is, a slice at a time, so that neither the writer nor other requests wait for a whole one.
//!
//! It owns how long a slice is. It must not know what is walked over.

use std::time::{Duration, Instant};

use tokio::task::yield_now;
use topology::query::Slice;
use topology::topology::Topology;

use crate::app::App;
use crate::problem::Refusal;

/// How long the topology is held for one slice, as far as its last object permits.
pub(crate) const SLICE_TIME: Duration = Duration::from_millis(2);

/// Gives slices to `slice` until it is through, each with the topology as it is then and whether it may go on.
pub(crate) async fn walk(
    app: &App,
    mut slice: impl FnMut(&Topology, &mut dyn FnMut() -> bool) -> Slice,
) -> Result<(), Refusal> {
    loop {
        let came_of_it = {
            let topology = app.topology()?;
            let started = Instant::now();
            slice(&topology, &mut || started.elapsed() < SLICE_TIME)
        };
        if came_of_it == Slice::Whole {
            return Ok(());
        }
        // Whoever else waits for this thread comes first.
        yield_now().await;
    }
}
