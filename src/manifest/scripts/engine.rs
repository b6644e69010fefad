//! Which engine a server of a version runs a script in, and whether the server transpiles it.

use webhook_script::{Mode, Sandbox, ServerProfile};

use crate::integration::{Fields, Value, Version};
use crate::problem::{Code, Place, Problem};

/// The field that names the engine.
pub const ENGINE: &str = "scriptEngine";
/// The first version that has another engine than `vm2`.
const ISOLATED_VM_SINCE: Version = Version::new(6, 5);
/// The first version without `vm2`.
const VM2_UNTIL: Version = Version::new(7, 0);
/// The first version that transpiles no script.
pub const RAW_SINCE: Version = Version::new(9, 0);

/// Every server from [`RAW_SINCE`] on.
pub(super) const RAW: ServerProfile = ServerProfile {
    sandbox: Sandbox::IsolatedVm,
    mode: Mode::Raw,
};

/// How a server of this version runs an entry's script.
pub fn profile(fields: &Fields, version: Version) -> ServerProfile {
    let (Version { major, minor }, skips) = (version, is(fields, "skipTranspile"));
    let sandbox = if version < ISOLATED_VM_SINCE || version < VM2_UNTIL && wants_vm2(fields) {
        Sandbox::Vm2
    } else {
        Sandbox::IsolatedVm
    };
    ServerProfile {
        sandbox,
        ..ServerProfile::of((major, minor), skips)
    }
}

fn is(fields: &Fields, name: &str) -> bool {
    let row = fields.kind().field(name);
    matches!(row.and_then(|row| fields.get(row)), Some(Value::Flag(true)))
}

/// That the engine which an entry asks for is gone. `at` is where it is.
pub fn engine_gone(fields: &Fields, at: Option<&Place>, version: Version) -> Option<Problem> {
    let at = at?;
    if version < VM2_UNTIL || !wants_vm2(fields) {
        return None;
    }
    let message = format!("`vm2` was removed in {VM2_UNTIL}: the script runs in `isolated-vm`");
    let warning = Problem::warning(Code("script-engine-gone"), at.clone(), message);
    Some(warning.help("write `scriptEngine: isolated-vm`, or leave it out"))
}

/// Whether an entry asks for `vm2`.
fn wants_vm2(fields: &Fields) -> bool {
    let row = fields.kind().field(ENGINE);
    let value = row.and_then(|row| fields.get(row));
    let name = match value {
        Some(Value::Text(name)) => name.as_plain(),
        _ => None,
    };
    name.is_some_and(|name| name.eq_ignore_ascii_case("vm2"))
}
