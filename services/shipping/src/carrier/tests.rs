use contracts::{ReturnId, ShipmentId};

use super::*;

fn shipment(id: &str) -> Parcel {
    Parcel::Shipment(ShipmentId::new(id).unwrap())
}

#[test]
fn a_key_names_parcel_step_and_attempt_and_nothing_else() {
    let key = CarrierKey::new(&shipment("536365-s1"), Step::Book, 1);
    assert_eq!(key.as_str(), "shipment-536365-s1-book-1");
    assert_eq!(key.step(), Some(Step::Book));
    let returning = Parcel::Return(ReturnId::new("536365-s1").unwrap());
    for other in [
        CarrierKey::new(&shipment("536365-s1"), Step::Book, 2),
        CarrierKey::new(&shipment("536365-s1"), Step::HandOver, 1),
        CarrierKey::new(&shipment("536366-s1"), Step::Book, 1),
        CarrierKey::new(&returning, Step::Book, 1),
    ] {
        assert_ne!(key, other);
    }
}

#[test]
fn a_stored_key_is_read_back_and_anything_else_is_refused() {
    for id in ["536365-s1", "a-void-1", "x/y:z+1"] {
        for step in [Step::Book, Step::HandOver, Step::Void] {
            let key = CarrierKey::new(&shipment(id), step, 12);
            assert_eq!(key.as_str().parse(), Ok(key));
        }
        assert_eq!(shipment(id).to_string().parse(), Ok(shipment(id)));
    }
    for bad in [
        "",
        "shipment-1-book",
        "shipment-1-book-x",
        "shipment-1-book-01",
        "parcel-1-book-1",
        "shipment--void-1",
    ] {
        assert!(bad.parse::<CarrierKey>().is_err(), "{bad}");
    }
    for bad in ["", "536365-s1", "parcel/1", "shipment/", "shipment/a b"] {
        assert!(bad.parse::<Parcel>().is_err(), "{bad}");
    }
}

#[test]
fn what_is_stored_keeps_its_form() {
    let parcel = shipment("7-s1");
    let number = TrackingNumber::try_from("SIM7".to_owned()).unwrap();
    let captured = Captured { payment_id: PaymentId::new("7").unwrap(), at: Timestamp::EPOCH };
    let book = Book {
        key: CarrierKey::new(&parcel, Step::Book, 1),
        parcel: parcel.clone(),
        ship_to: ShipTo { country: "GB".to_owned(), ..ShipTo::default() },
        pieces: 2,
    };
    let void = Void { key: CarrierKey::new(&parcel, Step::Void, 1), book: book.key.clone(), number: None };
    for (operation, text) in [
        (
            Operation::Book(Box::new(book)),
            r#"{"operation":"book","key":"shipment-7-s1-book-1","parcel":"shipment/7-s1","ship_to":{"name":"","line1":"","city":"","postcode":"","country":"GB"},"pieces":2}"#,
        ),
        (
            Operation::HandOver(HandOver::new(&parcel, number, captured)),
            r#"{"operation":"hand_over","key":"shipment-7-s1-handover-1","number":"SIM7","captured":{"payment_id":"7","at":"1970-01-01T00:00:00.000000Z"}}"#,
        ),
        (
            Operation::Void(void),
            r#"{"operation":"void","key":"shipment-7-s1-void-1","book":"shipment-7-s1-book-1"}"#,
        ),
    ] {
        assert_eq!(serde_json::to_string(&operation).unwrap(), text);
        assert_eq!(serde_json::from_str::<Operation>(text).unwrap(), operation);
    }
}

#[test]
fn a_label_is_a_pdf_that_is_not_too_long_and_survives_being_kept() {
    let pdf = Pdf::new(b"%PDF-1.4\n\xff\x00\n%%EOF\r\n".to_vec()).unwrap();
    assert_eq!(Pdf::from_hex(&pdf.to_hex()), Some(pdf.clone()));
    assert_eq!(pdf.sha256().len(), 64);
    assert_eq!(Pdf::new(b"<html>".to_vec()), Err(NotALabel::NotPdf));
    assert_eq!(Pdf::new(b"%PDF-1.4\n half".to_vec()), Err(NotALabel::NotPdf));
    assert_eq!(Pdf::new(vec![0; MAX_PDF_BYTES + 1]), Err(NotALabel::TooLong(MAX_PDF_BYTES + 1)));
    for bad in ["0", "0g", "é0"] {
        assert_eq!(unhex(bad), None, "{bad}");
    }
    assert!(!format!("{pdf:?}").contains("%PDF"), "an address is not printed");
}
