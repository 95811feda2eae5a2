//! The client: one Backstage, and what can be asked of it.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

use url::Url;

use crate::transport::Transport;
use crate::{
    ByRefs, EntityFilter, EntityRef, Error, Facets, Pager, Reading, Settings, SettingsError,
    Traffic,
};

/// A client of one Backstage's catalog. Clones are cheap and share its connections.
#[derive(Clone)]
pub struct Client {
    transport: Arc<Transport>,
}

impl Client {
    /// A client with these settings. Nothing is sent yet.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the token is handed over: its only copies are then the client's"
    )]
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        let transport = Arc::new(Transport::new(&settings)?);
        Ok(Self { transport })
    }

    /// Reads all entities that the filter finds, `limit` per request: 1000 is a good number. See
    /// [`Pager`] for what to do after an error.
    pub fn entities(&self, filter: EntityFilter, limit: NonZeroU32) -> Pager {
        Pager::new(self.clone(), filter, limit)
    }

    /// Reads the entities with these full references (`component:default/checkout`; case does not
    /// matter), in as many requests as needed, one after the other.
    ///
    /// The text of an entity may differ from that of a crawl even though the entity does not: an
    /// older Backstage adds a `target` to each relation there, but not here. `metadata.etag` tells.
    ///
    /// ```no_run
    /// # async fn ask(client: backstage_client::Client) -> Result<(), backstage_client::Error> {
    /// let refs = ["group:default/payments", "user:default/alice"];
    /// let found = client.by_refs(&refs).await?;
    /// for (entity_ref, entity) in refs.iter().zip(found.iter()) {
    ///     println!("{entity_ref}: {}", entity.unwrap_or("gone"));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn by_refs<R: AsRef<str>>(&self, refs: &[R]) -> Result<ByRefs, Error> {
        crate::by_refs::by_refs(self, refs, &[]).await
    }

    /// As [`by_refs`](Self::by_refs), but only these fields of the entities, such as `metadata.name`
    /// or `spec.profile.displayName`; whole entities where there are none. A field that an entity
    /// does not have is absent. It spares bytes, and costs the server about three times the work.
    pub async fn by_refs_with_fields<R: AsRef<str>>(
        &self,
        refs: &[R],
        fields: &[&str],
    ) -> Result<ByRefs, Error> {
        crate::by_refs::by_refs(self, refs, fields).await
    }

    /// Reads one entity, or `None` where the catalog has none of this reference, or this token may
    /// not see it. Case does not matter. For more than a few, [`by_refs`](Self::by_refs) takes fewer
    /// requests.
    ///
    /// ```no_run
    /// # async fn ask(client: backstage_client::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let checkout = "component:default/checkout".parse()?;
    /// if let Some(reading) = client.entity_by_ref(&checkout).await? {
    ///     println!("{} is owned by {:?}", checkout, reading.entity.owners());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// A 404 that does not come from the catalog itself is an error, not an absence.
    pub async fn entity_by_ref(&self, entity_ref: &EntityRef) -> Result<Option<Reading>, Error> {
        crate::by_name::entity_by_ref(self, entity_ref).await
    }

    /// Counts, among the entities that the filter finds, which values these facets have: paths such
    /// as `kind`, `spec.lifecycle`, `metadata.tags`, `metadata.annotations.example.com/tier` or
    /// `relations.ownedBy`. The server counts without sending the entities.
    ///
    /// ```no_run
    /// # use backstage_client::EntityFilter;
    /// # async fn ask(client: backstage_client::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let components = EntityFilter::kinds(["component"])?;
    /// let facets = client.facets(&components, &["spec.lifecycle"]).await?;
    /// for facet in facets.get("spec.lifecycle") {
    ///     println!("{}: {}", facet.value, facet.count);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn facets(&self, filter: &EntityFilter, facets: &[&str]) -> Result<Facets, Error> {
        crate::facets::facets(self, filter, facets).await
    }

    /// The base of the catalog API, which ends in `/api/catalog`.
    pub fn catalog_url(&self) -> &Url {
        self.transport.base().as_url()
    }

    /// What this client and its clones have sent and received so far.
    pub fn traffic(&self) -> Traffic {
        self.transport.traffic()
    }

    /// How many seconds the clock of Backstage, or of what answers in its place, was ahead of ours by the
    /// `Date` of its last answer, be that an error; less than zero where it is behind, `None` where no
    /// answer had one.
    pub fn clock_ahead(&self) -> Option<i64> {
        self.transport.clock_ahead()
    }

    pub(crate) fn endpoint(&self, path: &str) -> Url {
        self.transport.base().endpoint(path)
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.transport
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("catalog_url", &self.catalog_url().as_str())
            .field("has_token", &self.transport.has_token())
            .finish_non_exhaustive()
    }
}
