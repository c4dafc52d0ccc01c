//! The label: one page of PDF 1.4, written by hand (ISO 32000-1, 7.5 for the file, 9.4 for its text).

use std::fmt::Write;

use contracts::order::ShipTo;

use super::ids::Number;

/// The page, in points: 4 by 6 inches, the paper of label printers.
const PAGE: (u32, u32) = (288, 432);

/// The longest line that fits the page, in characters.
const MAX_LINE_CHARS: usize = 40;

/// The label of a parcel: its number, the merchant's name for it, and the customer's address. Only ASCII characters.
pub(super) fn render(number: &Number, parcel: &str, pieces: u64, ship_to: &ShipTo) -> String {
    let town = format!("{} {}", ship_to.postcode, ship_to.city);
    let mut lines = vec![
        (18, "SIMULATED CARRIER".to_owned()),
        (9, "This label moves no parcel.".to_owned()),
        (16, number.to_string()),
        (10, format!("{parcel}, {pieces} pieces")),
    ];
    let address = [
        Some(&ship_to.name),
        Some(&ship_to.line1),
        ship_to.line2.as_ref(),
        Some(&town),
        ship_to.region.as_ref(),
        Some(&ship_to.country),
    ];
    let address = address.into_iter().flatten().filter(|line| !line.trim().is_empty());
    lines.extend(address.map(|line| (12, line.clone())));
    file(&content(&lines))
}

/// The page's content: one line of text below the other, in the size that comes with it.
fn content(lines: &[(u32, String)]) -> String {
    let mut content = String::from("BT\n");
    content.push_str("1 0 0 1 24 396 Tm\n");
    for (size, line) in lines {
        let line: String = line.chars().take(MAX_LINE_CHARS).map(escaped).collect();
        // Writing to a text does not fail.
        writeln!(content, "/F1 {size} Tf ({line}) Tj 0 -{} Td", size + 10).ok();
    }
    content.push_str("ET\n");
    content
}

/// A character of a literal string in `WinAnsi` encoding, which is Latin-1 where that prints; others have no shape in
/// the font.
fn escaped(c: char) -> String {
    match c {
        '(' | ')' | '\\' => format!("\\{c}"),
        ' '..='~' => c.to_string(),
        '\u{a0}'..='\u{ff}' => format!("\\{:03o}", u32::from(c)),
        _ => "?".to_owned(),
    }
}

/// The file around the page's content: five objects, the table that says where they begin, and where that is.
fn file(content: &str) -> String {
    let (width, height) = PAGE;
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents 5 0 R \
             /Resources << /Font << /F1 4 0 R >> >> >>"
        ),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
        format!("<< /Length {} >>\nstream\n{content}endstream", content.len()),
    ];
    let mut file = String::from("%PDF-1.4\n");
    let mut table = String::from("0000000000 65535 f \n");
    for (number, object) in (1..).zip(&objects) {
        writeln!(table, "{:010} 00000 n ", file.len()).ok();
        writeln!(file, "{number} 0 obj\n{object}\nendobj").ok();
    }
    let (size, start) = (objects.len() + 1, file.len());
    write!(file, "xref\n0 {size}\n{table}trailer\n<< /Size {size} /Root 1 0 R >>\n").ok();
    write!(file, "startxref\n{start}\n%%EOF\n").ok();
    file
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::carrier::Pdf;
    use crate::simulated::Key;

    fn label() -> String {
        let ship_to = ShipTo {
            name: "Zoë (back door)".to_owned(),
            line1: r"1 C:\ Road".to_owned(),
            line2: Some("東京".to_owned()),
            city: "Cambridge".to_owned(),
            region: None,
            postcode: "CB1".to_owned(),
            country: "GB".to_owned(),
        };
        let number = Number::booked_by(&Key::try_from("k".to_owned()).unwrap());
        render(&number, "shipment/1-s1", 3, &ship_to)
    }

    /// Where each object begins, by the file's own table.
    fn offsets(pdf: &str) -> Vec<usize> {
        let (_, end) = pdf.rsplit_once("startxref\n").unwrap();
        let start: usize = end.lines().next().unwrap().parse().unwrap();
        let table = pdf[start..].strip_prefix("xref\n0 6\n").expect("startxref points at the table");
        let entries: Vec<&str> =
            table.as_bytes()[..120].chunks(20).map(|entry| std::str::from_utf8(entry).unwrap()).collect();
        assert_eq!(entries[0], "0000000000 65535 f \n");
        assert!(entries[1..].iter().all(|entry| entry.ends_with(" 00000 n \n")), "{entries:?}");
        assert!(table[120..].starts_with("trailer\n<< /Size 6 /Root 1 0 R >>\n"));
        entries[1..].iter().map(|entry| entry[..10].parse().unwrap()).collect()
    }

    #[test]
    fn the_label_is_a_file_that_a_reader_of_pdf_can_follow() {
        let pdf = label();
        assert!(pdf.starts_with("%PDF-1.4\n") && pdf.ends_with("\n%%EOF\n") && pdf.is_ascii());
        for (number, at) in (1..).zip(offsets(&pdf)) {
            assert!(pdf[at..].starts_with(&format!("{number} 0 obj\n")), "object {number} is not at {at}");
        }
        let (_, stream) = pdf.split_once("/Length ").unwrap();
        let (length, stream) = stream.split_once(" >>\nstream\n").unwrap();
        let length: usize = length.parse().unwrap();
        assert!(stream[length..].starts_with("endstream\nendobj\n"), "the stream is as long as it says");
        assert!(Pdf::new(pdf.into_bytes()).is_ok());
    }

    #[test]
    fn the_label_shows_number_and_address_and_escapes_what_means_something() {
        let pdf = label();
        let number = Number::booked_by(&Key::try_from("k".to_owned()).unwrap());
        for shown in
            [number.as_str(), r"(Zo\353 \(back door\))", r"(1 C:\\ Road)", "(??)", "(CB1 Cambridge)", "(GB)"]
        {
            assert!(pdf.contains(shown), "{shown}: {pdf}");
        }
    }
}
