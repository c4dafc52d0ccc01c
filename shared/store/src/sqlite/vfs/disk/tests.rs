use super::*;

fn disk(steps: impl FnOnce(&Tape)) -> Disk {
    let tape = Tape::new(1 << 20);
    steps(&tape);
    let mut disk = Disk::before(&tape);
    disk.advance(usize::MAX);
    disk
}

/// Every content that `name` is found with; `None` where it is not found.
fn found(disk: &Disk, name: &str) -> BTreeSet<Option<Vec<u8>>> {
    let mut rng = Rng::with_seed(1);
    (0..500).map(|_| disk.image(&mut rng).remove(name)).collect()
}

#[test]
fn what_is_synced_is_there_and_what_is_not_may_be() {
    let disk = disk(|tape| {
        tape.opened("/d/a-wal");
        tape.written("/d/a-wal", 0, b"ab");
        tape.synced("/d/a-wal", true);
        tape.written("/d/a-wal", 1, b"c");
        tape.truncated("/d/a-wal", 1);
    });
    let may = [b"ab".to_vec(), b"ac".to_vec(), b"a".to_vec()];
    assert_eq!(found(&disk, "a-wal"), may.map(Some).into());
}

#[test]
fn a_file_is_there_for_certain_once_its_folder_is_synced() {
    let not_synced = disk(|tape| {
        tape.opened("/d/a");
        tape.written("/d/a", 0, b"x");
        tape.synced("/d/a", false);
    });
    assert_eq!(found(&not_synced, "a"), [None, Some(b"x".to_vec())].into());
    let replaced = disk(|tape| {
        tape.opened("/d/a");
        tape.synced("/d/a", true);
        tape.deleted("/d/a", false);
        tape.opened("/d/a");
        tape.written("/d/a", 0, b"new");
        tape.synced("/d/a", false);
    });
    assert_eq!(found(&replaced, "a"), [Some(vec![]), Some(b"new".to_vec())].into());
    let deleted = disk(|tape| {
        tape.opened("/d/a");
        tape.synced("/d/a", true);
        tape.deleted("/d/a", true);
    });
    assert_eq!(found(&deleted, "a"), [None].into());
}

#[test]
fn what_was_there_before_is_there_until_it_is_changed() {
    let tape = Tape::on(Image::from([("a".into(), b"old".to_vec()), ("b".into(), vec![])]), 1 << 20);
    tape.opened("/d/a");
    assert_eq!(tape.position(), Some(0), "it is not new");
    tape.written("/d/a", 0, b"new");
    let mut disk = Disk::before(&tape);
    disk.advance(1);
    assert_eq!(found(&disk, "a"), [Some(b"new".to_vec()), Some(b"old".to_vec())].into());
    assert_eq!(found(&disk, "b"), [Some(vec![])].into());
}

#[test]
fn a_write_is_torn_where_sectors_begin() {
    let cuts: Vec<(usize, usize)> =
        sectors(500, &[1; 1_100]).map(|(at, sector)| (at, sector.len())).collect();
    assert_eq!(cuts, [(500, 12), (512, 512), (1_024, 512), (1_536, 64)]);
    let torn = disk(|tape| {
        tape.opened("/d/a");
        tape.synced("/d/a", true);
        tape.written("/d/a", 0, &[7; SECTOR * 2]);
    });
    let second_only = [vec![0; SECTOR], vec![7; SECTOR]].concat();
    assert!(found(&torn, "a").contains(&Some(second_only)));
}

#[test]
fn a_recording_that_is_full_says_so_and_keeps_its_beginning() {
    let tape = Tape::new(3);
    tape.opened("/d/a");
    tape.written("/d/a", 0, b"ab");
    assert_eq!(tape.position(), Some(2));
    tape.written("/d/a", 2, b"cd");
    tape.synced("/d/a", false);
    assert_eq!((tape.position(), tape.steps().len()), (None, 2));
}

#[test]
fn points_are_many_and_around_syncs() {
    let disk = disk(|tape| {
        tape.opened("/d/a");
        for n in 0..50 {
            (0..9).for_each(|at| tape.written("/d/a", n * 9 + at, b"x"));
            tape.synced("/d/a", false);
        }
    });
    let points = disk.points(200, &mut Rng::with_seed(3));
    let before_a_sync = points.iter().filter(|&&at| matches!(disk.steps.get(at), Some(Step::Synced { .. })));
    assert!(points.len() > 150 && before_a_sync.count() > 25, "{points:?}");
}
