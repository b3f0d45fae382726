//! Names of models on an `MLflow` server: `runs:/`, `models:/` and `mlflow-artifacts:/`.

use std::fmt;

use crate::limits::LABEL_BYTES_MAX;
use crate::sources::trouble::Trouble;
use crate::walk::ModelPath;

/// The version that is the highest, whatever its stage.
pub(super) const LATEST: &str = "latest";
const SCHEMES: [&str; 3] = ["runs:/", "models:/", "mlflow-artifacts:/"];

/// A name as its user wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MlflowName {
    /// `runs:/RUN/PATH`: artifacts of a run, or a model that it logged under this path.
    Run {
        /// The run's id.
        run: String,
        /// The path below its artifacts.
        path: String,
    },
    /// `models:/NAME/3`: a version of a registered model.
    Version {
        /// The registered model.
        name: String,
        /// Its version, in digits.
        version: String,
    },
    /// `models:/NAME@ALIAS`: the version that an alias points to now.
    Alias {
        /// The registered model.
        name: String,
        /// The alias.
        alias: String,
    },
    /// `models:/NAME/STAGE`: the highest version in a stage; `latest`: of all.
    Stage {
        /// The registered model.
        name: String,
        /// The stage.
        stage: String,
    },
    /// `models:/m-ID`: a logged model.
    Logged {
        /// Its id, from `m-` on.
        id: String,
    },
    /// `mlflow-artifacts:/PATH`: a directory that the server hands out.
    Artifacts {
        /// The server, where the name states one: host and port.
        server: Option<String>,
        /// The directory.
        root: String,
    },
}

impl MlflowName {
    /// Whether a text begins like a name of this kind.
    pub fn is_claimed(text: &str) -> bool {
        SCHEMES.iter().any(|scheme| text.starts_with(scheme))
    }

    /// Reads a name.
    ///
    /// # Errors
    /// [`Trouble::Name`] for anything but the forms above.
    pub fn parse(text: &str) -> Result<Self, Trouble> {
        let bad = |why| Trouble::Name { why };
        if let Some(rest) = text.strip_prefix("runs:/") {
            let why = "it is not runs:/RUN/PATH";
            let (run, path) = rest.split_once('/').ok_or(bad(why))?;
            if !is_id(run) || ModelPath::parse(path).is_err() {
                return Err(bad(why));
            }
            let (run, path) = (run.to_owned(), path.to_owned());
            return Ok(Self::Run { run, path });
        }
        if let Some(rest) = text.strip_prefix("models:/") {
            return Self::of_models(rest).ok_or(bad(
                "it is not models:/NAME/VERSION, models:/NAME@ALIAS, models:/NAME/STAGE or models:/m-ID",
            ));
        }
        let why = "it is not runs:/..., models:/... or mlflow-artifacts:/PATH";
        let rest = text.strip_prefix("mlflow-artifacts:/").ok_or(bad(why))?;
        let (server, root) = match rest.strip_prefix('/') {
            None => (None, rest),
            Some(rest) => match rest.split_once('/').ok_or(bad(why))? {
                ("", root) => (None, root),
                (server, root) => (Some(server.to_owned()), root),
            },
        };
        let root = root.trim_end_matches('/');
        if ModelPath::parse(root).is_err() {
            return Err(bad(why));
        }
        let root = root.to_owned();
        Ok(Self::Artifacts { server, root })
    }

    fn of_models(rest: &str) -> Option<Self> {
        if let Some((name, alias)) = rest.split_once('@') {
            let fits = is_label(name) && is_label(alias);
            let (name, alias) = (name.to_owned(), alias.to_owned());
            return fits.then_some(Self::Alias { name, alias });
        }
        let Some((name, last)) = rest.split_once('/') else {
            let fits = rest.starts_with("m-") && is_id(rest);
            let id = rest.to_owned();
            return fits.then_some(Self::Logged { id });
        };
        if !is_label(name) || !is_label(last) {
            return None;
        }
        let name = name.to_owned();
        if is_version(last) {
            let version = last.to_owned();
            return Some(Self::Version { name, version });
        }
        // Digits that are no version are not taken for the name of a stage.
        let letters = last.bytes().all(|byte| byte.is_ascii_alphabetic());
        let stage = last.to_owned();
        letters.then_some(Self::Stage { name, stage })
    }

    pub(super) fn artifacts_at(root: &str) -> Self {
        Self::Artifacts {
            server: None,
            root: root.to_owned(),
        }
    }

    /// Whether it may stand for another model tomorrow.
    pub(super) const fn moves(&self) -> bool {
        matches!(self, Self::Alias { .. } | Self::Stage { .. })
    }
}

impl fmt::Display for MlflowName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run { run, path } => write!(formatter, "runs:/{run}/{path}"),
            Self::Version { name, version } => write!(formatter, "models:/{name}/{version}"),
            Self::Alias { name, alias } => write!(formatter, "models:/{name}@{alias}"),
            Self::Stage { name, stage } => write!(formatter, "models:/{name}/{stage}"),
            Self::Logged { id } => write!(formatter, "models:/{id}"),
            Self::Artifacts { server: None, root } => write!(formatter, "mlflow-artifacts:/{root}"),
            Self::Artifacts {
                server: Some(server),
                root,
            } => {
                write!(formatter, "mlflow-artifacts://{server}/{root}")
            }
        }
    }
}

/// A whole number from 1 on, without zeros in front.
pub(super) fn is_version(text: &str) -> bool {
    text.len() <= 18
        && !text.starts_with('0')
        && !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !text.is_empty() && text.len() <= LABEL_BYTES_MAX && text.bytes().all(plain)
}

fn is_label(text: &str) -> bool {
    let plain = |char: char| !char.is_control() && !"/:@\\".contains(char);
    !text.is_empty() && text.len() <= LABEL_BYTES_MAX && text.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_read_and_written() {
        for text in [
            "runs:/0123abcd/model",
            "runs:/0123abcd/a b/model",
            "models:/iris/3",
            "models:/my iris@champion",
            "models:/iris/Production",
            "models:/iris/latest",
            "models:/m-463163740a08",
            "mlflow-artifacts:/0/models/m-1/artifacts",
            "mlflow-artifacts://host:5000/0/x",
        ] {
            assert_eq!(MlflowName::parse(text).unwrap().to_string(), text);
        }
        let same = MlflowName::parse("mlflow-artifacts:///0/x/").unwrap();
        assert_eq!(same, MlflowName::artifacts_at("0/x"));
        let moving = ["models:/iris@a", "models:/iris/latest"]
            .map(|text| MlflowName::parse(text).unwrap().moves());
        assert_eq!(moving, [true, true]);
    }

    #[test]
    fn anything_else_is_refused() {
        let fits = "x".repeat(LABEL_BYTES_MAX);
        assert!(MlflowName::parse(&format!("models:/{fits}/1")).is_ok());
        let long = format!("models:/{fits}x/1");
        for bad in [
            "",
            "runs:/",
            "runs:/x",
            "runs:/x/",
            "runs:/../x",
            "runs:/x/../y",
            "runs:/x//y",
            "runs:/x y/z",
            "models:/",
            "models:/iris",
            "models:/iris/",
            "models:/iris/0",
            "models:/iris/01",
            "models:/iris/-1",
            "models:/iris/1/x",
            "models:/iris@",
            "models:/@a",
            "models:/iris@a/b",
            "models:/a:b/1",
            "models:/iris/1234567890123456789",
            "models:/iris/1.0",
            "mlflow-artifacts:/",
            "mlflow-artifacts://host",
            "mlflow-artifacts:/../x",
            "mlflow-artifacts:/a/../../b",
            "s3://bucket/x",
            "file:///etc",
            "dbfs:/x",
            &long,
        ] {
            assert!(MlflowName::parse(bad).is_err(), "{bad}");
        }
    }
}
