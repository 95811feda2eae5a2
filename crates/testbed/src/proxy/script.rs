//! What the proxy was told to do, and what it has seen.
//!
//! It owns which fault is for which request, how the pages of a crawl are counted, the record of requests, and where an
//! answer is frozen. It is plain state: nothing here waits or writes.

use tokio::sync::watch;

use super::fault::Fault;
use super::wire::Incoming;

/// A request that came, without anything secret: of its headers the names alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: String,
    /// Path and query, as sent.
    pub target: String,
    /// The names of its headers, in lower case and sorted.
    pub header_names: Vec<String>,
    /// Bytes of its body.
    pub body_bytes: usize,
    /// Which page of a crawl it asks for, counted from 1, where it asks for one.
    pub page: Option<usize>,
}

impl Request {
    /// Method, path and query.
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.target)
    }

    /// The path alone.
    pub fn path(&self) -> &str {
        path(&self.target)
    }

    /// Whether a header of this name, in lower case, was sent.
    pub fn has_header(&self, name: &str) -> bool {
        self.header_names.iter().any(|header| header == name)
    }
}

/// Where an answer is frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Before the upstream is asked: what changes now is in the answer.
    Asking,
    /// After the upstream has answered and before the client is: what changes now is not in the answer.
    Answering,
}

/// A frozen answer, or one that will be. It goes on when released or dropped.
pub struct Hold {
    reached: watch::Receiver<bool>,
    /// Nobody sends on it: that it is gone is the message.
    _released: watch::Sender<()>,
}

impl Hold {
    /// Waits until the answer is frozen.
    ///
    /// # Panics
    /// When the proxy is gone: the answer will then never be.
    pub async fn reached(&mut self) {
        self.reached
            .wait_for(|reached| *reached)
            .await
            .expect("the proxy still runs");
    }

    /// Lets the answer go on.
    pub fn release(self) {}
}

/// The proxy's side of a [`Hold`].
pub(super) struct Frozen {
    page: usize,
    pub(super) point: Point,
    reached: watch::Sender<bool>,
    released: watch::Receiver<()>,
}

impl Frozen {
    pub(super) async fn wait(mut self) {
        self.reached.send_replace(true);
        // It ends with an error, and only so: when the other side is dropped.
        while self.released.changed().await.is_ok() {}
    }
}

struct Rule {
    page: Option<usize>,
    /// How many requests more it is for; `None` for all.
    left: Option<usize>,
    fault: Fault,
}

/// How the crawl that goes on has been answered so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Crawl {
    /// The cursor that the first page gave.
    pub(super) first_cursor: Option<String>,
    /// `totalItems` as this proxy said on the first page.
    pub(super) total: Option<u64>,
    /// Counts answers, for cursors that are always new.
    pub(super) answers: u64,
}

#[derive(Default)]
pub(super) struct Script {
    rules: Vec<Rule>,
    holds: Vec<Frozen>,
    requests: Vec<Request>,
    page: usize,
    last_target: String,
    pub(super) crawl: Crawl,
}

/// What is to be done with one request.
pub(super) struct Order {
    pub(super) fault: Option<Fault>,
    pub(super) hold: Option<Frozen>,
}

impl Script {
    /// A fault for all pages, instead of the one that was.
    pub(super) fn set(&mut self, fault: Fault, times: Option<usize>) {
        self.rules.retain(|rule| rule.page.is_some());
        self.add(None, fault, times);
    }

    /// A fault for one page, instead of the one that was.
    pub(super) fn on_page(&mut self, page: usize, fault: Fault, times: Option<usize>) {
        self.rules.retain(|rule| rule.page != Some(page));
        self.add(Some(page), fault, times);
    }

    fn add(&mut self, page: Option<usize>, fault: Fault, left: Option<usize>) {
        self.rules.push(Rule { page, left, fault });
    }

    pub(super) fn clear(&mut self) {
        self.rules.clear();
    }

    pub(super) fn hold(&mut self, page: usize, point: Point) -> Hold {
        let (reached_sender, reached) = watch::channel(false);
        let (released_sender, released) = watch::channel(());
        self.holds.push(Frozen {
            page,
            point,
            reached: reached_sender,
            released,
        });
        Hold {
            reached,
            _released: released_sender,
        }
    }

    pub(super) fn requests(&self) -> &[Request] {
        &self.requests
    }

    pub(super) fn forget_requests(&mut self) {
        self.requests.clear();
    }

    /// Takes down the request, and says what is to be done with it.
    pub(super) fn receive(&mut self, incoming: &Incoming) -> Order {
        let page = self.page_of(incoming.method.as_str(), &incoming.target);
        let mut header_names: Vec<String> = incoming
            .headers
            .keys()
            .map(|name| name.as_str().to_owned())
            .collect();
        header_names.sort_unstable();
        self.requests.push(Request {
            method: incoming.method.to_string(),
            target: incoming.target.clone(),
            header_names,
            body_bytes: incoming.body.len(),
            page,
        });
        let hold = self
            .holds
            .iter()
            .position(|hold| Some(hold.page) == page)
            .map(|index| self.holds.remove(index));
        Order {
            fault: self.fault_for(page),
            hold,
        }
    }

    /// The fault of this page, else the one for all.
    fn fault_for(&mut self, page: Option<usize>) -> Option<Fault> {
        let of_page = self
            .rules
            .iter_mut()
            .find(|rule| rule.page.is_some() && rule.page == page && rule.left != Some(0));
        let rule = match of_page {
            Some(rule) => rule,
            None => self
                .rules
                .iter_mut()
                .find(|rule| rule.page.is_none() && rule.left != Some(0))?,
        };
        if let Some(left) = &mut rule.left {
            *left -= 1;
        }
        Some(rule.fault.clone())
    }

    /// The number of a page, from 1 for the request that has neither cursor nor offset. The same request once more is
    /// for the same page.
    fn page_of(&mut self, method: &str, target: &str) -> Option<usize> {
        let of_pages = ["/entities", "/entities/by-query"]
            .iter()
            .any(|end| path(target).ends_with(end));
        if method != "GET" || !of_pages {
            return None;
        }
        if is_first(target) {
            self.page = 1;
        } else if target != self.last_target {
            self.page += 1;
        }
        target.clone_into(&mut self.last_target);
        Some(self.page)
    }
}

pub(super) fn path(target: &str) -> &str {
    target.split_once('?').map_or(target, |(path, _)| path)
}

pub(super) fn query(target: &str) -> &str {
    target.split_once('?').map_or("", |(_, query)| query)
}

fn is_first(target: &str) -> bool {
    form_urlencoded::parse(query(target).as_bytes()).all(|(key, value)| match &*key {
        "cursor" | "after" => false,
        "offset" => value == "0",
        _ => true,
    })
}
