//! Members: invited, with a role, changed and removed; an organisation keeps an administrator.

use driftline_database::Role;
use http::{Method, StatusCode};
use serde_json::json;

use super::{LoggedIn, PASSWORD, people, refused};

#[tokio::test]
async fn who_is_invited_joins_once_as_what_the_invitation_says() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let org = people.org_of(&ada.access).await;
    let path = format!("/v1/organisations/{org}/invitations");
    let wish = json!({"email": "bob@example.org", "role": "analyst"});
    let invited = people.with(&ada.access, Method::POST, &path, Some(wish)).await;
    assert_eq!(invited.status, StatusCode::CREATED);
    assert_eq!(invited.json()["email"], "b***@example.org");
    let listed = people.get(&ada.access, &path).await.json();
    assert_eq!(listed["invitations"][0]["email"], "b***@example.org");
    let token = people.token_for("bob@example.org").await;
    let accept = json!({"token": token, "password": PASSWORD, "name": "Bob"});
    let answer = people.post("/v1/auth/invitation", accept.clone()).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    let again = people.post("/v1/auth/invitation", accept).await;
    assert_eq!(refused(&again), (422, "link_over".to_owned()));
    let bob = people.log_in("bob@example.org").await;
    let caller = people.get(&bob.access, "/whoami").await.json();
    assert_eq!((&caller["role"], &caller["org"]), (&json!("analyst"), &json!(org)));
    assert_eq!(
        caller["scopes"],
        json!(["missions:read", "features:read", "usage:read"])
    );
    let listed = people.get(&ada.access, &path).await.json();
    assert_eq!(listed["invitations"], json!([]));
    let members = people
        .get(&ada.access, &format!("/v1/organisations/{org}/members"))
        .await
        .json();
    assert_eq!(members["members"][1]["email"], "b***@example.org", "masked in lists");
    let one = format!("/v1/organisations/{org}/members/{}", bob.user);
    assert_eq!(people.get(&ada.access, &one).await.json()["email"], "bob@example.org");
}

#[tokio::test]
async fn an_invitation_is_for_who_reads_the_mail_of_its_address() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let bob = people.founder("bob@example.org", "Navy").await;
    let org = people.org_of(&ada.access).await;
    let path = format!("/v1/organisations/{org}/invitations");
    let wish = json!({"email": "cyd@example.org", "role": "viewer"});
    people.with(&ada.access, Method::POST, &path, Some(wish)).await;
    let for_cyd = people.token_for("cyd@example.org").await;
    let accept = |who: &LoggedIn, token: &str| {
        let (access, body) = (who.access.clone(), json!({ "token": token }));
        let people = &people;
        async move {
            people
                .with(&access, Method::POST, "/v1/users/me/invitations", Some(body))
                .await
        }
    };
    let stolen = accept(&bob, &for_cyd).await;
    assert_eq!(refused(&stolen), (403, "forbidden".to_owned()));
    let wish = json!({"email": "BOB@example.org", "role": "viewer"});
    people.with(&ada.access, Method::POST, &path, Some(wish)).await;
    let for_bob = people.token_for("BOB@example.org").await;
    let new = json!({"token": for_bob, "password": PASSWORD});
    let answer = people.post("/v1/auth/invitation", new).await;
    assert_eq!(refused(&answer), (409, "has_account".to_owned()));
    let joined = accept(&bob, &for_bob).await;
    assert_eq!(
        joined.status,
        StatusCode::OK,
        "{}",
        String::from_utf8_lossy(&joined.body)
    );
    // The session goes on in the organisation that it began in, until its person turns to the other one.
    assert_eq!(people.get(&bob.access, "/whoami").await.json()["role"], "org_admin");
    let turn = json!({"refresh_token": bob.refresh, "organisation": org});
    let turned = LoggedIn::of(&people.post("/v1/auth/refresh", turn).await);
    assert_eq!(people.get(&turned.access, "/whoami").await.json()["role"], "viewer");
    let before = people.get(&bob.access, "/whoami").await;
    assert_eq!(
        refused(&before),
        (401, "unauthenticated".to_owned()),
        "a token is for one organisation"
    );
    let foreign = json!({"refresh_token": turned.refresh, "organisation": driftline_domain::OrgId::generate()});
    assert_eq!(
        people.post("/v1/auth/refresh", foreign).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_withdrawn_and_a_late_invitation_let_nobody_in() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let eve = people.founder("eve@example.org", "Navy").await;
    let org = people.org_of(&ada.access).await;
    let path = format!("/v1/organisations/{org}/invitations");
    let wish = json!({"email": "bob@example.org", "role": "viewer"});
    let invited = people
        .with(&ada.access, Method::POST, &path, Some(wish.clone()))
        .await
        .json();
    let token = people.token_for("bob@example.org").await;
    let one = format!("{path}/{}", invited["id"].as_str().unwrap());
    let foreign = people.with(&eve.access, Method::DELETE, &one, None).await;
    assert_eq!(refused(&foreign), (404, "not_found".to_owned()));
    let gone = people.with(&ada.access, Method::DELETE, &one, None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let accept = json!({"token": token, "password": PASSWORD});
    let answer = people.post("/v1/auth/invitation", accept).await;
    assert_eq!(refused(&answer), (422, "link_over".to_owned()));
    people.with(&ada.access, Method::POST, &path, Some(wish)).await;
    let token = people.token_for("bob@example.org").await;
    people.pass(7 * 86_400);
    let answer = people
        .post("/v1/auth/invitation", json!({"token": token, "password": PASSWORD}))
        .await;
    assert_eq!(refused(&answer), (422, "link_over".to_owned()));
}

#[tokio::test]
async fn a_role_that_changes_counts_at_once_on_this_node() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let bob = people.member(&ada.access, "bob@example.org", Role::Viewer).await;
    let org = people.org_of(&ada.access).await;
    let path = format!("/v1/organisations/{org}/members/{}", bob.user);
    assert_eq!(people.get(&bob.access, "/whoami").await.json()["role"], "viewer");
    let change = |role: &str| {
        let body = json!({ "role": role });
        let (people, path, access) = (&people, path.clone(), ada.access.clone());
        async move { people.with(&access, Method::PATCH, &path, Some(body)).await }
    };
    assert_eq!(change("operator").await.json()["role"], "operator");
    assert_eq!(people.get(&bob.access, "/whoami").await.json()["role"], "operator");
    let unknown = change("superadmin").await;
    assert_eq!(unknown.json()["details"][0]["field"], "role");
    let removed = people.with(&ada.access, Method::DELETE, &path, None).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    let after = people.get(&bob.access, "/whoami").await;
    assert_eq!(
        refused(&after),
        (401, "unauthenticated".to_owned()),
        "the token was for that organisation"
    );
    let renewed = LoggedIn::of(
        &people
            .post("/v1/auth/refresh", json!({"refresh_token": bob.refresh}))
            .await,
    );
    let nowhere = people.get(&renewed.access, "/whoami").await;
    assert_eq!(refused(&nowhere), (403, "no_organisation".to_owned()));
    assert_eq!(
        people.get(&renewed.access, "/v1/users/me").await.status,
        StatusCode::OK,
        "the account is there"
    );
}

#[tokio::test]
async fn an_organisation_keeps_an_administrator() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let bob = people.member(&ada.access, "bob@example.org", Role::Viewer).await;
    let org = people.org_of(&ada.access).await;
    let of = |who: &LoggedIn| format!("/v1/organisations/{org}/members/{}", who.user);
    let viewer = Some(json!({"role": "viewer"}));
    let demoted = people.with(&ada.access, Method::PATCH, &of(&ada), viewer.clone()).await;
    assert_eq!(refused(&demoted), (409, "conflict".to_owned()));
    let left = people.with(&ada.access, Method::DELETE, &of(&ada), None).await;
    assert_eq!(refused(&left), (409, "conflict".to_owned()));
    let erased = Some(json!({ "password": PASSWORD }));
    let erased = people.with(&ada.access, Method::DELETE, "/v1/users/me", erased).await;
    assert_eq!(refused(&erased), (409, "conflict".to_owned()));
    assert_eq!(
        people.get(&ada.access, "/whoami").await.json()["role"],
        "org_admin",
        "nothing happened"
    );
    let admin = Some(json!({"role": "org_admin"}));
    people.with(&ada.access, Method::PATCH, &of(&bob), admin).await;
    let left = people.with(&ada.access, Method::DELETE, &of(&ada), None).await;
    assert_eq!(left.status, StatusCode::NO_CONTENT);
    let path = format!("/v1/organisations/{org}/members");
    assert_eq!(
        people.get(&bob.access, &path).await.json()["members"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn an_organisation_has_one_name_that_no_other_has() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    people.founder("eve@example.org", "Navy").await;
    let org = people.org_of(&ada.access).await;
    let path = format!("/v1/organisations/{org}");
    let rename = |name: &str| {
        let body = json!({ "name": name });
        let (people, path, access) = (&people, path.clone(), ada.access.clone());
        async move { people.with(&access, Method::PATCH, &path, Some(body)).await }
    };
    assert_eq!(refused(&rename("Navy").await), (409, "conflict".to_owned()));
    assert_eq!(rename("").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(rename("Coastguard North").await.status, StatusCode::OK);
    assert_eq!(people.get(&ada.access, &path).await.json()["name"], "Coastguard North");
}

#[tokio::test]
async fn a_further_organisation_is_founded_where_registration_is_open() {
    let people = people().await;
    let ada = people.founder("ada@example.org", "Coastguard").await;
    let found = |name: &str| {
        let (people, access, body) = (&people, ada.access.clone(), json!({ "name": name }));
        async move {
            people
                .with(&access, Method::POST, "/v1/organisations", Some(body))
                .await
        }
    };
    assert_eq!(refused(&found("Coastguard").await), (409, "conflict".to_owned()));
    let made = found("Lifeboats").await;
    assert_eq!(made.status, StatusCode::CREATED);
    let turn = json!({"refresh_token": ada.refresh, "organisation": made.json()["id"]});
    let turned = LoggedIn::of(&people.post("/v1/auth/refresh", turn).await);
    assert_eq!(people.get(&turned.access, "/whoami").await.json()["role"], "org_admin");
    let closed = super::people_with(driftline_auth_billing::IdentitySettings {
        registration: false,
        ..super::settings()
    })
    .await;
    let org = closed
        .database
        .create_organisation("Navy", closed.now())
        .await
        .unwrap()
        .id;
    let made = closed
        .identity
        .make_member(&driftline_auth_billing::NewMember {
            org,
            email: "eve@example.org",
            name: "Eve",
            role: Role::OrgAdmin,
            password: Some(driftline_auth_billing::Given::Plain(PASSWORD)),
            is_verified: true,
            is_superadmin: false,
        })
        .await
        .unwrap();
    assert!(made.is_new && made.token.is_none());
    let eve = closed.log_in("eve@example.org").await;
    let body = Some(json!({"name": "Fleet"}));
    let refused_to = closed.with(&eve.access, Method::POST, "/v1/organisations", body).await;
    assert_eq!(refused(&refused_to), (403, "forbidden".to_owned()));
}

#[tokio::test]
async fn the_first_administrator_comes_from_the_command_line_and_sets_a_password_by_a_link() {
    let people = people().await;
    let org = people
        .database
        .create_organisation("Coastguard", people.now())
        .await
        .unwrap()
        .id;
    let new = driftline_auth_billing::NewMember {
        org,
        email: "ada@example.org",
        name: "",
        role: Role::OrgAdmin,
        password: None,
        is_verified: true,
        is_superadmin: false,
    };
    let made = people.identity.make_member(&new).await.unwrap();
    let again = people.identity.make_member(&new).await.unwrap_err().to_string();
    assert!(again.contains("belongs to the organisation already"), "{again}");
    let set = json!({"token": made.token.unwrap(), "password": PASSWORD});
    let answer = people.post("/v1/auth/password-reset/confirm", set).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    let ada = people.log_in("ada@example.org").await;
    assert_eq!(people.get(&ada.access, "/whoami").await.json()["role"], "org_admin");
    let listed = people.identity.masked_members(org).await.unwrap();
    assert_eq!(listed[0].email, "a***@example.org");
}

#[tokio::test]
async fn a_password_that_comes_from_elsewhere_works_and_is_hashed_anew() {
    let people = people().await;
    let org = people
        .database
        .create_organisation("Coastguard", people.now())
        .await
        .unwrap()
        .id;
    let import = async |email: &'static str, hash: &'static str, is_verified: bool| {
        let new = driftline_auth_billing::NewMember {
            org,
            email,
            name: "",
            role: Role::Viewer,
            password: Some(driftline_auth_billing::Given::Hashed(hash)),
            is_verified,
            is_superadmin: false,
        };
        people.identity.make_member(&new).await
    };
    // By crypt_blowfish, of a password that today's rules would refuse: it is theirs until they set another one.
    let hash = "$2y$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK";
    let made = import("ada@example.org", hash, true).await.unwrap();
    assert!(made.token.is_none());
    let wrong = people.try_log_in("ada@example.org", "U*U").await;
    assert_eq!(refused(&wrong), (401, "wrong_credentials".to_owned()));
    let stored = async || {
        people
            .database
            .user(made.user)
            .await
            .unwrap()
            .unwrap()
            .password
            .unwrap()
    };
    assert_eq!(stored().await, hash);
    for _ in 0..2 {
        let right = people.try_log_in("ada@example.org", "U*U*").await;
        assert_eq!(right.status, StatusCode::OK);
        assert!(stored().await.starts_with("$argon2id$"), "{}", stored().await);
    }
    import("bob@example.org", hash, false).await.unwrap();
    let unverified = people.try_log_in("bob@example.org", "U*U*").await;
    assert_eq!(refused(&unverified), (403, "email_unverified".to_owned()));
    let dear = "$2y$31$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK";
    let why = import("cyd@example.org", dear, true).await.unwrap_err().to_string();
    assert!(why.contains("cost 31") && !why.contains("VGOzA"), "{why}");
    let again = import("ada@example.org", hash, true).await.unwrap_err().to_string();
    assert!(again.contains("stays as it is"), "{again}");
}
