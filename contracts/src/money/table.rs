//! ISO 4217, list one: the currencies that circulate, by their number of minor digits.
//!
//! Source: ISO 4217:2015 and its amendments up to 180 (2026). Left out on purpose: funds (CLF, UYI, ...), metals,
//! test and "no currency" codes. BGN stays although Bulgaria now uses EUR: old orders are still refunded in it.

const NONE: [[u8; 3]; 16] = [
    *b"BIF", *b"CLP", *b"DJF", *b"GNF", *b"ISK", *b"JPY", *b"KMF", *b"KRW", *b"PYG", *b"RWF", *b"UGX",
    *b"VND", *b"VUV", *b"XAF", *b"XOF", *b"XPF",
];

const THREE: [[u8; 3]; 7] = [*b"BHD", *b"IQD", *b"JOD", *b"KWD", *b"LYD", *b"OMR", *b"TND"];

const TWO: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF \
    CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR \
    ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR \
    MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP \
    STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG";

/// 0, 2 or 3; `None` when the code is unknown.
pub(super) fn minor_digits(code: [u8; 3]) -> Option<u32> {
    if NONE.contains(&code) {
        return Some(0);
    }
    if THREE.contains(&code) {
        return Some(3);
    }
    two().any(|known| known == code).then_some(2)
}

/// Every known code in alphabetical order.
pub(super) fn codes() -> impl Iterator<Item = [u8; 3]> {
    let mut codes: Vec<[u8; 3]> = NONE.into_iter().chain(THREE).chain(two()).collect();
    codes.sort_unstable();
    codes.into_iter()
}

fn two() -> impl Iterator<Item = [u8; 3]> {
    TWO.as_bytes().chunks(4).filter_map(|word| word.get(..3)?.try_into().ok())
}
