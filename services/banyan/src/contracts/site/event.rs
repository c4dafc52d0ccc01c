//! One event: what it says, its fields, its example, and who has to do with it.

use super::super::fields::{Field, flat, of_schema};
use super::super::set::Event;
use super::highlight;
use super::html::{escape, parties, prose, sentence};

/// The article about one event. `siblings` are the events of its domain, other majors among them.
pub(super) fn article(event: &Event<'_>, siblings: &[&Event<'_>]) -> String {
    let fields = of_schema(event.schema);
    let searched: Vec<String> = flat(&fields, "").into_iter().map(|(path, _)| path).collect();
    let kind = if event.is_state { "state" } else { "fact" };
    format!(
        "<article class=\"event\" id=\"{key}\" data-search=\"{search}\"><details><summary><span class=\"name\">{name}</span> \
         <span class=\"chip\">{semver}</span> <span class=\"chip {kind}\">{kind}</span>{sunset} \
         <span class=\"says\">{says}</span></summary><div class=\"body\">{body}</div></details></article>",
        key = escape(&event.key),
        search = escape(&format!("{} {} {}", event.key, event.summary, searched.join(" ")).to_lowercase()),
        name = escape(event.name),
        semver = escape(event.semver),
        sunset = event
            .sunset
            .map(|day| format!(" <span class=\"chip sunset\">until {}</span>", escape(day)))
            .unwrap_or_default(),
        says = sentence(event.summary),
        body = body(event, siblings, &fields),
    )
}

fn body(event: &Event<'_>, siblings: &[&Event<'_>], fields: &[Field]) -> String {
    format!(
        "<p>{}</p>{}{}<h4>Fields of <code>data</code></h4>{}{}",
        prose(&event.description()),
        sunset(event, siblings),
        facts(event, siblings),
        list(fields),
        example(event)
    )
}

fn sunset(event: &Event<'_>, siblings: &[&Event<'_>]) -> String {
    let Some(day) = event.sunset else { return String::new() };
    let next = siblings.iter().find(|other| other.name == event.name && other.major == event.major + 1);
    let next = next.map(|next| format!(" Read <a href=\"#{0}\">{0}</a> instead.", escape(&next.key)));
    format!(
        "<p class=\"warning\">Nobody publishes it from {} on.{}</p>",
        escape(day),
        next.unwrap_or_default()
    )
}

fn facts(event: &Event<'_>, siblings: &[&Event<'_>]) -> String {
    let versions = siblings.iter().filter(|other| other.name == event.name && other.major != event.major);
    let others: Vec<String> =
        versions.map(|other| format!("<a href=\"#{0}\">{0}</a>", escape(&other.key))).collect();
    let rows = [
        ("Type", format!("<code>{}</code>", escape(event.kind.as_str()))),
        ("Published by", parties(event.publishers())),
        ("Consumed by", parties(event.subscribers())),
        ("Also read by", if event.readers().is_empty() { String::new() } else { parties(event.readers()) }),
        ("Other majors", others.join(" ")),
        (
            "Files",
            format!(
                "<a href=\"schemas/{0}.json\">schema</a> <a href=\"examples/{0}.json\">example</a>",
                escape(&event.key)
            ),
        ),
    ];
    let row = |(head, text): &(&str, String)| match text.is_empty() {
        true => String::new(),
        false => format!("<dt>{head}</dt><dd>{text}</dd>"),
    };
    format!("<dl class=\"facts\">{}</dl>", rows.iter().map(row).collect::<String>())
}

fn list(fields: &[Field]) -> String {
    format!("<ul class=\"fields\">{}</ul>", fields.iter().map(item).collect::<String>())
}

fn item(field: &Field) -> String {
    let line = line(field);
    if field.fields.is_empty() {
        return format!("<li>{line}{}</li>", words(field));
    }
    format!("<li><details><summary>{line}</summary>{}</details></li>", list(&field.fields))
}

fn line(field: &Field) -> String {
    let mut kind = escape(&field.kind);
    if let Some(name) = field.type_name.as_ref().filter(|_| field.fields.is_empty()) {
        kind = format!("{kind} <i>{}</i>", escape(name));
    }
    let need =
        if field.is_required { "<b class=\"need\">always</b>" } else { "<b class=\"need no\">optional</b>" };
    let mut more: Vec<String> = field.unit.into_iter().map(escape).collect();
    more.extend(field.bounds.iter().map(|bound| prose(bound)));
    let default = field.default.as_ref().filter(|default| !default.is_object());
    more.extend(default.map(|default| format!("else <code>{}</code>", escape(&default.to_string()))));
    let more = if more.is_empty() { String::new() } else { format!("<small>{}</small>", more.join(", ")) };
    let name = escape(&field.name);
    let says = prose(&field.description);
    format!(
        "<code>{name}</code> <span class=\"kind\">{kind}</span> {need} {more}<span class=\"says\">{says}</span>"
    )
}

fn words(field: &Field) -> String {
    if field.words.is_empty() {
        return String::new();
    }
    let word = |(word, meaning): &(String, String)| match meaning.is_empty() {
        true => format!("<code>{}</code> ", escape(word)),
        false => format!("<div><code>{}</code> {}</div>", escape(word), prose(meaning)),
    };
    let more = if field.is_extensible { ", and more may come" } else { "" };
    format!(
        "<details class=\"words\"><summary>{} words{more}</summary>{}</details>",
        field.words.len(),
        field.words.iter().map(word).collect::<String>()
    )
}

fn example(event: &Event<'_>) -> String {
    let Some(example) = event.example else { return String::new() };
    format!(
        "<h4>Example <button type=\"button\" class=\"copy\">Copy</button></h4><pre tabindex=\"0\"><code>{}</code></pre>",
        highlight::json(&example.text)
    )
}
