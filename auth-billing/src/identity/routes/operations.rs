//! Every operation of the routes of accounts, as the API document lists it.

/// One operation of these routes, for documents that list them.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// In lower case.
    pub method: &'static str,
    /// With parameters in braces.
    pub path: &'static str,
    /// Unique name.
    pub id: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// Whether anybody may ask.
    pub is_open: bool,
    /// Status of the good answer.
    pub status: u16,
    /// Members of the body: name, type in the sense of JSON Schema, whether it is required.
    pub body: &'static [(&'static str, &'static str, bool)],
}

const fn open(method: &'static str, path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    Operation {
        method,
        path,
        id,
        summary,
        is_open: true,
        status: 200,
        body: &[],
    }
}

const fn own(method: &'static str, path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    Operation {
        is_open: false,
        ..open(method, path, id, summary)
    }
}

impl Operation {
    const fn answers(self, status: u16) -> Self {
        Self { status, ..self }
    }

    const fn takes(self, body: &'static [(&'static str, &'static str, bool)]) -> Self {
        Self { body, ..self }
    }
}

const S: &str = "string";

/// Every operation of the routes of accounts.
pub const OPERATIONS: &[Operation] = &[
    open(
        "post",
        "/v1/auth/register",
        "register",
        "Makes an account; a mail tells what came of it",
    )
    .answers(202)
    .takes(&[
        ("email", S, true),
        ("password", S, true),
        ("name", S, false),
        ("organisation", S, true),
    ]),
    open(
        "post",
        "/v1/auth/verify-email",
        "verifyEmail",
        "Confirms a mail address by the link that was sent to it",
    )
    .answers(204)
    .takes(&[("token", S, true), ("organisation", S, false)]),
    open(
        "post",
        "/v1/auth/login",
        "logIn",
        "Logs in with mail address, password and second factor",
    )
    .takes(&[
        ("email", S, true),
        ("password", S, true),
        ("code", S, false),
        ("organisation", S, false),
        ("cookie", "boolean", false),
    ]),
    open(
        "post",
        "/v1/auth/refresh",
        "refreshTokens",
        "New tokens for a refresh token, which works once",
    )
    .takes(&[("refresh_token", S, false), ("organisation", S, false)]),
    open(
        "post",
        "/v1/auth/logout",
        "logOut",
        "Ends the session of a refresh token",
    )
    .answers(204)
    .takes(&[("refresh_token", S, false)]),
    open(
        "post",
        "/v1/auth/password-reset",
        "askForPasswordReset",
        "Sends a link to set a new password, if there is an account",
    )
    .answers(202)
    .takes(&[("email", S, true)]),
    open(
        "post",
        "/v1/auth/password-reset/confirm",
        "resetPassword",
        "Sets a new password by such a link; all sessions end",
    )
    .answers(204)
    .takes(&[("token", S, true), ("password", S, true)]),
    open(
        "post",
        "/v1/auth/invitation",
        "acceptInvitationAsNew",
        "Makes an account by an invitation, and joins",
    )
    .answers(204)
    .takes(&[("token", S, true), ("password", S, true), ("name", S, false)]),
    open(
        "get",
        "/v1/auth/forward",
        "forwardAuth",
        "For a proxy's sub-request: 200 with X-User, X-Email, X-Org and X-Role, or 401",
    ),
    open(
        "get",
        "/.well-known/jwks.json",
        "getKeySet",
        "Public keys of access tokens (RFC 7517)",
    ),
    open(
        "get",
        "/v1/auth/oidc",
        "listProviders",
        "Identity providers that people may log in with",
    ),
    open(
        "get",
        "/v1/auth/oidc/{provider}/login",
        "beginProviderLogin",
        "Sends the browser to an identity provider",
    )
    .answers(303),
    open(
        "get",
        "/v1/auth/oidc/{provider}/callback",
        "endProviderLogin",
        "Where the provider sends the browser back to",
    )
    .answers(303),
    open(
        "post",
        "/v1/auth/passkeys/challenge",
        "challengePasskey",
        "A challenge for a passkey",
    ),
    open(
        "post",
        "/v1/auth/passkeys/login",
        "logInWithPasskey",
        "Logs in with a passkey that answers a challenge",
    )
    .takes(&[
        ("ceremony", S, true),
        ("credential", "object", true),
        ("cookie", "boolean", false),
    ]),
    own("get", "/v1/auth/me", "getMe", "Who is logged in"),
    own(
        "get",
        "/v1/users/me/passkeys",
        "listPasskeys",
        "The passkeys of who is logged in",
    ),
    own(
        "post",
        "/v1/users/me/passkeys",
        "registerPasskey",
        "Registers a passkey that answers a challenge",
    )
    .answers(201)
    .takes(&[("ceremony", S, true), ("name", S, true), ("credential", "object", true)]),
    own(
        "post",
        "/v1/users/me/passkeys/challenge",
        "challengeNewPasskey",
        "A challenge for a new passkey",
    )
    .takes(&[("password", S, false)]),
    own(
        "delete",
        "/v1/users/me/passkeys/{passkey_id}",
        "removePasskey",
        "Takes a passkey away",
    )
    .answers(204),
    own(
        "post",
        "/v1/organisations",
        "foundOrganisation",
        "Founds an organisation, where registration is open or by a superadmin",
    )
    .answers(201)
    .takes(&[("name", S, true)]),
    own(
        "post",
        "/v1/api-keys/{key_id}/rotate",
        "rotateKey",
        "A successor for a key, which ends after the overlap; shown once",
    )
    .answers(201)
    .takes(&[("overlap_s", "integer", false)]),
    own("get", "/v1/users/me", "getUser", "The account of who is logged in"),
    own(
        "patch",
        "/v1/users/me",
        "changeUser",
        "Changes name, telephone number or, after a mail, the mail address",
    )
    .takes(&[
        ("name", S, false),
        ("phone", S, false),
        ("email", S, false),
        ("password", S, false),
    ]),
    own(
        "delete",
        "/v1/users/me",
        "eraseUser",
        "Erases the account and everything personal in it",
    )
    .answers(204)
    .takes(&[("password", S, false)]),
    own(
        "get",
        "/v1/users/me/export",
        "exportUser",
        "Everything that is stored about who is logged in",
    ),
    own(
        "post",
        "/v1/users/me/password",
        "changePassword",
        "Sets a new password; all other sessions end",
    )
    .answers(204)
    .takes(&[("current", S, false), ("new", S, true)]),
    own(
        "post",
        "/v1/users/me/invitations",
        "acceptInvitation",
        "Joins an organisation by an invitation",
    )
    .takes(&[("token", S, true)]),
    own(
        "get",
        "/v1/users/me/sessions",
        "listSessions",
        "Login sessions that are not over",
    ),
    own(
        "delete",
        "/v1/users/me/sessions",
        "endOtherSessions",
        "Ends all other login sessions",
    ),
    own(
        "delete",
        "/v1/users/me/sessions/{session_id}",
        "endSession",
        "Ends a login session",
    )
    .answers(204),
    own(
        "get",
        "/v1/users/me/totp",
        "getSecondFactor",
        "Whether there is a second factor, and how many recovery codes are left",
    ),
    own(
        "post",
        "/v1/users/me/totp",
        "enrolSecondFactor",
        "A seed for an authenticator; it counts once a code of it was shown",
    )
    .answers(201)
    .takes(&[("password", S, false)]),
    own(
        "post",
        "/v1/users/me/totp/confirm",
        "confirmSecondFactor",
        "Shows a code of the authenticator; answers the recovery codes, once",
    )
    .takes(&[("code", S, true)]),
    own(
        "delete",
        "/v1/users/me/totp",
        "removeSecondFactor",
        "Takes the second factor away",
    )
    .answers(204)
    .takes(&[("password", S, false), ("code", S, true)]),
    own(
        "get",
        "/v1/organisations",
        "listOrganisations",
        "The organisations of who is logged in",
    ),
    own(
        "get",
        "/v1/organisations/{org_id}",
        "getOrganisationById",
        "The organisation",
    ),
    own(
        "patch",
        "/v1/organisations/{org_id}",
        "renameOrganisation",
        "Renames the organisation",
    )
    .takes(&[("name", S, true)]),
    own(
        "delete",
        "/v1/organisations/{org_id}",
        "deleteOrganisation",
        "Deletes the organisation with its members, keys, links and missions; what it used is still billed",
    )
    .takes(&[("name", S, true), ("password", S, false)]),
    own(
        "post",
        "/v1/organisations/{org_id}/look",
        "lookIntoOrganisation",
        "Lets who runs the service read for a quarter of an hour, told to the organisation",
    )
    .answers(201)
    .takes(&[("reason", S, true), ("password", S, false)]),
    own(
        "get",
        "/v1/organisations/{org_id}/members",
        "listMembers",
        "Members, with masked mail addresses",
    ),
    own(
        "get",
        "/v1/organisations/{org_id}/members/{user_id}",
        "getMember",
        "A member",
    ),
    own(
        "patch",
        "/v1/organisations/{org_id}/members/{user_id}",
        "changeRole",
        "Changes a member's role",
    )
    .takes(&[("role", S, true)]),
    own(
        "delete",
        "/v1/organisations/{org_id}/members/{user_id}",
        "removeMember",
        "Removes a member, or leaves",
    )
    .answers(204),
    own(
        "get",
        "/v1/organisations/{org_id}/invitations",
        "listInvitations",
        "Invitations that can be accepted",
    ),
    own(
        "post",
        "/v1/organisations/{org_id}/invitations",
        "invite",
        "Invites somebody by mail",
    )
    .answers(201)
    .takes(&[("email", S, true), ("role", S, true)]),
    own(
        "delete",
        "/v1/organisations/{org_id}/invitations/{invitation_id}",
        "withdrawInvitation",
        "Withdraws an invitation",
    )
    .answers(204),
    own("get", "/v1/roles", "listRoles", "What each role may do"),
    own("get", "/v1/api-keys", "listKeys", "Keys without their secrets"),
    own(
        "post",
        "/v1/api-keys",
        "createKey",
        "Makes a key; it is shown in this answer and never again",
    )
    .answers(201)
    .takes(&[
        ("name", S, true),
        ("kind", S, false),
        ("scopes", "array", false),
        ("origins", "array", false),
        ("networks", "array", false),
        ("expires_at", S, false),
    ]),
    own(
        "delete",
        "/v1/api-keys/{key_id}",
        "revokeKey",
        "Revokes a key; it stops working within seconds",
    )
    .answers(204),
    own("get", "/v1/audit", "listAudit", "The audit log, newest first"),
    own(
        "get",
        "/v1/audit/export",
        "exportAudit",
        "The audit log as lines of JSON, oldest first, with its hashes",
    ),
    own(
        "get",
        "/v1/audit/verification",
        "verifyAudit",
        "Computes the hashes of the audit log anew",
    ),
];
