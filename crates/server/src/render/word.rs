//! The core's closed lists, word for word. That both write the same words is a test.

use topology::contact::ContactKind;
use topology::dependency::Declaration;
use topology::fact::OwnerKind;
use topology::graph::{EdgeKind, Why};
use topology::resolve::Confidence;
use topology::search::FoundKind;
use topology::settings::MatchRule;
use topology::verdict::{OwnerOutcome, OwnerState, ServiceState, VerdictKind};

pub(super) fn verdict(kind: VerdictKind) -> api::Verdict {
    match kind {
        VerdictKind::Stitched => api::Verdict::Stitched,
        VerdictKind::NoKubernetesId => api::Verdict::NoKubernetesId,
        VerdictKind::ServiceNotFound => api::Verdict::ServiceNotFound,
        VerdictKind::Ambiguous => api::Verdict::Ambiguous,
        VerdictKind::Conflict => api::Verdict::Conflict,
        VerdictKind::Invalid => api::Verdict::Invalid,
    }
}

pub(super) fn contact_kind(kind: ContactKind) -> api::ContactKind {
    match kind {
        ContactKind::Email => api::ContactKind::Email,
        ContactKind::Slack => api::ContactKind::Slack,
        ContactKind::PagerDuty => api::ContactKind::PagerDuty,
        ContactKind::Opsgenie => api::ContactKind::Opsgenie,
        ContactKind::Link => api::ContactKind::Link,
    }
}

pub(super) fn owner_state(state: OwnerState) -> api::OwnerState {
    match state {
        OwnerState::Resolved => api::OwnerState::Resolved,
        OwnerState::Unresolved => api::OwnerState::Unresolved,
        OwnerState::None => api::OwnerState::None,
    }
}

pub(super) fn service_state(state: ServiceState) -> api::ServiceState {
    match state {
        ServiceState::Owned => api::ServiceState::Owned,
        ServiceState::StitchedWithoutOwner => api::ServiceState::StitchedWithoutOwner,
        ServiceState::Unclaimed => api::ServiceState::Unclaimed,
    }
}

pub(super) fn found_kind(kind: FoundKind) -> api::FoundKind {
    match kind {
        FoundKind::Service => api::FoundKind::Service,
        FoundKind::Component => api::FoundKind::Component,
        FoundKind::Owner => api::FoundKind::Owner,
        FoundKind::Workload => api::FoundKind::Workload,
    }
}

pub(super) fn rule(rule: MatchRule) -> api::MatchRule {
    match rule {
        MatchRule::ServiceName => api::MatchRule::ServiceName,
        MatchRule::KubernetesIdLabel => api::MatchRule::KubernetesIdLabel,
        MatchRule::LabelSelector => api::MatchRule::LabelSelector,
        MatchRule::ComponentName => api::MatchRule::ComponentName,
        MatchRule::Pinned => api::MatchRule::Pinned,
    }
}

pub(super) fn owner_kind(kind: OwnerKind) -> api::OwnerKind {
    match kind {
        OwnerKind::Group => api::OwnerKind::Group,
        OwnerKind::User => api::OwnerKind::User,
    }
}

pub(super) fn owner_outcome(outcome: OwnerOutcome) -> api::OwnerOutcome {
    match outcome {
        OwnerOutcome::Resolved => api::OwnerOutcome::Resolved,
        OwnerOutcome::Dangling => api::OwnerOutcome::Dangling,
        OwnerOutcome::WrongKind => api::OwnerOutcome::WrongKind,
        OwnerOutcome::Malformed => api::OwnerOutcome::Malformed,
        OwnerOutcome::NotTried => api::OwnerOutcome::NotTried,
    }
}

pub(super) fn edge_kind(kind: EdgeKind) -> api::EdgeKind {
    match kind {
        EdgeKind::Is => api::EdgeKind::Is,
        EdgeKind::Selects => api::EdgeKind::Selects,
        EdgeKind::LeadsTo => api::EdgeKind::LeadsTo,
        EdgeKind::RoutesTo => api::EdgeKind::RoutesTo,
        EdgeKind::DependsOn => api::EdgeKind::DependsOn,
        EdgeKind::Owns => api::EdgeKind::Owns,
        EdgeKind::Scales => api::EdgeKind::Scales,
        EdgeKind::Mounts => api::EdgeKind::Mounts,
        EdgeKind::RunsOn => api::EdgeKind::RunsOn,
    }
}

pub(super) fn declaration(declaration: Declaration) -> api::Declaration {
    match declaration {
        Declaration::DependsOn => api::Declaration::DependsOn,
        Declaration::DependencyOf => api::Declaration::DependencyOf,
        Declaration::DependsOnRelation => api::Declaration::DependsOnRelation,
        Declaration::DependencyOfRelation => api::Declaration::DependencyOfRelation,
    }
}

pub(super) fn hidden_why(why: Why) -> api::HiddenWhy {
    match why {
        Why::Depth => api::HiddenWhy::Depth,
        Why::Limit => api::HiddenWhy::Limit,
    }
}

pub(super) fn confidence(confidence: Confidence) -> api::Confidence {
    match confidence {
        Confidence::Exact => api::Confidence::Exact,
        Confidence::Inherited => api::Confidence::Inherited,
        Confidence::Guess => api::Confidence::Guess,
        Confidence::Shared => api::Confidence::Shared,
        Confidence::Unknown => api::Confidence::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use topology::sorted::ServiceSort;

    use super::*;

    #[test]
    fn both_write_the_same_words_in_the_same_order() {
        let core = VerdictKind::ALL.map(VerdictKind::as_str);
        assert!(
            core.into_iter()
                .eq(api::Verdict::ALL.iter().map(|word| word.as_str()))
        );
        for kind in VerdictKind::ALL {
            assert_eq!(verdict(kind).as_str(), kind.as_str());
        }
        for state in OwnerState::ALL {
            assert_eq!(owner_state(state).as_str(), state.as_str());
        }
        for state in ServiceState::ALL {
            assert_eq!(service_state(state).as_str(), state.as_str());
        }
        for kind in MatchRule::ALL {
            assert_eq!(rule(kind).as_str(), kind.as_str());
        }
        for (sure, word) in [
            (Confidence::Exact, api::Confidence::Exact),
            (Confidence::Inherited, api::Confidence::Inherited),
            (Confidence::Shared, api::Confidence::Shared),
            (Confidence::Guess, api::Confidence::Guess),
            (Confidence::Unknown, api::Confidence::Unknown),
        ] {
            assert_eq!((confidence(sure), word.as_str()), (word, sure.as_str()));
        }
        for kind in EdgeKind::ALL {
            assert_eq!(edge_kind(kind).as_str(), kind.as_str());
        }
        for kind in Declaration::ALL {
            assert_eq!(declaration(kind).as_str(), kind.as_str());
        }
        for kind in FoundKind::ALL {
            assert_eq!(found_kind(kind).as_str(), kind.as_str());
        }
        let orders = ServiceSort::ALL.map(ServiceSort::as_str);
        assert!(
            orders
                .into_iter()
                .eq(api::ServiceSort::ALL.iter().map(|word| word.as_str()))
        );
        for kind in [OwnerKind::Group, OwnerKind::User] {
            assert_eq!(owner_kind(kind).as_str(), kind.as_str());
        }
    }
}
