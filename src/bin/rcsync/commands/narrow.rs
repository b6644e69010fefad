//! What the flags of a run take from the manifest's policy, and which holds they lift.

use crate::cli::NarrowArgs;
use rcsync::desired::policy::{Flags, Selection};
use rcsync::desired::{Policy, Prune};

/// Narrows the policy by the flags. A sandbox in this process is nobody's server: the guard of the address is for real
/// ones.
pub(super) fn narrow(policy: &mut Policy, args: &NarrowArgs, sandbox: bool) {
    policy.flags = Flags {
        selection: Selection {
            only: (!args.only.is_empty()).then(|| args.only.iter().collect()),
            exclude: args.exclude.iter().collect(),
            kind: args.kind,
        },
        create_only: args.create_only,
        no_delete: args.no_delete,
        allow_url_loss: args.allow_url_loss,
        allow_strict_switch: args.allow_strict_switch.iter().collect(),
        remove_duplicates: args.remove_duplicates,
        allow_partial_view: args.allow_partial_view,
    };
    if args.no_prune {
        policy.prune = Prune::Off;
    }
    if sandbox {
        policy.server = None;
    }
}
