use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;

const SKUS: [&str; 4] = ["85123A", "71053", "84406B", "22423"];

fn sku(n: usize) -> Sku {
    Sku::new(SKUS[n % SKUS.len()]).unwrap()
}

fn off(code: &str, amount_minor: i64) -> Discount {
    Discount { code: code.to_owned(), amount_minor }
}

fn to(city: &str) -> ShipTo {
    ShipTo { city: city.to_owned(), country: "GB".to_owned(), ..ShipTo::default() }
}

fn some(n: usize, quantity: u32) -> LineQuantity {
    LineQuantity { sku: sku(n), quantity: Quantity::new(quantity).unwrap() }
}

fn line(n: usize, quantity: u32, unit_price_minor: i64) -> PricedLine {
    let quantity = Quantity::new(quantity).unwrap();
    PricedLine { sku: sku(n), quantity, unit_price_minor, discounts: vec![], tax_minor: 0, tax_rate_bp: 0 }
}

/// 2 x 10.00 less 2.00, and 1 x 5.00, less 1.15 of both; 4.37 tax; two parcels for 3.00 and 2.00.
fn order() -> OrderPlacedV2 {
    OrderPlacedV2 {
        order_id: OrderId::new("o-1").unwrap(),
        customer_id: CustomerId::new("c-1").unwrap(),
        currency: Currency::GBP,
        channel: web(),
        lines: vec![
            PricedLine {
                discounts: vec![off("CRATE", 200)],
                tax_minor: 345,
                tax_rate_bp: 2_000,
                ..line(0, 2, 1_000)
            },
            PricedLine { tax_minor: 92, tax_rate_bp: 2_000, ..line(1, 1, 500) },
        ],
        discounts: vec![off("WELCOME", 115)],
        deliveries: vec![
            PlannedDelivery { lines: vec![some(0, 1), some(1, 1)], ship_to: to("London"), fee_minor: 300 },
            PlannedDelivery { lines: vec![some(0, 1)], ship_to: to("London"), fee_minor: 200 },
        ],
        discount_minor: 315,
        tax_minor: 437,
        total_minor: 2_500 - 315 + 437 + 500,
        payment_method: PaymentMethod { token: "tok_ok".to_owned() },
        customer: Customer::default(),
        hold_id: None,
        allocation: None,
        placed_at: Timestamp::EPOCH,
    }
}

fn pointers(order: &OrderPlacedV2) -> Vec<String> {
    order.check().unwrap_err().into_iter().map(|problem| problem.pointer).collect()
}

#[test]
fn what_each_line_is_worth_adds_up_to_what_the_customer_pays() {
    let shares = order().check().unwrap().allocation.unwrap();
    let parts =
        |share: &FrozenShare| (share.goods_minor, share.discount_minor, share.tax_minor, share.fee_minor);
    // 115 off what is left of the prices, 1800 to 500; the fees by goods, 2000 to 500.
    assert_eq!(shares.iter().map(parts).collect::<Vec<_>>(), [(2_000, 290, 345, 400), (500, 25, 92, 100)]);
    assert_eq!(shares.iter().map(FrozenShare::worth_minor).sum::<i64>(), order().total_minor);
}

#[test]
fn deliveries_to_one_address_become_one_parcel_and_others_are_refused() {
    let one = order().check_for_one_parcel().unwrap();
    let all = PlannedDelivery { lines: vec![some(0, 2), some(1, 1)], ship_to: to("London"), fee_minor: 500 };
    assert_eq!((one.deliveries, one.total_minor), (vec![all], order().total_minor));
    let mut two = order();
    two.deliveries[1].ship_to = to("Leeds");
    assert!(two.check().is_ok(), "the order is sound");
    let problems = two.check_for_one_parcel().unwrap_err();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].pointer, "/deliveries");
    assert!(problems[0].message.contains("different addresses"), "{}", problems[0].message);
}

#[test]
fn a_sku_that_is_named_twice_becomes_one_line_with_all_discounts_and_tax() {
    let mut twice = order();
    twice.lines[1] = PricedLine {
        discounts: vec![off("SECOND", 10)],
        tax_minor: 92,
        tax_rate_bp: 2_000,
        ..line(0, 1, 1_000)
    };
    twice.deliveries[0].lines = vec![some(0, 1), some(0, 1)];
    (twice.discount_minor, twice.total_minor) = (325, 3_000 - 325 + 437 + 500);
    let plain = twice.check().unwrap();
    let merged = PricedLine {
        discounts: vec![off("CRATE", 200), off("SECOND", 10)],
        tax_minor: 437,
        tax_rate_bp: 2_000,
        ..line(0, 3, 1_000)
    };
    assert_eq!(plain.lines, [merged]);
    assert_eq!(plain.check().unwrap(), plain, "what is plain stays as it is");
}

#[test]
fn sums_that_do_not_add_up_are_named() {
    type Break = fn(&mut OrderPlacedV2);
    let cases: [(Break, &[&str]); 14] = [
        (|o| o.total_minor -= 1, &["/total_minor"]),
        (|o| o.tax_minor += 1, &["/tax_minor"]),
        (|o| o.discount_minor = 0, &["/discount_minor"]),
        (|o| o.lines[0].tax_minor = -1, &["/lines/0/tax_minor"]),
        (|o| o.lines[1].tax_rate_bp = 10_001, &["/lines/1/tax_rate_bp"]),
        (|o| o.lines[0].discounts = vec![off("X", 2_001)], &["/lines/0/discounts"]),
        (|o| o.discounts = vec![off("X", 2_301)], &["/discounts", "/discount_minor", "/total_minor"]),
        (|o| o.discounts = vec![off("", 0)], &["/discounts/0/code", "/discounts/0/amount_minor"]),
        (|o| o.discounts = vec![off("X", 1); MAX_DISCOUNTS + 1], &["/discounts"]),
        (|o| o.deliveries.clear(), &["/deliveries", "/deliveries"]),
        (|o| o.deliveries[1].lines = vec![some(0, 2)], &["/deliveries"]),
        (|o| o.deliveries[1].fee_minor = -1, &["/deliveries/1/fee_minor"]),
        (|o| o.deliveries[1].ship_to.country = "gb".to_owned(), &["/deliveries/1/ship_to/country"]),
        (|o| o.lines[0].unit_price_minor = i64::MAX, &["/lines"]),
    ];
    for (n, (breaks, wanted)) in cases.into_iter().enumerate() {
        let mut broken = order();
        breaks(&mut broken);
        assert_eq!(pointers(&broken), wanted, "case {n}");
    }
}

#[test]
fn a_sku_has_one_rate_of_tax() {
    let mut order = order();
    order.lines.push(PricedLine { tax_rate_bp: 500, ..line(0, 1, 1_000) });
    order.deliveries[0].lines.push(some(0, 1));
    assert_eq!(pointers(&order), ["/lines/2/tax_rate_bp"]);
}

#[test]
fn a_card_number_is_found_wherever_it_is() {
    let card = "4242 4242 4242 4242";
    let mut order = order();
    order.discounts[0].code = card.to_owned();
    order.deliveries[1].ship_to.line1 = card.to_owned();
    order.lines[0].tax_minor = 4_242_424_242_424_242;
    let problems = order.check().unwrap_err();
    let mut found: Vec<&str> = problems
        .iter()
        .filter(|problem| problem.slug == "card-number-refused")
        .map(|p| p.pointer.as_str())
        .collect();
    found.sort_unstable();
    assert_eq!(found, ["/deliveries/1/ship_to/line1", "/discounts/0/code", "/lines/0/tax_minor"]);
}

#[test]
fn what_v1_has_no_words_for_is_not_told_in_v1() {
    let plain = OrderPlacedV2 {
        lines: vec![line(0, 1, 500)],
        discounts: vec![],
        deliveries: vec![PlannedDelivery { lines: vec![some(0, 1)], ship_to: to("London"), fee_minor: 0 }],
        discount_minor: 0,
        tax_minor: 0,
        total_minor: 500,
        ..order()
    };
    assert!(plain.step_down().is_ok());
    type Enrich = fn(&mut OrderPlacedV2);
    let cases: [(Enrich, &str); 8] = [
        (|o| o.deliveries.push(o.deliveries[0].clone()), "several deliveries"),
        (|o| o.deliveries[0].lines.clear(), "a delivery of something else"),
        (|o| o.discounts.push(off("X", 1)), "discounts"),
        (|o| o.lines[0].discounts.push(off("X", 1)), "discounts"),
        (|o| o.discount_minor = 1, "discounts"),
        (|o| o.lines[0].tax_minor = 1, "tax"),
        (|o| o.lines[0].tax_rate_bp = 1, "tax"),
        (|o| o.tax_minor = 1, "tax"),
    ];
    for (enrich, what) in cases {
        let mut order = plain.clone();
        enrich(&mut order);
        let why = order.step_down().unwrap_err().to_string();
        assert!(why.contains(what), "{why}");
    }
}

prop_compose! {
    /// Lines of any sense or none, as another application may send them.
    fn any_v1()(
        lines in vec((0usize..4, 1u32..=100_000, any::<i64>()), 0..5),
        shares in option::of(vec((0usize..4, any::<i64>(), any::<i64>()), 0..5)),
        (fee, total) in any::<(i64, i64)>(),
        texts in vec("[a-zA-Z0-9 ]{0,12}", 5),
        (has_hold, has_line2) in any::<(bool, bool)>(),
        seconds in 0i64..2_000_000_000,
    ) -> OrderPlaced {
        let line = |(n, quantity, unit_price_minor): (usize, u32, i64)| {
            Line { sku: sku(n), quantity: Quantity::new(quantity).unwrap(), unit_price_minor }
        };
        let share = |(n, goods_minor, fee_minor): (usize, i64, i64)| Share { sku: sku(n), goods_minor, fee_minor };
        OrderPlaced {
            order_id: OrderId::new("o-1").unwrap(),
            customer_id: CustomerId::new("c-1").unwrap(),
            currency: Currency::GBP,
            channel: texts[0].clone(),
            lines: lines.into_iter().map(line).collect(),
            shipping_fee_minor: fee,
            total_minor: total,
            payment_method: PaymentMethod { token: texts[1].clone() },
            customer: Customer { name: texts[2].clone(), ..Customer::default() },
            ship_to: ShipTo { line2: has_line2.then(|| texts[3].clone()), ..to(&texts[4]) },
            hold_id: has_hold.then(|| HoldId::new("h-1").unwrap()),
            allocation: shares.map(|shares| shares.into_iter().map(share).collect()),
            placed_at: Timestamp::from_micros(seconds * 1_000_000),
        }
    }
}

prop_compose! {
    /// An order with prices that a shop could ask, and everything that v2 can say.
    fn sound_v2()(
        lines in vec((0i64..100_000, 1u32..=50, 0u8..=100, 0i64..5_000), 1..5),
        percent in 0i64..=100,
        fees in vec(0i64..2_000, 1..4),
    ) -> OrderPlacedV2 {
        let (mut left, mut goods) = (0, 0);
        let priced = |(n, (price, quantity, percent, tax_minor)): (usize, (i64, u32, u8, i64))| {
            let cost = price * i64::from(quantity);
            let amount = cost * i64::from(percent) / 100;
            (goods, left) = (goods + cost, left + cost - amount);
            let discounts = if amount > 0 { vec![off("LINE", amount)] } else { vec![] };
            PricedLine { discounts, tax_minor, tax_rate_bp: 500, ..line(n, quantity, price) }
        };
        let lines: Vec<PricedLine> = lines.into_iter().enumerate().map(priced).collect();
        let amount = left * percent / 100;
        let tax_minor = lines.iter().map(|line| line.tax_minor).sum();
        // All pieces are in the last parcel but one of the first line's, which is in the first.
        let mut deliveries: Vec<PlannedDelivery> = fees.iter()
            .map(|&fee_minor| PlannedDelivery { lines: vec![], ship_to: to("London"), fee_minor })
            .collect();
        for (n, line) in lines.iter().enumerate() {
            let count = line.quantity.get();
            let (first, rest) = if n == 0 && count > 1 { (1, count - 1) } else { (0, count) };
            if first > 0 {
                deliveries.first_mut().unwrap().lines.push(some(n, first));
            }
            deliveries.last_mut().unwrap().lines.push(some(n, rest));
        }
        OrderPlacedV2 {
            discounts: if amount > 0 { vec![off("ORDER", amount)] } else { vec![] },
            discount_minor: goods - left + amount,
            tax_minor,
            total_minor: left - amount + tax_minor + fees.iter().sum::<i64>(),
            lines,
            deliveries,
            ..order()
        }
    }
}

proptest! {
    #[test]
    fn stepping_up_and_down_again_gives_the_same_order(v1 in any_v1()) {
        let v2 = OrderPlacedV2::step_up(v1.clone());
        prop_assert_eq!(v2.total_minor, v1.total_minor);
        prop_assert_eq!(v2.fee_minor(), v1.shipping_fee_minor);
        prop_assert_eq!(v2.step_down(), Ok(v1));
    }

    #[test]
    fn stepping_up_makes_no_order_better_or_worse(v1 in any_v1(), fix in any::<bool>()) {
        let mut v1 = v1;
        if fix {
            v1.lines.iter_mut().for_each(|line| line.unit_price_minor = 100);
            v1.shipping_fee_minor = 5;
            v1.total_minor = 5 + v1.lines.iter().map(|line| 100 * i64::from(line.quantity.get())).sum::<i64>();
            v1.payment_method.token = "tok_ok".to_owned();
        }
        let v2 = OrderPlacedV2::step_up(v1.clone()).check();
        prop_assert_eq!(v1.check().is_ok(), v2.is_ok(), "{:?} and {:?}", v1.check(), v2);
        if let (Ok(v1), Ok(v2)) = (v1.check(), v2) {
            let shares: Vec<Share> = v2.allocation.iter().flatten().map(plain).collect();
            prop_assert_eq!(shares, v1.allocation);
            prop_assert_eq!(v2.plain_lines(), v1.lines);
        }
    }

    #[test]
    fn shares_add_up_and_no_line_is_worth_less_than_nothing(order in sound_v2()) {
        let plain = order.check().unwrap();
        let shares = plain.allocation.clone().unwrap();
        let sum = |part: fn(&FrozenShare) -> i64| shares.iter().map(part).sum::<i64>();
        prop_assert_eq!(sum(FrozenShare::worth_minor), order.total_minor);
        prop_assert_eq!(sum(|share| share.discount_minor), order.discount_minor);
        prop_assert_eq!(sum(|share| share.tax_minor), order.tax_minor);
        prop_assert_eq!(sum(|share| share.fee_minor), order.fee_minor());
        for share in &shares {
            prop_assert!((0..=share.goods_minor).contains(&share.discount_minor), "{:?}", share);
        }
        prop_assert_eq!(plain.check_for_one_parcel().unwrap().total_minor, order.total_minor);
    }
}
