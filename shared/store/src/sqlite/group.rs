//! One transaction of many units of work: the mechanics that the engine and the bare loop share.

use rusqlite::Connection;

use super::apply::{Applier, Numbered};
use super::failure::is_full;
use super::tables::{Tables, Tally};
use super::work::Work;
use crate::unit::Outcome;

/// Message numbers of one opening of the file; 2^36 are more than it can use up.
const INCARNATION_BITS: u32 = 36;

/// The first message number of an incarnation. Numbers of earlier ones are lower, so that none is ever used twice, and
/// a row that was there at the start is known by its number.
pub(super) fn first_seq(incarnation: u64) -> u64 {
    incarnation << INCARNATION_BITS
}

/// In which incarnation a number was given out.
pub(super) fn incarnation_of(seq: u64) -> u64 {
    seq >> INCARNATION_BITS
}

/// Why a transaction did not go through.
#[derive(Debug)]
pub(super) struct Failure {
    pub error: rusqlite::Error,
    /// All of it may be in the log, and the end of the process now could bring it to life.
    pub is_in_doubt: bool,
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self { error, is_in_doubt: false }
    }
}

/// A transaction being built, and afterwards what became of its members.
pub(super) struct Group<'c> {
    conn: &'c Connection,
    pub tables: Tables<'c>,
    applier: Applier,
    /// Of each member.
    pub outcomes: Vec<Outcome>,
    /// The messages of all members.
    pub numbered: Vec<Numbered>,
    /// Where the messages of each member end in `numbered`.
    pub ends: Vec<usize>,
    committed: Tally,
}

impl<'c> Group<'c> {
    /// Numbers messages from `next_seq` on.
    pub(super) fn new(conn: &'c Connection, next_seq: u64) -> rusqlite::Result<Self> {
        Ok(Self {
            conn,
            tables: Tables::prepare(conn)?,
            applier: Applier::new(next_seq),
            outcomes: Vec::new(),
            numbered: Vec::new(),
            ends: Vec::new(),
            committed: Tally::default(),
        })
    }

    pub(super) fn begin(&mut self) -> Result<(), Failure> {
        self.outcomes.clear();
        self.numbered.clear();
        self.ends.clear();
        Ok(self.tables.begin()?)
    }

    pub(super) fn add(&mut self, work: &Work) -> Result<(), Failure> {
        let outcome = self.applier.apply(work, &mut self.tables, &mut self.numbered)?;
        self.outcomes.push(outcome);
        self.ends.push(self.numbered.len());
        Ok(())
    }

    /// Commits, and answers how much was changed.
    pub(super) fn commit(&mut self) -> Result<Tally, Failure> {
        if let Err(error) = self.tables.commit() {
            let is_in_doubt = !is_full(&error);
            return Err(Failure { error, is_in_doubt });
        }
        let before = self.committed;
        self.committed = self.tables.tally;
        Ok(self.committed.minus(before))
    }

    /// Undoes what was begun; whether the connection can be used again.
    pub(super) fn roll_back(&mut self) -> bool {
        self.tables.tally = self.committed;
        // SQLite has often done so by itself: after a full disk, an I/O error, no memory.
        if !self.conn.is_autocommit()
            && let Err(error) = self.conn.execute_batch("ROLLBACK")
        {
            tracing::warn!(error = %error, "a rollback failed");
        }
        self.conn.is_autocommit()
    }

    /// The number of the next message; for a connection that takes over.
    pub(super) fn next_seq(&self) -> u64 {
        self.applier.next_seq
    }

    /// The messages of member `index`.
    pub(super) fn messages_of(&self, index: usize) -> &[Numbered] {
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(index).copied().unwrap_or(start);
        self.numbered.get(start..end).unwrap_or(&[])
    }
}
