//! What follows from a decision: what is told, and what the provider is asked.

use contracts::Timestamp;
use serde::{Deserialize, Serialize};

use super::News;
use crate::gateway::{Operation, ProviderKey, Why};

/// What is to be asked of the provider, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// At once.
    Now(Question),
    /// Once more, a while later: see [`wait_before`](super::wait_before) and
    /// [`wait_for_customer`](super::wait_for_customer).
    Again(Question),
}

impl Ask {
    pub(crate) fn question(&self) -> &Question {
        match self {
            Self::Now(question) | Self::Again(question) => question,
        }
    }

    pub(super) fn to(operation: Operation) -> Self {
        Self::Now(Question::Do { operation })
    }

    pub(super) fn to_again(operation: Operation) -> Self {
        Self::Again(Question::Do { operation })
    }

    pub(super) fn to_look(key: &ProviderKey) -> Self {
        Self::Now(Question::Look { key: key.clone() })
    }

    pub(super) fn to_look_again(key: &ProviderKey) -> Self {
        Self::Again(Question::Look { key: key.clone() })
    }

    /// The same request again tells what came of it, but for a key that the provider knows with another request: that
    /// is refused for ever, and only a question about the key tells what stands under it.
    pub(super) fn after_unknown(why: Why, operation: Operation) -> Self {
        match why {
            Why::KeyReused => Self::to_look_again(operation.key()),
            Why::Timeout | Why::Reset | Why::ServerError | Why::Unreadable | Why::InProgress => {
                Self::to_again(operation)
            }
        }
    }
}

/// One question to the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Question {
    /// Do this, or say what came of it when it was done under this key before.
    Do {
        /// What.
        operation: Operation,
    },
    /// What stands under this key?
    Look {
        /// Which.
        key: ProviderKey,
    },
}

impl Question {
    /// The key that it is about.
    #[must_use]
    pub fn key(&self) -> &ProviderKey {
        match self {
            Self::Do { operation } => operation.key(),
            Self::Look { key } => key,
        }
    }
}

/// What follows from a decision.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Next {
    /// To be told.
    pub news: Vec<News>,
    /// To be asked.
    pub asks: Vec<Ask>,
    /// When to look whether the hold under this key has run out.
    pub expiry: Option<(Timestamp, ProviderKey)>,
}

impl Next {
    pub(super) fn tell(news: News) -> Self {
        Self { news: vec![news], ..Self::default() }
    }

    pub(super) fn ask(ask: Ask) -> Self {
        Self { asks: vec![ask], ..Self::default() }
    }

    /// This first, then what follows from something else.
    pub(super) fn then(mut self, next: Self) -> Self {
        self.news.extend(next.news);
        self.asks.extend(next.asks);
        self.expiry = next.expiry.or(self.expiry);
        self
    }
}
