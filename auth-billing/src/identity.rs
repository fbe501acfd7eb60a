//! People: accounts with passwords, second factors and passkeys, login sessions and their tokens, organisations with roles
//! and invitations, and the record of who did what (platform.md, section 2).

mod accounts;
mod address;
mod attempts;
mod backoff;
mod body;
mod client;
mod cookie;
mod hasher;
mod jwt;
mod known_people;
mod mail_text;
mod matrix;
mod oidc;
mod operator;
mod outbox;
mod passkeys;
mod password;
mod person;
mod quota_mail;
mod registration;
mod reset;
mod rotation;
mod routes;
mod second_factor;
mod secret_text;
mod service;
mod settings;
mod sign_in;
mod smtp;
mod token_keys;
mod vault;

pub use jwt::TokenAlgorithm;
pub use matrix::{Grant, KeyRight, Resource, Verb, grant, key_right, permits};
pub use operator::{MadeMember, MaskedMember, NewMember};
pub use outbox::{MailRefusal, MailTransport, OutgoingMail};
pub use password::HashCost;
pub use person::Person;
pub use routes::{OPERATIONS, Operation};
pub use service::{Identity, account_sealing};
pub use settings::{IdentitySettings, MailEncryption, MailSettings, ProviderSettings};
pub use smtp::Smtp;
pub use vault::MasterKey;
