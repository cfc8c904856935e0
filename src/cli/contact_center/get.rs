//! `callwright contact-center get`, `attachment` and `delete`: lists, page by page, in the form that is asked for.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use tokio::time::sleep;

use super::Unprepared;
use crate::cli::table::table_of;
use crate::contact_center::reading::{Attachment, Form, LISTS, List, PAGE, dates};
use crate::platform::contact_center::reading::{Page, Wanted, csv_records, records, xml_records};
use crate::platform::contact_center::{CenterError, ContactCenter};

/// How often a page is asked for again while the service is busy.
const TRIES: u32 = 4;

/// How long is waited in between.
const PAUSE: Duration = Duration::from_secs(1);

/// Read a list of the Contact Center, all its pages
///
/// Lists: recordings, transcripts, interactions, allinteractions, agents, activities, statuses, status-statistics, skills, outboundcalls, groups, queues,
/// statistics, online-slas, offline-slas, channels, campaigns, records, transaction-codes, status-codes.
///
/// Example: callwright contact-center get recordings --d today-1d,today --csv
#[derive(Debug, Args)]
pub(super) struct GetArgs {
    /// The list
    list: String,
    /// One record of it, by its id
    id: Option<String>,
    /// Of whom: agent:ID, group:ID, queue:ID, channel:ID or campaign:ID
    #[arg(long, value_name = "WHOM")]
    of: Option<String>,
    /// Of which days: one, or two with a comma: today-7d,today or 2026-11-20,2026-11-21 13:15Z
    #[arg(long = "d", value_name = "DATES")]
    dates: Option<String>,
    /// The time zone of the days, as Asia/Singapore; the tenant's unless it is given
    #[arg(long = "tz", value_name = "ZONE")]
    zone: Option<String>,
    /// Only records whose field has this value; may be given several times
    #[arg(long = "where", value_name = "FIELD=VALUE")]
    fields: Vec<String>,
    /// As comma-separated values
    #[arg(long, group = "form")]
    csv: bool,
    /// As JSON: one list of all records
    #[arg(long, group = "form")]
    json: bool,
    /// As XML
    #[arg(long, group = "form")]
    xml: bool,
    /// At most so many records
    #[arg(long, value_name = "N")]
    most: Option<usize>,
    /// Into this file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Fetch what is attached to a case, a follow-up or an FAQ
///
/// Several files come as one ZIP file.
///
/// Example: callwright contact-center attachment followup 38.1 -o files.zip
#[derive(Debug, Args)]
pub(super) struct AttachmentArgs {
    /// case, followup or faq
    kind: String,
    /// Its id; of a follow-up the case's and its own, as 38.1
    id: String,
    /// Into this file
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Delete a recording's file, or what was said in a chat
///
/// Example: callwright contact-center delete recordings S20071220/R200712200316361000.wav
#[derive(Debug, Args)]
pub(super) struct DeleteArgs {
    /// recordings or transcripts
    list: String,
    /// The recording's filename, or the interaction's id
    id: String,
}

/// Reads a list.
pub(super) async fn get(center: &ContactCenter, args: &GetArgs) -> anyhow::Result<ExitCode> {
    let (wanted, form) = asked(args)?;
    let mut out = Out::new(args, form)?;
    let bar = bar();
    let read = pages(
        center,
        &wanted,
        form.unwrap_or(Form::Json),
        args.most,
        &bar,
        &mut out,
    )
    .await;
    bar.finish_and_clear();
    let done = out.written;
    read.with_context(|| format!("{done} records were read before that"))?;
    out.end()?;
    Ok(ExitCode::SUCCESS)
}

async fn pages(
    center: &ContactCenter,
    wanted: &Wanted,
    form: Form,
    most: Option<usize>,
    bar: &ProgressBar,
    out: &mut Out,
) -> anyhow::Result<()> {
    let most = most.unwrap_or(usize::MAX);
    loop {
        let page = page(center, wanted, form, out.written + 1).await?;
        out.page(&page, most)?;
        bar.set_position(out.written as u64);
        if !page.is_full() || wanted.id.is_some() || out.written >= most {
            return Ok(());
        }
    }
}

/// A page; asked for again while the service is busy.
async fn page(
    center: &ContactCenter,
    wanted: &Wanted,
    form: Form,
    first: usize,
) -> Result<Page, CenterError> {
    let mut tries = 1;
    loop {
        match center.page(wanted, form, first).await {
            Err(CenterError::Busy { .. }) if tries < TRIES => tries += 1,
            answer => return answer,
        }
        sleep(PAUSE).await;
    }
}

fn asked(args: &GetArgs) -> anyhow::Result<(Wanted, Option<Form>)> {
    let mut faults = Vec::new();
    let list = list(&args.list).map_err(|fault| faults.push(fault)).ok();
    let of = list.and_then(|list| {
        list.of(args.of.as_deref())
            .map_err(|fault| faults.push(fault.to_string()))
            .ok()
    });
    if let Some(list) = list {
        if args.id.is_some() && !list.by_id {
            faults.push(
                "`id`: this list gives no single records: leave it out, or use --where".to_owned(),
            );
        }
        if args.dates.is_some() && !list.dated {
            faults.push("`d`: this list has no days: leave it out".to_owned());
        }
    }
    let days = args.dates.as_deref().map(dates).transpose();
    let days = days
        .map_err(|fault| faults.push(fault.to_string()))
        .ok()
        .flatten();
    let mut fields = Vec::new();
    for field in &args.fields {
        match field.split_once('=') {
            Some((name, value)) if !name.is_empty() => {
                fields.push((name.to_owned(), value.to_owned()))
            }
            _ => faults.push("`where` has no =: write FIELD=VALUE, as media-type=T".to_owned()),
        }
    }
    let form = match (args.csv, args.json, args.xml) {
        (true, ..) => Some(Form::Csv),
        (_, true, _) => Some(Form::Json),
        (.., true) => Some(Form::Xml),
        _ => None,
    };
    match (list, of, faults.is_empty()) {
        (Some(list), Some(of), true) => Ok((
            Wanted {
                list,
                of,
                id: args.id.clone(),
                dates: days,
                zone: args.zone.clone(),
                fields,
            },
            form,
        )),
        _ => Err(Unprepared::Asked(faults.join("\n  ")).into()),
    }
}

fn list(name: &str) -> Result<&'static List, String> {
    List::named(name).ok_or_else(|| {
        let names: Vec<&str> = LISTS.iter().map(|list| list.name).collect();
        format!(
            "there is no list of that name: write one of {}",
            names.join(", ")
        )
    })
}

/// A count beside a spinner, while somebody looks.
fn bar() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} records, {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// Where records are written as their pages come.
struct Out {
    to: Box<dyn Write>,
    form: Option<Form>,
    written: usize,
    /// The records of a table, which is as wide as its widest cell.
    gathered: Vec<Value>,
    /// What ends an XML text.
    ending: String,
}

impl Out {
    fn new(args: &GetArgs, form: Option<Form>) -> anyhow::Result<Self> {
        let to: Box<dyn Write> = match &args.output {
            Some(path) => Box::new(
                File::create(path)
                    .with_context(|| format!("{} cannot be written", path.display()))?,
            ),
            None => Box::new(io::stdout().lock()),
        };
        Ok(Self {
            to,
            form,
            written: 0,
            gathered: Vec::new(),
            ending: String::new(),
        })
    }

    /// Writes a page's records, until there are `most` of them in all.
    fn page(&mut self, page: &Page, most: usize) -> anyhow::Result<()> {
        let room = most
            .saturating_sub(self.written)
            .min(page.records.max(PAGE));
        match self.form {
            Some(Form::Csv) => self.csv(&page.text, room),
            Some(Form::Xml) => self.xml(&page.text, room),
            Some(Form::Json) => self.json(&page.text, room),
            None => {
                let all = records(&serde_json::from_str(&page.text).unwrap_or_default());
                self.gathered.extend(all.into_iter().take(room));
                self.written = self.gathered.len();
                Ok(())
            }
        }
    }

    fn csv(&mut self, text: &str, room: usize) -> anyhow::Result<()> {
        let mut lines = csv_records(text).into_iter();
        let head = lines.next().filter(|_| self.written == 0);
        let lines: Vec<&str> = lines.take(room).collect();
        for line in head.iter().chain(&lines) {
            self.put(&format!("{line}\n"))?;
        }
        self.written += lines.len();
        Ok(())
    }

    fn xml(&mut self, text: &str, room: usize) -> anyhow::Result<()> {
        let records: Vec<&str> = xml_records(text).into_iter().take(room).collect();
        if self.written == 0 {
            let begins = records
                .first()
                .and_then(|first| text.find(first))
                .unwrap_or(text.len());
            self.put(text[..begins].trim_end())?;
            self.ending = match text.rfind("</") {
                Some(end) if !records.is_empty() => format!("\n{}\n", text[end..].trim()),
                _ => "\n".to_owned(),
            };
        }
        for record in &records {
            self.put(&format!("\n  {record}"))?;
        }
        self.written += records.len();
        Ok(())
    }

    fn json(&mut self, text: &str, room: usize) -> anyhow::Result<()> {
        let page: Value =
            serde_json::from_str(text).context("the Contact Center's answer is not JSON")?;
        for record in records(&page).into_iter().take(room) {
            let lead = if self.written == 0 { "[\n" } else { ",\n" };
            self.put(&format!("{lead}{record}"))?;
            self.written += 1;
        }
        Ok(())
    }

    fn end(&mut self) -> anyhow::Result<()> {
        let ending = match self.form {
            Some(Form::Json) if self.written == 0 => "[]\n".to_owned(),
            Some(Form::Json) => "\n]\n".to_owned(),
            Some(Form::Xml) => std::mem::take(&mut self.ending),
            Some(Form::Csv) => String::new(),
            None => table_of(&std::mem::take(&mut self.gathered), "No records."),
        };
        self.put(&ending)?;
        Ok(self.to.flush()?)
    }

    /// A reader who has seen enough (`| head`) is no failure.
    fn put(&mut self, text: &str) -> anyhow::Result<()> {
        match self.to.write_all(text.as_bytes()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
            _ => Ok(()),
        }
    }
}

/// Fetches an attachment.
pub(super) async fn attachment(
    center: &ContactCenter,
    args: &AttachmentArgs,
) -> anyhow::Result<ExitCode> {
    let which = Attachment::parse(&args.kind, &args.id)
        .map_err(|fault| Unprepared::Asked(fault.to_string()))?;
    let file = center.attachment(&which).await?;
    std::fs::write(&args.output, &file)
        .with_context(|| format!("{} cannot be written", args.output.display()))?;
    super::super::print(&format!(
        "{} bytes in {}\n",
        file.len(),
        args.output.display()
    ))
}

/// Deletes a file or a transcript.
pub(super) async fn delete(center: &ContactCenter, args: &DeleteArgs) -> anyhow::Result<ExitCode> {
    let list = match args.list.as_str() {
        "recordings" | "transcripts" => List::named(&args.list),
        _ => None,
    };
    let list = list.ok_or_else(|| {
        Unprepared::Asked(
            "nothing of that list can be deleted: write recordings or transcripts".to_owned(),
        )
    })?;
    center.delete(list, &args.id).await?;
    super::super::print("It is deleted.\n")
}
