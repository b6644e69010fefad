//! A text as it reads when its escapes and encodings are undone, with the way back to where everything stood.

use std::ops::Range;

/// How many encodings within each other are undone.
const DEPTH: usize = 3;

/// What every encoding has.
const MARKS: [u8; 4] = *b"%+\\&";

/// How much of a long text is looked at at once, at least. In bytes.
const WINDOW: usize = 64 * 1024;

/// The longest form of one character, about: escapes whose characters are encoded themselves.
const LONGEST_ESCAPE: usize = 24;

/// How far a secret of so many bytes may reach in a text, in bytes.
pub(super) fn reach(longest: usize) -> usize {
    longest.saturating_mul(LONGEST_ESCAPE)
}

/// Where `search` finds something in the text, or in what it is an encoding of. No secret is longer than `longest`.
pub(super) fn find(
    text: &str,
    longest: usize,
    search: &dyn Fn(&[u8]) -> Vec<Range<usize>>,
) -> Vec<Range<usize>> {
    let whole = |from, to| text.floor_char_boundary(from)..text.ceil_char_boundary(to);
    let as_it_is = search(text.as_bytes()).into_iter();
    let mut found: Vec<_> = as_it_is.map(|it| whole(it.start, it.end)).collect();
    let overlap = reach(longest);
    let window = WINDOW.max(overlap.saturating_mul(4));
    let mut start = 0;
    while start < text.len() {
        let end = text.ceil_char_boundary(start.saturating_add(window).min(text.len()));
        let views = View::all_of(&text.as_bytes()[start..end]);
        for view in views {
            let stretches = search(&view.bytes).into_iter();
            found.extend(stretches.filter_map(|stretch| {
                let stood = view.stood(&stretch)?;
                Some(whole(start + stood.start, start + stood.end))
            }));
        }
        if end == text.len() {
            break;
        }
        start = text.floor_char_boundary(end - overlap);
    }
    found
}

/// A stretch of a text with some encodings undone.
struct View {
    bytes: Vec<u8>,
    /// Where each byte stood: the encodings of one character give all of its bytes the same place.
    places: Vec<Range<usize>>,
}

/// What undoes an encoding at the start of some bytes: what they stand for, and how many of them do.
type Decoder = fn(&[u8]) -> Option<(Decoded, usize)>;

const DECODERS: [Decoder; 4] = [percent, form, escape, entity];

/// What an encoding stands for.
enum Decoded {
    Byte(u8),
    Character(char),
}

impl View {
    /// What the bytes read as with encodings within each other undone.
    fn all_of(bytes: &[u8]) -> Vec<Self> {
        if !bytes.iter().any(|byte| MARKS.contains(byte)) {
            return Vec::new();
        }
        let whole = Self {
            bytes: bytes.to_vec(),
            places: (0..bytes.len()).map(|at| at..at + 1).collect(),
        };
        let mut views = vec![whole];
        let mut last = 0;
        for _ in 0..DEPTH {
            let within: Vec<_> = views[last..].iter().flat_map(Self::undone).collect();
            last = views.len();
            views.extend(within);
        }
        views.split_off(1)
    }

    /// The same with one encoding undone, for each that is there.
    fn undone(&self) -> impl Iterator<Item = Self> {
        DECODERS.iter().filter_map(|decoder| self.undo(*decoder))
    }

    /// The same with one encoding undone; `None` if it is not there.
    fn undo(&self, decoder: Decoder) -> Option<Self> {
        let mut undone = Self {
            bytes: Vec::with_capacity(self.bytes.len()),
            places: Vec::with_capacity(self.bytes.len()),
        };
        let mut at = 0;
        let mut changed = false;
        while let Some(rest) = self.bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let (decoded, length) = decoder(rest).map_or((Decoded::Byte(rest[0]), 1), |it| {
                changed = true;
                it
            });
            let place = self.stood(&(at..at + length))?;
            let mut buffer = [0; 4];
            let bytes = match decoded {
                Decoded::Byte(byte) => {
                    buffer[0] = byte;
                    &buffer[..1]
                }
                Decoded::Character(character) => character.encode_utf8(&mut buffer).as_bytes(),
            };
            undone.bytes.extend_from_slice(bytes);
            undone.places.extend(bytes.iter().map(|_| place.clone()));
            at += length;
        }
        changed.then_some(undone)
    }

    /// Where a stretch of it stood.
    fn stood(&self, stretch: &Range<usize>) -> Option<Range<usize>> {
        let first = self.places.get(stretch.start)?;
        let last = self.places.get(stretch.end.checked_sub(1)?)?;
        Some(first.start..last.end)
    }
}

/// `%2F`
fn percent(bytes: &[u8]) -> Option<(Decoded, usize)> {
    let digits = bytes.strip_prefix(b"%")?.get(..2)?;
    let byte = u8::try_from(hex(digits)?).ok()?;
    Some((Decoded::Byte(byte), 3))
}

/// The same of forms, where `+` is a blank.
fn form(bytes: &[u8]) -> Option<(Decoded, usize)> {
    match bytes.first()? {
        b'+' => Some((Decoded::Byte(b' '), 1)),
        _ => percent(bytes),
    }
}

/// The escapes of JSON and JavaScript: `\"`, `\n`, `\/`, `\u00e4`, `\u{e4}`, `\xe4`.
fn escape(bytes: &[u8]) -> Option<(Decoded, usize)> {
    let rest = bytes.strip_prefix(b"\\")?;
    let plain = |byte| Some((Decoded::Byte(byte), 2));
    match rest.first()? {
        b'n' => plain(b'\n'),
        b'r' => plain(b'\r'),
        b't' => plain(b'\t'),
        b'b' => plain(8),
        b'f' => plain(12),
        b'x' => {
            let character = char::from_u32(hex(rest.get(1..3)?)?)?;
            Some((Decoded::Character(character), 4))
        }
        b'u' => unicode(rest.get(1..)?)
            .map(|(character, length)| (Decoded::Character(character), length + 2)),
        byte if byte.is_ascii_punctuation() => plain(*byte),
        _ => None,
    }
}

/// What is behind `\u`.
fn unicode(bytes: &[u8]) -> Option<(char, usize)> {
    if let Some(rest) = bytes.strip_prefix(b"{") {
        let digits = rest.iter().take(9).position(|byte| *byte == b'}')?;
        return Some((char::from_u32(hex(&rest[..digits])?)?, digits + 2));
    }
    let first = hex(bytes.get(..4)?)?;
    if let Some(character) = char::from_u32(first) {
        return Some((character, 4));
    }
    let second = hex(bytes.get(4..)?.strip_prefix(b"\\u")?.get(..4)?)?;
    let pair = [u16::try_from(first).ok()?, u16::try_from(second).ok()?];
    let character = char::decode_utf16(pair).next()?.ok()?;
    Some((character, 10))
}

/// The entities of HTML: `&amp;`, `&#47;`, `&#x2F;`.
fn entity(bytes: &[u8]) -> Option<(Decoded, usize)> {
    let rest = bytes.strip_prefix(b"&")?;
    let end = rest.iter().take(10).position(|byte| *byte == b';')?;
    let character = match &rest[..end] {
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"quot" => '"',
        b"apos" => '\'',
        name => {
            let number = name.strip_prefix(b"#")?;
            let code = match number
                .strip_prefix(b"x")
                .or_else(|| number.strip_prefix(b"X"))
            {
                Some(digits) => hex(digits)?,
                None => std::str::from_utf8(number).ok()?.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    Some((Decoded::Character(character), end + 2))
}

/// A number in hexadecimal digits, of which there are eight at most.
pub(super) fn hex(digits: &[u8]) -> Option<u32> {
    let sound = !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit);
    let digits = std::str::from_utf8(digits).ok().filter(|_| sound)?;
    u32::from_str_radix(digits, 16).ok()
}
