//! What stands around the events: navigation, introduction, domains, parties.

use contracts::topology::Role;

use super::super::set::{Event, Set};
use super::event;
use super::html::{escape, sentence};

/// Links to everything.
pub(super) fn navigation(domains: &[(&'static str, Vec<&Event<'_>>)]) -> String {
    let link = |event: &&Event<'_>| {
        let verb = event.name.split_once('.').map_or(event.name, |(_, verb)| verb);
        let major = if event.major > 1 { format!(" <small>v{}</small>", event.major) } else { String::new() };
        format!(
            "<li data-event=\"{key}\"><a href=\"#{key}\">{}{major}</a></li>",
            escape(verb),
            key = escape(&event.key)
        )
    };
    let domain = |(domain, events): &(&'static str, Vec<&Event<'_>>)| {
        format!(
            "<li class=\"group\"><a href=\"#domain-{domain}\">{domain}</a><ul>{}</ul></li>",
            events.iter().map(link).collect::<String>(),
            domain = escape(domain)
        )
    };
    format!(
        "<ul><li><a href=\"#topology\">Topology</a></li><li><a href=\"#changes\">What changed</a></li>\
         <li><a href=\"#parties\">Parties</a></li></ul><ul>{}</ul>",
        domains.iter().map(domain).collect::<String>()
    )
}

/// What this is.
pub(super) fn introduction(set: &Set, events: &[Event<'_>]) -> String {
    format!(
        "<section id=\"top\"><h1>Contracts</h1><p class=\"lead\">{} types of event between {} services. Each is a \
         CloudEvent 1.0 in structured JSON; amounts are whole minor units, instants are RFC 3339 in UTC. Readers ignore \
         fields and words that they do not know.</p><p class=\"files\"><a href=\"asyncapi.json\">AsyncAPI 3.0</a> \
         <a href=\"typescript/banyan.ts\">TypeScript</a> <a href=\"schemas/envelope.v1.json\">schema of the envelope</a>\
         </p></section>",
        events.len(),
        set.topology.services().count()
    )
}

/// One domain with its events.
pub(super) fn domain(domain: &str, events: &[&Event<'_>]) -> String {
    format!(
        "<section class=\"domain\" id=\"domain-{0}\"><h2>{0}</h2>{1}</section>",
        escape(domain),
        events.iter().map(|event| event::article(event, events)).collect::<String>()
    )
}

/// Everyone, with what they publish and consume.
pub(super) fn parties(set: &Set, events: &[Event<'_>]) -> String {
    let party = |(name, party): (&str, &contracts::topology::Party)| {
        let role = match party.role {
            Role::Service => "service, with a queue",
            Role::Outside => "outside, without a queue",
        };
        let rows = [
            ("Publishes", links(events, |event| event.publishers().iter().any(|p| p == name))),
            ("Consumes", links(events, |event| event.subscribers().iter().any(|s| s == name))),
            ("Reads", links(events, |event| event.readers().iter().any(|r| r == name))),
        ];
        let row = |(head, links): &(&str, String)| match links.is_empty() {
            true => String::new(),
            false => format!("<dt>{head}</dt><dd>{links}</dd>"),
        };
        format!(
            "<article class=\"someone\" id=\"party-{0}\"><h3>{0} <small>{role}</small></h3><p>{1}</p><dl>{2}</dl></article>",
            escape(name),
            sentence(&party.summary),
            rows.iter().map(row).collect::<String>()
        )
    };
    let all: String = set.topology.parties().map(party).collect();
    format!("<section id=\"parties\"><h2>Parties</h2><div class=\"parties\">{all}</div></section>")
}

fn links(events: &[Event<'_>], is_wanted: impl Fn(&Event<'_>) -> bool) -> String {
    let link = |event: &Event<'_>| format!("<a href=\"#{0}\">{0}</a>", escape(&event.key));
    events.iter().filter(|event| is_wanted(event)).map(link).collect::<Vec<_>>().join(" ")
}
