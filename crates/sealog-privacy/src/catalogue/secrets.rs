//! Keys and tokens with a form of their own.
//!
//! The forms are those that the providers document for secret scanning. Whether a key is still good nobody asks.

use super::kind::Shape::{Jwt, Pattern, PrivateKey};
use super::{IdentifierType, Mask, identifier};

/// A key that is found by its prefix and its length.
const fn key(id: &'static str, name: &'static str, pattern: &'static str) -> IdentifierType {
    identifier(id, name, Pattern(pattern), |_| true, &[])
        .alone()
        .anywhere()
        .ranked(90)
        .masked(Mask::Whole)
}

pub(super) const ENTRIES: &[IdentifierType] = &[
    identifier(
        "PRIVATE_KEY",
        "private key in PEM",
        PrivateKey,
        |_| true,
        &[],
    )
    .alone()
    .anywhere()
    .ranked(99)
    .masked(Mask::Whole),
    identifier("JWT", "signed or encrypted web token", Jwt, |_| true, &[])
        .alone()
        .anywhere()
        .ranked(90)
        .masked(Mask::Whole),
    key(
        "AWS_ACCESS_KEY",
        "AWS access key id",
        r"(AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}",
    ),
    identifier(
        "AWS_SECRET_KEY",
        "AWS secret access key",
        Pattern(r"[A-Za-z0-9/+]{40}"),
        |text| {
            let has = |test: fn(&u8) -> bool| text.iter().any(test);
            has(u8::is_ascii_digit) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase)
        },
        &[
            "aws",
            "aws_secret_access_key",
            "secret access key",
            "secretaccesskey",
            "aws_secret_key",
        ],
    )
    .anywhere()
    .ranked(70)
    .masked(Mask::Whole),
    key(
        "GITHUB_TOKEN",
        "GitHub token",
        r"gh[pousr]_[A-Za-z0-9]{36,120}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}",
    ),
    key(
        "GITLAB_TOKEN",
        "GitLab token",
        r"gl(pat|dt|rt|cbt|ptt|ft|soat|agent|oas)-[A-Za-z0-9_\-]{20,64}",
    ),
    key(
        "SLACK_TOKEN",
        "Slack token",
        r"xox[abeoprs]-[A-Za-z0-9\-]{10,120}|xapp-[0-9]-[A-Za-z0-9\-]{10,120}",
    ),
    key(
        "SLACK_WEBHOOK",
        "Slack webhook",
        r"hooks\.slack\.com/(services|workflows)/[A-Za-z0-9+/]{30,90}",
    ),
    key(
        "STRIPE_KEY",
        "Stripe key",
        r"[srp]k_(live|test)_[A-Za-z0-9]{10,120}|whsec_[A-Za-z0-9+/=]{32,64}",
    ),
    key(
        "GOOGLE_API_KEY",
        "Google API key",
        r"AIza[A-Za-z0-9_\-]{35}",
    ),
    key(
        "GOOGLE_OAUTH",
        "Google OAuth secret or token",
        r"GOCSPX-[A-Za-z0-9_\-]{28}|ya29\.[A-Za-z0-9_\-]{20,140}",
    ),
    key(
        "ANTHROPIC_KEY",
        "Anthropic API key",
        r"sk-ant-[a-z0-9]{2,8}-[A-Za-z0-9_\-]{32,120}",
    ),
    key(
        "OPENAI_KEY",
        "OpenAI API key",
        r"sk-(proj|svcacct|admin|None)-[A-Za-z0-9_\-]{20,140}|sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}|sk-[A-Za-z0-9]{32,64}",
    ),
    key(
        "HUGGING_FACE_TOKEN",
        "Hugging Face token",
        r"(hf|api_org)_[A-Za-z0-9]{30,40}",
    ),
    key("NPM_TOKEN", "npm token", r"npm_[A-Za-z0-9]{36}"),
    key(
        "PYPI_TOKEN",
        "token of the Python package index",
        r"pypi-AgEI[A-Za-z0-9_\-]{40,140}",
    ),
    key(
        "SENDGRID_KEY",
        "SendGrid key",
        r"SG\.[A-Za-z0-9_\-]{16,32}\.[A-Za-z0-9_\-]{16,64}",
    ),
    key(
        "TWILIO_KEY",
        "Twilio account or key id",
        r"(AC|SK)[0-9a-f]{32}",
    ),
    key("MAILGUN_KEY", "Mailgun key", r"key-[0-9a-f]{32}"),
    key(
        "TELEGRAM_TOKEN",
        "Telegram bot token",
        r"[0-9]{8,10}:AA[A-Za-z0-9_\-]{33}",
    ),
    key(
        "DISCORD_TOKEN",
        "Discord bot token",
        r"[MNO][A-Za-z0-9_\-]{23,27}\.[A-Za-z0-9_\-]{6}\.[A-Za-z0-9_\-]{27,38}",
    ),
    key(
        "DIGITALOCEAN_TOKEN",
        "DigitalOcean token",
        r"do[opr]_v1_[0-9a-f]{64}",
    ),
    key(
        "SHOPIFY_TOKEN",
        "Shopify token",
        r"shp(at|ca|pa|ss)_[0-9a-fA-F]{32}",
    ),
    key(
        "SQUARE_TOKEN",
        "Square token",
        r"sq0(atp|csp|idp)-[A-Za-z0-9_\-]{22,43}",
    ),
    key(
        "VAULT_TOKEN",
        "Vault token",
        r"hv[sbr]\.[A-Za-z0-9_\-]{24,140}",
    ),
    key(
        "DATABRICKS_TOKEN",
        "Databricks token",
        r"dapi[0-9a-f]{32}(-[0-9])?",
    ),
    key(
        "AGE_SECRET_KEY",
        "age secret key",
        r"AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}",
    ),
    key(
        "DOCKER_TOKEN",
        "Docker Hub token",
        r"dckr_(pat|oat)_[A-Za-z0-9_\-]{27,64}",
    ),
    key(
        "LINEAR_KEY",
        "Linear key",
        r"lin_(api|oauth)_[A-Za-z0-9]{40,64}",
    ),
    key(
        "NOTION_TOKEN",
        "Notion token",
        r"ntn_[A-Za-z0-9]{40,64}|secret_[A-Za-z0-9]{43}",
    ),
    key(
        "POSTMAN_KEY",
        "Postman key",
        r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}",
    ),
    key("GROQ_KEY", "Groq key", r"gsk_[A-Za-z0-9]{40,64}"),
    key(
        "REPLICATE_TOKEN",
        "Replicate token",
        r"r8_[A-Za-z0-9]{37,40}",
    ),
];
