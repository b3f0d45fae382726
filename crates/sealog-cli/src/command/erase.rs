//! `sealog erase`: a person or a tenant is erased, and what could not be reached is told.

use sealog_core::json::Value;
use sealog_ledger::{Access, Erased, Erasure, ErasureSubject};

use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{count, number, plain};

/// Arguments of `erase`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sealog erase --subject 'customer 4711' --by officer-1 --request request-7
  sealog erase --whole-tenant --tenant acme --by officer-1
  sealog erase --rotate-kek

Keys, pseudonyms and lookup codes are destroyed; no entry is changed, and every proof still holds.
A whole tenant needs the approval of two persons who did not ask for it: records of the kind
`approval` with subject_kind `erasure` and as subject_id the scope, which the refusal names.
Exit status 2 if something of the person is still in a file: the output says where.")]
pub struct Args {
    /// The person, by the name that records gave
    #[arg(long, value_name = "NAME", conflicts_with_all = ["subject_ref", "whole_tenant"])]
    subject: Option<String>,
    /// The person, by the pseudonym that stands in records
    #[arg(long, value_name = "REF", conflicts_with = "whole_tenant")]
    subject_ref: Option<String>,
    /// Everybody of the tenant, and the tenant's own key
    #[arg(long, requires = "tenant")]
    whole_tenant: bool,
    /// Tenant that the person belongs to
    #[arg(long, value_name = "ID")]
    tenant: Option<String>,
    /// Who executes it, under a pseudonym
    #[arg(long, value_name = "ID")]
    by: Option<String>,
    /// The `subject.request` that it answers
    #[arg(long, value_name = "ID")]
    request: Option<String>,
    /// Refuse without the approvals of so many persons
    #[arg(long, value_name = "N", default_value_t = 0)]
    approvals: usize,
    /// Erase although a retention policy still keeps an entry; needs two approvals
    #[arg(long)]
    despite_retention: bool,
    /// Then make a new key-encryption key and wrap the keys of all others by it
    #[arg(long)]
    rotate_kek: bool,
}

/// Erases.
pub fn erase(args: &Args, context: &mut Context) -> Result<u8, Error> {
    let subject = match (&args.subject, &args.subject_ref, args.whole_tenant) {
        (Some(name), _, _) => Some(ErasureSubject::Person(name.clone())),
        (_, Some(reference), _) => Some(ErasureSubject::Reference(reference.clone())),
        (_, _, true) => Some(ErasureSubject::Tenant),
        _ => None,
    };
    if subject.is_none() && !args.rotate_kek {
        return Err(Error::Argument {
            argument: "--subject",
            problem: "nobody is named; --subject-ref and --whole-tenant name somebody too".into(),
        });
    }
    let order = subject.map(|subject| order(args, subject, context));
    let order = order.transpose()?;
    let ledger = context.open(Access::Append)?;
    let erased = order.map(|order| ledger.erase(&order)).transpose()?;
    let wrapped = args.rotate_kek.then(|| ledger.rotate_kek()).transpose()?;
    ledger.close()?;
    if context.json() {
        context.out.json(&json(erased.as_ref(), wrapped))?;
    } else {
        if let Some(erased) = &erased {
            show(erased, context)?;
        }
        if let Some(wrapped) = wrapped {
            let keys = count(wrapped, "key is", "keys are");
            context
                .out
                .line(&format!("{keys} wrapped by a new key-encryption key"))?;
        }
    }
    let is_clean = erased.is_none_or(|erased| erased.residue.is_empty());
    Ok(if is_clean {
        exit::HOLDS
    } else {
        exit::UNDECIDED
    })
}

fn order(args: &Args, subject: ErasureSubject, context: &Context) -> Result<Erasure, Error> {
    let executed_by = args.by.clone().ok_or_else(|| Error::Argument {
        argument: "--by",
        problem: "say who executes it".into(),
    })?;
    let tenant = match &args.tenant {
        Some(tenant) => Some(tenant.clone()),
        None => context.settings.text("tenant")?.map(ToOwned::to_owned),
    };
    Ok(Erasure {
        tenant,
        subject,
        request_id: args.request.clone(),
        executed_by,
        approvals: args.approvals,
        despite_retention: args.despite_retention,
    })
}

fn show(erased: &Erased, context: &mut Context) -> Result<(), Error> {
    let keys = u64::try_from(erased.key_ids.len()).unwrap_or(u64::MAX);
    let indices: Vec<String> = erased
        .records
        .iter()
        .map(|record| record.index().to_string())
        .collect();
    let lines = [
        format!("erased {}", plain(&erased.scope)),
        format!(
            "  destroyed   {}, {}{}",
            count(keys, "key", "keys"),
            count(erased.tokens, "pseudonym", "pseudonyms"),
            match erased.payloads {
                0 => String::new(),
                files => format!(", {}", count(files, "payload file", "payload files")),
            }
        ),
        format!(
            "  stays       {}; what was under these keys cannot be opened any more",
            count(
                erased.entries,
                "entry with its proof",
                "entries with their proofs"
            )
        ),
        format!(
            "  recorded    {} {}",
            if indices.len() == 1 {
                "entry"
            } else {
                "entries"
            },
            indices.join(", ")
        ),
    ];
    for line in &lines {
        context.out.line(line)?;
    }
    if !erased.approval_ids.is_empty() {
        context.out.line(&format!(
            "  approved    {}",
            plain(&erased.approval_ids.join(", "))
        ))?;
    }
    for export in &erased.exports {
        let to = export.recipient.as_deref().unwrap_or("somebody unnamed");
        context.out.line(&format!(
            "  out of reach: a package that showed values of it went to {} (entry {}, {})",
            plain(to),
            export.index,
            plain(&export.package_digest)
        ))?;
    }
    context
        .out
        .line("  out of reach: backups, replicas and snapshots of the key store made before")?;
    if erased.residue.is_empty() {
        context
            .out
            .line("  residue     none in any file of this ledger and its secrets")?;
    }
    for residue in &erased.residue {
        context.out.line(&format!(
            "  residue     {} at byte {} of {}",
            residue.what,
            residue.offset,
            plain(&residue.path.display().to_string())
        ))?;
    }
    Ok(())
}

fn json(erased: Option<&Erased>, wrapped: Option<u64>) -> Value {
    let mut object = erased.map(Erased::to_json).unwrap_or_default();
    if let Some(wrapped) = wrapped {
        object.insert("keys_wrapped_anew", number(wrapped));
    }
    Value::Object(object)
}
