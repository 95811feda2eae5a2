//! The shapes that Backstitch writes and reads over HTTP, and the one-shot document of the command line (S32).
//!
//! It owns names of fields, words of closed lists and nothing else: no rule, no lookup, no default that means
//! something. It must not know any other crate of the workspace: the server turns the core's values into these, the
//! command line prints them or reads them from a running server.
//!
//! Conventions: `snake_case` keys; absent values are left out; words of closed lists in `kebab-case`; a Service is
//! written `cluster/namespace/name`, an entity by its canonical reference; times are RFC 3339 in UTC; every list that
//! can grow comes as a [`Page`].

mod alerts;
mod component;
mod decision;
mod dependency;
mod event;
mod explanation;
mod facet;
mod graph;
mod health;
mod history;
mod integration;
mod owner;
mod page;
mod preview;
mod problem;
mod resolve;
mod search;
mod service;
mod session;
mod source;
pub mod stitch;
mod summary;
mod team;
mod word;

pub use alerts::{AlertsStatus, AlertsTaken, DeadLetter};
pub use component::{ComponentDetail, ComponentOwner, ComponentRow};
pub use decision::{Decision, DecisionEnd, DecisionRequest, DecisionSource};
pub use dependency::{Declared, Dependencies, Dependency};
pub use event::{Change, Event, Ownership, Reset, ServiceChange, VerdictChange, VerdictState};
pub use explanation::{
    ComponentKey, Explanation, FieldFault, Hop, InheritedFrom, LostService, Miss, OwnerReasoning,
    OwnerTried, PathTried, RuleTried, ServiceExplanation, VerdictExplanation, WorkloadExplanation,
};
pub use facet::{
    ComponentFacets, Facet, FacetValue, FacetsOfComponents, FacetsOfServices, ServiceFacets,
};
pub use graph::{Graph, GraphEdge, GraphHidden, GraphNode};
pub use health::{Health, Readiness};
pub use history::{
    Cause, DecisionCause, HistoryBounds, HistoryEntry, OwnedAt, OwnerAnswer, OwnerAt, OwnershipAt,
    ReadCause, ServiceAnswer, ServiceAt,
};
pub use integration::{
    Integration, IntegrationChange, IntegrationCheck, IntegrationDraft, IntegrationKey,
    IntegrationPlace, IntegrationPlan, IntegrationSecret, IntegrationTested, IntegrationTrial,
    IntegrationTried, IntegrationWritten, Integrations,
};
pub use owner::{Contact, OwnedServices, OwnerContact, OwnerDetail, OwnerRow};
pub use page::Page;
pub use preview::{
    LabelMap, Mapping, Preview, PreviewChanges, PreviewCounts, PreviewExample, PreviewRequest,
    PreviewStanding,
};
pub use problem::{Problem, ProblemFault};
pub use resolve::{ResolveAnswer, ResolveRequest, ResolvedOwner};
pub use search::Found;
pub use service::{Label, Related, ServiceComponent, ServiceDetail, ServiceRow, WorkloadRow};
pub use session::{ApiToken, ApiTokenRequest, ApiTokens, NewApiToken, Session, SessionRequest};
pub use source::{
    GenerationDelta, HeldBack, ReadCost, ReadFault, Refresh, RefreshAll, RefreshRefused,
    SourceFailure, SourceFaults, SourceRead, SourceStatus, SourceTotals,
};
pub use summary::{
    Ignored, OwnerStateCounts, ServiceStateCounts, Summary, SummaryAnswer, SummaryAt, SummaryReply,
    VerdictCounts,
};
pub use team::{Team, Teams};
pub use word::{
    CheckOutcome, Confidence, ContactKind, DecisionKind, DecisionState, Declaration, EdgeKind,
    FoundKind, HiddenWhy, IntegrationOrigin, KeyChange, MatchRule, OwnerKind, OwnerOutcome,
    OwnerState, Phase, PreviewKind, Role, ServiceSort, ServiceState, SignInMethod, SourceKind,
    Verdict,
};

/// Serde leaves out what is no news.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_false(value: &bool) -> bool {
    !value
}
