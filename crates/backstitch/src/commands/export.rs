//! `backstitch export`: what is known, for other programs.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use api::{OwnerContact, ServiceDetail, ServiceRow};
use topology::query::ServiceFilter;
use topology::topology::{OwnerId, Topology};

use super::ask::{Asked, Server};
use crate::args::{ExportTarget, MatchWord, RoutesArgs};
use crate::config::{self, Config};
use crate::exit::Exit;
use crate::export::routes::{Matching, Wishes, routes};
use crate::export::{Alertmanager, Company, OwnedService, Smtp, yaml};
use crate::output::paint::{Paint, Style};
use crate::output::screen::printable;
use crate::output::walk;
use crate::report::Failure;
use crate::terminal::Terminal;

/// Runs the command.
pub(crate) async fn run(
    target: &ExportTarget,
    config: &Config,
    terminal: Terminal,
) -> Result<Exit> {
    match target {
        ExportTarget::AlertmanagerRoutes(args) => alertmanager(args, config, terminal).await,
    }
}

async fn alertmanager(args: &RoutesArgs, config: &Config, terminal: Terminal) -> Result<Exit> {
    let wishes = wishes(args, config)?;
    let company = match Asked::open(&args.at, config, terminal).await? {
        Asked::Sources(stitched) => of_topology(&stitched.topology),
        Asked::Server(server) => of_server(&server).await?,
    };
    let made = routes(&company, &wishes);
    Terminal::print(|out| yaml::write(&made, out))?;
    terminal.tell(|err, paint| tell(&made, &wishes, paint, err));
    Ok(Exit::Done)
}

fn wishes(args: &RoutesArgs, config: &Config) -> Result<Wishes, Failure> {
    // The labels that `serve` writes by this configuration.
    let written = config.alertmanager.as_ref().map(|it| it.enrichment.clone());
    let written = written.unwrap_or_default();
    let (matching, label) = match args.matches {
        MatchWord::OwnerRef => (Matching::Reference, &written.owner_ref),
        MatchWord::Team => (Matching::Team, &written.team),
    };
    let label = args.label.as_ref().unwrap_or(label);
    if !config::is_label_name(label) {
        return Err(
            Failure::new(format!("`--label`: `{label}` is no name of a label")).hint(Some(
                "expected letters, digits and `_`, such as `owner_ref`",
            )),
        );
    }
    let receivers = match &args.receivers {
        Some(path) => receivers(path)?,
        None => Vec::new(),
    };
    let smtp = args.smtp_smarthost.clone().zip(args.smtp_from.clone());
    Ok(Wishes {
        receivers,
        secrets_dir: args.secrets_dir.clone(),
        smtp: smtp.map(|(smarthost, from)| Smtp { smarthost, from }),
        default_receiver: args.default_receiver.clone(),
        matching,
        label: label.clone(),
        by_namespace: args.by_namespace.then_some(args.most_services),
    })
}

fn receivers(path: &Path) -> Result<Vec<(String, String)>, Failure> {
    config::receivers(path)
        .map_err(|error| Failure::because("cannot use the file of `--receivers`", &error))
}

/// What is left to do by hand.
fn tell(
    made: &Alertmanager,
    wishes: &Wishes,
    paint: Paint,
    err: &mut dyn std::io::Write,
) -> std::io::Result<()> {
    let word = paint.paint(Style::Warning, "warning");
    for left_out in &made.left_out {
        writeln!(err, "{word}: {}", printable(&yaml::told(left_out)))?;
    }
    for note in &made.notes {
        writeln!(err, "{word}: {}", printable(note))?;
    }
    let elsewhere = made
        .receivers
        .iter()
        .filter(|(name, does)| does.is_empty() && **name != wishes.default_receiver);
    let elsewhere: Vec<String> = elsewhere.map(|(name, _)| format!("`{name}`")).collect();
    if !elsewhere.is_empty() {
        writeln!(
            err,
            "{word}: receivers that are only named here tell nobody until your own definitions stand in their place: {}",
            printable(&elsewhere.join(", "))
        )?;
    }
    Ok(())
}

fn of_topology(topology: &Topology) -> Company {
    let mut company = Company::default();
    let mut references: BTreeMap<OwnerId, String> = BTreeMap::new();
    for id in walk::services(topology, ServiceFilter::default()) {
        let service = topology.service(id);
        let owner = service.owner.map(|owner| {
            let known = references.entry(owner);
            let reference = known.or_insert_with(|| {
                let contact = server::render::owner_contact(topology, owner);
                let reference = contact.reference.clone();
                add(&mut company, contact);
                reference
            });
            reference.clone()
        });
        company.services.push(OwnedService {
            cluster: service.cluster.to_owned(),
            namespace: service.namespace.to_owned(),
            name: service.name.to_owned(),
            owner,
        });
    }
    company
}

/// Asks for all Services, and for the contacts of each owner once.
async fn of_server(server: &Server) -> Result<Company, Failure> {
    let mut company = Company::default();
    let mut pages = server.pages(&["services"], &[]);
    while let Some(rows) = pages.next::<ServiceRow>().await? {
        for row in rows {
            let mut parts = row.id.splitn(3, '/');
            let mut part = || parts.next().unwrap_or_default();
            let (cluster, namespace, name) = (part(), part(), part());
            if let Some(owner) = &row.owner
                && !company.owners.contains_key(owner)
            {
                let route = ["services", cluster, namespace, name];
                let detail: ServiceDetail = server.get(&route, &[]).await?;
                // It may have changed its owner since; that one is asked for by another Service.
                if let Some(contact) = detail.owner {
                    add(&mut company, contact);
                }
            }
            company.services.push(OwnedService {
                cluster: cluster.to_owned(),
                namespace: namespace.to_owned(),
                name: name.to_owned(),
                owner: row.owner.clone(),
            });
        }
    }
    Ok(company)
}

/// Of two instances that have an owner of one reference, the one that says how it is reached counts.
fn add(company: &mut Company, contact: OwnerContact) {
    let is_reached = |it: &OwnerContact| it.email.is_some() || !it.contacts.is_empty();
    let known = company.owners.get(&contact.reference);
    if known.is_none_or(|known| !is_reached(known) && is_reached(&contact)) {
        company.owners.insert(contact.reference.clone(), contact);
    }
}
