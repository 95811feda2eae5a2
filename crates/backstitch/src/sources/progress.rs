//! Progress bars on standard error, where that is a terminal.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The bars of one run.
pub(super) struct Bars {
    all: MultiProgress,
}

impl Bars {
    pub(super) fn new() -> Self {
        // Its target is hidden by itself where standard error is no terminal.
        Self {
            all: MultiProgress::with_draw_target(ProgressDrawTarget::stderr()),
        }
    }

    /// A bar for one source.
    pub(super) fn bar(&self, name: String) -> Bar {
        let bar = self.all.add(ProgressBar::new_spinner());
        bar.set_prefix(name);
        bar.set_style(style("{spinner} {prefix} {wide_msg}"));
        Bar { bar, known: false }
    }

    pub(super) fn clear(&self) {
        // A terminal that is gone has no bars to clear.
        let _ = self.all.clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// The bar of one source; gone when dropped.
pub(super) struct Bar {
    bar: ProgressBar,
    /// How much there is to do is known, so that a bar says more than a spinner.
    known: bool,
}

impl Bar {
    pub(super) fn set(&mut self, done: u64, total: Option<u64>, message: String) {
        if let Some(total) = total {
            if !self.known {
                self.bar.set_style(style(
                    "{spinner} {prefix} [{bar:30}] {percent:>3}% {wide_msg}",
                ));
                self.known = true;
            }
            self.bar.set_length(total);
        }
        self.bar.set_position(done);
        self.bar.set_message(message);
        self.bar.tick();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
