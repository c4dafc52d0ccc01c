//! The contracts as a site that needs no server: one page, and the files that it links to. Pure: text in, text out.

use super::consumers::Reads;
use super::generate::{self, File, Format};
use super::set::{Set, by_domain};
use super::versions::Versions;

mod changes;
mod event;
mod highlight;
mod html;
mod layout;
mod overview;
mod picture;

const STYLE: &str = include_str!("site/style.css");
const SCRIPT: &str = include_str!("site/script.js");

/// Every file of the site, by its path: `index.html`, and schemas, examples and AsyncAPI beside it.
#[must_use]
pub fn files(set: &Set, released: &Versions) -> Vec<File> {
    let file = |path: String, text: String| File { path, text };
    let mut files = vec![file("index.html".to_owned(), page(set, released))];
    for (folder, documents) in [("schemas", &set.schemas), ("examples", &set.examples)] {
        let copies =
            documents.iter().map(|(name, it)| file(format!("{folder}/{name}.json"), it.text.clone()));
        files.extend(copies);
    }
    files.extend(generate::files(set, &Reads::new(), Format::Asyncapi));
    files.extend(generate::files(set, &Reads::new(), Format::Typescript));
    files
}

fn page(set: &Set, released: &Versions) -> String {
    let events = set.events();
    let domains = by_domain(&events);
    let navigation = overview::navigation(&domains);
    let mut main = overview::introduction(set, &events);
    main.push_str(&picture::figure(set, &domains));
    main.push_str(&changes::section(&events, released));
    for (domain, events) in &domains {
        main.push_str(&overview::domain(domain, events));
    }
    main.push_str(&overview::parties(set, &events));
    include_str!("site/page.html")
        .replace("/*style*/", STYLE)
        .replace("/*script*/", SCRIPT)
        .replace("<!--navigation-->", &navigation)
        .replace("<!--main-->", &main)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::set::tests::committed;
    use super::*;

    fn index() -> String {
        page(&committed(), &Versions::default())
    }

    fn attributes<'p>(page: &'p str, name: &str) -> Vec<&'p str> {
        let start = format!(" {name}=\"");
        page.split(&*start).skip(1).filter_map(|rest| rest.split('"').next()).collect()
    }

    #[test]
    fn every_link_leads_to_a_place_of_the_page_or_to_a_file_of_the_site() {
        let set = committed();
        let files = files(&set, &Versions::default());
        let page = &files[0].text;
        let places: BTreeSet<&str> = attributes(page, "id").into_iter().collect();
        assert_eq!(places.len(), attributes(page, "id").len(), "an id is there twice");
        for link in attributes(page, "href") {
            match link.strip_prefix('#') {
                Some(place) => assert!(places.contains(place), "{link}"),
                None => assert!(files.iter().any(|file| file.path == link), "{link}"),
            }
        }
    }

    #[test]
    fn nothing_is_fetched_from_elsewhere() {
        let page = index();
        for word in ["src=", "@import", "url(", "fetch(", "XMLHttpRequest", "<link"] {
            assert!(!page.contains(word), "{word}");
        }
    }

    #[test]
    fn every_event_is_there_with_its_fields_its_example_and_who_has_it() {
        let page = index();
        for event in committed().events() {
            let article = page.split(&format!("id=\"{}\"", event.key)).nth(1).unwrap();
            let article = article.split("</article>").next().unwrap();
            let names = event.publishers().iter().chain(event.subscribers()).chain(event.readers());
            for name in names {
                assert!(article.contains(&format!("href=\"#party-{name}\"")), "{}: {name}", event.key);
            }
            for field in event.schema["properties"].as_object().unwrap().keys() {
                assert!(article.contains(&format!("<code>{field}</code>")), "{}: {field}", event.key);
            }
            assert!(article.contains("<pre"), "{}", event.key);
        }
    }

    #[test]
    fn what_a_contract_says_cannot_become_a_part_of_the_page() {
        let mut set = committed();
        let evil = "<script>alert('x')</script>\"&";
        let schema = &mut set.schemas.get_mut("order.stalled.v1").unwrap().value;
        schema["description"] = evil.into();
        schema["properties"]["waiting_for"]["description"] = evil.into();
        schema["properties"][evil] =
            serde_json::json!({ "enum": [evil], "x-enum-descriptions": { evil: evil } });
        set.examples.get_mut("order.stalled.v1").unwrap().text =
            format!("{{ \"a\": {} }}", serde_json::json!(evil));
        let page = page(&set, &Versions::default());
        assert_eq!(page.matches("<script>").count(), 1, "the script of the page itself");
        assert!(page.matches("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;").count() > 5);
    }
}
