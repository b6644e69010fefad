//! A run that failed before there was a plan, as text.

use super::super::diagnostics::json::ProblemReport;
use super::super::failure::FailureReport;
use super::Page;

/// Why there is no plan.
pub(super) fn failure_text(failure: &FailureReport, page: &mut Page) {
    for problem in &failure.problems {
        page.line(problem_line(problem));
    }
    for more in &failure.more {
        page.line(format!("{}: {}", more.file.for_terminal(), more.words()));
    }
    page.line(format!("error: {}", failure.message.for_terminal()));
    if let Some(help) = &failure.help {
        page.line(format!("help: {}", help.for_terminal()));
    }
    page.line("");
    page.line(format!("No plan: exit code {}.", failure.exit_code));
}

/// A finding in one line: `chat/a.yaml:3:5: error[unknown-field]: …`.
pub(in crate::report) fn problem_line(problem: &ProblemReport) -> String {
    format!(
        "{}:{}:{}: {}[{}]: {}",
        problem.file.for_terminal(),
        problem.line,
        problem.column,
        problem.severity.word(),
        problem.code.for_terminal(),
        problem.message.for_terminal()
    )
}
