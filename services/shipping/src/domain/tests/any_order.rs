//! Whatever comes, in whatever order and however often.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Input {
    Confirm,
    Capture,
    Stop,
    /// The answer to the question of this step.
    Learn(Step, Evidence),
    See(Scan),
}

fn evidence() -> impl Strategy<Value = Evidence> {
    prop_oneof![
        3 => Just(labelled()),
        3 => (0u64..50).prop_map(|s| Evidence::HandedOver { at: at(s) }),
        2 => Just(Evidence::Voided),
        1 => (0u64..50).prop_map(|s| Evidence::TooLate { at: at(s) }),
        1 => Just(Evidence::NotFound),
        1 => Just(refused("no")),
        3 => Just(UNKNOWN),
    ]
}

fn input() -> impl Strategy<Value = Input> {
    let step = prop_oneof![Just(Step::Book), Just(Step::HandOver), Just(Step::Void)];
    let status = proptest::sample::select(TrackingStatus::ALL);
    prop_oneof![
        2 => Just(Input::Confirm),
        2 => Just(Input::Capture),
        2 => Just(Input::Stop),
        8 => (step, evidence()).prop_map(|(step, evidence)| Input::Learn(step, evidence)),
        2 => (0u64..100, status).prop_map(|(s, status)| Input::See(scan(s, status))),
    ]
}

/// The latest question about each step, as it would be asked.
fn asked(step: Step) -> Ask {
    let key = CarrierKey::new(&shipment().parcel(), step, 1);
    Ask { question: Question::Look { key }, tries: 3 }
}

/// What has been told.
#[derive(Default)]
struct Told {
    created: u32,
    ready: u32,
    dispatched: u32,
    delivered: u32,
    failed: u32,
    stopped: u32,
    refused: u32,
}

impl Told {
    fn hear(&mut self, news: &[News]) {
        for news in news {
            *match news {
                News::Created => &mut self.created,
                News::Ready(_) => &mut self.ready,
                News::Dispatched(..) => &mut self.dispatched,
                News::Delivered(_) => &mut self.delivered,
                News::Failed(..) => &mut self.failed,
                News::Stopped => &mut self.stopped,
                News::StopRefused(_) => &mut self.refused,
                News::Tracked(..) => continue,
            } += 1;
        }
    }
}

proptest! {
    #[test]
    fn each_fact_is_told_once_and_none_against_another(
        inputs in proptest::collection::vec(input(), 0..40)
    ) {
        let mut shipment = shipment();
        let (mut told, mut stops, mut is_captured) = (Told::default(), 0, false);
        for input in inputs {
            let next = match input {
                Input::Confirm => shipment.confirm(order()),
                Input::Capture => {
                    is_captured = true;
                    shipment.capture(captured())
                }
                Input::Stop => {
                    stops += 1;
                    shipment.stop(NOW)
                }
                Input::Learn(step, evidence) => shipment.learn(&asked(step), evidence, &pace(), NOW),
                Input::See(scan) => shipment.see(vec![scan], NOW),
            };
            told.hear(&next.news);
            let hands_over = matches!(
                next.ask.as_ref().map(|ask| &ask.question),
                Some(Question::Do { operation: Operation::HandOver(_) })
            );
            prop_assert!(!hands_over || is_captured, "handed over before the money was taken");
            prop_assert!(told.dispatched == 0 || (is_captured && told.ready == 1));
            prop_assert!(told.created <= 1 && told.ready <= 1 && told.dispatched <= 1);
            prop_assert!(told.delivered <= 1 && told.failed <= 1);
            prop_assert!(told.delivered == 0 || told.dispatched == 1);
            prop_assert!(told.dispatched == 0 || told.stopped == 0, "stopped, and gone all the same");
            prop_assert!(told.stopped + told.refused <= stops, "nobody answers what was not asked");
            let owes = shipment.stop_asked.is_some();
            prop_assert!(owes || stops == 0 || told.stopped + told.refused > 0, "a cancel is not answered");
        }
    }

    #[test]
    fn the_order_in_which_scans_are_told_makes_no_difference_to_where_a_parcel_is(
        times in proptest::collection::vec((0u64..60, 0usize..TrackingStatus::ALL.len()), 0..12),
        seed in any::<u64>(),
    ) {
        let scans: Vec<Scan> = times.iter().map(|(s, n)| scan(*s, TrackingStatus::ALL[*n])).collect();
        let mut shuffled = scans.clone();
        fastrand::Rng::with_seed(seed).shuffle(&mut shuffled);
        let (mut one, mut other) = (Case::handed_over(), Case::handed_over());
        one.see(&scans);
        for scan in shuffled {
            other.see(std::slice::from_ref(&scan));
            other.see(&[scan]);
        }
        prop_assert_eq!(one.shipment.tracking, other.shipment.tracking);
    }
}
