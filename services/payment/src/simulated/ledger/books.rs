//! Double entry: money only moves from one account to another, so the sum over all accounts stays zero.

use std::collections::BTreeMap;

use contracts::Currency;
use serde::{Deserialize, Serialize};

/// Where money is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    /// With the customers; below zero by what they have spent.
    Cardholder,
    /// Held by authorizations.
    Held,
    /// Taken, and not given back.
    Merchant,
    /// Taken, and contested: held by disputes until they are decided.
    Disputed,
}

/// Money from one account to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// Whose balance falls.
    pub from: Account,
    /// Whose balance rises.
    pub to: Account,
    /// How much, in minor units.
    pub amount_minor: i64,
    /// Of what.
    pub currency: Currency,
}

/// Balances per currency and account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Books {
    balances: BTreeMap<(Currency, Account), i64>,
}

/// One balance, as it is exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// Of what.
    pub currency: Currency,
    /// Where.
    pub account: Account,
    /// How much, in minor units.
    pub balance_minor: i64,
}

impl Books {
    /// How much of `currency` is in `account`, in minor units.
    #[must_use]
    pub fn balance(&self, currency: Currency, account: Account) -> i64 {
        self.balances.get(&(currency, account)).copied().unwrap_or(0)
    }

    /// Every balance that was ever moved.
    pub fn balances(&self) -> impl Iterator<Item = Balance> {
        self.balances.iter().map(|(&(currency, account), &balance_minor)| Balance {
            currency,
            account,
            balance_minor,
        })
    }

    /// Moves money; `None`, and nothing is moved, when a balance would leave 64 bits or what is not there would go.
    #[must_use]
    pub(super) fn post(&mut self, transfer: Transfer) -> Option<()> {
        let Transfer { from, to, amount_minor, currency } = transfer;
        let after_from = self.balance(currency, from).checked_sub(amount_minor)?;
        let after_to = self.balance(currency, to).checked_add(amount_minor)?;
        let is_overdrawn = after_from < 0 && from != Account::Cardholder;
        if amount_minor < 0 || is_overdrawn {
            return None;
        }
        self.balances.insert((currency, from), after_from);
        self.balances.insert((currency, to), after_to);
        Some(())
    }
}
