//! Where the repository is.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The repository's root: the folder above this crate's manifest.
pub(crate) fn path() -> Result<PathBuf> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest
        .parent()
        .map(Path::to_path_buf)
        .context("xtask does not lie in a folder")
}

/// Where builds go: what cargo was told, else `target`.
pub(crate) fn target() -> Result<PathBuf> {
    let root = path()?;
    Ok(std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root.join("target"), |dir| root.join(dir)))
}
