//! What was sent and received, as people are told.

/// What a client and its clones have done since it was made. The numbers only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Traffic {
    /// Requests sent to Backstage, those that failed and those sent once more included. Redirects
    /// that were followed count with the request that led to them.
    pub requests: u64,
    /// Bytes of the bodies that Backstage answered, after decompression, those of errors and of
    /// answers that could not be used included.
    pub bytes_received: u64,
    /// Requests sent to the token endpoint.
    pub token_requests: u64,
}
