//! The closed lists of words.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Declares an enum whose every variant is one word on the wire.
///
/// A word is taken as a token: the derived schema does not see through a literal that a macro passes on, and would have the names of
/// the variants instead.
macro_rules! words {
    ($(#[$attribute:meta])* $name:ident { $($(#[$variant_attribute:meta])* $variant:ident = $word:tt,)+ }) => {
        $(#[$attribute])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
        )]
        pub enum $name {
            $($(#[$variant_attribute])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every word, in the order of the contract.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word as it is written.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

words! {
    /// What became of a component in a cluster (S20).
    Verdict {
        /// Linked to at least one Service.
        Stitched = "stitched",
        /// No field of the mapping names a Service, and no other rule found one.
        NoKubernetesId = "no-kubernetes-id",
        /// A Service is named or selected, and there is none.
        ServiceNotFound = "service-not-found",
        /// A name without a namespace is that of several Services.
        Ambiguous = "ambiguous",
        /// Another component has the Service.
        Conflict = "conflict",
        /// The entity or a field cannot be used.
        Invalid = "invalid",
    }
}

words! {
    /// A way to reach somebody.
    ContactKind {
        /// An e-mail address.
        Email = "email",
        /// A channel, user or group of Slack.
        Slack = "slack",
        /// A service of PagerDuty, by its ID.
        PagerDuty = "pagerduty",
        /// A team of Opsgenie.
        Opsgenie = "opsgenie",
        /// A page.
        Link = "link",
    }
}

words! {
    /// What a person can decide.
    DecisionKind {
        /// The component is this Service, whatever its fields say.
        Pin = "pin",
        /// Of the components that claim the Service, this one has it.
        Prefer = "prefer",
        /// The component is not expected to run, or the Service not to have an owner.
        Ignore = "ignore",
        /// The removals that are held back of a source are true (S23).
        ConfirmRemovals = "confirm-removals",
    }
}

words! {
    /// Whether a decision bears on anything.
    DecisionState {
        /// It does.
        InForce = "in-force",
        /// It stands, and what it is about is not there or does not ask for it.
        Stale = "stale",
        /// It was withdrawn, its time is over, or it is done.
        Ended = "ended",
    }
}

words! {
    /// Whether a component has an owner (S20).
    OwnerState {
        /// A candidate is a Group or User of the instance.
        Resolved = "resolved",
        /// There are candidates, and none is.
        Unresolved = "unresolved",
        /// No field had a value.
        None = "none",
    }
}

words! {
    /// What is known of a Service's owner (S20).
    ServiceState {
        /// A component with a resolved owner is stitched to it.
        Owned = "owned",
        /// A component is stitched to it, and that has no resolved owner.
        StitchedWithoutOwner = "stitched-without-owner",
        /// No component is stitched to it.
        Unclaimed = "unclaimed",
    }
}

words! {
    /// An order of Services. What has no value comes last, whichever way.
    ServiceSort {
        /// Cluster, namespace, name.
        Name = "name",
        /// The same the other way round.
        NameDown = "-name",
        /// The bare name.
        Service = "service",
        /// The same the other way round.
        ServiceDown = "-service",
        /// Display name of the owner.
        Team = "team",
        /// The same the other way round.
        TeamDown = "-team",
        /// What is known of the owner: owned, stitched without owner, unclaimed.
        State = "state",
        /// The same the other way round.
        StateDown = "-state",
        /// Name of the component.
        Component = "component",
        /// The same the other way round.
        ComponentDown = "-component",
    }
}

words! {
    /// What can be found.
    FoundKind {
        /// A Service.
        Service = "service",
        /// A component.
        Component = "component",
        /// A Group or a User.
        Owner = "owner",
        /// A workload, a pod, or what is around them.
        Workload = "workload",
    }
}

words! {
    /// One way to find the Services of a component (S11).
    MatchRule {
        /// The Kubernetes id is the name of a Service.
        ServiceName = "service-name",
        /// The Service carries label `backstage.io/kubernetes-id` with the Kubernetes id as value.
        KubernetesIdLabel = "kubernetes-id-label",
        /// Annotation `backstage.io/kubernetes-label-selector` selects Services.
        LabelSelector = "label-selector",
        /// `metadata.name` is the name of a Service.
        ComponentName = "component-name",
        /// A person pinned the component to the Service. It comes before every other, and is in no list of rules.
        Pinned = "pinned",
    }
}

words! {
    /// What a change that a preview shows is mostly about; what matters most is first.
    PreviewKind {
        /// Not stitched any more.
        StitchedLost = "stitched-lost",
        /// In conflict, and not before.
        NewlyInConflict = "newly-in-conflict",
        /// Ambiguous, and not before.
        NewlyAmbiguous = "newly-ambiguous",
        /// Invalid, and not before.
        NewlyInvalid = "newly-invalid",
        /// Of another instance, which wins or loses a Service.
        OtherAffected = "other-affected",
        /// Stitched to other Services.
        Moved = "moved",
        /// Stitched, and not before.
        StitchedGained = "stitched-gained",
        /// Without an owner, and with one before.
        OwnerLost = "owner-lost",
        /// With another owner.
        OwnerChanged = "owner-changed",
        /// With an owner, and without one before.
        OwnerGained = "owner-gained",
        /// Naming a Service that is not there, and not before.
        NewlyNotFound = "newly-not-found",
        /// In any other way.
        Otherwise = "otherwise",
    }
}

words! {
    /// Whether an owner is a team or a person.
    OwnerKind {
        /// A team.
        Group = "Group",
        /// A person.
        User = "User",
    }
}

words! {
    /// What came of one owner candidate (S12).
    OwnerOutcome {
        /// It is the owner.
        Resolved = "resolved",
        /// No such Group or User in the instance.
        Dangling = "dangling",
        /// It names an entity that is neither a Group nor a User.
        WrongKind = "wrong-kind",
        /// It is no entity reference.
        Malformed = "malformed",
        /// A candidate before it resolved.
        NotTried = "not-tried",
    }
}

words! {
    /// How sure an answer about a bag of labels is.
    Confidence {
        /// The labels name one Service.
        Exact = "exact",
        /// They name something that inherits from one owner (S19).
        Inherited = "inherited",
        /// They name something that several owners share: all are given.
        Shared = "shared",
        /// A name suggests it.
        Guess = "guess",
        /// Nothing that is known.
        Unknown = "unknown",
    }
}

words! {
    /// Where a source stands.
    Phase {
        /// It was not read yet.
        Starting = "starting",
        /// Its last read was complete.
        Ready = "ready",
        /// Its last good generation is served, and it has not answered since (S22, S26).
        Stale = "stale",
        /// It never gave a complete generation, and its last read failed.
        Failing = "failing",
        /// Its last generation would remove too much and waits for confirmation (S23).
        Held = "held",
        /// A person wants it left alone; what is known of it is served as it is.
        Paused = "paused",
    }
}

words! {
    /// What a source gives.
    SourceKind {
        /// Components and owners.
        Catalog = "catalog",
        /// Services and what is behind them.
        Cluster = "cluster",
        /// Configuration: the Kubernetes Secrets of a namespace.
        Secrets = "secrets",
    }
}

words! {
    /// How one node of a graph leads to another.
    EdgeKind {
        /// A component is stitched to a Service.
        Is = "is",
        /// A Service selects pods, or the template of a workload.
        Selects = "selects",
        /// A Service without a selector leads to pods by its endpoints.
        LeadsTo = "leads-to",
        /// An Ingress or a route sends requests to a Service.
        RoutesTo = "routes-to",
        /// Its component declares that it depends on that of the other. A component without a Service stands there itself.
        DependsOn = "depends-on",
        /// A workload controls another, or pods.
        Owns = "owns",
        /// An autoscaler scales a workload.
        Scales = "scales",
        /// A workload or a pod mounts a claim, or made it.
        Mounts = "mounts",
        /// A pod runs on a Node.
        RunsOn = "runs-on",
    }
}

words! {
    /// What declares a dependency.
    Declaration {
        /// `spec.dependsOn` of who depends on it.
        DependsOn = "spec.dependsOn",
        /// `spec.dependencyOf` of what is depended on.
        DependencyOf = "spec.dependencyOf",
        /// Relation `dependsOn`, which Backstage makes of either field.
        DependsOnRelation = "relations.dependsOn",
        /// Relation `dependencyOf`, which Backstage makes of either field.
        DependencyOfRelation = "relations.dependencyOf",
    }
}

words! {
    /// Why something is not shown in a graph.
    HiddenWhy {
        /// It is a step too far.
        Depth = "depth",
        /// There were nodes enough.
        Limit = "limit",
    }
}

words! {
    /// What somebody may do; each may do what those before it may.
    Role {
        /// Look at everything, ask everything, try settings out.
        Viewer = "viewer",
        /// Decide, have sources read, hand in alerts.
        Editor = "editor",
        /// Make tokens, add and remove data sources.
        Admin = "admin",
    }
}

words! {
    /// Who says how a Backstage is reached.
    IntegrationOrigin {
        /// The configuration file.
        File = "file",
        /// A Secret.
        Secret = "secret",
        /// A Secret, which the configuration file names.
        Both = "both",
    }
}

words! {
    /// How one signs in.
    SignInMethod {
        /// By a token.
        Token = "token",
        /// At a provider of OpenID Connect.
        Oidc = "oidc",
    }
}

words! {
    /// What a check came to.
    CheckOutcome {
        /// All is well.
        Ok = "ok",
        /// Worth knowing.
        Note = "note",
        /// Worth a second look.
        Warn = "warn",
        /// It does not work.
        Fail = "fail",
    }
}

words! {
    /// What becomes of a key.
    KeyChange {
        /// It is new.
        Added = "added",
        /// It has another value.
        Changed = "changed",
        /// It goes.
        Removed = "removed",
        /// It stays as it is.
        Kept = "kept",
    }
}
