//! `spec`, which is different for each kind.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::list::List;
use super::object::{Read, into_object, object};
use super::problem::{At, Problems};

/// `spec`, read by what the entity's `kind` says in any case.
///
/// The `apiVersion` does not matter, as it does not matter to Backstage's own `isComponentEntity`
/// and to references. Where a text names entities, the kind that it may leave out is said with the
/// field; the namespace that it may leave out is that of the entity itself
/// ([`Entity::resolve`](super::Entity::resolve)).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Spec {
    /// A piece of software.
    Component(ComponentSpec),
    /// What components offer to others.
    Api(ApiSpec),
    /// A team, a department, a company.
    Group(GroupSpec),
    /// A person.
    User(UserSpec),
    /// What software needs to run: a database, a bucket.
    Resource(ResourceSpec),
    /// Components, APIs and resources that belong together.
    System(SystemSpec),
    /// Systems that belong together.
    Domain(DomainSpec),
    /// Where entities are read from.
    Location(LocationSpec),
    /// A template of the scaffolder.
    Template(TemplateSpec),
    /// Any other kind, as it is.
    Other(Map<String, Value>),
}

impl Spec {
    /// `spec.owner`, of any kind that has one: a reference as it was written, to a group where it
    /// names no kind. [`Entity::owners`](super::Entity::owners) says whom it means.
    pub fn owner(&self) -> Option<&str> {
        match self {
            Self::Component(spec) => spec.owner.as_deref(),
            Self::Api(spec) => spec.owner.as_deref(),
            Self::Resource(spec) => spec.owner.as_deref(),
            Self::System(spec) => spec.owner.as_deref(),
            Self::Domain(spec) => spec.owner.as_deref(),
            Self::Template(spec) => spec.owner.as_deref(),
            Self::Group(GroupSpec { other, .. })
            | Self::User(UserSpec { other, .. })
            | Self::Location(LocationSpec { other, .. })
            | Self::Other(other) => other.get("owner")?.as_str(),
        }
    }

    /// `spec.type`, of any kind that has one: `service`, `team`, `database`, …
    pub fn type_(&self) -> Option<&str> {
        match self {
            Self::Component(spec) => spec.type_.as_deref(),
            Self::Api(spec) => spec.type_.as_deref(),
            Self::Group(spec) => spec.type_.as_deref(),
            Self::Resource(spec) => spec.type_.as_deref(),
            Self::System(spec) => spec.type_.as_deref(),
            Self::Domain(spec) => spec.type_.as_deref(),
            Self::Location(spec) => spec.type_.as_deref(),
            Self::Template(spec) => spec.type_.as_deref(),
            Self::User(UserSpec { other, .. }) | Self::Other(other) => other.get("type")?.as_str(),
        }
    }

    /// The content as what this kind has.
    pub(super) fn of_kind(
        kind: &str,
        content: Map<String, Value>,
        at: &At<'_>,
        problems: &mut Problems,
    ) -> Self {
        match kind.to_lowercase().as_str() {
            "component" => Self::Component(ComponentSpec::read_map(content, at, problems)),
            "api" => Self::Api(ApiSpec::read_map(content, at, problems)),
            "group" => Self::Group(GroupSpec::read_map(content, at, problems)),
            "user" => Self::User(UserSpec::read_map(content, at, problems)),
            "resource" => Self::Resource(ResourceSpec::read_map(content, at, problems)),
            "system" => Self::System(SystemSpec::read_map(content, at, problems)),
            "domain" => Self::Domain(DomainSpec::read_map(content, at, problems)),
            "location" => Self::Location(LocationSpec::read_map(content, at, problems)),
            "template" => Self::Template(TemplateSpec::read_map(content, at, problems)),
            _ => Self::Other(content),
        }
    }
}

impl Serialize for Spec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Component(spec) => spec.serialize(serializer),
            Self::Api(spec) => spec.serialize(serializer),
            Self::Group(spec) => spec.serialize(serializer),
            Self::User(spec) => spec.serialize(serializer),
            Self::Resource(spec) => spec.serialize(serializer),
            Self::System(spec) => spec.serialize(serializer),
            Self::Domain(spec) => spec.serialize(serializer),
            Self::Location(spec) => spec.serialize(serializer),
            Self::Template(spec) => spec.serialize(serializer),
            Self::Other(spec) => spec.serialize(serializer),
        }
    }
}

object! {
    /// `spec` of a Component.
    pub struct ComponentSpec {
        /// `service`, `website`, `library`, …
        pub type_: Option<String> = "type",
        /// `production`, `experimental`, `deprecated`, …
        pub lifecycle: Option<String> = "lifecycle",
        /// Who owns it: a group, or a user where it says so.
        pub owner: Option<String> = "owner",
        /// The system it is part of.
        pub system: Option<String> = "system",
        /// The component it is part of.
        pub subcomponent_of: Option<String> = "subcomponentOf",
        /// The APIs it provides.
        pub provides_apis: List<String> = "providesApis",
        /// The APIs it uses.
        pub consumes_apis: List<String> = "consumesApis",
        /// The components and resources it needs; each names its kind.
        pub depends_on: List<String> = "dependsOn",
        /// The components and resources that need it; each names its kind.
        pub dependency_of: List<String> = "dependencyOf",
    }
}

object! {
    /// `spec` of an API.
    pub struct ApiSpec {
        /// `openapi`, `grpc`, `asyncapi`, `graphql`, …
        pub type_: Option<String> = "type",
        /// `production`, `experimental`, `deprecated`, …
        pub lifecycle: Option<String> = "lifecycle",
        /// Who owns it: a group, or a user where it says so.
        pub owner: Option<String> = "owner",
        /// The system it is part of.
        pub system: Option<String> = "system",
        /// Its definition, in the format that the type implies; megabytes at times.
        pub definition: Option<String> = "definition",
    }
}

object! {
    /// `spec` of a Group.
    pub struct GroupSpec {
        /// `team`, `department`, `organization`, …
        pub type_: Option<String> = "type",
        /// How to show it and to reach it.
        pub profile: Option<Profile> = "profile",
        /// The group it belongs to.
        pub parent: Option<String> = "parent",
        /// The groups that belong to it.
        pub children: List<String> = "children",
        /// The users in it, besides those that say so themselves by `memberOf`.
        pub members: List<String> = "members",
    }
}

object! {
    /// `spec` of a User.
    pub struct UserSpec {
        /// How to show and to reach the person.
        pub profile: Option<Profile> = "profile",
        /// The groups that the person is in.
        pub member_of: List<String> = "memberOf",
    }
}

object! {
    /// How to show a group or a user, and how to reach them.
    pub struct Profile {
        /// The name to show.
        pub display_name: Option<String> = "displayName",
        /// The address to write to.
        pub email: Option<String> = "email",
        /// The URL of a picture, or the picture itself as a `data:` URL.
        pub picture: Option<String> = "picture",
    }
}

object! {
    /// `spec` of a Resource.
    pub struct ResourceSpec {
        /// `database`, `s3-bucket`, `kubernetes-cluster`, …
        pub type_: Option<String> = "type",
        /// Who owns it: a group, or a user where it says so.
        pub owner: Option<String> = "owner",
        /// The system it is part of.
        pub system: Option<String> = "system",
        /// The components and resources it needs; each names its kind.
        pub depends_on: List<String> = "dependsOn",
        /// The components and resources that need it; each names its kind.
        pub dependency_of: List<String> = "dependencyOf",
    }
}

object! {
    /// `spec` of a System.
    pub struct SystemSpec {
        /// `product`, `service`, `feature-set`, …
        pub type_: Option<String> = "type",
        /// Who owns it: a group, or a user where it says so.
        pub owner: Option<String> = "owner",
        /// The domain it is part of.
        pub domain: Option<String> = "domain",
    }
}

object! {
    /// `spec` of a Domain.
    pub struct DomainSpec {
        /// `product-area`, `bundle`, …
        pub type_: Option<String> = "type",
        /// Who owns it: a group, or a user where it says so.
        pub owner: Option<String> = "owner",
        /// The domain it is part of.
        pub subdomain_of: Option<String> = "subdomainOf",
    }
}

object! {
    /// `spec` of a Location.
    pub struct LocationSpec {
        /// `url`, `file`, …; absent means that of the location that leads here.
        pub type_: Option<String> = "type",
        /// Where to read.
        pub target: Option<String> = "target",
        /// Where else to read.
        pub targets: List<String> = "targets",
        /// `required`, or `optional` where a missing target is no error.
        pub presence: Option<String> = "presence",
    }
}

object! {
    /// `spec` of a Template of the scaffolder (`scaffolder.backstage.io/v1beta3`).
    pub struct TemplateSpec {
        /// The type of the components it makes.
        pub type_: Option<String> = "type",
        /// Who owns it: a group, or a user where it says so.
        pub owner: Option<String> = "owner",
        /// `production`, `experimental`, `deprecated`, …
        pub lifecycle: Option<String> = "lifecycle",
        /// What it asks for: a JSON schema, or a list of them.
        pub parameters: Option<Value> = "parameters",
        /// What it does.
        pub steps: List<TemplateStep> = "steps",
        /// What it gives.
        pub output: Option<Value> = "output",
    }
}

object! {
    /// One of the `spec.steps` of a Template.
    pub struct TemplateStep {
        /// The name by which other steps refer to it.
        pub id: Option<String> = "id",
        /// The name to show.
        pub name: Option<String> = "name",
        /// The action, such as `fetch:template`.
        pub action: Option<String> = "action",
        /// What the action is given.
        pub input: Option<Value> = "input",
        /// The condition: a boolean, or an expression.
        pub if_: Option<Value> = "if",
        /// What to repeat it for: a list, or an expression.
        pub each: Option<Value> = "each",
    }
}

/// Any object: what is in it depends on the kind of the entity.
impl Read for Spec {
    fn read(value: Value, at: &At<'_>, problems: &mut Problems) -> Result<Self, Value> {
        into_object(value, at, problems).map(Self::Other)
    }
}
