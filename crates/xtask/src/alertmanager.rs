//! A real Alertmanager and amtool for the contract tests. It must not know how one is started; that is the testbed's.

use anyhow::Result;

use crate::cached::InUse;
use crate::debian::{self, CompiledIn, Package};

/// The variable that says where it is, for the testbed.
pub(crate) const INSTALLATION: &str = "BACKSTITCH_ALERTMANAGER";

const PACKAGE: Package = Package {
    name: "prometheus-alertmanager",
    // Its templates, without which it does not start.
    compiled_in: &[CompiledIn {
        program: "usr/bin/prometheus-alertmanager",
        path: "/usr/share/prometheus/alertmanager",
    }],
};

/// The programs, unpacked first where the cache lacks them.
pub(crate) fn install() -> Result<InUse> {
    debian::unpack(PACKAGE)
}
