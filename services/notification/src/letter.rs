//! Writing letters: what an event says, in the reader's language.
//!
//! Templates are files of `templates/`, read at compile time. A name that no context has is an error, not a blank.

use std::sync::LazyLock;

use contracts::OrderId;
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior};

use crate::domain::{Address, Order, Story};
use crate::mailbox::Message;

mod context;
mod locale;
mod money;
mod templates;

pub use locale::{Language, Locale};
pub use money::{amount, count};

/// Every template, parsed.
static LETTERS: LazyLock<Result<Environment<'static>, minijinja::Error>> = LazyLock::new(parsed);

/// What stands at the end of every letter, and in which language whoever did not choose one reads.
#[derive(Debug, Clone, Copy)]
pub struct House<'a> {
    /// What the shop calls itself.
    pub shop: &'a str,
    /// Its language, as a BCP 47 tag.
    pub locale: &'a str,
}

/// The order that a letter is about.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// Which.
    pub order_id: &'a OrderId,
    /// What is known of it.
    pub order: &'a Order,
}

/// The letter cannot be written: a template of ours asks for what its context does not have.
#[derive(Debug, thiserror::Error)]
#[error("a letter about {milestone} cannot be written")]
pub struct Unwritten {
    milestone: &'static str,
    #[source]
    source: minijinja::Error,
}

/// The letter to `to` that tells `story`: to the customer of an order, or to an operator.
///
/// # Errors
/// [`Unwritten`], a programmer error.
pub fn write(
    house: House<'_>,
    to: Address,
    about: Option<About<'_>>,
    story: &Story,
) -> Result<Message, Unwritten> {
    let asked = about.map_or("", |about| about.order.customer.locale.as_str());
    let locale = Locale::best_of([asked, house.locale]);
    let context = context::of(house.shop, locale, about, story);
    let milestone = story.facts.milestone().name();
    let render = |form: &str| {
        let letters = LETTERS.as_ref().map_err(again)?;
        letters.get_template(&format!("{}/{milestone}.{form}", locale.language.folder()))?.render(&context)
    };
    let written = || {
        let (subject, text, html) = (render("subject")?, render("txt")?, render("html")?);
        Ok(Message { to, subject: one_line(&subject), text, html })
    };
    written().map_err(|source| Unwritten { milestone, source })
}

/// The same error once more: one that is kept cannot be handed out.
fn again(error: &minijinja::Error) -> minijinja::Error {
    minijinja::Error::new(error.kind(), error.to_string())
}

/// A subject is a header, and a line break in it would begin another.
fn one_line(subject: &str) -> String {
    let words =
        subject.split(|c: char| c.is_whitespace() && c != '\u{a0}' && c != '\u{202f}' || c.is_control());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn parsed() -> Result<Environment<'static>, minijinja::Error> {
    let mut letters = Environment::empty();
    letters.set_undefined_behavior(UndefinedBehavior::Strict);
    letters.set_auto_escape_callback(minijinja::default_auto_escape_callback);
    let syntax =
        SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()?;
    letters.set_syntax(syntax);
    for (name, source) in templates::ALL {
        letters.add_template(name, source)?;
    }
    Ok(letters)
}

#[cfg(test)]
mod tests;
