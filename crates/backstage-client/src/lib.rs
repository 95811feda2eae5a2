//! A client for the [Backstage](https://backstage.io) Catalog API.
//!
//! It reads a software catalog completely, page by page, from any Backstage that serves
//! `/api/catalog`: by cursor where the server knows `GET /entities/by-query` (Backstage 1.12 and
//! later), by offset or in one piece where it does not.
//!
//! ```no_run
//! use std::num::NonZeroU32;
//! use backstage_client::{Client, Credentials, EntityFilter, Settings};
//!
//! # async fn read() -> Result<(), Box<dyn std::error::Error>> {
//! let mut settings = Settings::new("https://backstage.example.com".parse()?);
//! settings.credentials = Credentials::Token(std::env::var("BACKSTAGE_TOKEN")?.into());
//! let client = Client::new(settings)?;
//!
//! let filter = EntityFilter::kinds(["component", "group", "user"])?;
//! let limit = NonZeroU32::new(1000).expect("1000 is not zero");
//! let mut pager = client.entities(filter, limit);
//! while let Some(page) = pager.next_page().await? {
//!     for reading in page.parse_entities() {
//!         let entity = reading?.entity;
//!         println!("{}: {}", entity.entity_ref(), entity.display_name());
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What it promises
//!
//! - **Complete or an error.** A [`Page`] exists only if its transfer ended as announced and its
//!   JSON was read to the last byte; [`Pager::next_page`] gives `None` only where the server said
//!   that nothing follows. A server may fail after it has sent status 200.
//! - **Entities stay text until asked.** A page gives each entity as the JSON text that came, to be
//!   parsed by the caller into what it needs, borrowed from the page if it likes; or, by
//!   [`Page::parse_entities`], as an [`Entity`] of Backstage's catalog model.
//! - **No entity is lost by a field.** What has a wrong type is told and kept, and so is what this
//!   crate does not know; an entity is written as it was read.
//! - **Failures say what to do.** [`Error::remedy`] is advice in plain words,
//!   [`Error::is_transient`] and [`Error::retry_after`] say whether and when to try again. The
//!   client itself does not retry (but for a connection that broke before any answer, once).
//! - **Secrets are not printed**: neither credentials, nor a header's value, nor anything a URL may
//!   hide appears in a message or a `Debug` output, and none is sent to another origin.
//! - **Everything is bounded**: an answer's size and time, what decompression may expand it to, the
//!   pages of a crawl. Where a page is too large, smaller ones are asked for.
//!
//! # What it leaves to the caller
//!
//! There is no snapshot: a catalog that changes during the crawl may give an entity twice or, where
//! it was deleted and created again, not at all. De-duplicate by entity reference, check the kind
//! (Backstage 1.12 and 1.13 may give entities that the filter excludes), and do not conclude from
//! one missing appearance that an entity is gone: ask by [`Client::by_refs`]. A token without the
//! permission to read gives an empty catalog, not an error.
//!
//! ```text
//!  Settings ─▶ Client ──entities(filter, limit)──▶ Pager ──next_page()──▶ Page ─▶ &str per entity
//!                 ├──────by_refs(refs)───────────────────────────────▶ ByRefs ─▶ Option<&str> per ref
//!                 ├──────entity_by_ref(ref)──────────────────────────▶ Option<Reading>
//!                 └──────facets(filter, paths)───────────────────────▶ Facets
//!                          all over Transport: send, judge the answer, read it all, or an Error
//!
//!  &str ──Entity::read──▶ Reading { entity, problems }
//! ```

mod answer;
mod app_config;
mod base_url;
mod bearer;
mod by_name;
mod by_refs;
mod client;
mod clock;
mod connect;
mod credentials;
pub mod entity;
mod entity_ref;
mod error;
mod exchange;
mod facets;
mod fields;
mod filter;
mod headers;
mod http_client;
mod identity;
mod object;
mod page;
mod pager;
mod remedy;
mod retry_after;
mod settings;
mod settings_error;
mod token_error;
mod token_source;
mod traffic;
mod transport;
mod typed;

pub use answer::{Answer, ErrorDocument};
pub use by_refs::ByRefs;
pub use client::Client;
pub use connect::ConnectFailure;
pub use credentials::{ClientAuthentication, Credentials, OAuth2};
pub use entity::{Entity, EntityError, FieldProblem, Reading};
pub use entity_ref::{DEFAULT_NAMESPACE, EntityRef, EntityRefError, RefContext};
pub use error::{AuthFailure, Cause, Error, TimeoutPhase};
pub use facets::{FacetValue, Facets};
pub use filter::{EntityFilter, FilterError};
pub use headers::reserved_header;
pub use identity::Identity;
pub use page::Page;
pub use pager::{MAX_PAGES, Pager};
pub use retry_after::{MAX_RETRY_AFTER, retry_after};
pub use settings::{Proxy, Settings, Timeouts, Tls};
pub use settings_error::SettingsError;
pub use token_error::TokenError;
pub use traffic::Traffic;

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
