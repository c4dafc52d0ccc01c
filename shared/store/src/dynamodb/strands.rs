//! Rows that are spread over several keys, in one order again.

use std::collections::VecDeque;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::try_join_all;

use super::layout::{Attributes, PK, SK, index_name, index_pk, index_sk, text, text_of};
use super::requests::Requests;
use crate::failure::Outage;

/// What is read of each key.
#[derive(Debug, Clone)]
pub(super) struct Range {
    /// A secondary index, or the table itself.
    pub slot: Option<usize>,
    /// The second part of the key is at least this.
    pub low: String,
    /// And at most this.
    pub high: Option<String>,
    /// The last one first.
    pub is_backward: bool,
    /// About so many rows will be wanted.
    pub wanted: usize,
}

/// Rows are fetched so many at a time and key, at least; what comes in the end was often not wanted.
const LEAST: usize = 8;

/// One key's rows.
struct Strand {
    pk: String,
    rows: VecDeque<Attributes>,
    /// Where the next rows begin.
    from: Option<Attributes>,
    is_over: bool,
}

/// All rows of several keys, in the order of the second part.
pub(super) struct Strands {
    range: Range,
    strands: Vec<Strand>,
}

impl Strands {
    pub(super) fn new(range: Range, keys: impl IntoIterator<Item = String>) -> Self {
        let strand = |pk| Strand { pk, rows: VecDeque::new(), from: None, is_over: false };
        Self { range, strands: keys.into_iter().map(strand).collect() }
    }

    /// The next row, and the second part of its key.
    pub(super) async fn next(&mut self, requests: &Requests) -> Result<Option<(String, Attributes)>, Outage> {
        let share = self.range.wanted * 2 / self.strands.len().max(1);
        let at_once = share.clamp(LEAST, self.range.wanted.max(LEAST));
        let range = &self.range;
        let empty = self.strands.iter_mut().filter(|strand| strand.rows.is_empty() && !strand.is_over);
        try_join_all(empty.map(|strand| strand.fill(requests, range, at_once))).await?;
        let sk = self.range.sk();
        let mut first: Option<(usize, &str)> = None;
        for (n, strand) in self.strands.iter().enumerate() {
            let Some(row) = strand.rows.front() else { continue };
            let at = text_of(row, &sk)?;
            if first.is_none_or(|(_, best)| if self.range.is_backward { at > best } else { at < best }) {
                first = Some((n, at));
            }
        }
        let Some((n, at)) = first.map(|(n, at)| (n, at.to_owned())) else { return Ok(None) };
        Ok(self.strands[n].rows.pop_front().map(|row| (at, row)))
    }
}

impl Range {
    fn pk(&self) -> String {
        self.slot.map_or(PK.to_owned(), index_pk)
    }

    fn sk(&self) -> String {
        self.slot.map_or(SK.to_owned(), index_sk)
    }
}

impl Strand {
    /// Fetches until there is a row, or none is left.
    async fn fill(&mut self, requests: &Requests, range: &Range, at_once: usize) -> Result<(), Outage> {
        while self.rows.is_empty() && !self.is_over {
            let answer = requests.again(|| async {
                let (condition, high) = match &range.high {
                    Some(high) => ("#p = :p AND #s BETWEEN :low AND :high", Some(high)),
                    None => ("#p = :p AND #s >= :low", None),
                };
                let mut request = requests
                    .client()
                    .query()
                    .table_name(&requests.settings().table)
                    .key_condition_expression(condition)
                    .expression_attribute_names("#p", range.pk())
                    .expression_attribute_names("#s", range.sk())
                    .expression_attribute_values(":p", text(&self.pk))
                    .expression_attribute_values(":low", text(&range.low))
                    .scan_index_forward(!range.is_backward)
                    .limit(i32::try_from(at_once).unwrap_or(i32::MAX))
                    .set_exclusive_start_key(self.from.clone());
                if let Some(high) = high {
                    request = request.expression_attribute_values(":high", text(high));
                }
                request = match range.slot {
                    Some(slot) => request.index_name(index_name(slot)),
                    None => request.consistent_read(true),
                };
                requests.once(|sent| request.customize().interceptor(sent).send()).await
            });
            let answer = answer.await?;
            self.from = answer.last_evaluated_key.filter(|key| !key.is_empty());
            self.is_over = self.from.is_none();
            self.rows.extend(answer.items.unwrap_or_default());
        }
        Ok(())
    }
}

/// Whether `item` has `value` under `name`.
pub(super) fn is_text(item: &Attributes, name: &str, value: &str) -> bool {
    matches!(item.get(name), Some(AttributeValue::S(text)) if text == value)
}
