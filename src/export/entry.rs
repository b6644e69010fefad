//! One record as an entry: which of its values are written, and how.

use super::ids::about;
use super::names::{Names, file_stem, slug};
use super::text::{Mapping, Yaml, one_line, yaml};
use super::{ExportedFile, Unwritable};
use crate::integration::{Field, Fields, LeftOut, Role, Shape, Value};
use crate::observed::Record;
use crate::redactor::Redactor;
use crate::secret::Text;
use crate::variables::literally;

/// The largest script that is read back from a file.
const LARGEST_FILE: usize = 1 << 20;

/// A record, about to be written.
pub(super) struct Entry {
    /// What is above it, line by line.
    pub(super) comments: Vec<String>,
    /// Why it cannot be an entry; empty for one that can.
    pub(super) refused: Vec<String>,
    keys: Vec<(&'static str, Yaml)>,
}

impl Entry {
    /// Its lines as an item of the list.
    pub(super) fn text(&self) -> Result<String, Unwritable> {
        if self.keys.is_empty() {
            return Ok(String::new());
        }
        yaml(&[Mapping(&self.keys)])
    }
}

/// Writes records out, and keeps what goes beside the manifest.
pub(super) struct EntryWriter<'a> {
    /// The folder of script files, as the manifest names it.
    folder: Option<&'a str>,
    /// The secrets that a record may hold.
    redactor: &'a Redactor,
    /// The script files so far.
    pub(super) scripts: Vec<ExportedFile>,
    secrets: Vec<(String, String)>,
    file_names: Names,
    secret_names: Names,
}

impl<'a> EntryWriter<'a> {
    pub(super) fn new(folder: Option<&'a str>, redactor: &'a Redactor) -> Self {
        Self {
            folder,
            redactor,
            scripts: Vec::new(),
            secrets: Vec::new(),
            file_names: Names::default(),
            secret_names: Names::default(),
        }
    }

    /// The names of the secrets so far.
    pub(super) fn secret_names(&self) -> Vec<String> {
        self.secrets.iter().map(|(name, _)| name.clone()).collect()
    }

    /// The file of secret values.
    pub(super) fn secrets_text(&self, server: &str) -> Result<String, Unwritable> {
        let mut text = format!(
            "# Secrets of the integrations of {}, for `--secret-file`. Keep it out of git.\n",
            one_line(server)
        );
        if self.secrets.is_empty() {
            text += "{}\n";
        }
        for (name, value) in &self.secrets {
            let value = serde_saphyr::DoubleQuoted(value.as_str());
            text.extend([name, ": ", &yaml(&value)?]);
        }
        Ok(text)
    }

    /// A record as an entry, with the reasons known before why it cannot be one.
    pub(super) fn entry(
        &mut self,
        record: &Record,
        duplicate: bool,
        refused: Vec<String>,
    ) -> Entry {
        let mut entry = Entry {
            comments: vec![format!(
                "{}, {}",
                one_line(&record.id.to_string()),
                about(record)
            )],
            refused,
            keys: Vec::new(),
        };
        match record.fields() {
            Ok(fields) => {
                let mut key =
                    |name, text: &str| entry.keys.push((name, Yaml::Text(text.to_owned())));
                key("type", record.kind.wire());
                if duplicate {
                    key("id", record.id.raw());
                    let words = "one of several of this type and name: pinned by its id";
                    entry.comments.push(words.to_owned());
                }
                self.rows(record, fields, &mut entry);
            }
            Err(error) => entry.refused.push(error.to_string()),
        }
        let reasons = entry.refused.iter();
        entry
            .comments
            .extend(reasons.map(|why| format!("Not exported: {}", one_line(why))));
        entry
    }

    fn rows(&mut self, record: &Record, fields: &Fields, entry: &mut Entry) {
        let script = match fields.by_role(Role::Script) {
            Some(Value::Script(text)) => text.as_plain().unwrap_or_default(),
            _ => "",
        };
        let has_script = !script.trim().is_empty();
        for field in record.kind.fields() {
            if let Some(value) = worth_writing(field, fields, has_script) {
                if self.echoes(field, &value) {
                    let name = field.name;
                    entry.refused.push(format!(
                        "`{name}` holds the value of a secret of this run: run it without that secret to export it"
                    ));
                    continue;
                }
                let written = self.written(record, field, &value);
                entry
                    .keys
                    .extend(written.map(|written| (field.name, written)));
            }
        }
        if script.contains("\r\n") {
            let words = "its script has CRLF line ends on the server: they compare equal to LF";
            entry.comments.push(words.to_owned());
        }
        let on = fields.is_on(Role::ScriptSwitch);
        if has_script && on && !record.script_compiled() {
            let why = record
                .script_error()
                .map(|why| format!(": {}", one_line(&why)));
            let words = "the server has no compiled form of its script";
            entry
                .comments
                .push(format!("{words}{}", why.unwrap_or_default()));
        }
    }

    /// Whether a value that would be written in clear holds a secret of this run.
    fn echoes(&self, field: &Field, value: &Value) -> bool {
        let hidden = |text: &str| field.sensitive && holds_credentials(text);
        let texts = value.texts().iter().filter_map(Text::as_plain);
        let mut texts = texts.filter(|text| !hidden(text));
        texts.any(|text| self.redactor.finds_in(text))
    }

    fn written(&mut self, record: &Record, field: &Field, value: &Value) -> Option<Yaml> {
        Some(match value {
            Value::Flag(on) => Yaml::Flag(*on),
            Value::Number(number) => Yaml::Number(*number),
            Value::Text(text) => Yaml::Text(self.words(record, field, text)?),
            Value::List(items) => {
                let items = items.iter().map(|item| self.words(record, field, item));
                let mut items: Vec<_> = items.collect::<Option<_>>()?;
                match items.pop() {
                    Some(only) if items.is_empty() && field.shape == Shape::Joined => {
                        Yaml::Text(only)
                    }
                    last => {
                        items.extend(last);
                        Yaml::List(items)
                    }
                }
            }
            Value::Script(text) => self.script(record, text.as_plain()?),
            Value::Secret(_) => return None,
        })
    }

    /// A text with what the manifest would take for a reference escaped, or as a reference to a secret.
    fn words(&mut self, record: &Record, field: &Field, text: &Text) -> Option<String> {
        let plain = text.as_plain()?;
        if !field.sensitive || !holds_credentials(plain) {
            return Some(literally(plain));
        }
        let name = slug(&record.name.to_string(), '_', record.kind.word());
        let digit = if name.starts_with(|c: char| c.is_ascii_digit()) {
            "_"
        } else {
            ""
        };
        let name = format!("{digit}{name}_{}", field.name.to_ascii_lowercase());
        let name = self.secret_names.unique(&name, '_');
        self.secrets.push((name.clone(), plain.to_owned()));
        Some(format!("${{secret.{name}}}"))
    }

    fn script(&mut self, record: &Record, text: &str) -> Yaml {
        let normal = text.replace("\r\n", "\n");
        if normal.contains("\r\n") {
            // Its line ends have to stay as odd as they are to compare equal.
            return Yaml::Script(text.to_owned());
        }
        let in_file = !normal.starts_with('\u{feff}') && normal.len() <= LARGEST_FILE;
        let Some(folder) = self.folder.filter(|_| in_file) else {
            return Yaml::Script(normal);
        };
        let stem = file_stem(&slug(&record.name.to_string(), '-', record.kind.word()));
        let path = format!("{folder}{}.js", self.file_names.unique(&stem, '-'));
        self.scripts.push(ExportedFile {
            path: path.clone(),
            text: normal,
        });
        Yaml::File(path)
    }
}

/// The value of a row, if leaving it out would say something else.
fn worth_writing(field: &Field, fields: &Fields, has_script: bool) -> Option<Value> {
    let observed = fields.get(field);
    let value = || observed.cloned().unwrap_or_else(|| field.empty());
    match field.left_out {
        LeftOut::Generated => None,
        LeftOut::Required => Some(value()),
        LeftOut::Observed => {
            let value = observed?;
            (!value.is_empty() && !field.is_server_default(value)).then(|| value.clone())
        }
        LeftOut::On | LeftOut::Empty | LeftOut::OnWithScript => {
            let default = field.default_value(has_script)?;
            let same = default.same(observed) == Some(true);
            (!same || fields.require(field)).then(value)
        }
    }
}

/// Whether a URL holds a user, a password or a query. What is not a URL is judged by its looks.
fn holds_credentials(url: &str) -> bool {
    if url.contains('?') {
        return true;
    }
    match url::Url::parse(url) {
        Ok(parsed) if parsed.has_host() => {
            !parsed.username().is_empty() || parsed.password().is_some()
        }
        _ => url.contains('@'),
    }
}
