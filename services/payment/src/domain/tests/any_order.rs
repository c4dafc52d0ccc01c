//! Whatever comes in whatever order, money and what is known of it agree in the end.

use contracts::DisputeId;
use contracts::events::payment::DisputeStatus;
use proptest::prelude::*;

use super::world::{Luck, Provider, Told};
use super::*;

/// What other services say: each may come at any time, and again.
const INPUTS: [Input; 6] =
    [Input::Place, Input::Reserve, Input::Ready, Input::Cancel, Input::Refund(1), Input::Refund(2)];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Input {
    Place,
    Reserve,
    Ready,
    Cancel,
    Refund(u8),
}

struct Case {
    payment: Payment,
    provider: Provider,
    rng: fastrand::Rng,
    asks: Vec<Question>,
    holds: Vec<ProviderKey>,
    news: Vec<News>,
    clock: i64,
}

impl Case {
    fn follow(&mut self, next: Next) {
        self.news.extend(next.news);
        self.asks.extend(next.asks.iter().map(|ask| ask.question().clone()));
        self.holds.extend(next.expiry.map(|(_, key)| key));
    }

    fn put(&mut self, input: Input) {
        let next = match input {
            Input::Place => self.payment.place(placed()),
            Input::Reserve => self.payment.reserve(),
            Input::Ready => self.payment.ready(NOW),
            Input::Cancel => self.payment.cancel(NOW),
            Input::Refund(n) => {
                let id = RefundId::new(format!("r{n}")).unwrap();
                self.payment.refund(id, pounds(if n == 1 { 530 } else { 1_000 })).unwrap()
            }
        };
        self.follow(next);
    }

    /// One question is asked and answered, out of turn.
    fn ask(&mut self) {
        if self.asks.is_empty() {
            return;
        }
        let question = self.asks.swap_remove(self.rng.usize(0..self.asks.len()));
        let evidence = self.provider.ask(&question);
        if self.rng.u8(0..5) == 0 {
            // The answer is slow: what is told of it comes first.
            self.tell(true);
        }
        let next = self.payment.learn(question.key(), evidence);
        self.follow(next);
    }

    fn tell(&mut self, again: bool) {
        if self.provider.news.is_empty() {
            return;
        }
        let nth = self.rng.usize(0..self.provider.news.len());
        let told = self.provider.news[nth].clone();
        if !again {
            self.provider.news.swap_remove(nth);
        }
        let next = match told {
            Told::Answer(key, evidence) => self.payment.hear(&key, evidence),
            Told::Dispute(status, at) => self.contest(status, at),
        };
        self.follow(next);
    }

    /// Every dispute is one of its own: opened at an even time, decided at the odd one that follows.
    fn contest(&mut self, status: DisputeStatus, at: i64) -> Next {
        self.payment.contest(Dispute {
            dispute_id: DisputeId::new(format!("d{}", at / 2)).unwrap(),
            status,
            money: pounds(1_530),
            code: None,
            evidence_due_at: None,
            at: Timestamp::from_micros(at),
        })
    }

    fn dispute(&mut self) {
        self.provider.contest(self.clock);
        self.clock += i64::from(self.provider.captured > 0);
    }

    fn end_of_a_hold(&mut self) {
        if let Some(key) = self.holds.pop() {
            self.provider.end(&key);
            let next = self.payment.run_out(&key, NOW);
            self.follow(next);
        }
    }

    fn told(&self, is_it: impl Fn(&News) -> bool) -> usize {
        self.news.iter().filter(|news| is_it(news)).count()
    }

    fn check_always(&self) -> Result<(), TestCaseError> {
        let payment = &self.payment;
        let at_cancel = payment.captures_at_cancel.unwrap_or(usize::MAX);
        prop_assert!(payment.captures.len() <= at_cancel, "captured after the cancel: {payment:?}");
        prop_assert!(payment.ready.is_some() || payment.captures.is_empty(), "taken too early");
        prop_assert!(payment.captures.len() <= CAPTURES && payment.holds <= HOLDS);
        prop_assert!(self.told(|n| matches!(n, News::Authorized(..) | News::Declined(..))) <= 1);
        prop_assert!(self.told(|n| matches!(n, News::Captured(..))) <= 1);
        prop_assert!(self.provider.captured <= 1_530, "taken twice: {payment:?}");
        prop_assert!(self.provider.refunded <= self.provider.captured);
        prop_assert!(self.provider.held() == 0 || payment.is_asking() || self.holds_rightly());
        Ok(())
    }

    fn holds_rightly(&self) -> bool {
        matches!(self.payment.state, State::Authorized { .. })
            && self.payment.cancelled.is_none()
            && self.provider.held() == 1
    }

    fn check_at_rest(&self) -> Result<(), TestCaseError> {
        let payment = &self.payment;
        prop_assert!(!payment.is_asking(), "{payment:?}");
        prop_assert_eq!(payment.captured_minor(), self.provider.captured, "{:?}", payment);
        prop_assert_eq!(payment.refunded_minor(), self.provider.refunded, "{:?}", payment);
        let is_answered = self.told(|n| matches!(n, News::Captured(..) | News::CaptureFailed(..)));
        let is_open = matches!(payment.state, State::Waiting);
        prop_assert!(payment.ready.is_none() || payment.placed.is_none() || is_open || is_answered > 0);
        prop_assert_eq!(
            self.told(|n| matches!(n, News::Captured(..))),
            usize::from(self.provider.captured > 0)
        );
        prop_assert_eq!(payment.trouble, None, "{:?}", payment);
        for refund in payment.refunds.values() {
            let is_over = match refund.state {
                RefundState::Waiting => payment.captured_minor() == 0,
                RefundState::Disputed => self.provider.is_contested(),
                RefundState::Refunded { .. } => true,
                RefundState::Asked { .. } | RefundState::Refused { .. } | RefundState::Covered => false,
            };
            prop_assert!(is_over, "{payment:?}");
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn whatever_comes_in_whatever_order_the_books_agree_in_the_end(
        seed in any::<u64>(), lost in 0u8..60, declined in 0u8..30, ran_out in 0u8..30, odd in 0u8..40,
    ) {
        let provider = Provider::new(seed, Luck { lost, declined, ran_out });
        let rng = fastrand::Rng::with_seed(seed ^ 1);
        let (asks, holds, news) = (vec![], vec![], vec![]);
        let mut case = Case { payment: payment(), provider, rng, asks, holds, news, clock: 2 };
        let cancels = case.rng.bool();
        for _ in 0..60 {
            match case.rng.u8(0..100) {
                0..30 => {
                    let input = INPUTS[case.rng.usize(0..INPUTS.len())];
                    if input != Input::Cancel || (cancels && case.rng.u8(0..3) == 0) {
                        case.put(input);
                    }
                }
                30..75 => case.ask(),
                75..90 => { let again = case.rng.bool(); case.tell(again); }
                90..93 => case.dispute(),
                _ => if case.rng.u8(0..100) < odd { case.end_of_a_hold() },
            }
            case.check_always()?;
        }
        // Trouble ends, disputes are decided, and everything that is under way arrives.
        case.provider.luck.lost = 0;
        if case.provider.is_contested() && case.rng.bool() {
            case.dispute();
        }
        for _ in 0..10_000 {
            if case.asks.is_empty() && case.provider.news.is_empty() {
                break;
            }
            case.ask();
            case.tell(false);
            case.check_always()?;
        }
        prop_assert!(case.asks.is_empty(), "it never comes to rest");
        case.check_at_rest()?;
    }
}
