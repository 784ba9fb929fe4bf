//! The page of every error code, as `throng explain CODE` shows it.

/// One code's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The code: `T0007`.
    pub code: &'static str,
    /// The page, in Markdown: title, reason, a bad and a good sample.
    pub text: &'static str,
}

impl Page {
    /// What stands behind the code in the page's first line: `# T0007: unknown kind`.
    pub fn title(&self) -> &'static str {
        let line = self.text.lines().next().unwrap_or("");
        line.split_once(':').map_or(line, |(_, title)| title.trim())
    }
}

/// The page of a code.
pub fn page(code: &str) -> Option<&'static Page> {
    PAGES.iter().find(|page| page.code == code)
}

/// A code's title as one word for the head of a message: `unknown_kind`.
pub(super) fn slug(code: &str) -> String {
    let title = page(code).map_or("mistake", Page::title);
    let word = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' };
    title.chars().map(word).collect()
}

macro_rules! pages {
    ($($code:ident)*) => {
        /// All pages, by code.
        pub const PAGES: &[Page] = &[
            $(Page { code: stringify!($code), text: include_str!(concat!("../../errors/", stringify!($code), ".md")) },)*
        ];
    };
}

pages! {
    T0001 T0002 T0003 T0004 T0005 T0006 T0007 T0008 T0009 T0010 T0011 T0012 T0020 T0021 T0022 T0023
    T0024 T0025 T0026 T0027 T0028 T0029 T0030 T0031 T0040 T0041 T0042 T0043 T0044 T0045 T0046 T0048
    T0049 T0050 T0051 T0052 T0053 T0055 T0056 T0070 T0071 T0072 T0073 T0074 T0075 T0077 T0078 T0080
    T0090 T0091 T0092 T0093 T0094 T0095 T0096 T0097 T0100 T0101 T0102 T0103 T0104 T0105 T0110 T0111
    T0120 T0121 T0122 T0130 T0131 T0132 T0140 T0141 T0142 T0143 T0144 T0145 T0146 T0160 T0161 T0162
    T0163 T0164 T0165 T0166 T0167 T0180 T0181 T0182 T0183 T0184 T0185 T0186 T0187 T0188 T0189 T0190
    T0191 T0192 T0193 T0194 T0197 T0198 T0199 T0200 T0201 T0202 T0203 T0204 T0205 T0206 T0207 T0208
    T0209 T0210 T0211 T0212 T0213 T0214 T0215 T0216 T0217 T0218 T0219 T0220 T0221 T0226 T0246 T0247
    T0248 T0249 T0250 T0251 T0252 T0253 T0256 T0257 T0258 T0259 T0260 T0261 T0262 T0263 T0264 T0265
    T0266 T0267 T0268 T0269 T0270 T0271 T0272 T0273 T0274 T0275 T0276 T0277 T0278 T0279 T0284 T0285
    T0286 T0290 T0291 T0292 T0293 T0310
}
