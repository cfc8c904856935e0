//! The tables `handoffs`, `sip_calls` and `callback_results`: what was asked of the Contact Center, what it gave back, and the calls that a tenant's script told of.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::Row as _;

use super::PostgresStore;
use super::resealing::{columns_of, fenced};
use crate::call::PhoneNumber;
use crate::contact_center::given_back::CallbackResult;
use crate::contact_center::handoff::Handoff;
use crate::contact_center::matching::SipCall;
use crate::store::StoreError;
use crate::store::handoffs::{self, HandoffColumns, Handoffs, SipCallColumns};
use crate::store::vault::Vault;

#[async_trait]
impl Handoffs for PostgresStore {
    async fn keep_handoff(&self, handoff: &Handoff) -> Result<(), StoreError> {
        let sql = |vault: &Vault| {
            fenced(
            "INSERT INTO handoffs (handoff_id, state, record) SELECT $1, $2, $3 WHERE {fence}
             ON CONFLICT (handoff_id) DO UPDATE SET state = excluded.state, record = excluded.record RETURNING 1",
            vault,
        )
        };
        let statement = |vault: &Vault| {
            let columns = HandoffColumns::of(vault, handoff);
            sqlx::query(sqlx::AssertSqlSafe(sql(vault)))
                .bind(columns.id)
                .bind(columns.state)
                .bind(columns.record)
        };
        // To write it twice is to write it once.
        self.write_sealed_twice(&self.calls, statement).await?;
        Ok(())
    }

    async fn handoffs(&self, after: Option<&str>, limit: u32) -> Result<Vec<Handoff>, StoreError> {
        let rows = self
            .desk
            .read(|| {
                sqlx::query(
                    "SELECT handoff_id, record FROM handoffs WHERE $1 IS NULL OR handoff_id < $1
                     ORDER BY handoff_id DESC LIMIT $2",
                )
                .bind(after.map(super::clear))
                .bind(i64::from(limit))
            })
            .await?;
        let read = |row: &sqlx::postgres::PgRow| {
            let record: Vec<u8> = row.try_get("record")?;
            handoffs::read_handoff(&self.vault.now(), row.try_get("handoff_id")?, &record)
        };
        rows.iter().map(read).collect()
    }

    async fn keep_sip_call(
        &self,
        call: &SipCall,
        forget_before: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = |vault: &Vault| {
            fenced(
            "WITH forgotten AS (DELETE FROM sip_calls WHERE told_at < $4)
             INSERT INTO sip_calls (line, told_at, record) SELECT $1, $2, $3 WHERE {fence} RETURNING 1",
            vault,
        )
        };
        let statement = |vault: &Vault| {
            let columns = SipCallColumns::of(vault, call);
            sqlx::query(sqlx::AssertSqlSafe(sql(vault)))
                .bind(columns.line.to_vec())
                .bind(columns.told_at)
                .bind(columns.record)
                .bind(forget_before.as_millisecond())
        };
        self.write_sealed(&self.calls, statement).await?;
        Ok(())
    }

    async fn sip_calls(
        &self,
        caller: &PhoneNumber,
        called: &PhoneNumber,
        since: Timestamp,
    ) -> Result<Vec<SipCall>, StoreError> {
        let vault = self.vault.now();
        let lines = columns_of(&vault, handoffs::line(&vault, caller, called));
        let rows = self
            .calls
            .read(|| {
                sqlx::query("SELECT told_at, record FROM sip_calls WHERE line = ANY ($1) AND told_at >= $2 ORDER BY told_at")
                    .bind(lines.clone())
                    .bind(since.as_millisecond())
            })
            .await?;
        let read = |row: &sqlx::postgres::PgRow| {
            let record: Vec<u8> = row.try_get("record")?;
            handoffs::read_sip_call(&vault, caller, called, row.try_get("told_at")?, &record)
        };
        rows.iter().map(read).collect()
    }

    async fn keep_callback_result(&self, result: &CallbackResult) -> Result<(), StoreError> {
        let sql = |vault: &Vault| {
            fenced(
                "INSERT INTO callback_results (result_id, record) SELECT $1, $2 WHERE {fence} RETURNING 1",
                vault,
            )
        };
        let statement = |vault: &Vault| {
            sqlx::query(sqlx::AssertSqlSafe(sql(vault)))
                .bind(result.id.clone())
                .bind(handoffs::seal_result(vault, result))
        };
        self.write_sealed(&self.desk, statement).await?;
        Ok(())
    }

    async fn callback_results(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<CallbackResult>, StoreError> {
        let rows = self
            .desk
            .read(|| {
                sqlx::query(
                    "SELECT result_id, record FROM callback_results WHERE $1 IS NULL OR result_id < $1
                     ORDER BY result_id DESC LIMIT $2",
                )
                .bind(after.map(super::clear))
                .bind(i64::from(limit))
            })
            .await?;
        let read = |row: &sqlx::postgres::PgRow| {
            let record: Vec<u8> = row.try_get("record")?;
            handoffs::read_result(&self.vault.now(), row.try_get("result_id")?, &record)
        };
        rows.iter().map(read).collect()
    }
}
