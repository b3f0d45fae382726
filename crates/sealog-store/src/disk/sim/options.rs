//! What may go wrong, and how often.

/// The kinds of fault that a simulated disk has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The machine lost power.
    PowerLoss,
    /// Unflushed bytes of a file did not survive a power loss.
    LostBytes,
    /// Of one page, only some sectors survived a power loss.
    TornPage,
    /// Of two unflushed changes of a file, the later survived a power loss and the earlier did not.
    ReorderedBytes,
    /// An unflushed creation, renaming or removal did not survive a power loss.
    LostName,
    /// Of two unflushed changes of names, the later survived a power loss and the earlier did not.
    ReorderedNames,
    /// A read was reported as failed.
    ReadFailed,
    /// A write was reported as failed, and was not carried out.
    WriteFailed,
    /// A write was reported as failed, although it was carried out.
    WriteFailedButApplied,
    /// A flush was reported as failed, and nothing was flushed.
    FlushFailed,
    /// A flush was reported as failed, and unflushed bytes were dropped although reads still show them.
    FlushFailedAndDropped,
    /// A creation, renaming or removal was reported as failed, and was not carried out.
    NameFailed,
    /// A creation, renaming or removal was reported as failed, although it was carried out.
    NameFailedButApplied,
    /// There was no room for all of a write.
    DiskFull,
    /// A process was killed.
    ProcessKilled,
    /// A bit changed by itself.
    BitRot,
    /// An older state of a directory was put back.
    BackupRestored,
}

/// How often a fault strikes, in times per [`super::PER`] operations of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FaultRates {
    /// [`Fault::ReadFailed`], per read.
    pub read_failed: u32,
    /// [`Fault::WriteFailed`], per write or change of length.
    pub write_failed: u32,
    /// [`Fault::WriteFailedButApplied`], per write or change of length.
    pub write_failed_but_applied: u32,
    /// [`Fault::FlushFailed`] or [`Fault::FlushFailedAndDropped`], half and half, per flush.
    pub flush_failed: u32,
    /// [`Fault::NameFailed`], per creation, renaming or removal.
    pub name_failed: u32,
    /// [`Fault::NameFailedButApplied`], per creation, renaming or removal.
    pub name_failed_but_applied: u32,
    /// [`Fault::DiskFull`], per write.
    pub disk_full: u32,
    /// [`Fault::PowerLoss`], per operation of any kind.
    pub power_loss: u32,
}

impl FaultRates {
    /// Nothing fails unless it is told to.
    pub const CALM: Self = Self {
        read_failed: 0,
        write_failed: 0,
        write_failed_but_applied: 0,
        flush_failed: 0,
        name_failed: 0,
        name_failed_but_applied: 0,
        disk_full: 0,
        power_loss: 0,
    };

    /// Every kind of fault within a few hundred operations.
    pub const STORMY: Self = Self {
        read_failed: 40,
        write_failed: 40,
        write_failed_but_applied: 40,
        flush_failed: 60,
        name_failed: 80,
        name_failed_but_applied: 80,
        disk_full: 60,
        power_loss: 10,
    };
}

/// Which flushes a simulated disk carries out. Leaving some out shows that a test would notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Flushes {
    /// All.
    #[default]
    Honoured,
    /// Flushes of files are reported as done and are not.
    FilesIgnored,
    /// Flushes of directories are reported as done and are not.
    DirectoriesIgnored,
}

/// A simulated disk's behaviour; the same options give the same run.
#[derive(Debug, Clone, Copy, Default)]
pub struct SimOptions {
    /// Where all choices come from.
    pub seed: u64,
    /// How often faults strike by themselves.
    pub rates: FaultRates,
    /// Which flushes are carried out.
    pub flushes: Flushes,
}

impl SimOptions {
    /// A disk that fails only when told to, with the choices of `seed`.
    pub fn calm(seed: u64) -> Self {
        Self {
            seed,
            ..Self::default()
        }
    }

    /// A disk on which everything fails now and then, with the choices of `seed`.
    pub fn stormy(seed: u64) -> Self {
        Self {
            seed,
            rates: FaultRates::STORMY,
            ..Self::default()
        }
    }
}
