//! The engine's own judgement agrees with another validator's.

use compat::{Judgement, Reading, Schema};
use fastrand::Rng;

use crate::oracle::Oracle;
use crate::{documents, schemas};

#[test]
fn documents_are_judged_as_another_validator_judges_them() {
    let mut rng = Rng::with_seed(7);
    let (mut accepted, mut rejected, mut unknown) = (0, 0, 0);
    for round in 0..400 {
        let schema = schemas::document(&mut rng);
        let reading = if round % 2 == 0 { Reading::Plain } else { Reading::Tolerant };
        let oracle = Oracle::new(&schema, reading).unwrap();
        let ours = match reading {
            Reading::Plain => Schema::written(&schema),
            Reading::Tolerant => Schema::opened(&schema),
        };
        for _ in 0..20 {
            let made = documents::for_schema(&mut rng, &schema, &schema, 0);
            let document = if rng.bool() { documents::damaged(&mut rng, &made) } else { made };
            let theirs = oracle.accepts(&document);
            match ours.judge(&document) {
                Judgement::Unknown(_) => unknown += 1,
                Judgement::Accepts => {
                    assert!(theirs, "{schema}\n{document}\nis accepted here, {reading:?}");
                    accepted += 1;
                }
                Judgement::Rejects(refusal) => {
                    assert!(!theirs, "{schema}\n{document}\nis refused here, {reading:?}: {refusal:?}");
                    rejected += 1;
                }
            }
        }
    }
    assert!(accepted > 2_000 && rejected > 1_500 && unknown < 200, "{accepted}, {rejected}, {unknown}");
}
