//! A path that is written as a whole URL: the target's own is taken, any other is a mistake.

use http::Uri;
use throng_components::workload::Span;

use super::mistake::HttpMistake;
use crate::behavior::resolve;
use crate::plugins::protocols::Elsewhere;

/// How many bytes in front of a path name the target and its base; 0 where it is a path from the beginning.
///
/// `front` is what is known of it when the workload is read: all of it, when it is `whole`.
///
/// # Errors
/// When it is a URL of another place, or what is known of it does not say of which.
pub(super) fn own_front(
    front: &str,
    whole: bool,
    home: &Elsewhere,
    base: &str,
    span: Span,
) -> Result<usize, HttpMistake> {
    let Some((scheme, rest)) = front.split_once("://") else { return Ok(0) };
    if scheme.is_empty() || !scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    {
        return Ok(0);
    }
    let end = rest.find(['/', '?', '#']).or(whole.then_some(rest.len()));
    let authority = end.map(|end| &rest[..end]);
    // Whoever has a name and a password in it wants them to be sent, which a path cannot do.
    let place = authority.filter(|authority| !authority.contains('@')).and_then(|authority| {
        let url = format!("{}://{authority}/", scheme.to_ascii_lowercase());
        resolve(url.as_bytes(), home, &Uri::from_static("/")).map(|(place, _)| place)
    });
    let elsewhere = || HttpMistake::Elsewhere {
        span,
        home: (home.port != 0).then(|| format!("{home}{base}")),
        other: place.as_ref().map(Elsewhere::to_string),
    };
    let (Some(end), true) = (end, place.as_ref() == Some(home)) else { return Err(elsewhere()) };
    let behind = rest[end..].strip_prefix(base).ok_or_else(elsewhere)?;
    if !behind.is_empty() && !behind.starts_with(['/', '?', '#'])
        || (behind.is_empty() && !whole && !base.is_empty())
    {
        return Err(elsewhere());
    }
    Ok(front.len() - behind.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_the_targets_own_or_a_mistake() {
        let home = Elsewhere { secure: false, host: "shop.test".to_owned(), port: 80 };
        let check = |front: &str, whole: bool, base: &str, expected: Option<usize>| {
            let found = own_front(front, whole, &home, base, Span::default());
            assert_eq!(found.ok(), expected, "{front} behind {base}");
        };
        check("/a?to=http://other.test/", true, "", Some(0));
        check("", true, "", Some(0));
        check("http://shop.test/a", true, "", Some(16));
        check("HTTP://Shop.test:80/a", true, "", Some(19));
        check("http://shop.test", true, "", Some(16));
        check("http://shop.test/api/a", true, "/api", Some(20));
        check("http://shop.test/api", true, "/api", Some(20));
        check("http://shop.test/", false, "", Some(16));
        check("http://shop.test?a=", false, "", Some(16));
        // Another place, another part of the same one, and who knows where.
        check("http://other.test/a", true, "", None);
        check("https://shop.test/a", true, "", None);
        check("ftp://shop.test/a", true, "", None);
        check("http://shop.test:81/a", true, "", None);
        check("http://ann:pw@shop.test/a", true, "", None);
        check("http://shop.test/apis", true, "/api", None);
        check("http://shop.test/api", false, "/api", None);
        check("http://shop.test", false, "", None);
        check("http://", false, "", None);
    }
}
