//! The topology as a picture: who publishes, about what, and who consumes it.

use super::super::set::{Event, Set};
use super::html::escape;
use super::layout::{Column, Node, Picture, Way, layout};

const NODE_WIDTH: usize = 132;
const NODE_HEIGHT: usize = 30;
const ROW: usize = 46;
const GAP: usize = 92;
const TOP: usize = 34;
const WIDTH: usize = 3 * NODE_WIDTH + 2 * GAP;
/// The widest line: more events than this are drawn like this many.
const MAX_STROKE: usize = 8;

/// The section with the picture.
pub(super) fn figure(set: &Set, domains: &[(&'static str, Vec<&Event<'_>>)]) -> String {
    let picture = layout(domains);
    format!(
        "<section id=\"topology\"><h2>Who talks about what</h2>\
         <p>Publishers on the left, consumers on the right. The wider a line, the more types of event; dashed is read \
         without a queue. Point at a name to see its ways, follow it to see its events.</p>\
         <figure>{}</figure></section>",
        svg(set, &picture)
    )
}

fn svg(set: &Set, picture: &Picture<'_>) -> String {
    let rows = |column: Column| picture.nodes.iter().filter(|node| node.column == column).count();
    let most =
        [Column::Publishers, Column::Domains, Column::Consumers].map(rows).into_iter().max().unwrap_or(1);
    let height = TOP + most * ROW;
    // A column with fewer rows stands in the middle.
    let place = |node: &Node<'_>| {
        let free = (most - rows(node.column)) * ROW / 2;
        (x(node.column), TOP + free + node.row * ROW)
    };
    let find = |(column, name): (Column, &str)| {
        picture.nodes.iter().find(|node| node.column == column && node.name == name).map(place)
    };
    let ways = picture.ways.iter().filter_map(|way| Some(curve(way, find(way.from)?, find(way.to)?)));
    let nodes = picture.nodes.iter().map(|node| boxed(set, node, place(node)));
    let heads =
        [(Column::Publishers, "publish"), (Column::Domains, "events about"), (Column::Consumers, "consume")];
    let head = |(column, text): (Column, &str)| {
        format!("<text class=\"head\" x=\"{}\" y=\"18\">{text}</text>", x(column) + NODE_WIDTH / 2)
    };
    format!(
        "<svg class=\"topology\" viewBox=\"0 0 {WIDTH} {height}\" role=\"group\" aria-label=\"Topology\">{}{}{}</svg>",
        heads.into_iter().map(head).collect::<String>(),
        ways.collect::<String>(),
        nodes.collect::<String>()
    )
}

fn x(column: Column) -> usize {
    match column {
        Column::Publishers => 0,
        Column::Domains => NODE_WIDTH + GAP,
        Column::Consumers => 2 * (NODE_WIDTH + GAP),
    }
}

/// A node's name for the script.
fn key((column, name): (Column, &str)) -> String {
    let side = match column {
        Column::Publishers => "p",
        Column::Domains => "d",
        Column::Consumers => "c",
    };
    format!("{side}-{}", escape(name))
}

fn curve(way: &Way<'_>, from: (usize, usize), to: (usize, usize)) -> String {
    let (x1, y1) = (from.0 + NODE_WIDTH, from.1 + NODE_HEIGHT / 2);
    let (x2, y2) = (to.0, to.1 + NODE_HEIGHT / 2);
    let middle = (x1 + x2) / 2;
    let class = if way.is_read_only { "way read" } else { "way" };
    format!(
        "<path class=\"{class}\" data-from=\"{}\" data-to=\"{}\" stroke-width=\"{}\" \
         d=\"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}\"><title>{} to {}: {}</title></path>",
        key(way.from),
        key(way.to),
        if way.is_read_only { 1 } else { 1 + way.events.min(MAX_STROKE) / 2 },
        escape(way.from.1),
        escape(way.to.1),
        way.events
    )
}

fn boxed(set: &Set, node: &Node<'_>, (x, y): (usize, usize)) -> String {
    let (target, class, title) = match node.column {
        Column::Domains => (format!("domain-{}", node.name), "domain", format!("events about {}", node.name)),
        Column::Publishers | Column::Consumers => {
            let party = set.topology.parties().find(|(name, _)| *name == node.name);
            let summary = party.map(|(_, party)| party.summary.clone()).unwrap_or_default();
            (format!("party-{}", node.name), "party", format!("{}: {summary}", node.name))
        }
    };
    format!(
        "<a class=\"node {class}\" href=\"#{}\" data-node=\"{}\"><title>{}</title>\
         <rect x=\"{x}\" y=\"{y}\" width=\"{NODE_WIDTH}\" height=\"{NODE_HEIGHT}\" rx=\"6\"/>\
         <text x=\"{}\" y=\"{}\">{}</text></a>",
        escape(&target),
        key((node.column, node.name)),
        escape(&title),
        x + NODE_WIDTH / 2,
        y + NODE_HEIGHT / 2,
        escape(node.name)
    )
}
