//! Tokens and passwords: kept out of every message and wiped from memory.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ureq::http::HeaderValue;
use zeroize::Zeroizing;

use super::Trouble;
use super::limits::SECRET_BYTES_MAX;

/// What stands in the header `Authorization` of a request.
#[derive(Clone)]
pub struct Authorization(Zeroizing<String>);

impl Authorization {
    /// A token. White space around it is left out, as it stands at the end of files.
    ///
    /// # Errors
    /// An empty one, one with other characters than a header may hold, or one above [`SECRET_BYTES_MAX`].
    pub fn bearer(token: &str) -> Result<Self, Trouble> {
        let token = token.trim();
        check("the token", token)?;
        Ok(Self(Zeroizing::new(format!("Bearer {token}"))))
    }

    /// A user's name and password. Errors as above; the name may hold no colon.
    pub fn basic(user: &str, password: &str) -> Result<Self, Trouble> {
        check("the user name", user)?;
        if user.contains(':') {
            let (setting, why) = ("the user name", "it holds a colon");
            return Err(Trouble::Setting { setting, why });
        }
        if password.len() > SECRET_BYTES_MAX {
            let (setting, why) = ("the password", "it is too long");
            return Err(Trouble::Setting { setting, why });
        }
        let pair = Zeroizing::new(format!("{user}:{password}"));
        let encoded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
        Ok(Self(Zeroizing::new(format!("Basic {}", encoded.as_str()))))
    }

    pub(super) fn header(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::from_str(&self.0).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

fn check(setting: &'static str, text: &str) -> Result<(), Trouble> {
    let why = if text.is_empty() {
        "it is empty"
    } else if text.len() > SECRET_BYTES_MAX {
        "it is too long"
    } else if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        "it holds characters that no token has"
    } else {
        return Ok(());
    };
    Err(Trouble::Setting { setting, why })
}

impl fmt::Debug for Authorization {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Authorization(not shown)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_shown() {
        for secret in [
            Authorization::bearer(" hf_secret\n").unwrap(),
            Authorization::basic("jo", "secret").unwrap(),
        ] {
            let header = secret.header().unwrap();
            let shown = format!("{secret:?} {header:?}");
            assert!(
                !shown.contains("secret") && !shown.contains("c2Vjc"),
                "{shown}"
            );
        }
    }

    #[test]
    fn what_a_header_cannot_hold_is_refused_at_the_border() {
        let fits = "x".repeat(SECRET_BYTES_MAX);
        assert!(Authorization::bearer(&fits).is_ok());
        assert!(Authorization::basic("jo", &fits).is_ok());
        let long = "x".repeat(SECRET_BYTES_MAX + 1);
        for bad in ["", " \n", "a b", "a\r\nHost: evil", "t\u{f6}ken", &long] {
            let refused = Authorization::bearer(bad).unwrap_err();
            assert_eq!(refused.code(), "source_setting");
            assert!(bad.len() < 3 || !refused.to_string().contains(bad));
        }
        assert!(Authorization::basic("j:o", "x").is_err());
        assert!(Authorization::basic("jo", &long).is_err());
    }
}
