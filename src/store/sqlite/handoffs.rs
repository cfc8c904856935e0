//! The tables `handoffs`, `sip_calls` and `callback_results`. They are written on the spot, as the calls that we start are: what was asked of the
//! Contact Center must be known after a power cut.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::params;

use super::lookups::Lookups;
use super::writing::Writing;
use crate::call::PhoneNumber;
use crate::contact_center::given_back::CallbackResult;
use crate::contact_center::handoff::Handoff;
use crate::contact_center::matching::SipCall;
use crate::store::StoreError;
use crate::store::handoffs::{self, HandoffColumns, Handoffs, SipCallColumns};
use crate::store::ring::LiveVault;

/// The tables, for those who write one after another and those who look.
#[derive(Debug)]
pub(super) struct HandoffTables {
    db: Writing,
    lookups: Arc<Lookups>,
    vault: LiveVault,
}

impl HandoffTables {
    pub(super) fn new(db: Writing, lookups: Arc<Lookups>, vault: LiveVault) -> Self {
        Self { db, lookups, vault }
    }
}

#[async_trait]
impl Handoffs for HandoffTables {
    async fn keep_handoff(&self, handoff: &Handoff) -> Result<(), StoreError> {
        let (vault, handoff) = (self.vault.clone(), handoff.clone());
        self.db
            .write(move |db| {
                let columns = HandoffColumns::of(&vault.now(), &handoff);
                let mut upsert = db.prepare_cached(
                    "INSERT INTO handoffs (handoff_id, state, record) VALUES (?1, ?2, ?3)
                     ON CONFLICT (handoff_id) DO UPDATE SET state = excluded.state, record = excluded.record",
                )?;
                upsert.execute(params![columns.id, columns.state, columns.record])?;
                Ok(())
            })
            .await
    }

    async fn handoffs(&self, after: Option<&str>, limit: u32) -> Result<Vec<Handoff>, StoreError> {
        self.lookups.with(|db| {
            let mut select = db.prepare_cached(
                "SELECT handoff_id, record FROM handoffs WHERE ?1 IS NULL OR handoff_id < ?1
                 ORDER BY handoff_id DESC LIMIT ?2",
            )?;
            let rows =
                select.query_map(params![after, limit], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.map(|row| {
                let (id, record): (String, Vec<u8>) = row?;
                handoffs::read_handoff(&self.vault.now(), id, &record)
            })
            .collect()
        })
    }

    async fn keep_sip_call(
        &self,
        call: &SipCall,
        forget_before: Timestamp,
    ) -> Result<(), StoreError> {
        let (vault, call) = (self.vault.clone(), call.clone());
        self.db
            .write(move |db| {
                let columns = SipCallColumns::of(&vault.now(), &call);
                let mut forget = db.prepare_cached("DELETE FROM sip_calls WHERE told_at < ?1")?;
                forget.execute([forget_before.as_millisecond()])?;
                let mut insert = db.prepare_cached(
                    "INSERT INTO sip_calls (line, told_at, record) VALUES (?1, ?2, ?3)",
                )?;
                insert.execute(params![columns.line, columns.told_at, columns.record])?;
                Ok(())
            })
            .await
    }

    async fn sip_calls(
        &self,
        caller: &PhoneNumber,
        called: &PhoneNumber,
        since: Timestamp,
    ) -> Result<Vec<SipCall>, StoreError> {
        let vault = self.vault.now();
        let [line, other] = vault.forms(handoffs::line(&vault, caller, called));
        self.lookups.with(|db| {
            let mut select = db.prepare_cached(
                "SELECT told_at, record FROM sip_calls WHERE line IN (?1, ?2) AND told_at >= ?3 ORDER BY told_at",
            )?;
            let of = params![line, other, since.as_millisecond()];
            let rows = select.query_map(of, |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.map(|row| {
                let (told_at, record): (i64, Vec<u8>) = row?;
                handoffs::read_sip_call(&vault, caller, called, told_at, &record)
            })
            .collect()
        })
    }

    async fn keep_callback_result(&self, result: &CallbackResult) -> Result<(), StoreError> {
        let (vault, result) = (self.vault.clone(), result.clone());
        self.db
            .write(move |db| {
                let record = handoffs::seal_result(&vault.now(), &result);
                let mut insert = db.prepare_cached(
                    "INSERT INTO callback_results (result_id, record) VALUES (?1, ?2)",
                )?;
                insert.execute(params![result.id, record])?;
                Ok(())
            })
            .await
    }

    async fn callback_results(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<CallbackResult>, StoreError> {
        self.lookups.with(|db| {
            let mut select = db.prepare_cached(
                "SELECT result_id, record FROM callback_results WHERE ?1 IS NULL OR result_id < ?1
                 ORDER BY result_id DESC LIMIT ?2",
            )?;
            let rows =
                select.query_map(params![after, limit], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.map(|row| {
                let (id, record): (String, Vec<u8>) = row?;
                handoffs::read_result(&self.vault.now(), id, &record)
            })
            .collect()
        })
    }
}
