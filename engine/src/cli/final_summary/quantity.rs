//! Numbers in few characters: three digits that matter, and a unit.

/// Three significant digits of a number below 1,000.
fn three_digits(value: f64) -> String {
    // The limits are where rounding would give a fourth digit.
    let digits = if value >= 99.95 {
        0
    } else if value >= 9.995 {
        1
    } else {
        2
    };
    format!("{value:.digits$}")
}

/// The first unit in which the value rounds to less than 1,000; the last one takes all the rest.
fn scaled(value: f64, units: &[(f64, &str)]) -> String {
    let mut chosen = (1.0, "");
    for (scale, unit) in units {
        chosen = (*scale, *unit);
        if value / scale < 999.5 {
            break;
        }
    }
    format!("{}{}", three_digits(value / chosen.0), chosen.1)
}

/// A duration: `143ms`, `1.25s`, `12.0min`.
pub(in crate::cli) fn duration(nanos: u64) -> String {
    let value = nanos as f64;
    match nanos {
        0 => "0".to_owned(),
        1..1_000 => format!("{nanos}ns"),
        1_000..119_500_000_000 => scaled(value, &[(1e3, "us"), (1e6, "ms"), (1e9, "s")]),
        119_500_000_000..7_170_000_000_000 => format!("{}min", three_digits(value / 6e10)),
        _ => format!("{}h", three_digits(value / 3.6e12)),
    }
}

/// A count: `28,123`, `1.25M`.
pub(in crate::cli) fn count(number: u64) -> String {
    if number >= 1_000_000 {
        return scaled(number as f64, &[(1e6, "M"), (1e9, "G"), (1e12, "T")]);
    }
    if number < 1_000 { number.to_string() } else { format!("{},{:03}", number / 1_000, number % 1_000) }
}

/// A rate a second, without the unit: `0.25`, `190.5`, `28,123`.
pub(in crate::cli) fn per_second(rate: f64) -> String {
    if rate < 9.995 {
        format!("{rate:.2}")
    } else if rate < 999.95 {
        format!("{rate:.1}")
    } else {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
        count(rate.round() as u64)
    }
}

/// A share: `0.12%`, `5.1%`, `100%`. What is not nothing is never shown as nothing, nor what is not all as all.
pub(in crate::cli) fn share(part: f64) -> String {
    let percent = part * 100.0;
    if percent > 0.0 && percent < 0.01 {
        "<0.01%".to_owned()
    } else if percent > 99.99 && percent < 100.0 {
        ">99.99%".to_owned()
    } else if percent > 0.0 && (percent < 9.995 || (percent > 99.0 && percent < 100.0)) {
        format!("{percent:.2}%")
    } else if percent.fract() == 0.0 {
        format!("{percent:.0}%")
    } else {
        format!("{percent:.1}%")
    }
}

/// A size: `512B`, `12.0MiB`.
pub(in crate::cli) fn bytes(number: u64) -> String {
    const KIB: f64 = 1024.0;
    if number < 1_000 {
        return format!("{number}B");
    }
    let units = [(KIB, "KiB"), (KIB * KIB, "MiB"), (KIB * KIB * KIB, "GiB"), (KIB * KIB * KIB * KIB, "TiB")];
    scaled(number as f64, &units)
}

/// A number of any size and sign in at most nine characters: `0.37`, `-12`, `1.25M`, `3.10e-7`.
pub(in crate::cli) fn plain(number: f64) -> String {
    let (size, sign) = (number.abs(), if number < 0.0 { "-" } else { "" });
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
    let shown = match size {
        _ if size.fract() == 0.0 && size < 1e15 => count(size as u64),
        0.1..999.5 => three_digits(size),
        0.001..0.1 => format!("{size:.4}"),
        999.5..1e6 => count(size.round() as u64),
        1e6..1e15 => scaled(size, &[(1e6, "M"), (1e9, "G"), (1e12, "T")]),
        _ => format!("{size:.2e}"),
    };
    format!("{sign}{shown}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_never_lie() {
        let durations: Vec<_> =
            [0, 999, 1_000, 999_499, 999_500, 1_234_567, 99_950_000, 143_000_000, 60_000_000_000]
                .into_iter()
                .map(duration)
                .collect();
        assert_eq!(
            durations,
            ["0", "999ns", "1.00us", "999us", "1.00ms", "1.23ms", "100ms", "143ms", "60.0s"]
        );
        assert_eq!([duration(170_000_000_000), duration(9_000_000_000_000)], ["2.83min", "2.50h"]);
        assert_eq!(
            [0, 999, 1_000, 999_999, 1_000_000, 12_345_678].map(count).join(" "),
            "0 999 1,000 999,999 1.00M 12.3M"
        );
        assert_eq!(
            [0.25, 9.999, 190.5, 999.97, 28_123.4].map(per_second).join(" "),
            "0.25 10.0 190.5 1,000 28,123"
        );
        let shares = [0.0, 0.000_01, 0.0512, 0.25, 0.9712, 0.9999, 0.999_999, 1.0].map(share).join(" ");
        assert_eq!(shares, "0% <0.01% 5.12% 25% 97.1% 99.99% >99.99% 100%");
        let plain = [0.0, -12.0, 0.25, 0.0123, 3.1e-7, -1_234.5, 2.5e6, 1e18].map(plain).join(" ");
        assert_eq!(plain, "0 -12 0.25 0.0123 3.10e-7 -1,235 2.50M 1.00e18");
        assert_eq!([512, 1_000, 65_536, 12 << 20].map(bytes).join(" "), "512B 0.98KiB 64.0KiB 12.0MiB");
    }
}
