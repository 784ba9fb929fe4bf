//! What `${…}` knows beside parameters, variables and functions.

/// Names, those of a step's result with `STEP` for its name, and what they give.
pub(super) const NAMES: &[(&str, &str)] = &[
    ("now", "the time since the run's start, in a behaviour"),
    ("user.id", "the virtual user's number within its scenario, from 1, in a behaviour"),
    ("iteration", "the iteration's number: the token's (open), or the user's own (closed), in a behaviour"),
    ("STEP.status", "the protocol's status of the step of that name: `login.status == 200`"),
    ("STEP.response", "the response time of the step of that name, due to end"),
    ("STEP.service", "the service time of the step of that name, start to end"),
    ("STEP.bytes", "how many bytes the step of that name has received"),
    ("STEP.failed", "whether the step of that name has failed"),
];

/// What a name gives; `login.status` is `STEP.status`.
pub(super) fn meaning(name: &str) -> Option<&'static (&'static str, &'static str)> {
    let of_step = |known: &str| {
        let field = known.strip_prefix("STEP")?;
        name.strip_suffix(field).filter(|step| !step.is_empty() && !step.contains('.'))
    };
    NAMES.iter().find(|(known, _)| *known == name || of_step(known).is_some())
}

#[cfg(test)]
mod tests {
    use throng_systems::behavior::ResultField;

    use super::*;

    #[test]
    fn every_figure_of_a_step_has_a_row() {
        for (field, _) in ResultField::ALL {
            let row = meaning(&format!("login.{field}")).unwrap_or_else(|| panic!("no row for `{field}`"));
            assert_eq!(row.0, format!("STEP.{field}"));
        }
        assert_eq!(meaning("login.nonsense"), None);
    }
}
