//! The shop's names of countries as ISO 3166-1 alpha-2 codes.

/// Where an order goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Country {
    /// Two capital letters.
    pub code: [u8; 2],
    /// Whether the code stands in for something that is not one known country.
    pub is_assumed: bool,
}

impl Country {
    /// Reads what the file says. Never fails: an order is worth more than its country.
    ///
    /// `Unspecified` and unknown names are `ZZ` (user-assigned; CLDR: unknown region), `European Community` is `EU`
    /// (exceptionally reserved), the Channel Islands are `JE`, the larger of the two that have a code. All are marked.
    pub(super) fn from_name(name: &str) -> Self {
        if let Some((_, code)) = NAMES.iter().find(|(known, _)| *known == name) {
            return Self { code: **code, is_assumed: false };
        }
        let code = match name {
            "Channel Islands" => *b"JE",
            "European Community" => *b"EU",
            _ => match *name.as_bytes() {
                [a @ b'A'..=b'Z', b @ b'A'..=b'Z'] => return Self { code: [a, b], is_assumed: false },
                _ => *b"ZZ",
            },
        };
        Self { code, is_assumed: true }
    }

    /// The code as text.
    pub(super) fn as_text(self) -> String {
        self.code.iter().copied().map(char::from).collect()
    }
}

/// Every name in the UCI sets Online Retail and Online Retail II that is one country, and none besides.
/// The most frequent first, as they are searched in this order.
const NAMES: [(&str, &[u8; 2]); 41] = [
    ("United Kingdom", b"GB"),
    ("Germany", b"DE"),
    ("France", b"FR"),
    ("EIRE", b"IE"),
    ("Spain", b"ES"),
    ("Netherlands", b"NL"),
    ("Switzerland", b"CH"),
    ("Belgium", b"BE"),
    ("Portugal", b"PT"),
    ("Australia", b"AU"),
    ("Norway", b"NO"),
    ("Finland", b"FI"),
    ("Italy", b"IT"),
    ("Cyprus", b"CY"),
    ("Sweden", b"SE"),
    ("Poland", b"PL"),
    ("Austria", b"AT"),
    ("Japan", b"JP"),
    ("Israel", b"IL"),
    ("Denmark", b"DK"),
    ("Hong Kong", b"HK"),
    ("USA", b"US"),
    ("Singapore", b"SG"),
    ("Iceland", b"IS"),
    ("Canada", b"CA"),
    ("Greece", b"GR"),
    ("Malta", b"MT"),
    ("United Arab Emirates", b"AE"),
    ("RSA", b"ZA"),
    ("Lebanon", b"LB"),
    ("Lithuania", b"LT"),
    ("Brazil", b"BR"),
    ("Czech Republic", b"CZ"),
    ("Bahrain", b"BH"),
    ("Saudi Arabia", b"SA"),
    ("Bermuda", b"BM"),
    ("Korea", b"KR"),
    ("Nigeria", b"NG"),
    ("Thailand", b"TH"),
    ("Morocco", b"MA"),
    ("Ireland", b"IE"),
];
