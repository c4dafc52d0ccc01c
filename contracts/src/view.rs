//! What one consumer reads of an event: the fields it has a use for, and no more. What it does not read may change
//! without anybody asking it, and that is seen from the type.

use serde::de::DeserializeOwned;

use crate::event::EventData;

/// A type that a consumer reads an event's body as: the event itself, or a part of it made by [`view!`](crate::view!).
pub trait View: DeserializeOwned + Send + Sync + 'static {
    /// The event, in the highest major that the consumer knows.
    type Of: EventData;
}

impl<E: EventData> View for E {
    type Of = E;
}

/// Declares what a consumer reads of an event. Whatever else is in the body is left alone.
///
/// ```
/// contracts::view! {
///     /// What the gift-wrapping desk reads of a confirmed order.
///     pub struct ToWrap of contracts::events::order::OrderConfirmed {
///         /// The order.
///         order_id: contracts::OrderId,
///     }
/// }
/// # let read: ToWrap = serde_json::from_str(r#"{"order_id":"o-1","lines":"not read"}"#)?;
/// # assert_eq!(read.order_id.as_str(), "o-1");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[macro_export]
macro_rules! view {
    ($(#[$doc:meta])* $vis:vis struct $name:ident of $event:ty {
        $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
    }) => {
        $(#[$doc])*
        #[derive(Debug, ::serde::Deserialize)]
        $vis struct $name {
            $($(#[$field_doc])* $vis $field: $type,)*
        }

        impl $crate::View for $name {
            type Of = $event;
        }
    };
}
