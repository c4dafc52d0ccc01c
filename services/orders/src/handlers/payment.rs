//! What payment says about the order's money.

use contracts::events::payment::{
    DisputeStatus, PaymentActionCompleted, PaymentActionRequired, PaymentAuthorizationExpired,
    PaymentAuthorized, PaymentCaptureFailed, PaymentCaptured, PaymentDeclined, PaymentDisputed,
    PaymentRefunded, PaymentVoided,
};

use super::hear::{Meaning, means};
use crate::domain::Input;
use crate::timeline::money;

means! {
    PaymentAuthorized => |event, _| Meaning::input(
        Input::PaymentAuthorized {
            payment_id: event.payment_id.clone(),
            amount_minor: event.amount_minor,
            currency: event.currency,
        },
        format!("{} is set aside", money(event.amount_minor, event.currency)),
    );
    PaymentDeclined => |event, _| Meaning::input(
        Input::PaymentDeclined,
        format!("the payment was refused ({})", event.reason),
    );
    PaymentActionRequired => |_, sequence| Meaning::input(
        Input::PaymentActionRequired { sequence },
        "the customer has to confirm the payment",
    );
    PaymentActionCompleted => |_, sequence| Meaning::input(
        Input::PaymentActionCompleted { sequence },
        "the customer has answered",
    );
    PaymentVoided => |event, _| Meaning::input(
        Input::PaymentVoided,
        format!("{} is no longer set aside: it was let go", money(event.amount_minor, event.currency)),
    );
    PaymentAuthorizationExpired => |event, _| Meaning::input(
        Input::AuthorizationExpired,
        format!("{} is no longer set aside: it was held for too long", money(event.amount_minor, event.currency)),
    );
    PaymentCaptured => |event, _| Meaning::input(
        Input::PaymentCaptured {
            payment_id: event.payment_id.clone(),
            amount_minor: event.amount_minor,
            currency: event.currency,
        },
        format!("{} was taken", money(event.amount_minor, event.currency)),
    ).moved(event.amount_minor);
    PaymentCaptureFailed => |event, _| Meaning::input(
        Input::CaptureFailed,
        format!("{} could not be taken ({})", money(event.amount_minor, event.currency), event.reason),
    );
    PaymentRefunded => |event, _| Meaning {
        refund: Some(event.refund_id.to_string()),
        ..Meaning::input(
            Input::PaymentRefunded { refund_id: event.refund_id.clone(), amount_minor: event.amount_minor },
            format!("{} was given back", money(event.amount_minor, event.currency)),
        )
        .moved(event.amount_minor)
    };
    PaymentDisputed => |event, sequence| Meaning::input(
        Input::PaymentDisputed {
            dispute_id: event.dispute_id.clone(),
            status: event.status,
            amount_minor: event.amount_minor,
            sequence,
        },
        format!("{} {}", money(event.amount_minor, event.currency), match event.status {
            DisputeStatus::Opened => "is contested by the customer",
            DisputeStatus::Won => "was contested: decided for the shop",
            DisputeStatus::Lost => "was contested: decided for the customer",
            DisputeStatus::Unrecognised => "is contested",
        }),
    );
}
