//! Asking the outside, once a delivery: a peer that does not answer delays who asks it, and nobody else.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use super::{Message, panicked};
use crate::core::Core;
use crate::fail::Fail;
use crate::service::{ErasedOutside, Evidence, Ready};

impl Core {
    /// What came of the call; `None` when the message was put off instead.
    pub(super) async fn ask(
        &self,
        message: &Message<'_>,
        outside: &dyn ErasedOutside,
        intent: &dyn Ready,
    ) -> Result<Option<Evidence>, Fail> {
        if let Some((wait, why)) = self.peers.hold(&message.handler, &self.env) {
            self.put_off(message, vec![why], wait).await?;
            return Ok(None);
        }
        let called = AssertUnwindSafe(outside.call(intent, self.env.now())).catch_unwind().await;
        match called {
            Ok(Ok(evidence)) => {
                self.peers.answered(&message.handler);
                return Ok(Some(evidence));
            }
            Ok(Err(unavailable)) => {
                let wait = self.peers.failed(&message.handler, &unavailable, &self.env);
                self.put_off(message, vec![unavailable.to_string()], wait).await?;
            }
            Err(panic) => self.failed(message, &panicked(panic.as_ref())).await?,
        }
        Ok(None)
    }
}
