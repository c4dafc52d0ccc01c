//! What is worth a message, and what customers may choose.

use serde::{Deserialize, Serialize};

/// What a message is about, as customers choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// Receipts: what was ordered, and that it will or will not come.
    Orders,
    /// What happens to the customer's money.
    Payments,
    /// Where the parcel is.
    Shipping,
    /// Thanks, once all is done.
    Completion,
    /// For operators.
    Stock,
}

impl Topic {
    /// Every topic that customers are written to about.
    pub const CUSTOMERS: [Self; 4] = [Self::Orders, Self::Payments, Self::Shipping, Self::Completion];

    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Payments => "payments",
            Self::Shipping => "shipping",
            Self::Completion => "completion",
            Self::Stock => "stock",
        }
    }

    /// Whether it always goes: receipts, and what the law asks for.
    #[must_use]
    pub const fn always_goes(self) -> bool {
        match self {
            Self::Orders | Self::Payments | Self::Stock => true,
            Self::Shipping | Self::Completion => false,
        }
    }
}

macro_rules! milestones {
    ($($(#[doc = $doc:literal])* $name:ident = $word:literal: $topic:ident;)*) => {
        /// Something worth a message. Its name is that of its templates.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Milestone {
            $($(#[doc = $doc])* #[serde(rename = $word)] $name,)*
        }

        impl Milestone {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name of its templates: `order-confirmed`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// What it is about.
            #[must_use]
            pub const fn topic(self) -> Topic {
                match self { $(Self::$name => Topic::$topic,)* }
            }
        }
    };
}

milestones! {
    /// The order was taken.
    OrderPlaced = "order-placed": Orders;
    /// It will come.
    OrderConfirmed = "order-confirmed": Orders;
    /// It will not come.
    OrderCancelled = "order-cancelled": Orders;
    /// All is done.
    OrderCompleted = "order-completed": Completion;
    /// The parcel is on its way.
    ShipmentDispatched = "shipment-dispatched": Shipping;
    /// The parcel is there.
    ShipmentDelivered = "shipment-delivered": Shipping;
    /// Money was given back.
    PaymentRefunded = "payment-refunded": Payments;
    /// Money that was set aside was let go.
    PaymentVoided = "payment-voided": Payments;
    /// The customer contests the payment, or that was decided.
    PaymentDisputed = "payment-disputed": Payments;
    /// For operators: a SKU fell to its threshold.
    StockLow = "stock-low": Stock;
    /// For operators: less is there than was promised.
    StockShort = "stock-short": Stock;
}
