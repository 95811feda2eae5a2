//! The fields of Kubernetes objects that facts are made of.

use serde::de::{IgnoredAny, MapAccess, SeqAccess};
use serde::{Deserialize, Deserializer};

use super::field::{Field, Found, Many, OneOf, Pairs, Present, Shape};

/// Declares a map of which only the named entries are read. An entry given twice counts with its last value.
macro_rules! slim {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $shape:ty = $key:literal),* $(,)? })*) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, Default)]
        pub(crate) struct $name {
            $(pub(crate) $field: Field<$shape>),*
        }

        impl $name {
            const KEYS: &'static [&'static str] = &[$($key),*];

            /// Reads the value of one of the keys, skips any other.
            pub(crate) fn take<'de, A: MapAccess<'de>>(
                &mut self,
                key: Option<&'static str>,
                entries: &mut A,
            ) -> Result<(), A::Error> {
                match key {
                    $(Some($key) => self.$field = entries.next_value()?,)*
                    _ => {
                        entries.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(())
            }
        }

        impl Shape for $name {
            fn map<'de, A: MapAccess<'de>>(mut entries: A) -> Result<Field<Self>, A::Error> {
                let mut slim = Self::default();
                while let Some(key) = entries.next_key_seed(OneOf(Self::KEYS))? {
                    slim.take(key, &mut entries)?;
                }
                Ok(Field::Is(slim))
            }
        }
    )* };
}

slim! {
    /// An object of any kind.
    Object {
        kind: Box<str> = "kind",
        api_version: Box<str> = "apiVersion",
        metadata: Metadata = "metadata",
        spec: Spec = "spec",
        endpoints: Many<Endpoint> = "endpoints",
        subsets: Many<Subset> = "subsets",
    }

    /// `metadata`.
    Metadata {
        name: Box<str> = "name",
        namespace: Box<str> = "namespace",
        uid: Box<str> = "uid",
        resource_version: Box<str> = "resourceVersion",
        labels: Pairs = "labels",
        owner_references: Many<OwnerReference> = "ownerReferences",
    }

    /// One entry of `metadata.ownerReferences`.
    OwnerReference {
        kind: Box<str> = "kind",
        name: Box<str> = "name",
        uid: Box<str> = "uid",
        controller: bool = "controller",
    }

    /// `spec` of any kind: their fields do not clash, but that `selector` is an equality selector in a Service alone.
    Spec {
        selector: Pairs = "selector",
        service_type: Box<str> = "type",
        node_name: Box<str> = "nodeName",
        template: Template = "template",
        job_template: JobTemplate = "jobTemplate",
        volumes: Many<Volume> = "volumes",
        claim_templates: Many<ClaimTemplate> = "volumeClaimTemplates",
        default_backend: Backend = "defaultBackend",
        backend: Backend = "backend",
        rules: Many<Rule> = "rules",
        scale_target: Target = "scaleTargetRef",
    }

    /// `spec.template` of a workload.
    Template { metadata: TemplateMetadata = "metadata", spec: TemplateSpec = "spec" }

    /// `spec.template.spec` of a workload.
    TemplateSpec { volumes: Many<Volume> = "volumes" }

    /// A volume of a Pod or a template.
    Volume {
        name: Box<str> = "name",
        claim: Claim = "persistentVolumeClaim",
        ephemeral: Present = "ephemeral",
    }

    /// `persistentVolumeClaim` of a volume.
    Claim { name: Box<str> = "claimName" }

    /// One entry of `spec.volumeClaimTemplates`.
    ClaimTemplate { metadata: ClaimTemplateMetadata = "metadata" }

    /// `metadata` of a claim template.
    ClaimTemplateMetadata { name: Box<str> = "name" }

    /// A backend of an Ingress: `service` since networking.k8s.io/v1, `serviceName` before.
    Backend { service: BackendService = "service", service_name: Box<str> = "serviceName" }

    /// `service` of a backend.
    BackendService { name: Box<str> = "name" }

    /// One entry of `spec.rules`: of an Ingress with `http`, of a route with `backendRefs`.
    Rule { http: Http = "http", backends: Many<Target> = "backendRefs" }

    /// `http` of a rule of an Ingress.
    Http { paths: Many<HttpPath> = "paths" }

    /// One entry of `http.paths`.
    HttpPath { backend: Backend = "backend" }

    /// A reference to another object.
    Target {
        group: Box<str> = "group",
        kind: Box<str> = "kind",
        namespace: Box<str> = "namespace",
        name: Box<str> = "name",
    }

    /// One entry of `endpoints` of an `EndpointSlice`, or one address of an Endpoints object.
    Endpoint { target: Target = "targetRef" }

    /// One entry of `subsets` of an Endpoints object.
    Subset {
        addresses: Many<Endpoint> = "addresses",
        not_ready: Many<Endpoint> = "notReadyAddresses",
    }

    /// `spec.template.metadata` of a workload.
    TemplateMetadata { labels: Pairs = "labels" }

    /// `spec.jobTemplate` of a `CronJob`.
    JobTemplate { spec: JobSpec = "spec" }

    /// `spec.jobTemplate.spec` of a `CronJob`.
    JobSpec { template: Template = "template" }

    /// One page of a list, as an API server answers.
    Page {
        kind: Box<str> = "kind",
        metadata: PageMetadata = "metadata",
        items: Items = "items",
    }

    /// `metadata` of a list.
    PageMetadata {
        resource_version: Box<str> = "resourceVersion",
        continue_token: PageToken = "continue",
    }
}

/// The objects of one page; the page size asked for is their bound.
#[derive(Clone, Debug, Default)]
pub(crate) struct Items(pub(crate) Vec<Object>);

impl Shape for Items {
    fn list<'de, A: SeqAccess<'de>>(mut entries: A) -> Result<Field<Self>, A::Error> {
        let mut items = Vec::new();
        while let Some(object) = entries.next_element()? {
            items.push(object);
        }
        Ok(Field::Is(Self(items)))
    }
}

/// A continue token: opaque, and longer than any text of an object may be.
#[derive(Clone, Debug, Default)]
pub(crate) struct PageToken(pub(crate) String);

/// A longer continue token is no honest one.
const MAX_PAGE_TOKEN_BYTES: usize = 64 * 1024;

impl Shape for PageToken {
    fn text(text: &str) -> Field<Self> {
        if text.len() > MAX_PAGE_TOKEN_BYTES {
            Field::Unusable(Found::LongText(text.len()))
        } else {
            Field::Is(Self(text.to_owned()))
        }
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        require(Field::deserialize(deserializer)?, "an object")
    }
}

impl<'de> Deserialize<'de> for Page {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        require(Field::deserialize(deserializer)?, "a list of objects")
    }
}

fn require<T, E: serde::de::Error>(field: Field<T>, expected: &str) -> Result<T, E> {
    match field {
        Field::Is(value) => Ok(value),
        Field::Absent => Err(E::custom(format_args!("found null, expected {expected}"))),
        Field::Unusable(found) => Err(E::custom(format_args!(
            "found {found}, expected {expected}"
        ))),
    }
}
