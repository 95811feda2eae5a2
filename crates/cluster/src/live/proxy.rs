//! Which hosts are reached without the proxy of the environment.
//!
//! kube holds `NO_PROXY` against the proxy's own address instead of the API server's, so the decision is made here.

use std::net::IpAddr;

/// Whether `no_proxy` (host names, domain suffixes, addresses, networks as `10.0.0.0/8`, or `*`, separated by commas) says
/// that `host` is reached directly. The machine itself always is.
pub(super) fn bypasses(no_proxy: &str, host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let address: Option<IpAddr> = host.parse().ok();
    if host.eq_ignore_ascii_case("localhost")
        || address.is_some_and(|address| address.is_loopback())
    {
        return true;
    }
    no_proxy
        .split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .any(|entry| {
            entry == "*"
                || address.map_or_else(|| is_below(host, entry), |address| is_in(address, entry))
        })
}

fn is_below(host: &str, entry: &str) -> bool {
    let domain = entry.split_once(':').map_or(entry, |(name, _)| name);
    let domain = domain.trim_start_matches("*.").trim_start_matches('.');
    let Some(start) = host.len().checked_sub(domain.len()) else {
        return false;
    };
    !domain.is_empty()
        && host
            .get(start..)
            .is_some_and(|end| end.eq_ignore_ascii_case(domain))
        && (start == 0 || host.as_bytes()[start - 1] == b'.')
}

fn is_in(address: IpAddr, entry: &str) -> bool {
    let (network, bits) = match entry.split_once('/') {
        Some((network, bits)) => (network, bits.parse().ok()),
        None => (entry, Some(u32::MAX)),
    };
    let (Ok(network), Some(bits)) = (network.parse::<IpAddr>(), bits) else {
        return false;
    };
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => same_prefix(
            u32::from(address).into(),
            u32::from(network).into(),
            bits,
            32,
        ),
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            same_prefix(address.into(), network.into(), bits, 128)
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

fn same_prefix(a: u128, b: u128, bits: u32, width: u32) -> bool {
    let rest = width.saturating_sub(bits);
    (a ^ b).checked_shr(rest).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::bypasses;

    #[test]
    fn no_proxy_is_held_against_the_host() {
        let cases = [
            ("", "api.example.com", false),
            ("*", "api.example.com", true),
            ("example.com", "api.example.com", true),
            (".example.com", "api.example.com", true),
            ("*.example.com", "api.example.com", true),
            ("example.com:443", "example.com", true),
            ("ample.com", "example.com", false),
            ("other.org, example.com", "example.com", true),
            ("10.0.0.0/8", "10.96.0.1", true),
            ("10.0.0.0/8", "11.96.0.1", false),
            ("10.96.0.1", "10.96.0.1", true),
            ("10.96.0.1", "10.96.0.2", false),
            ("fd00::/8", "[fd00::1]", true),
            ("0.0.0.0/0", "10.96.0.1", true),
            ("10.0.0.0/many", "10.96.0.1", false),
            ("", "localhost", true),
            ("", "127.0.0.1", true),
            ("", "[::1]", true),
        ];
        for (no_proxy, host, expected) in cases {
            assert_eq!(bypasses(no_proxy, host), expected, "{no_proxy:?} {host}");
        }
    }
}
