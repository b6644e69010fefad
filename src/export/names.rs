//! Names made from the names of records: for script files and for secrets.
//!
//! Safe wherever they go: ASCII lower case, so that no file system takes two for one; digits and one separator;
//! never empty, never long, never a name that a system keeps for itself.

use std::collections::BTreeSet;

/// The longest name, without what makes it unique and without an ending.
const LONGEST: usize = 60;

/// Names that Windows keeps for devices, whatever the ending.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// Names that were given out, none of them twice.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// This name, or with a number behind it if it is taken.
    pub(super) fn unique(&mut self, name: &str, separator: char) -> String {
        let numbered = (2_usize..).map(|number| format!("{name}{separator}{number}"));
        let free = std::iter::once(name.to_owned())
            .chain(numbered)
            .find(|name| !self.taken.contains(name))
            .unwrap_or_default();
        self.taken.insert(free.clone());
        free
    }
}

/// The letters and digits of a text in lower case, one separator for anything between them; `instead` if there
/// are none.
pub fn slug(text: &str, separator: char, instead: &str) -> String {
    let mut slug = String::new();
    for character in text.chars() {
        if slug.len() >= LONGEST {
            break;
        }
        if character.is_ascii_alphanumeric() {
            slug.push(character.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with(separator) {
            slug.push(separator);
        }
    }
    let slug = slug.trim_end_matches(separator);
    if slug.is_empty() { instead } else { slug }.to_owned()
}

/// The slug as the name of a file, without its ending.
pub(super) fn file_stem(slug: &str) -> String {
    let port = |name: &str| slug.len() == 4 && slug.starts_with(name);
    if DEVICES.contains(&slug) || port("com") || port("lpt") {
        return format!("{slug}-script");
    }
    slug.to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn slugs_read_like_the_names() {
        let of = |text| file_stem(&slug(text, '-', "incoming"));
        assert_eq!(of("Grafana alerts"), "grafana-alerts");
        assert_eq!(of("  ../../etc/passwd "), "etc-passwd");
        assert_eq!(of("日本"), "incoming");
        assert_eq!(of("CON"), "con-script");
        assert_eq!(of("com1"), "com1-script");
        assert_eq!(of(&"ab ".repeat(99)).len(), 59);
    }

    proptest! {
        #[test]
        fn slugs_are_safe_and_differ(texts in prop::collection::vec(any::<String>(), 1..20)) {
            let mut names = Names::default();
            let mut seen = BTreeSet::new();
            for text in texts.iter().chain(&texts) {
                let name = names.unique(&file_stem(&slug(text, '-', "x")), '-');
                let safe = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
                prop_assert!(name.chars().all(safe) && !name.starts_with('-'), "{name}");
                prop_assert!(!name.is_empty() && name.len() < 80 && !DEVICES.contains(&name.as_str()));
                prop_assert!(seen.insert(name.to_lowercase()), "{name} twice");
            }
        }
    }
}
