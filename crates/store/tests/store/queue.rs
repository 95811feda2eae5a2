//! A queue: its order, its bounds, and that it outlives the process.

use store::{NewEntry, Pushed, Queue, QueueBounds, QueueStanding, StoreError};
use tempfile::TempDir;

const BOUNDS: QueueBounds = QueueBounds {
    entries: 3,
    bytes: 100,
    dead: 2,
    dead_bytes: 50,
};

fn push(queue: &mut Queue, at: i64, body: &[u8]) -> Pushed {
    let entry = NewEntry {
        line: 7,
        taken_at: at,
        items: 2,
        body,
    };
    queue.push(entry).unwrap()
}

fn ids(queue: &Queue, after: i64) -> Vec<i64> {
    let waiting = queue.waiting(after, 100).unwrap();
    waiting.iter().map(|entry| entry.id).collect()
}

#[test]
fn what_was_taken_waits_in_order_and_outlives_the_process() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state/store.db.alerts");
    let mut queue = Queue::open(&path, BOUNDS).unwrap();
    for (at, body) in [(10, b"one"), (20, b"two"), (30, b"six")] {
        assert_eq!(push(&mut queue, at, body), Pushed::Kept);
    }
    drop(queue);
    let mut queue = Queue::open(&path, BOUNDS).unwrap();
    assert_eq!(ids(&queue, 0), [1, 2, 3]);
    assert_eq!(queue.body(2).unwrap().as_deref(), Some(&b"two"[..]));
    queue.remove(1).unwrap();
    queue.remove(3).unwrap();
    assert_eq!(push(&mut queue, 40, b"new"), Pushed::Kept);
    // No number is used twice, so that nothing is passed over.
    assert_eq!(ids(&queue, 0), [2, 4]);
    assert_eq!(ids(&queue, 2), [4]);
    assert_eq!(queue.body(1).unwrap(), None);
    let standing = QueueStanding {
        entries: 2,
        items: 4,
        bytes: 6,
        oldest: Some(20),
        dead: 0,
    };
    assert_eq!(queue.standing().unwrap(), standing);
}

#[test]
fn what_has_no_room_is_not_taken() {
    let folder = TempDir::new().unwrap();
    let mut queue = Queue::open(&folder.path().join("queue"), BOUNDS).unwrap();
    assert_eq!(push(&mut queue, 1, &[0; 101]), Pushed::Full);
    assert_eq!(push(&mut queue, 1, &[0; 99]), Pushed::Kept);
    assert_eq!(push(&mut queue, 1, &[0; 2]), Pushed::Full);
    assert_eq!(push(&mut queue, 1, &[0; 1]), Pushed::Kept);
    assert_eq!(push(&mut queue, 1, &[]), Pushed::Kept);
    assert_eq!(push(&mut queue, 1, &[]), Pushed::Full);
    queue.remove(2).unwrap();
    assert_eq!(push(&mut queue, 1, &[]), Pushed::Kept);
}

#[test]
fn what_was_given_up_is_kept_while_there_is_room() {
    let folder = TempDir::new().unwrap();
    let mut queue = Queue::open(&folder.path().join("queue"), BOUNDS).unwrap();
    let reasons = |queue: &Queue| -> Vec<String> {
        let dead = queue.dead(10).unwrap();
        dead.into_iter().map(|entry| entry.reason).collect()
    };
    for (number, size) in (1..).zip([10, 10, 10, 45, 60]) {
        assert_eq!(push(&mut queue, number, &vec![0; size]), Pushed::Kept);
        queue
            .bury(number, 100 + number, &format!("reason {number}"))
            .unwrap();
        let expected: &[&str] = match number {
            1 => &["reason 1"],
            2 => &["reason 2", "reason 1"],
            3 => &["reason 3", "reason 2"],
            4 => &["reason 4"],
            _ => &[],
        };
        assert_eq!(reasons(&queue), expected, "{number}");
        assert_eq!(ids(&queue, 0), [0; 0]);
    }
    // What is not there cannot be given up.
    queue.bury(99, 1, "nothing").unwrap();
    assert_eq!(queue.standing().unwrap().dead, 0);
}

#[test]
fn a_file_of_something_else_is_no_queue() {
    let folder = TempDir::new().unwrap();
    let store = folder.path().join("store.db");
    drop(store::Store::open(&store, &store::Options::default()).unwrap());
    assert!(matches!(
        Queue::open(&store, BOUNDS),
        Err(StoreError::NotAStore { .. })
    ));
    let queue = folder.path().join("queue");
    drop(Queue::open(&queue, BOUNDS).unwrap());
    assert!(store::Store::open(&queue, &store::Options::default()).is_err());
    std::fs::write(
        folder.path().join("text"),
        "no database, however long it may be",
    )
    .unwrap();
    assert!(Queue::open(&folder.path().join("text"), BOUNDS).is_err());
}

#[test]
fn the_oldest_make_room_for_the_newest_and_the_memo_is_of_the_same_moment() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("store.db.notifications");
    let mut queue = Queue::open(&path, BOUNDS).unwrap();
    assert_eq!(queue.memo().unwrap(), None);
    let entry = |taken_at, body| NewEntry {
        line: 0,
        taken_at,
        items: 1,
        body,
    };
    let long = [b'x'; 60];
    let table = [
        (vec![&b"1"[..], b"2"], 0, vec![1, 2]),
        (vec![b"3", b"4"], 1, vec![2, 3, 4]),
        // By bytes as well.
        (vec![&long], 1, vec![3, 4, 5]),
        (vec![&long], 3, vec![6]),
    ];
    for (number, (bodies, dropped, left)) in table.into_iter().enumerate() {
        let entries: Vec<NewEntry<'_>> = bodies.into_iter().map(|body| entry(1, body)).collect();
        let memo = number.to_string();
        assert_eq!(queue.push_all(&entries, memo.as_bytes()).unwrap(), dropped);
        assert_eq!(ids(&queue, 0), left);
        assert_eq!(queue.memo().unwrap().as_deref(), Some(memo.as_bytes()));
    }
    drop(queue);
    let queue = Queue::open(&path, BOUNDS).unwrap();
    assert_eq!(queue.memo().unwrap().as_deref(), Some(&b"3"[..]));
    assert_eq!(queue.standing().unwrap().bytes, 60);
}
