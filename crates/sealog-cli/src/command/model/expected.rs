//! What `gate` is told that the structure of a model has to be.

use sealog_model::gate::{ExpectedShape, Structure};

use crate::error::Error;

/// What the files of a model have to say of it; what they do not say is undecided.
#[derive(Debug, clap::Args)]
pub(super) struct ExpectedArgs {
    /// Demand this class or architecture: the whole name, or without its modules
    #[arg(long = "expect-type", value_name = "NAME")]
    class: Option<String>,
    /// Demand this framework, as `model inspect` calls it
    #[arg(long = "expect-framework", value_name = "NAME")]
    framework: Option<String>,
    /// Demand this shape of each input, or of the input NAME: lengths between commas, ? for any
    #[arg(long = "expect-shape", value_name = "[NAME=]LENGTHS")]
    shapes: Vec<String>,
    /// Demand so many features: the last length of each input
    #[arg(long = "expect-features", value_name = "NUMBER")]
    features: Option<u64>,
    /// Demand so many numbers in all tensors
    #[arg(long = "expect-parameters", value_name = "NUMBER")]
    parameters: Option<u64>,
    /// Demand that all files have exactly so many bytes together
    #[arg(long = "expect-bytes", value_name = "BYTES")]
    pub(super) bytes: Option<u64>,
}

impl ExpectedArgs {
    pub(super) fn structure(&self) -> Result<Structure, Error> {
        let shapes = self.shapes.iter().map(|text| {
            ExpectedShape::parse(text).map_err(|problem| Error::Argument {
                argument: "--expect-shape",
                problem: problem.into(),
            })
        });
        Ok(Structure {
            class: self.class.clone(),
            framework: self.framework.clone(),
            shapes: shapes.collect::<Result<_, _>>()?,
            features: self.features,
            parameters: self.parameters,
        })
    }
}
