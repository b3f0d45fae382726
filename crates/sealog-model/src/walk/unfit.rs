//! Why something cannot be part of a model.

/// Why something in a directory, or a path in a manifest, is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unfit {
    /// The name is not UTF-8.
    #[error("its name is not UTF-8")]
    NotUtf8,
    /// The path is empty or too long.
    #[error("its path is empty or too long")]
    PathLength,
    /// The path holds a control character or a backslash.
    #[error("its path holds a control character or a backslash")]
    Character,
    /// The path is absolute.
    #[error("its path is absolute")]
    Absolute,
    /// A component of the path is empty, `.` or `..`.
    #[error("a component of its path is empty, `.` or `..`")]
    Component,
    /// It is a link, and links are refused.
    #[error("it is a symbolic link, and the policy refuses those")]
    Link,
    /// It is a link to something that is not there.
    #[error("it is a symbolic link to nothing")]
    DanglingLink,
    /// It is a link to somewhere outside of what the policy allows.
    #[error("it is a symbolic link that leaves the place it may point to")]
    LinkOutside,
    /// It is a link to something that is no file.
    #[error("it is a symbolic link to something that is no regular file")]
    LinkToNoFile,
    /// It is a FIFO, a socket or a device.
    #[error("it is a FIFO, a socket or a device")]
    Special,
    /// Another path differs from this one only by case.
    #[error("it differs from `{other}` only by case")]
    CaseClash {
        /// The other path.
        other: String,
    },
}
