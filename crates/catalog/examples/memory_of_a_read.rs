//! The memory and the CPU time that reading a large Backstage takes. The server is a process of its own, so that what is
//! shown is the reader's alone, under the allocator that the program has.
//!
//! `cargo run --release -p catalog --example memory_of_a_read -- 1000000`

#[path = "../benches/cpu/mod.rs"]
mod cpu;
#[path = "../benches/entity/mod.rs"]
mod entity;
#[path = "../benches/served/mod.rs"]
mod served;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use backstage_client::{Client, Settings};
use catalog::backstage::{PAGE_SIZE, Reader, Taken, kinds};
use cpu::cpu;
use entity::entity;
use served::{page, serve};
use topology::label_map::LabelMap;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The server, which ends when nothing holds the other end of its input any more.
fn serve_until_left(total: usize) {
    let size = PAGE_SIZE.get() as usize;
    let address = serve(move |number| page(number, size, total, entity));
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{address}").expect("stdout");
    stdout.flush().expect("stdout");
    let mut rest = Vec::new();
    std::io::stdin().read_to_end(&mut rest).expect("stdin");
}

fn start_server(total: &str) -> (Child, String) {
    let program = std::env::current_exe().expect("this program");
    let mut server = Command::new(program)
        .args(["serve", total])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a process");
    let mut address = String::new();
    let stdout = server.stdout.take().expect("a pipe");
    BufReader::new(stdout)
        .read_line(&mut address)
        .expect("an address");
    (server, address.trim().to_owned())
}

/// Resident memory in MB, by the name that Linux gives it: now, or the most there ever was.
fn resident(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kilobytes: u64 = line
        .and_then(|rest| rest.trim_matches([':', ' ', '\t', 'k', 'B']).parse().ok())
        .expect("a number of kB");
    kilobytes / 1_000
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let count = |text: &str| text.parse::<usize>().expect("a number of entities");
    match arguments.as_slice() {
        [serve, total] if serve == "serve" => serve_until_left(count(total)),
        [total] => read_twice(total, count(total)),
        _ => read_twice("100000", 100_000),
    }
}

fn read_twice(total: &str, entities: usize) {
    let (mut server, address) = start_server(total);
    let url = format!("http://{address}").parse().expect("a URL");
    let client = Client::new(Settings::new(url)).expect("settings");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let (filter, map) = (kinds(), LabelMap::default());
    let mut reader = Reader::new(PAGE_SIZE);
    let mut stdout = std::io::stdout();
    for name in ["first", "unchanged"] {
        let (before, began) = (cpu(), Instant::now());
        let sync = runtime
            .block_on(reader.read(&client, &filter, &map, &mut |_| {}))
            .expect("a generation");
        let (worked, took) = (cpu().saturating_sub(before), began.elapsed());
        let (given, packed) = (
            sync.generation.entities.len(),
            sync.generation.entities.bytes(),
        );
        drop(sync);
        reader.taken(Taken::Replaced);
        writeln!(
            stdout,
            "{name}: {given} given in {packed} packed bytes, {worked:.2?} of CPU, {took:.2?}; resident {} MB, at most {} MB",
            resident("VmRSS"),
            resident("VmHWM"),
        )
        .expect("stdout");
    }
    writeln!(
        stdout,
        "remembered: {} bytes per entity",
        reader.bytes() / entities.max(1)
    )
    .expect("stdout");
    // Its input ends, and with that the server.
    drop(server.stdin.take());
    server.wait().expect("the server");
}
