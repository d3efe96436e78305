//! Stamps an INX: what `stampinf` of the WDK does for a driver package.

/// The day on which this version was made, when `SOURCE_DATE_EPOCH` does not say. Goes up with the
/// crate's version, because Windows ranks equal drivers by date first.
const RELEASED: &str = "11/22/2026";

/// The date of `DriverVer`, as `mm/dd/yyyy`.
///
/// `epoch` is the value of `SOURCE_DATE_EPOCH`: seconds since 1970, UTC.
pub fn driver_date(epoch: Option<&str>) -> Result<String, String> {
    let Some(epoch) = epoch else {
        return Ok(RELEASED.to_owned());
    };
    let seconds: u64 = epoch.parse().map_err(|_| {
        format!("SOURCE_DATE_EPOCH is `{epoch}`, but must be a number of seconds since 1970")
    })?;
    let (year, month, day) = civil_date(seconds / 86_400);
    if year > 9999 {
        return Err(format!(
            "SOURCE_DATE_EPOCH is `{epoch}`, which lies behind the year 9999"
        ));
    }
    Ok(format!("{month:02}/{day:02}/{year:04}"))
}

/// Year, month and day of the Gregorian calendar, `days` days after 1970-01-01.
fn civil_date(days: u64) -> (u64, u64, u64) {
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    // 400 years are 146 097 days, so whole cycles need no loop.
    let mut year = 1970 + days / 146_097 * 400;
    let mut left = days % 146_097;
    while left >= 365 + u64::from(is_leap(year)) {
        left -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while left >= lengths[month] {
        left -= lengths[month];
        month += 1;
    }
    (year, month as u64 + 1, left + 1)
}

/// The INF of the INX `inx`: `$ARCH$` becomes `amd64`, and `DriverVer` of the section `[Version]`
/// becomes `date` and the four-part form of `version`.
pub fn stamp(inx: &str, date: &str, version: &str) -> Result<String, String> {
    let version = four_parts(version)?;
    let mut stamped = String::with_capacity(inx.len());
    let mut in_version = false;
    let mut done = false;
    for line in inx.split_inclusive('\n') {
        if line.trim_start().starts_with('[') {
            in_version = line
                .trim_start()
                .to_ascii_lowercase()
                .starts_with("[version]");
        }
        match line.split_once('=') {
            Some((name, _)) if in_version && name.trim().eq_ignore_ascii_case("DriverVer") => {
                let ending = if line.ends_with("\r\n") { "\r\n" } else { "\n" };
                stamped.push_str(&format!("{name}= {date},{version}{ending}"));
                done = true;
            }
            _ => stamped.push_str(&line.replace("$ARCH$", "amd64")),
        }
    }
    if done {
        Ok(stamped)
    } else {
        Err("there is no DriverVer in a section [Version] to be stamped".to_owned())
    }
}

/// `a.b.c` of Cargo as the `a.b.c.0` of Windows, whose parts have 16 bits.
fn four_parts(version: &str) -> Result<String, String> {
    let release = version.split(['-', '+']).next().unwrap_or(version);
    let fits = release.split('.').count() == 3
        && release.split('.').all(|part| part.parse::<u16>().is_ok());
    if fits {
        Ok(format!("{release}.0"))
    } else {
        Err(format!(
            "version `{version}` does not fit DriverVer: three numbers below 65536"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::{driver_date, stamp};

    const INX: &str = "; an INX\r\n[Version]\r\nSignature = \"$WINDOWS NT$\"\r\n\
        DriverVer = 01/01/2000,9.9.9.9 ; stamped\r\n[Maker]\r\n%M% = Models, NT$ARCH$\r\n\
        DriverVer = kept\r\n";

    #[test]
    fn the_stamp_replaces_architecture_and_version_and_nothing_else() {
        let expected = "; an INX\r\n[Version]\r\nSignature = \"$WINDOWS NT$\"\r\n\
            DriverVer = 03/04/2026,1.2.3.0\r\n[Maker]\r\n%M% = Models, NTamd64\r\n\
            DriverVer = kept\r\n";
        assert_eq!(
            stamp(INX, "03/04/2026", "1.2.3-rc.1").as_deref(),
            Ok(expected)
        );
    }

    #[test]
    fn an_inx_without_a_version_to_stamp_is_refused() {
        for inx in ["", "[Version]\n", "[Maker]\nDriverVer = 1\n"] {
            let refusal = stamp(inx, "03/04/2026", "1.2.3").unwrap_err();
            assert!(refusal.contains("DriverVer"), "{refusal}");
        }
    }

    #[test]
    fn a_version_that_windows_cannot_hold_is_refused() {
        for version in ["1.2", "1.2.65536", "1.2.x"] {
            assert!(stamp(INX, "03/04/2026", version).is_err(), "{version}");
        }
    }

    #[test]
    fn the_date_follows_source_date_epoch() {
        for (epoch, date) in [
            ("0", "01/01/1970"),
            ("951782400", "02/29/2000"),
            ("951868800", "03/01/2000"),
            ("1735689599", "12/31/2024"),
            ("4107542400", "03/01/2100"),
            ("253402300799", "12/31/9999"),
        ] {
            assert_eq!(driver_date(Some(epoch)).as_deref(), Ok(date));
        }
    }

    #[test]
    fn a_source_date_epoch_that_is_no_date_is_refused() {
        for epoch in [
            "",
            "-1",
            "yesterday",
            "253402300800",
            "18446744073709551615",
        ] {
            assert!(driver_date(Some(epoch)).is_err(), "{epoch}");
        }
    }
}
