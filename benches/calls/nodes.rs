//! Two nodes on one PostgreSQL against one. Each webhook of a call goes to the other node, as behind a proxy that takes turns.

use std::fs;
use std::io;

use crate::Options;
use crate::postgres::Database;
use crate::print;
use crate::process::{LOAD_CORE, Measured, SERVER_CORE, Server, measure_all};
use crate::sections::{closed, disk, scratch};

/// On which core each node is.
const WAYS: [(&str, &[&str]); 3] = [
    ("one node on core 0", &[SERVER_CORE]),
    ("two nodes, both on core 0", &[SERVER_CORE, SERVER_CORE]),
    ("two nodes, on cores 0 and 1", &[SERVER_CORE, LOAD_CORE]),
];

/// Measures, and prints.
pub(crate) fn run(options: &Options) -> io::Result<()> {
    print::heading("Two nodes on PostgreSQL against one, closed loop");
    let Some(database) = Database::fresh("nodes")? else {
        println!("{}", Database::how_to());
        return Ok(());
    };
    println!(
        "load on core 1, the database {}; `neighbours` is the database with everybody else",
        database.where_it_runs()?
    );
    print::disk(&disk(options)?);
    print::head("× one node");
    let folder = scratch(options, "nodes")?;
    let environment = [(
        "CALLWRIGHT_DATABASE_URL".to_owned(),
        database.url().to_owned(),
    )];
    for connections in [64, 16] {
        let mut taken = [const { Vec::new() }; WAYS.len()];
        for _ in 0..options.rounds {
            for ((_, cores), taken) in WAYS.iter().zip(&mut taken) {
                let nodes = cores
                    .iter()
                    .map(|core| Server::callwright_on(core, &folder, &environment));
                let nodes = nodes.collect::<io::Result<Vec<_>>>()?;
                // As many callers at two nodes as at one: each asks one node at a time.
                taken.push(measure_all(&nodes, &closed(options, connections).warmed())?);
                nodes
                    .into_iter()
                    .try_for_each(|node| node.stop().map(drop))?;
            }
        }
        let one = print::over(&taken[0], |it: &Measured| it.outcome.throughput());
        for ((way, _), taken) in WAYS.iter().zip(&taken) {
            print::row(way, &format!("{connections} callers"), taken, Some(one));
        }
    }
    fs::remove_dir_all(&folder)
}
