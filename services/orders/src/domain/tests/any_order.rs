//! Whatever comes, in whatever order and however often.

use proptest::prelude::*;

use super::*;

fn inputs() -> Vec<Input> {
    let told = rules().into_iter().map(|(input, _)| input);
    told.chain([
        created(),
        ready(),
        Input::ShipmentStopped,
        Input::StopRefused,
        delivered(),
        failed(FailedStage::BeforeHandover),
        failed(FailedStage::Lost),
        failed(FailedStage::Returned),
        came_back("r-1", &[("A", 1)]),
        came_back("r-2", &[("A", 2), ("B", 1)]),
        refunded("r-1-refund", 102),
    ])
    .collect()
}

/// Any input; what confirms comes more often, as most follows from it.
fn any_input() -> impl Strategy<Value = Input> {
    let all = inputs();
    prop_oneof![1 => Just(paid()), 12 => proptest::sample::select(all)]
}

/// What followed, counted.
#[derive(Debug, Default)]
struct Told {
    confirmed: usize,
    cancelled: Vec<CancelReason>,
    completed: usize,
    refunds: Vec<Cause>,
    due_minor: i64,
}

impl Told {
    fn count(&mut self, decisions: Vec<Decision>) {
        for decision in decisions {
            match decision {
                Decision::Confirm => self.confirmed += 1,
                Decision::Cancel { reason, .. } => self.cancelled.push(reason),
                Decision::Complete => self.completed += 1,
                Decision::Refund(due) => {
                    assert_eq!(due.lines.iter().map(|line| line.amount_minor).sum::<i64>(), due.amount_minor);
                    self.due_minor += due.amount_minor;
                    self.refunds.push(due.cause);
                }
                Decision::RequestCancel(_) | Decision::Stall(_) | Decision::GoOn | Decision::Remark(_) => {}
            }
        }
    }
}

fn judge(order: &Order, told: &Told) {
    let ends = told.cancelled.len() + told.completed;
    assert!(ends <= 1 && told.confirmed <= 1, "{told:?}");
    let mut causes = told.refunds.clone();
    causes.sort();
    causes.dedup();
    assert_eq!(causes.len(), told.refunds.len(), "a cause refunds once: {told:?}");
    assert_eq!(told.due_minor, order.refunds.due_minor);
    let taken = if order.payment.is_captured { 255 } else { 0 };
    assert!(told.due_minor <= taken, "{told:?}");
    let (is_cancelled, is_completed) = (!told.cancelled.is_empty(), told.completed == 1);
    if is_cancelled || (is_completed && order.shipment.is_undelivered()) {
        assert_eq!(told.due_minor, taken, "all is owed: {told:?}");
    }
    match &order.stage {
        Stage::Open => assert_eq!(told.confirmed + ends, 0),
        Stage::Completed { .. } => assert!(is_completed && told.confirmed == 1),
        Stage::Cancelled { reason, was_confirmed, .. } => {
            assert_eq!((&told.cancelled, told.confirmed), (&vec![*reason], usize::from(*was_confirmed)));
        }
        Stage::Confirmed { .. }
        | Stage::Cancelling { .. }
        | Stage::Dispatched { .. }
        | Stage::Delivered { .. } => {
            assert_eq!((told.confirmed, ends), (1, 0));
        }
    }
}

proptest! {
    #[test]
    fn any_order_of_inputs_with_duplicates_leads_to_one_end_and_never_to_more_than_is_owed(
        inputs in prop::collection::vec(any_input(), 0..40),
        placed_at in 0usize..20,
        is_sound in prop::bool::weighted(0.9),
    ) {
        let (mut case, mut told) = (Case::default(), Told::default());
        let place = |case: &mut Case, told: &mut Told| {
            let placed = match is_sound {
                true => case.place(terms(), Origin::Application, NOW),
                false => case.refuse(refused()),
            };
            placed.into_iter().for_each(|decisions| told.count(decisions));
        };
        for (n, input) in inputs.into_iter().enumerate() {
            if n == placed_at {
                place(&mut case, &mut told);
            }
            let decisions = case.hear(input, NOW);
            told.count(decisions);
            if let Case::Taken(order) = &case {
                judge(order, &told);
            }
        }
        // Whatever happened, the deadline comes.
        told.count(case.hear(Input::Deadline, NOW));
        match case {
            Case::Heard { .. } => prop_assert!(false, "still open"),
            Case::Refused(refused) => prop_assert_eq!(vec![refused.reason], told.cancelled),
            Case::Taken(order) => {
                prop_assert!(order.stage != Stage::Open, "still open");
                judge(&order, &told);
            }
        }
    }

    #[test]
    fn facts_that_do_not_contradict_each_other_end_alike_in_any_order(
        mut facts in Just(vec![created(), ready(), captured(), dispatched(), delivered(), Input::StopRefused])
            .prop_shuffle(),
        again in prop::collection::vec(0usize..6, 0..6),
        is_asked in any::<bool>(),
        is_lost in any::<bool>(),
    ) {
        for at in again {
            facts.push(facts[at].clone());
        }
        let mut order = confirmed(is_asked.then_some(Input::CancelAsked));
        for fact in facts {
            order.hear(fact, NOW);
        }
        prop_assert_eq!(order.status(), OrderStatus::Completed);
        if is_lost {
            order.hear(failed(FailedStage::Lost), NOW);
            prop_assert_eq!((order.status(), order.refunds.due_minor), (OrderStatus::Completed, 255));
        }
    }

    #[test]
    fn hearing_before_the_order_is_placed_decides_like_hearing_after(inputs in prop::collection::vec(any_input(), 0..8)) {
        let early: Vec<Input> = inputs
            .into_iter()
            .filter(|input| !matches!(input, Input::Deadline | Input::CancelAsked))
            .collect();
        let mut joined = Case::default();
        for input in &early {
            joined.hear(input.clone(), NOW);
        }
        joined.place(terms(), Origin::Application, NOW).unwrap();
        let mut seen = Vec::new();
        let straight = after(early.into_iter().filter(|input| {
            let is_new = !seen.contains(input);
            seen.push(input.clone());
            is_new
        }));
        prop_assert_eq!(joined, Case::Taken(Box::new(straight)));
    }
}
