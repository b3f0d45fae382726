//! Which entries are meant: the same flags for `search`, `stats` and `export`.

use sealog_core::time::Timestamp;
use sealog_ledger::Query;

use crate::error::Error;

/// Flags that select entries; those that match all of them are meant.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Which entries")]
pub(super) struct Filter {
    /// Kind of the record
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// System that it is about
    #[arg(long, value_name = "ID")]
    system: Option<String>,
    /// Model of the body
    #[arg(long, value_name = "ID")]
    model: Option<String>,
    /// Label of the body
    #[arg(long, value_name = "ID")]
    label: Option<String>,
    /// Action of the body: allow, reject, escalate ...
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,
    /// Digest of the configuration in the body
    #[arg(long, value_name = "DIGEST")]
    config_digest: Option<String>,
    /// Trace of the body
    #[arg(long, value_name = "ID")]
    trace: Option<String>,
    /// Session of the body
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// Tenant that it belongs to
    #[arg(long, value_name = "ID")]
    tenant: Option<String>,
    /// Stream that it stands in
    #[arg(long, value_name = "ID")]
    stream: Option<String>,
    /// Id of the record
    #[arg(long, value_name = "UUID")]
    record_id: Option<String>,
    /// Producer that submitted it
    #[arg(long, value_name = "ID")]
    producer: Option<String>,
    /// Run of the producer
    #[arg(long, value_name = "ID")]
    run: Option<String>,
    /// Recorded at this time or later, such as 2026-05-01 or 2026-05-01T12:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Recorded before this time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

impl Filter {
    /// The query for it, at most so many entries a page.
    pub(super) fn query(&self, limit: usize) -> Result<Query, Error> {
        Ok(Query {
            record_id: self.record_id.clone(),
            kind: self.kind.clone(),
            stream: self.stream.clone(),
            tenant: self.tenant.clone(),
            system: self.system.clone(),
            model: self.model.clone(),
            label: self.label.clone(),
            action: self.action.clone(),
            trace: self.trace.clone(),
            session: self.session.clone(),
            config: self.config_digest.clone(),
            producer: self.producer.clone(),
            run: self.run.clone(),
            from_time: time(self.since.as_deref(), "--since")?,
            to_time: time(self.until.as_deref(), "--until")?,
            limit,
            ..Query::default()
        })
    }
}

/// A time, or a day, which means its beginning in UTC.
pub(super) fn time(text: Option<&str>, argument: &'static str) -> Result<Option<Timestamp>, Error> {
    let Some(text) = text else {
        return Ok(None);
    };
    let whole = if text.len() == "2026-05-01".len() {
        format!("{text}T00:00:00Z")
    } else {
        text.to_owned()
    };
    let time = Timestamp::parse(whole.as_bytes());
    time.map(Some).map_err(|error| Error::Argument {
        argument,
        problem: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_its_beginning_and_a_time_needs_its_zone() {
        let read = |text| time(Some(text), "--since");
        let day = read("2026-05-01").unwrap().unwrap();
        assert_eq!(day.format_micros(), "2026-05-01T00:00:00.000000Z");
        assert!(read("2026-05-01T12:00:00Z").unwrap().is_some());
        for text in [
            "2026-05-01T12:00:00",
            "2026-13-01",
            "yesterday",
            "",
            "2026-05-01T12:00:00+02:00",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        assert_eq!(time(None, "--since").unwrap(), None);
    }
}
