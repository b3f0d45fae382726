//! Which file systems other hosts may mount, told from Linux's mount table.
//!
//! A lock of one host does not stop a writer on another, so a ledger there needs its user's word that one host writes.

use std::path::{Path, PathBuf};

/// The mount table as this process sees it (proc(5), `/proc/pid/mountinfo`).
pub(super) const MOUNT_INFO: &str = "/proc/self/mountinfo";
/// A random identifier made at each boot.
pub(super) const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// File systems whose files other hosts, or the host of this guest, may write at the same time.
const SHARED: [&str; 36] = [
    "9p",
    "acfs",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "coda",
    "davfs",
    "fuse.blobfuse",
    "fuse.blobfuse2",
    "fuse.ceph",
    "fuse.ceph-fuse",
    "fuse.davfs",
    "fuse.gcsfuse",
    "fuse.glusterfs",
    "fuse.goofys",
    "fuse.grpcfuse",
    "fuse.juicefs",
    "fuse.rclone",
    "fuse.s3fs",
    "fuse.sshfs",
    "fuse.vmhgfs-fuse",
    "gfs2",
    "glusterfs",
    "gpfs",
    "lustre",
    "nfs",
    "nfs4",
    "ocfs2",
    "orangefs",
    "prl_fs",
    "smb3",
    "smbfs",
    "vboxsf",
    "virtiofs",
    "vmhgfs",
];

/// Whether other hosts may mount a file system of this type.
pub(super) fn is_shared(name: &str) -> bool {
    SHARED.contains(&name)
}

/// The type of the file system that holds `path` (absolute, links resolved), from a mount table. Of two mounts at one
/// point the later one covers the earlier. Lines that cannot be read are passed over.
pub(super) fn file_system_at(table: &[u8], path: &Path) -> Option<String> {
    let mut best: Option<(PathBuf, String)> = None;
    for line in table.split(|byte| *byte == b'\n') {
        let Some((point, name)) = mount(line) else {
            continue;
        };
        let longest = best
            .as_ref()
            .map_or(0, |(found, _)| found.components().count());
        if path.starts_with(&point) && point.components().count() >= longest {
            best = Some((point, name));
        }
    }
    best.map(|(_, name)| name)
}

/// Mount point (field 5) and type (the first field after the lone hyphen) of one line.
fn mount(line: &[u8]) -> Option<(PathBuf, String)> {
    let text = String::from_utf8_lossy(line);
    let mut fields = text.split(' ');
    let point = fields.nth(4)?;
    let name = fields.skip_while(|field| *field != "-").nth(1)?;
    Some((PathBuf::from(unescape(point)), name.to_owned()))
}

/// Undoes the octal escapes of space, tab, newline and backslash.
fn unescape(field: &str) -> String {
    let mut text = String::with_capacity(field.len());
    let mut rest = field;
    while let Some((before, after)) = rest.split_once('\\') {
        text.push_str(before);
        let code = after
            .get(..3)
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        rest = if let Some(code) = code.filter(u8::is_ascii) {
            text.push(char::from(code));
            after.get(3..).unwrap_or_default()
        } else {
            text.push('\\');
            after
        };
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[u8] = b"22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n\
        30 22 0:26 / /mnt/my\\040share rw shared:5 - nfs4 host:/x rw,vers=4.2\n\
        31 30 8:2 / /mnt/my\\040share/local rw - xfs /dev/sdb rw\n\
        32 22 0:30 / /data rw - ext4 /dev/sdc rw\n\
        33 32 0:31 / /data rw - fuse.sshfs me@host: rw\n\
        short line\n";

    #[test]
    fn the_longest_and_latest_mount_point_decides() {
        for (path, name) in [
            ("/home/me", "ext4"),
            ("/mnt/my share/a.sealog", "nfs4"),
            ("/mnt/my share/local/a.sealog", "xfs"),
            ("/mnt/my share2", "ext4"),
            ("/data/a.sealog", "fuse.sshfs"),
        ] {
            assert_eq!(
                file_system_at(TABLE, Path::new(path)).as_deref(),
                Some(name),
                "{path}"
            );
        }
        assert_eq!(file_system_at(b"", Path::new("/")), None);
    }

    #[test]
    fn file_systems_of_other_hosts_are_told_from_local_ones() {
        for name in [
            "nfs",
            "nfs4",
            "cifs",
            "9p",
            "ceph",
            "lustre",
            "fuse.sshfs",
            "fuse.glusterfs",
        ] {
            assert!(is_shared(name), "{name}");
        }
        for name in [
            "ext4",
            "xfs",
            "btrfs",
            "overlay",
            "tmpfs",
            "zfs",
            "fuse.mergerfs",
            "apfs",
        ] {
            assert!(!is_shared(name), "{name}");
        }
    }

    #[test]
    fn a_backslash_that_begins_no_escape_stays() {
        assert_eq!(unescape("/a\\040b\\134c\\9"), "/a b\\c\\9");
        assert_eq!(unescape("\\"), "\\");
        assert_eq!(unescape("\\04"), "\\04");
    }
}
