//! Lists of Services: those of a team, those of nobody.

use std::fmt::Write as _;

use api::{OwnedServices, OwnerRow, Page, ServiceRow, ServiceState};
use serde::Serialize;

use super::{Answer, MAX_ITEMS, page};
use crate::output::screen::{counted, printable};
use crate::report::Failure;

/// A Service as a model is given it: its labels say again what the rest says.
#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    state: ServiceState,
    #[serde(skip_serializing_if = "Option::is_none")]
    component: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a str>,
}

#[derive(Serialize)]
struct Team<'a> {
    owners: &'a [String],
    owners_total: usize,
    total: u64,
    services: Vec<Row<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
}

#[derive(Serialize)]
struct Unowned<'a> {
    services: Vec<Row<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
}

fn rows(services: &[ServiceRow]) -> Vec<Row<'_>> {
    let rows = services.iter().map(|it| Row {
        id: &it.id,
        state: it.state,
        component: it.component.as_deref(),
        owner: it.owner.as_deref(),
    });
    rows.collect()
}

/// The Services of a team.
pub(crate) fn team(team: &str, owned: &OwnedServices) -> Result<Answer, Failure> {
    let who = match owned.owners.as_slice() {
        [] => team.to_owned(),
        [one] => one.clone(),
        [first, below @ ..] => {
            let below = counted(below.len() as u64, "owner", "owners");
            format!("{first} with {below} below it")
        }
    };
    let count = counted(owned.total, "Service", "Services");
    let mut text = format!("{}: {count}\n", printable(&who));
    for row in &owned.items {
        let names = [row.component.as_deref(), row.owner.as_deref()];
        let [component, held_by] = names.map(|name| name.unwrap_or("-"));
        line(&mut text, &[&row.id, component, held_by]);
    }
    go_on(&mut text, owned.next.as_deref());
    let owners = owned.owners.len();
    page(
        text,
        &Team {
            owners: &owned.owners[..owners.min(MAX_ITEMS)],
            owners_total: owners,
            total: owned.total,
            services: rows(&owned.items),
            next: owned.next.as_deref(),
        },
    )
}

/// Why there is no such owner, with some of those that there are.
pub(crate) fn no_owner(absent: Failure, owners: &Page<OwnerRow>) -> Failure {
    let mut names: Vec<String> = owners
        .items
        .iter()
        .map(|owner| format!("`{}`", owner.reference))
        .collect();
    names.dedup();
    if names.is_empty() {
        return absent.hint(Some("no catalog has any Group or User"));
    }
    let among = match owners.next {
        Some(_) => ", among others, ",
        None => " ",
    };
    let all = format!("the owners are{among}{}", names.join(", "));
    let hint = match &absent.hint {
        Some(hint) if hint.starts_with("did you mean") => format!("{hint} {all}"),
        _ => all,
    };
    absent.hint(Some(hint))
}

/// Services of nobody.
pub(crate) fn unowned(services: &[ServiceRow], next: Option<&str>) -> Result<Answer, Failure> {
    let mut text = match services.len() {
        0 => "every Service here has an owner, or need not have one\n".to_owned(),
        count => {
            let count = counted(count as u64, "Service", "Services");
            let more = next.map_or("", |_| ", and maybe more");
            format!("{count} without an owner{more}\n")
        }
    };
    for row in services {
        let component = row.component.as_deref().unwrap_or("-");
        line(&mut text, &[&row.id, row.state.as_str(), component]);
    }
    go_on(&mut text, next);
    page(
        text,
        &Unowned {
            services: rows(services),
            next,
        },
    )
}

fn line(text: &mut String, columns: &[&str]) {
    text.push_str("  ");
    text.push_str(&printable(&columns.join("  ")));
    text.push('\n');
}

/// Says that a list may go on, and how.
pub(super) fn go_on(text: &mut String, next: Option<&str>) {
    if let Some(next) = next {
        let next = printable(next);
        // Writing to a text does not fail.
        let _ = writeln!(
            text,
            "there may be more: ask again with `cursor` = `{next}`"
        );
    }
}
