//! `callwright pools` and `callwright numbers`: the virtual numbers that bookings get from a running server.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::api::{self, ApiArgs};
use super::table::{Column, fields, table};

const POOLS: [Column; 8] = [
    ("POOL", "pool"),
    ("COUNTRY", "country"),
    ("NUMBERS", "size"),
    ("GIVEN OUT", "given_out"),
    ("RESERVED", "reserved"),
    ("DRAINING", "draining"),
    ("SICK", "sick"),
    ("EACH BOOKING", "numbers"),
];

const PLAN: [Column; 6] = [
    ("pool", "pool"),
    ("usable", "usable"),
    ("needed", "needed"),
    ("missing", "missing"),
    ("needed with one number for both sides", "needed_shared"),
    ("needed with one for each side", "needed_split"),
];

const NUMBERS: [Column; 8] = [
    ("NUMBER", "number"),
    ("POOL", "pool"),
    ("COUNTRY", "country"),
    ("STATUS", "status"),
    ("HEARD", "heard"),
    ("CAPTURE", "capture"),
    ("RESERVED", "reserved"),
    ("DRAINING", "draining"),
];

/// Look at the pools of virtual numbers of a running server
#[derive(Debug, Args)]
pub(super) struct PoolsArgs {
    #[command(flatten)]
    api: ApiArgs,
    /// Print the API's JSON, for scripts
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: PoolsCommand,
}

#[derive(Debug, Subcommand)]
enum PoolsCommand {
    /// List the pools
    ///
    /// Example: callwright pools list
    List,
    /// Say how many numbers a pool needs, by the bookings that it has
    ///
    /// Example: callwright pools plan default
    Plan {
        /// The pool's name
        name: String,
    },
}

/// Look at the virtual numbers of pools, and change them
#[derive(Debug, Args)]
pub(super) struct NumbersArgs {
    #[command(flatten)]
    api: ApiArgs,
    /// Print the API's JSON, for scripts
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: NumbersCommand,
}

#[derive(Debug, Subcommand)]
enum NumbersCommand {
    /// List the numbers of all pools
    ///
    /// Example: callwright numbers list --pool default
    List {
        /// Of this pool
        #[arg(long)]
        pool: Option<String>,
    },
    Set(SetArgs),
    /// Take a number out of use: bookings on it get others over a day
    ///
    /// Example: callwright numbers drain +6531234567
    Drain {
        /// The virtual number
        number: String,
    },
    /// Ask the platform now how the numbers are
    ///
    /// Example: callwright numbers sync
    Sync,
}

/// Put a number into a pool, or change what it is there: what is left out stays as it was
///
/// Example: callwright numbers set +6531234567 --pool default
#[derive(Debug, Args)]
struct SetArgs {
    /// The virtual number
    number: String,
    /// The pool that it is in
    #[arg(long, value_name = "NAME")]
    pool: Option<String>,
    /// Take it out of its pool; bookings on it get others
    #[arg(long, conflicts_with = "pool")]
    no_pool: bool,
    /// Whether it takes key presses, which PINs need
    #[arg(long)]
    capture: Option<bool>,
    /// Whether only a booking gets it that asks for it
    #[arg(long)]
    reserved: Option<bool>,
    /// Whether it is taken out of use little by little
    #[arg(long)]
    draining: Option<bool>,
    /// What phones of its region begin with, as +1415: such people get it first
    #[arg(long)]
    region: Option<String>,
}

impl SetArgs {
    fn body(&self) -> Value {
        let mut body = json!({});
        for (field, truth) in [
            ("capture", self.capture),
            ("reserved", self.reserved),
            ("draining", self.draining),
        ] {
            if let Some(truth) = truth {
                body[field] = json!(truth);
            }
        }
        for (field, text) in [("pool", &self.pool), ("region", &self.region)] {
            if let Some(text) = text {
                body[field] = json!(text);
            }
        }
        if self.no_pool {
            body["pool"] = Value::Null;
        }
        body
    }
}

/// Shows pools.
pub(super) fn pools(args: &PoolsArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        PoolsCommand::List => {
            let answer = api::get(&args.api, &["v1", "pools"], &[])?;
            api::print(&answer, args.json, |list| {
                table(&list["items"], &POOLS, "No pools.")
            })
        }
        PoolsCommand::Plan { name } => {
            let answer = api::get(&args.api, &["v1", "pools", name, "plan"], &[])?;
            api::print(&answer, args.json, |plan| fields(plan, &PLAN))
        }
    }
}

/// Shows and changes numbers.
pub(super) fn numbers(args: &NumbersArgs) -> anyhow::Result<ExitCode> {
    let listing = |list: &Value| table(&list["items"], &NUMBERS, "No numbers.");
    let one = |number: &Value| table(&json!([number]), &NUMBERS, "");
    match &args.command {
        NumbersCommand::List { pool } => {
            let answer = api::get(&args.api, &["v1", "numbers"], &[("pool", pool.as_deref())])?;
            api::print(&answer, args.json, listing)
        }
        NumbersCommand::Set(set) => {
            let answer = api::put(&args.api, &["v1", "numbers", &set.number], &set.body())?;
            api::print(&answer, args.json, one)
        }
        NumbersCommand::Drain { number } => {
            let answer = api::post(
                &args.api,
                &["v1", "numbers", number, "drain"],
                None,
                &json!({}),
            )?;
            api::print(&answer, args.json, one)
        }
        NumbersCommand::Sync => {
            let answer = api::post(&args.api, &["v1", "numbers", "sync"], None, &json!({}))?;
            api::print(&answer, args.json, synced)
        }
    }
}

fn synced(answer: &Value) -> String {
    let numbers = table(&answer["items"], &NUMBERS, "No numbers are in pools.");
    let unused = answer["unused"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let unused: Vec<_> = unused
        .iter()
        .filter_map(Value::as_str)
        .map(super::table::printable)
        .collect();
    match unused.is_empty() {
        true => numbers,
        false => format!(
            "{numbers}\nIn no pool, and named by no flow: {}\n",
            unused.join(", ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_listed_and_unused_ones_told() {
        let answer = json!({"told": 2, "unused": ["+6531234569"], "items": [{
            "number": "+6531234567", "pool": "default", "country": "SG", "status": "Active",
            "heard": {"status": "Unhealthy", "since": "2026-11-21T02:00:00Z"},
            "capture": false, "reserved": false, "draining": true}]});
        assert_eq!(
            synced(&answer),
            "NUMBER       POOL     COUNTRY  STATUS  HEARD                             CAPTURE  RESERVED  DRAINING\n\
             +6531234567  default  SG       Active  2026-11-21T02:00:00Z → Unhealthy  false    false     true\n\
             \nIn no pool, and named by no flow: +6531234569\n"
        );
    }

    #[test]
    fn what_is_left_out_is_not_sent() {
        let set = SetArgs {
            number: "+6531234567".to_owned(),
            pool: None,
            no_pool: true,
            capture: Some(true),
            reserved: None,
            draining: None,
            region: None,
        };
        assert_eq!(set.body(), json!({"pool": null, "capture": true}));
    }
}
