//! Findings drawn into the lines that they point at.
//!
//! Nothing else of a text is shown; what is masked is never shown, and no control character reaches the terminal.

use std::borrow::Cow;
use std::cell::Cell;
use std::ops::Range;

use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet,
    normalize_untrusted_str,
};

use super::super::wrap::wrapped;
use super::sorted;
use crate::escape;
use crate::problem::{Findings, Place, Problem, Severity, SourceText, Texts};

/// How many findings are shown.
const MAX_SHOWN: usize = 100;

/// No line is wider, where it can be helped.
const WIDTH: usize = 80;

/// Two places of a file this many lines apart are drawn as one stretch.
const NEAR: usize = 12;

/// So many bytes of lines are drawn, over all findings, and of the others the places alone are reported: the renderer
/// cuts what does not fit the width, and pays for all of it.
const MAX_DRAWN: usize = 1 << 20;

/// The longest lines that are drawn as they would be when fixed: those are not cut.
const MAX_MENDED: usize = 400;

/// The longest stretch under carets.
const MAX_MARKED: usize = 60;

/// The findings as people read them, in the order of files and places; at most a hundred, errors first.
///
/// The bytes of `masked` are drawn as `*`.
pub fn text(findings: &Findings, texts: &Texts, masked: &[Place], color: bool) -> String {
    let shown = capped(sorted(findings));
    let more = findings.counts().total() - shown.len();
    let drawing = Drawing {
        texts,
        masked,
        left: Cell::new(MAX_DRAWN),
    };
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = renderer.term_width(WIDTH);
    let mut text = String::new();
    for diagnostic in shown {
        text.push_str(&drawing.draw(diagnostic, &renderer));
        text.push_str("\n\n");
    }
    if more > 0 {
        text = format!("{text}… and {more} more\n\n");
    }
    text
}

/// As many as are shown: errors before warnings, and yet in their order.
fn capped(sorted: Vec<&Problem>) -> Vec<&Problem> {
    if sorted.len() <= MAX_SHOWN {
        return sorted;
    }
    let errors = sorted
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .count()
        .min(MAX_SHOWN);
    let mut left = (errors, MAX_SHOWN - errors);
    let room = |found: &&Problem| {
        let left = match found.severity {
            Severity::Error => &mut left.0,
            Severity::Warning | Severity::Note => &mut left.1,
        };
        let room = *left > 0;
        *left -= usize::from(room);
        room
    };
    sorted.into_iter().filter(room).collect()
}

/// What is needed to draw a finding.
struct Drawing<'a> {
    texts: &'a Texts,
    masked: &'a [Place],
    /// How many bytes may still be drawn.
    left: Cell<usize>,
}

/// A place to draw, with the words beside it.
struct Mark<'a> {
    place: &'a Place,
    kind: AnnotationKind,
    words: Option<&'a str>,
}

/// A few lines of a text, made fit to be shown.
struct Crop {
    source: String,
    /// Where they begin in the text.
    start: usize,
    first_line: usize,
}

impl Drawing<'_> {
    fn draw(&self, found: &Problem, renderer: &Renderer) -> String {
        let level = match found.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let title = level.primary_title(clean(&found.message)).id(found.code.0);
        let mut report = vec![self.group(title, found)];
        if let Some(help) = &found.help {
            let title =
                Level::HELP.secondary_title(wrapped("", &clean(help), 0, WIDTH - "help: ".len()));
            report.push(match self.patch(found) {
                Some(patch) => title.element(patch),
                None => Group::with_title(title),
            });
        }
        // The library writes out the control characters of ASCII, among which are its own colours; the others are
        // replaced, each by one of the same width.
        escape::replaced(&renderer.render(&report))
    }

    /// The places of a finding: those near to each other in one drawing, others each in its own.
    fn group<'s>(&'s self, title: annotate_snippets::Title<'s>, found: &'s Problem) -> Group<'s> {
        let own = found.place.iter().map(|place| {
            vec![Mark {
                place,
                kind: AnnotationKind::Primary,
                words: found.expected.as_deref(),
            }]
        });
        let mut stretches: Vec<_> = own.collect();
        for (place, words) in &found.also {
            let mark = Mark {
                place,
                kind: AnnotationKind::Context,
                words: Some(words),
            };
            let line = self.texts.start(place).line;
            let near = stretches.iter_mut().find(|marks| {
                marks.iter().all(|other| {
                    other.place.source == place.source
                        && self.texts.start(other.place).line.abs_diff(line) <= NEAR
                })
            });
            match near {
                Some(marks) => marks.push(mark),
                None => stretches.push(vec![mark]),
            }
        }
        let mut group = Group::with_title(title);
        for marks in stretches {
            group = self.stretch(group, &marks);
        }
        group
    }

    /// Adds the lines of some places of one text.
    fn stretch<'s>(&'s self, group: Group<'s>, marks: &[Mark<'s>]) -> Group<'s> {
        let Some(first) = marks.first() else {
            return group;
        };
        let text = self.texts.get(first.place.source);
        if text.text.is_empty() {
            // A finding about a path as a whole.
            return group.element(Origin::path(clean(&text.origin)));
        }
        let lines = marks.iter().map(|mark| self.texts.start(mark.place).line);
        let (from, to) = (lines.clone().min().unwrap_or(1), lines.max().unwrap_or(1));
        let Some(left) = self.left.get().checked_sub(text.lines(from, to).len()) else {
            let start = self.texts.start(first.place);
            let origin = Origin::path(clean(&text.origin));
            return group.element(origin.line(start.line).char_column(start.column));
        };
        self.left.set(left);
        let crop = self.crop(first.place, from, to);
        let annotations: Vec<_> = marks.iter().map(|mark| crop.annotation(mark)).collect();
        group.element(
            Snippet::source(crop.source)
                .line_start(crop.first_line)
                .path(clean(&text.origin))
                .annotations(annotations),
        )
    }

    /// The lines `from..=to` around a place, without a byte order mark, masked.
    fn crop(&self, place: &Place, from: usize, to: usize) -> Crop {
        let text = self.texts.get(place.source);
        let mut range = text.lines(from, to);
        if text.text[range.clone()].starts_with('\u{feff}') {
            range.start += '\u{feff}'.len_utf8();
        }
        Crop {
            source: self.masked(text, place, range.clone()),
            start: range.start,
            first_line: from,
        }
    }

    /// A stretch of a text with a `*` for every masked byte.
    fn masked(&self, text: &SourceText, place: &Place, range: Range<usize>) -> String {
        let mut shown = text.text[range.clone()].to_owned();
        for mask in self
            .masked
            .iter()
            .filter(|mask| mask.source == place.source)
        {
            let start = (mask.bytes.start as usize).clamp(range.start, range.end) - range.start;
            let end = (mask.bytes.end as usize).clamp(range.start, range.end) - range.start;
            let start = shown.floor_char_boundary(start);
            let end = shown.ceil_char_boundary(end);
            if start < end {
                let line_ends = |byte: u8| matches!(byte, b'\n' | b'\r');
                let hidden: String = shown[start..end]
                    .bytes()
                    .map(|byte| {
                        if line_ends(byte) {
                            char::from(byte)
                        } else {
                            '*'
                        }
                    })
                    .collect();
                shown.replace_range(start..end, &hidden);
            }
        }
        shown
    }

    /// The line as it would be when fixed; not where that would repeat a masked text.
    fn patch<'s>(&'s self, found: &'s Problem) -> Option<Snippet<'s, Patch<'s>>> {
        let (fix, place) = (found.fix.as_ref()?, found.place.as_ref()?);
        let (start, end) = (self.texts.start(place), self.texts.end(place));
        let hidden = self.masked.iter().any(|mask| {
            mask.source == place.source
                && mask.bytes.start < place.bytes.end
                && place.bytes.start < mask.bytes.end
        });
        let crop = self.crop(place, start.line, end.line);
        if hidden || end.line - start.line > NEAR || crop.source.len() > MAX_MENDED {
            return None;
        }
        let at = crop.within(place);
        Some(
            Snippet::source(crop.source)
                .line_start(crop.first_line)
                .path(clean(&self.texts.get(place.source).origin))
                .patch(Patch::new(at, clean(&fix.text))),
        )
    }
}

impl Crop {
    /// A place in these lines.
    fn within(&self, place: &Place) -> Range<usize> {
        let inside = |byte: u32| {
            let byte = (byte as usize).saturating_sub(self.start);
            self.source.floor_char_boundary(byte.min(self.source.len()))
        };
        inside(place.bytes.start)..inside(place.bytes.end)
    }

    /// The carets under a place: no further than its first line.
    fn annotation<'s>(&self, mark: &Mark<'s>) -> Annotation<'s> {
        let Range { start, end } = self.within(mark.place);
        let line = self.source[start..end].lines().next().map_or(0, str::len);
        let end = self
            .source
            .floor_char_boundary(start + line.min(MAX_MARKED));
        mark.kind.span(start..end).label(mark.words.map(clean))
    }
}

/// A text in one line, without control and direction characters.
fn clean(text: &str) -> Cow<'_, str> {
    normalize_untrusted_str(&text.replace(['\n', '\r'], " ")).into()
}

#[cfg(test)]
mod tests;
