//! Files in shards: ranges of the same size, each with its digest, the last one shorter. A file without content has
//! none.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use super::bad;
use super::payload::{Resource, STAND_IN, UNNAMED, path};
use crate::Error;
use crate::digest::{Algorithm, DigestOptions, Job, run};
use crate::limits::FILES_MAX;
use crate::manifest::{Content, Shard};
use crate::walk::{FileSet, ModelPath, WalkedFile};

/// Whether the resources are the shards of the one file of a model, without its name.
pub(super) fn are_unnamed(resources: &[Resource]) -> bool {
    let mut all = resources.iter();
    all.all(|resource| resource.name.starts_with(".:"))
}

/// Puts shards together: each file's have to begin at 0, follow each other, and be full but for the last.
pub(super) fn join(
    resources: Vec<Resource>,
    hash: Algorithm,
    size: u64,
) -> Result<BTreeMap<ModelPath, Content>, Error> {
    let only = are_unnamed(&resources);
    let mut files: BTreeMap<ModelPath, Vec<Shard>> = BTreeMap::new();
    for Resource { name, digest } in resources {
        let mut parts = name.rsplitn(3, ':');
        let (end, start) = (
            parts.next().and_then(decimal),
            parts.next().and_then(decimal),
        );
        let (Some(file), Some(start), Some(end)) = (parts.next(), start, end) else {
            return Err(bad("a shard's name does not end in its range"));
        };
        let file = if only && file == UNNAMED {
            STAND_IN
        } else {
            file
        };
        files
            .entry(path(file)?)
            .or_default()
            .push(Shard { start, end, digest });
    }
    let mut entries = BTreeMap::new();
    for (path, mut shards) in files {
        shards.sort_by_key(|shard| shard.start);
        let mut next = Some(0);
        let mut rest = shards.iter().peekable();
        while let Some(shard) = rest.next() {
            let length = shard.end.checked_sub(shard.start);
            let fits = length.is_some_and(|length| {
                length == size || (rest.peek().is_none() && (1..=size).contains(&length))
            });
            if next != Some(shard.start) || !fits {
                return Err(bad(format!("the shards of `{path}` do not make up a file")));
            }
            next = Some(shard.end);
        }
        entries.insert(
            path,
            Content::Shards {
                algorithm: hash,
                shards,
            },
        );
    }
    Ok(entries)
}

fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// How many shards files of these sizes have.
///
/// # Errors
/// [`Error::Limit`] for more than [`FILES_MAX`], which nobody would verify; [`Error::Malformed`] for none.
fn count(sizes: impl Iterator<Item = u64>, size: NonZeroU64) -> Result<usize, Error> {
    let shards = sizes.fold(0_u64, |sum, bytes| {
        sum.saturating_add(bytes.div_ceil(size.get()))
    });
    match usize::try_from(shards) {
        Ok(0) => Err(Error::malformed(
            "the model",
            "it has no content that shards could cover; sign whole files",
        )),
        Ok(count) if count <= FILES_MAX => Ok(count),
        _ => Err(Error::Limit {
            what: "the shards",
            limit: u64::try_from(FILES_MAX).unwrap_or(u64::MAX),
        }),
    }
}

/// The shards of all files, in the order of their names. Files are read for it.
pub(super) fn digest(
    set: &FileSet,
    hash: Algorithm,
    size: NonZeroU64,
    name: impl Fn(&ModelPath) -> String,
) -> Result<Vec<Resource>, Error> {
    let count = count(set.files().iter().map(WalkedFile::size), size)?;
    let mut jobs = Vec::with_capacity(count);
    for file in set.files() {
        let mut start: u64 = 0;
        while start < file.size() {
            let end = start.saturating_add(size.get()).min(file.size());
            let range = Some(start..end);
            jobs.push(Job { file, range });
            start = end;
        }
    }
    let algorithms = [hash];
    let digests = run(&jobs, &DigestOptions::new(&algorithms))?;
    let named = jobs.iter().zip(digests).map(|(job, digests)| {
        let range = job.range.clone().unwrap_or_default();
        Resource {
            name: format!("{}:{}:{}", name(job.file.path()), range.start, range.end),
            digest: digests.get(hash).unwrap_or_default().to_vec(),
        }
    });
    let mut resources: Vec<Resource> = named.collect();
    resources.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(resources)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_shards_are_signed_and_no_more() {
        let max = u64::try_from(FILES_MAX).unwrap();
        let one = NonZeroU64::MIN;
        let four = NonZeroU64::new(4).unwrap();
        assert_eq!(count([max].into_iter(), one).unwrap(), FILES_MAX);
        assert_eq!(
            count([max * 4 - 4, 1].into_iter(), four).unwrap(),
            FILES_MAX
        );
        for sizes in [vec![max + 1], vec![max, 1], vec![u64::MAX, u64::MAX]] {
            let error = count(sizes.into_iter(), one).unwrap_err();
            assert!(matches!(error, Error::Limit { .. }), "{error}");
        }
        let error = count([max * 4, 1].into_iter(), four).unwrap_err();
        assert!(matches!(error, Error::Limit { .. }), "{error}");
        let error = count([0, 0].into_iter(), one).unwrap_err();
        assert!(matches!(error, Error::Malformed { .. }), "{error}");
    }
}
