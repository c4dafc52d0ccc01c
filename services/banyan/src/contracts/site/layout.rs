//! Where the nodes of the picture stand: publishers, domains, consumers, from left to right.

use std::collections::BTreeMap;

use super::super::set::Event;

/// A column of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Column {
    /// Who publishes.
    Publishers,
    /// What is spoken of.
    Domains,
    /// Who consumes or reads.
    Consumers,
}

/// Where a way begins or ends.
pub(super) type End<'a> = (Column, &'a str);

/// A node: a party or a domain.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node<'a> {
    pub(super) column: Column,
    pub(super) name: &'a str,
    /// Its place from the top, from 0.
    pub(super) row: usize,
}

/// A way between two nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Way<'a> {
    pub(super) from: End<'a>,
    pub(super) to: End<'a>,
    /// How many types of event go there.
    pub(super) events: usize,
    /// Whether none of them goes through a queue.
    pub(super) is_read_only: bool,
}

/// Everything that is drawn.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Picture<'a> {
    pub(super) nodes: Vec<Node<'a>>,
    pub(super) ways: Vec<Way<'a>>,
}

/// Lays the picture out: domains in the order of the catalogue, parties beside what they have most to do with.
pub(super) fn layout<'a>(domains: &'a [(&'static str, Vec<&'a Event<'a>>)]) -> Picture<'a> {
    let ways = ways(domains);
    let mut nodes: Vec<Node<'a>> = domains
        .iter()
        .enumerate()
        .map(|(row, (name, _))| Node { column: Column::Domains, name, row })
        .collect();
    for column in [Column::Publishers, Column::Consumers] {
        nodes.extend(parties(column, domains, &ways));
    }
    Picture { nodes, ways }
}

fn ways<'a>(domains: &'a [(&'static str, Vec<&'a Event<'a>>)]) -> Vec<Way<'a>> {
    let mut counts: BTreeMap<(End<'_>, End<'_>), (usize, usize)> = BTreeMap::new();
    for (domain, events) in domains {
        let domain = (Column::Domains, *domain);
        for event in events {
            for name in event.publishers() {
                counts.entry(((Column::Publishers, name), domain)).or_default().0 += 1;
            }
            for name in event.subscribers() {
                counts.entry((domain, (Column::Consumers, name))).or_default().0 += 1;
            }
            for name in event.readers() {
                counts.entry((domain, (Column::Consumers, name))).or_default().1 += 1;
            }
        }
    }
    let way =
        |((from, to), (queued, read))| Way { from, to, events: queued + read, is_read_only: queued == 0 };
    counts.into_iter().map(way).collect()
}

fn parties<'a>(
    column: Column,
    domains: &[(&'static str, Vec<&'a Event<'a>>)],
    ways: &[Way<'a>],
) -> Vec<Node<'a>> {
    let row = |name: &str| domains.iter().position(|(domain, _)| *domain == name).unwrap_or_default();
    // The weighted sum of rows, and of weights: their quotient orders the parties.
    let mut sums: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for way in ways {
        let ((_, domain), (_, party)) = match column {
            Column::Consumers if way.to.0 == column => (way.from, way.to),
            Column::Publishers if way.from.0 == column => (way.to, way.from),
            Column::Publishers | Column::Domains | Column::Consumers => continue,
        };
        let sum = sums.entry(party).or_default();
        *sum = (sum.0 + way.events * row(domain), sum.1 + way.events);
    }
    let mut ordered: Vec<(&str, usize)> =
        sums.into_iter().map(|(name, (rows, weight))| (name, rows * 1000 / weight.max(1))).collect();
    ordered.sort_by_key(|(_, middle)| *middle);
    ordered.into_iter().enumerate().map(|(row, (name, _))| Node { column, name, row }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::set::by_domain;
    use super::super::super::set::tests::committed;
    use super::*;

    #[test]
    fn every_way_ends_at_nodes_and_no_two_nodes_share_a_place() {
        let set = committed();
        let events = set.events();
        let domains = by_domain(&events);
        let picture = layout(&domains);
        let is_there =
            |(column, name)| picture.nodes.iter().any(|node| node.column == column && node.name == name);
        assert!(picture.ways.iter().all(|way| is_there(way.from) && is_there(way.to)));
        let mut places: Vec<_> = picture.nodes.iter().map(|node| (node.column, node.row)).collect();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), picture.nodes.len());
        let dashboard = picture.ways.iter().filter(|way| way.to.1 == "dashboard");
        assert!(dashboard.clone().count() > 3 && dashboard.clone().all(|way| way.is_read_only));
    }
}
