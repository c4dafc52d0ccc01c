//! Languages and how numbers and dates are written in them, in the manner of the Unicode CLDR.

use contracts::Timestamp;
use jiff::tz::TimeZone;

/// A language that there are templates in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// English.
    En,
    /// German.
    De,
    /// French.
    Fr,
}

impl Language {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::En, Self::De, Self::Fr];

    /// Its folder of templates, which is its subtag too.
    #[must_use]
    pub const fn folder(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
            Self::Fr => "fr",
        }
    }
}

/// A country that writes numbers or dates in a way of its own; all others write like their language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Region {
    Austria,
    Canada,
    Luxembourg,
    Switzerland,
    UnitedStates,
    Other,
}

/// A language as it is written in one country.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Locale {
    /// The language: which templates.
    pub language: Language,
    pub(super) region: Region,
}

impl Locale {
    /// The first of `tags` (BCP 47, such as `de-AT`) whose language is spoken here; English when none is.
    #[must_use]
    pub fn best_of<'a>(tags: impl IntoIterator<Item = &'a str>) -> Self {
        let english = Self { language: Language::En, region: Region::UnitedStates };
        tags.into_iter().find_map(Self::of).unwrap_or(english)
    }

    fn of(tag: &str) -> Option<Self> {
        let mut subtags = tag.split(['-', '_']);
        let language = subtags.next()?.to_ascii_lowercase();
        let language = Language::ALL.into_iter().find(|known| known.folder() == language)?;
        let region = subtags.find(|subtag| subtag.len() == 2).map(str::to_ascii_uppercase);
        let region = match (language, region.as_deref()) {
            (Language::De, Some("AT")) => Region::Austria,
            (Language::De, Some("CH" | "LI")) | (Language::Fr, Some("CH")) => Region::Switzerland,
            (Language::Fr, Some("CA")) => Region::Canada,
            (Language::Fr, Some("LU")) => Region::Luxembourg,
            // As in CLDR: English that does not say where is that of the United States.
            (Language::En, None | Some("US")) => Region::UnitedStates,
            _ => Region::Other,
        };
        Some(Self { language, region })
    }

    /// The day of `at` in UTC, written out: `22 November 2026`.
    #[must_use]
    pub fn date(self, at: Timestamp) -> String {
        let Ok(instant) = jiff::Timestamp::from_microsecond(at.as_micros()) else { return String::new() };
        let day = instant.to_zoned(TimeZone::UTC).date();
        let month = self.month(usize::try_from(day.month() - 1).unwrap_or_default());
        match (self.language, self.region) {
            (Language::En, Region::UnitedStates) => format!("{month} {}, {}", day.day(), day.year()),
            (Language::En, _) => format!("{} {month} {}", day.day(), day.year()),
            (Language::De, _) => format!("{}. {month} {}", day.day(), day.year()),
            (Language::Fr, _) => {
                let first = if day.day() == 1 { "er" } else { "" };
                format!("{}{first} {month} {}", day.day(), day.year())
            }
        }
    }

    /// The name of a month, from 0.
    fn month(self, nth: usize) -> &'static str {
        let names = match (self.language, self.region) {
            (Language::De, Region::Austria) if nth == 0 => return "Jänner",
            (Language::En, _) => EN,
            (Language::De, _) => DE,
            (Language::Fr, _) => FR,
        };
        names.get(nth).copied().unwrap_or_default()
    }
}

const EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DE: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];
const FR: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_falls_back_to_its_language_then_to_the_shops_then_to_english() {
        for (asked, shop, language) in [
            ("de-AT", "en", Language::De),
            ("DE_at", "en", Language::De),
            ("de-Latn-CH", "en", Language::De),
            ("fr", "de", Language::Fr),
            ("", "fr-CA", Language::Fr),
            ("nl-NL", "de-DE", Language::De),
            ("nl", "sv", Language::En),
            ("x\r\n", "", Language::En),
        ] {
            assert_eq!(Locale::best_of([asked, shop]).language, language, "{asked:?} {shop:?}");
        }
    }

    #[test]
    fn dates_are_written_as_they_are_there() {
        let first = "2026-01-01T00:00:00Z".parse().unwrap();
        let last = "2026-11-22T23:59:59.999999Z".parse().unwrap();
        for (tag, of_first, of_last) in [
            ("en", "January 1, 2026", "November 22, 2026"),
            ("en-US", "January 1, 2026", "November 22, 2026"),
            ("en-GB", "1 January 2026", "22 November 2026"),
            ("de", "1. Januar 2026", "22. November 2026"),
            ("de-AT", "1. Jänner 2026", "22. November 2026"),
            ("de-CH", "1. Januar 2026", "22. November 2026"),
            ("fr", "1er janvier 2026", "22 novembre 2026"),
            ("fr-CA", "1er janvier 2026", "22 novembre 2026"),
        ] {
            let locale = Locale::best_of([tag]);
            assert_eq!((locale.date(first), locale.date(last)), (of_first.into(), of_last.into()), "{tag}");
        }
        for (nth, month) in [(1, "février"), (7, "août"), (11, "décembre")] {
            assert_eq!(Locale::best_of(["fr"]).month(nth), month);
        }
    }
}
