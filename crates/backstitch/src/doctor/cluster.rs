//! A cluster: whether it can be reached, what it serves, and what may be read of it. Pure: what was found out in, checks out.

use cluster::live::{Examination, Excess, KindAccess, RequestError, Standing};
use topology::fact::ObjectKind;

use super::{Check, clock, told};

/// The checks of an API server that was asked.
pub(super) fn checks(address: &str, examination: &Examination) -> Vec<Check> {
    let version = match &examination.version {
        Ok(Some(version)) => Check::ok(
            "api-server",
            format!("`{address}` answers: Kubernetes {version}"),
        ),
        Ok(None) => Check::ok("api-server", format!("`{address}` answers")),
        Err(error @ RequestError::Unauthorized { .. }) => refused("credentials", error),
        Err(error) => refused("api-server", error),
    };
    let mut checks = vec![version];
    checks.extend(clock::check(examination.clock_ahead));
    checks.extend(examination.kinds.iter().map(kind));
    if examination.version.is_ok() {
        checks.push(excess(examination.excess));
    }
    checks
}

fn refused(what: &'static str, error: &RequestError) -> Check {
    Check::fail(what, told(error)).remedy(error.hint())
}

fn kind(access: &KindAccess) -> Check {
    let KindAccess {
        kind,
        resource,
        standing,
    } = access;
    let resource = resource.clone();
    match standing {
        Standing::Readable => Check::ok(resource, "can be listed and watched"),
        Standing::Spared => Check::note(
            resource,
            "may not be read, and are done without: they are no part of `namespaces`",
        ),
        Standing::NotServed { extension: true } => {
            Check::note(resource, "are not installed, and are not needed")
        }
        Standing::NotServed { extension: false } if *kind == ObjectKind::Service => {
            let remedy = "look at `server` in the kubeconfig: every Kubernetes has Services";
            Check::fail(resource, "are not served").remedy(Some(remedy))
        }
        Standing::NotServed { extension: false } => Check::note(resource, "are not served"),
        Standing::Denied(errors) => {
            let messages: Vec<String> = errors.iter().map(|error| told(error)).collect();
            let remedies: Vec<String> = errors.iter().filter_map(RequestError::hint).collect();
            Check::fail(resource, messages.join("; ")).remedy(Some(remedies.join("\n")))
        }
        Standing::Unknown(error) => {
            let message = format!("whether they may be read is not known: {}", told(error));
            Check::warn(resource, message).remedy(error.hint())
        }
    }
}

fn excess(excess: Option<Excess>) -> Check {
    const REMEDY: &str = "run it as an account of its own: `helm install` and the manifests in `deploy/` make one that may `get`, \
        `list` and `watch` what is read, and Secrets in the namespaces named for them alone; \
        `kubectl auth can-i --list` shows what this one may do";
    let message = match excess {
        None => return Check::ok("excess", "neither all may be done nor all Secrets be read"),
        Some(Excess::Everything) => {
            "these credentials may do everything, which nobody needs to read a cluster"
        }
        Some(Excess::AllSecrets) => {
            "these credentials may read the Secrets of all namespaces, which is not needed"
        }
    };
    Check::warn("excess", message).remedy(Some(REMEDY))
}

#[cfg(test)]
mod tests {
    use cluster::live::Asked;
    use topology::fact::WorkloadKind;

    use super::*;

    fn access(resource: &str, standing: Standing) -> KindAccess {
        KindAccess {
            kind: ObjectKind::Workload(WorkloadKind::Pod),
            resource: resource.to_owned(),
            standing,
        }
    }

    fn denied(namespace: Option<&str>) -> RequestError {
        RequestError::Forbidden {
            asked: Asked {
                server: "https://a:6443".to_owned(),
                resource: "pods".to_owned(),
                namespace: namespace.map(str::to_owned),
            },
            user: Some("jane".to_owned()),
        }
    }

    fn shown(examination: &Examination) -> String {
        let checks = checks("https://a:6443", examination);
        let lines = checks.iter().map(|check| {
            let remedy = check.remedy.as_deref().unwrap_or_default();
            let remedy = remedy.lines().map(|line| format!("    {line}\n"));
            let (outcome, what) = (check.outcome, &check.what);
            let remedy: String = remedy.collect();
            format!("{outcome:?} {what}: {}\n{remedy}", check.message)
        });
        lines.collect()
    }

    #[test]
    fn every_permission_that_is_missing_comes_with_what_grants_it() {
        let examination = Examination {
            clock_ahead: Some(120),
            version: Ok(Some("v1.33.1".to_owned())),
            kinds: vec![
                access("services", Standing::Readable),
                access("nodes", Standing::Spared),
                access(
                    "pods",
                    Standing::Denied(vec![denied(Some("shop")), denied(Some("bank"))]),
                ),
                access(
                    "httproutes.gateway.networking.k8s.io",
                    Standing::NotServed { extension: true },
                ),
            ],
            excess: Some(Excess::AllSecrets),
        };
        insta::assert_snapshot!(shown(&examination), @r"
        Ok api-server: `https://a:6443` answers: Kubernetes v1.33.1
        Warn clock: the server's is 120 s ahead of that of this machine
            set both by NTP (`timedatectl` says where this machine stands): tokens and certificates count as expired, or not yet valid, by it
        Ok services: can be listed and watched
        Note nodes: may not be read, and are done without: they are no part of `namespaces`
        Fail pods: `https://a:6443` does not permit `jane` to read pods in namespace `shop` (403 Forbidden); `https://a:6443` does not permit `jane` to read pods in namespace `bank` (403 Forbidden)
            grant it with `kubectl create role backstitch-pods --namespace=shop --verb=get,list,watch --resource=pods` and `kubectl create rolebinding backstitch-pods --namespace=shop --role=backstitch-pods --user=jane`
            grant it with `kubectl create role backstitch-pods --namespace=bank --verb=get,list,watch --resource=pods` and `kubectl create rolebinding backstitch-pods --namespace=bank --role=backstitch-pods --user=jane`
        Note httproutes.gateway.networking.k8s.io: are not installed, and are not needed
        Warn excess: these credentials may read the Secrets of all namespaces, which is not needed
            run it as an account of its own: `helm install` and the manifests in `deploy/` make one that may `get`, `list` and `watch` what is read, and Secrets in the namespaces named for them alone; `kubectl auth can-i --list` shows what this one may do
        ");
    }

    #[test]
    fn credentials_that_are_refused_are_no_dead_server() {
        let RequestError::Forbidden { asked, .. } = denied(None) else {
            return;
        };
        let examination = Examination {
            clock_ahead: None,
            version: Err(RequestError::Unauthorized { asked }),
            kinds: Vec::new(),
            excess: None,
        };
        insta::assert_snapshot!(shown(&examination), @r"
        Fail credentials: `https://a:6443` does not accept the credentials (401 Unauthorized, when asked for pods)
            the token or certificate may have expired: sign in again, or renew the kubeconfig
        ");
    }
}
