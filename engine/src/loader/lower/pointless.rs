//! A setting that is right by itself and means nothing beside another one.

use throng_components::workload::{Label, Mistake, Spanned};

/// Such a setting, and what makes it pointless. It is refused: a setting that is ignored misleads.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pointless {
    /// The node or property.
    pub(super) name: Spanned<String>,
    /// The other one.
    pub(super) because: Label,
}

impl Mistake for Pointless {
    fn code(&self) -> &'static str {
        "T0053"
    }

    fn message(&self) -> String {
        format!("`{}` means nothing here", self.name.value)
    }

    fn labels(&self) -> Vec<Label> {
        vec![Label::new(self.name.span, "never used"), self.because.clone()]
    }

    fn help(&self) -> Option<String> {
        Some("remove one of the two".to_owned())
    }
}
