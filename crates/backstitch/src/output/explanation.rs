//! The whole reasoning as steps to read.

use std::io::{self, Write};

use api::{
    Explanation, InheritedFrom, Label, OwnerOutcome, OwnerReasoning, PathTried, ServiceExplanation,
    VerdictExplanation, WorkloadExplanation,
};

use super::paint::{Paint, Style};
use super::screen::{counted, printable};
use super::unowned;

/// How many names of a list are shown; `-o json` has them all.
const SHOWN: usize = 10;

/// Writes an explanation.
pub(crate) fn write(
    explanation: &Explanation,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut page = Page { out, paint };
    match explanation {
        Explanation::Component {
            reference,
            instances,
            verdicts,
        } => {
            if verdicts.is_empty() {
                page.heading(reference)?;
                page.step("Clusters")?;
                let instances = instances.join("`, `");
                page.line(&format!("none that was read is covered by catalog `{instances}`, so nothing was looked up"))?;
            }
            verdicts
                .iter()
                .enumerate()
                .try_for_each(|(index, verdict)| {
                    if index > 0 {
                        writeln!(page.out)?;
                    }
                    page.verdict(verdict)
                })
        }
        Explanation::Service(service) => page.service(service),
        Explanation::Workload(workload) => page.workload(workload),
    }
}

/// What came of an owner candidate.
pub(crate) fn outcome_words(outcome: OwnerOutcome) -> &'static str {
    match outcome {
        OwnerOutcome::Resolved => "the owner",
        OwnerOutcome::Dangling => "no such Group or User in this catalog",
        OwnerOutcome::WrongKind => "neither a Group nor a User",
        OwnerOutcome::Malformed => "no entity reference",
        OwnerOutcome::NotTried => "not tried, one before it resolved",
    }
}

struct Page<'p> {
    out: &'p mut dyn Write,
    paint: Paint,
}

impl Page<'_> {
    fn heading(&mut self, text: &str) -> io::Result<()> {
        writeln!(
            self.out,
            "{}",
            self.paint.paint(Style::Heading, printable(text))
        )
    }

    fn step(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "\n  {}", self.paint.paint(Style::Heading, text))
    }

    fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "    {}", printable(text))
    }

    /// Lines of two columns.
    fn columns(&mut self, rows: &[(String, String)]) -> io::Result<()> {
        let width = rows
            .iter()
            .map(|(left, _)| left.chars().count())
            .max()
            .unwrap_or_default();
        rows.iter()
            .try_for_each(|(left, right)| self.line(format!("{left:<width$}  {right}").trim_end()))
    }

    fn names(&mut self, names: &[String], total: u64) -> io::Result<()> {
        for name in names.iter().take(SHOWN) {
            self.line(&format!("  {name}"))?;
        }
        match total.saturating_sub(names.len().min(SHOWN) as u64) {
            0 => Ok(()),
            more => self.line(&format!("  and {more} more")),
        }
    }

    fn verdict(&mut self, it: &VerdictExplanation) -> io::Result<()> {
        self.heading(&format!(
            "{} of catalog {} in cluster {}",
            it.reference, it.instance, it.cluster
        ))?;
        let style = match it.verdict {
            api::Verdict::Stitched => Style::Good,
            _ => Style::Warning,
        };
        let verdict = self.paint.paint(style, it.verdict);
        writeln!(self.out, "  {verdict}: {}", printable(&it.reason))?;
        self.reasoning(it)
    }

    fn reasoning(&mut self, it: &VerdictExplanation) -> io::Result<()> {
        self.step("1. Which Service does the component name?")?;
        self.paths(&it.id_paths)?;
        self.step("2. In which namespace?")?;
        self.paths(&it.namespace_paths)?;
        if let Some(fault) = &it.fault {
            let field = if fault.field.is_empty() {
                "the entity"
            } else {
                &fault.field
            };
            self.line(&format!(
                "{field}: found {}, expected {}",
                fault.found, fault.expected
            ))?;
        }
        self.step("3. What was looked up?")?;
        if it.rules.is_empty() {
            self.line("nothing")?;
        }
        for tried in &it.rules {
            match &tried.lookup {
                Some(lookup) => {
                    let found = match tried.found_total {
                        0 => "found nothing".to_owned(),
                        count => format!("found {}", counted(count, "Service", "Services")),
                    };
                    self.line(&format!("{}: {lookup}: {found}", tried.rule))?;
                    self.names(&tried.found, tried.found_total)?;
                }
                None => self.line(&format!(
                    "{}: the component gives nothing to look for",
                    tried.rule
                ))?,
            }
        }
        self.around(it)?;
        self.step("4. What became of it?")?;
        self.outcome(it)?;
        self.step("5. Who is its owner?")?;
        self.owner(&it.owner)?;
        let owner_fix = it.owner.fix.as_ref();
        let owner_fix = owner_fix.filter(|fix| it.fix.as_ref() != Some(fix));
        let fixes: Vec<&String> = it.fix.iter().chain(owner_fix).collect();
        if !fixes.is_empty() {
            self.step("Fix")?;
            for line in fixes.into_iter().flat_map(|fix| fix.lines()) {
                let line = self.paint.paint(Style::Hint, printable(line));
                writeln!(self.out, "    {line}")?;
            }
        }
        let read = format!("read {} (generation {})", it.read_at, it.generation);
        writeln!(self.out, "\n  {}", self.paint.paint(Style::Faint, read))
    }

    /// The first path with a value counts (S5).
    fn paths(&mut self, paths: &[PathTried]) -> io::Result<()> {
        let rows: Vec<(String, String)> = paths
            .iter()
            .map(|tried| {
                let value = match &tried.value {
                    Some(value) => format!("`{value}`"),
                    None => "no value".to_owned(),
                };
                (tried.path.clone(), value)
            })
            .collect();
        self.columns(&rows)
    }

    fn around(&mut self, it: &VerdictExplanation) -> io::Result<()> {
        let Some(miss) = &it.miss else {
            return Ok(());
        };
        match miss.namespace_exists {
            Some(true) => self.line("the namespace exists")?,
            Some(false) => self.line("the namespace does not exist")?,
            None => {}
        }
        let lists = [
            ("namespaces with a name like it", &miss.near_namespaces),
            ("the same name elsewhere in the cluster", &miss.elsewhere),
            ("Services with a name like it", &miss.near_services),
            (
                "other clusters with a Service of the name",
                &miss.other_clusters,
            ),
        ];
        for (what, names) in lists {
            if !names.is_empty() {
                self.line(&format!("{what}:"))?;
                self.names(names, names.len() as u64)?;
            }
        }
        Ok(())
    }

    fn outcome(&mut self, it: &VerdictExplanation) -> io::Result<()> {
        if it.services.is_empty() {
            self.line(&format!("{}: nothing is stitched", it.verdict))?;
        } else {
            let by = it
                .rule
                .map_or_else(String::new, |rule| format!(" by rule {rule}"));
            self.line(&format!("stitched{by} to"))?;
            self.names(&it.services, it.services.len() as u64)?;
        }
        if !it.candidates.is_empty() {
            let what = match it.verdict {
                api::Verdict::Ambiguous => "any of these could be meant:",
                _ => "in question:",
            };
            self.line(what)?;
            self.names(&it.candidates, it.candidates.len() as u64)?;
        }
        if let Some(winner) = &it.conflict_with {
            self.line(&format!(
                "the winner is {} of catalog {}",
                winner.reference, winner.instance
            ))?;
        }
        for lost in it.lost.iter().take(SHOWN) {
            self.line(&format!(
                "{} went to {} of catalog {}",
                lost.service, lost.to.reference, lost.to.instance
            ))?;
        }
        match it.lost.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => self.line(&format!("and {more} more went to others")),
        }
    }

    fn owner(&mut self, owner: &OwnerReasoning) -> io::Result<()> {
        let rows: Vec<(String, String)> = owner
            .tried
            .iter()
            .map(|tried| {
                let outcome = format!("{}: {}", tried.target, outcome_words(tried.outcome));
                (tried.path.clone(), outcome)
            })
            .collect();
        self.columns(&rows)?;
        match &owner.owner {
            Some(contact) => {
                let email = match &contact.email {
                    Some(email) => format!(", {email}"),
                    None => String::new(),
                };
                self.line(&format!(
                    "{} ({}){email}",
                    contact.display_name, contact.reference
                ))?;
            }
            None if owner.tried.is_empty() => self.line("nobody: no field names one")?,
            None => self.line("nobody: none of them exists")?,
        }
        if !owner.near.is_empty() {
            self.line("names like it:")?;
            self.names(&owner.near, owner.near.len() as u64)?;
        }
        Ok(())
    }

    fn service(&mut self, it: &ServiceExplanation) -> io::Result<()> {
        let service = &it.service;
        self.heading(&format!("Service {}", service.id))?;
        let style = match service.state {
            api::ServiceState::Owned => Style::Good,
            _ => Style::Warning,
        };
        let state = self.paint.paint(style, service.state);
        let who = match (&service.owner, &service.component) {
            (Some(owner), _) => format!("{} ({})", owner.display_name, owner.reference),
            (None, Some(component)) => format!("by {}, which has no owner", component.reference),
            (None, None) => "no component is stitched to it".to_owned(),
        };
        writeln!(self.out, "  {state}: {}", printable(&who))?;
        if let Some(email) = service
            .owner
            .as_ref()
            .and_then(|owner| owner.email.as_ref())
        {
            self.line(email)?;
        }
        self.labels(&service.labels)?;
        if !service.workloads.is_empty() {
            self.step(match service.state {
                api::ServiceState::Owned => "Behind it, and owned with it",
                _ => "Behind it",
            })?;
            let names: Vec<String> = service
                .workloads
                .iter()
                .map(|workload| format!("{} {}", workload.kind, workload.name))
                .collect();
            self.names(&names, service.workloads_total)?;
        }
        for (title, related) in [
            ("In front of it", &service.in_front),
            ("Claims mounted behind it", &service.claims),
            ("Autoscalers of what is behind it", &service.autoscalers),
            ("Nodes that its pods run on", &service.nodes),
        ] {
            if !related.items.is_empty() {
                self.step(title)?;
                let names = related.items.iter();
                let names: Vec<String> =
                    names.map(|it| format!("{} {}", it.kind, it.name)).collect();
                self.names(&names, related.total)?;
            }
        }
        if let Some(verdict) = &it.verdict {
            writeln!(self.out)?;
            return self.verdict(verdict);
        }
        self.step("Why is it unclaimed?")?;
        self.line(
            "no component that may be stitched to it names or selects it, or those that do missed:",
        )?;
        self.line("`backstitch stitch --only ambiguous,conflict,service-not-found` lists them")?;
        self.step("Fix")?;
        self.line(&format!(
            "backstage.io/kubernetes-id: {}  # under `metadata.annotations` of its component",
            service.name
        ))?;
        self.line(&format!(
            "backstage.io/kubernetes-namespace: {}",
            service.namespace
        ))
    }

    fn labels(&mut self, labels: &[Label]) -> io::Result<()> {
        if labels.is_empty() {
            return Ok(());
        }
        self.step("Written on it")?;
        let rows: Vec<(String, String)> = labels
            .iter()
            .map(|label| {
                (
                    format!("{}: {}", label.key, label.value),
                    format!("({})", label.why),
                )
            })
            .collect();
        self.columns(&rows)
    }

    fn workload(&mut self, it: &WorkloadExplanation) -> io::Result<()> {
        let row = &it.workload;
        self.heading(&format!("{} {}", row.kind, row.place()))?;
        if let Some(node) = &row.node {
            self.line(&format!("on node {node}"))?;
        }
        if it.inherited.is_empty() {
            let nobody = self.paint.paint(Style::Warning, "unowned");
            writeln!(
                self.out,
                "  {nobody}: {}, so it inherits nothing",
                unowned(&row.kind)
            )?;
            return Ok(());
        }
        let (style, word) = if row.kind == "Node" {
            (Style::Good, "of what runs on it; a Node has no owner")
        } else if it.shared {
            (
                Style::Warning,
                "shared: its Services have different owners, and all of them are kept",
            )
        } else {
            (Style::Good, "inherited")
        };
        writeln!(self.out, "  {}", self.paint.paint(style, word))?;
        it.inherited
            .iter()
            .try_for_each(|from| self.inherited(from))
    }

    fn inherited(&mut self, from: &InheritedFrom) -> io::Result<()> {
        self.step(&format!("From Service {}", printable(&from.service)))?;
        let way: Vec<String> = from
            .path
            .iter()
            .map(|hop| format!("{} {} by {}", hop.kind, hop.name, hop.by))
            .collect();
        self.line(&format!("way: it leads to {}", way.join(", then ")))?;
        let component = from.component.as_deref().unwrap_or("none");
        self.line(&format!("component: {component} ({})", from.state))?;
        let owner = match &from.owner {
            Some(owner) => {
                let email = owner
                    .email
                    .as_ref()
                    .map_or_else(String::new, |email| format!(", {email}"));
                format!("{} ({}){email}", owner.display_name, owner.reference)
            }
            None => "nobody".to_owned(),
        };
        self.line(&format!("owner: {owner}"))
    }
}
