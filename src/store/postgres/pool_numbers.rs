//! Numbers of pools, and the block-list: few, and changed seldom.

use sqlx::Row as _;

use super::PostgresStore;
use super::resealing::{columns_of, fenced, is_to_be_made_anew, renew};
use crate::masking::{PartyKey, PoolNumber, Vn};
use crate::store::StoreError;
use crate::store::booking_forms::{self as forms, number_index, seal_number};
use crate::store::bookings::Block;
use crate::store::resealing::{BLOCKED, POOL_NUMBERS};

impl PostgresStore {
    pub(super) async fn all_pool_numbers(&self) -> Result<Vec<PoolNumber>, StoreError> {
        let rows = self
            .desk
            .read(|| sqlx::query("SELECT vn, number_index, record FROM pool_numbers ORDER BY vn"));
        let rows = rows.await?;
        let vault = self.vault.now();
        let opened = rows.iter().map(|row| {
            let (vn, index): (i32, &[u8]) = (row.try_get("vn")?, row.try_get("number_index")?);
            forms::open_number(&vault, vn.into(), index, row.try_get("record")?)
        });
        opened.collect()
    }

    pub(super) async fn put_pool_number(
        &self,
        number: &PoolNumber,
    ) -> Result<PoolNumber, StoreError> {
        let vault = self.vault.now();
        let index = number_index(&vault, &number.number);
        let forms = columns_of(&vault, index);
        renew(
            &self.desk,
            &vault,
            POOL_NUMBERS,
            "t.number_index = ANY ($1)",
            |query| query.bind(forms.clone()),
        )
        .await?;
        let sql = fenced(
            "INSERT INTO pool_numbers (number_index, record) SELECT $1, $2 WHERE {fence}
             ON CONFLICT (number_index) DO UPDATE SET record = excluded.record RETURNING vn",
            &vault,
        );
        let statement = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(vault.form(index).to_vec())
            .bind(seal_number(&vault, &index, number));
        let rows = self.desk.run(statement).await?;
        if rows.is_empty() && is_to_be_made_anew(&self.desk, &self.vault, &vault).await? {
            return Box::pin(self.put_pool_number(number)).await;
        }
        let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
        let vn = u32::try_from(row.try_get::<i32, _>("vn")?).unwrap_or_default();
        Ok(PoolNumber {
            vn: Vn(vn),
            ..number.clone()
        })
    }

    pub(super) async fn put_block(&self, party: PartyKey, block: Block) -> Result<(), StoreError> {
        let vault = self.vault.now();
        let forms = columns_of(&vault, party.0);
        renew(&self.desk, &vault, BLOCKED, "t.party = ANY ($1)", |query| {
            query.bind(forms.clone())
        })
        .await?;
        let until = match block {
            Block::Until(until) => Some(until.as_millisecond()),
            Block::ForGood => None,
            Block::Lifted => {
                let lift = sqlx::query("DELETE FROM blocked_parties WHERE party = ANY ($1)");
                self.desk.run(lift.bind(forms)).await?;
                return Ok(());
            }
        };
        let put = fenced(
            "INSERT INTO blocked_parties (party, until, key_number) SELECT $1, $2, {key} WHERE {fence}
             ON CONFLICT (party) DO UPDATE SET until = excluded.until RETURNING 1",
            &vault,
        );
        let put = sqlx::query(sqlx::AssertSqlSafe(put))
            .bind(vault.form(party.0).to_vec())
            .bind(until);
        let rows = self.desk.run(put).await?;
        if rows.is_empty() && is_to_be_made_anew(&self.desk, &self.vault, &vault).await? {
            return Box::pin(self.put_block(party, block)).await;
        }
        Ok(())
    }
}
