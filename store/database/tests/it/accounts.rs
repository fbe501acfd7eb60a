//! People: what is done once is done once, whoever else tries at the same moment, and the audit log shows what was touched.

use std::time::Duration;

use driftline_database::{
    Act, ApiKey, Attempt, AuditFilter, Database, Invitation, KeyKind, LoginSession, NewMail, NewUser, OneTime,
    OneTimeKind, RefreshToken, Role, TokenKey,
};
use driftline_domain::{InvitationId, KeyId, MailId, OrgId, SessionId, UserId};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sqlx::Connection;

use crate::{Home, Place, at, organisation};

on_both_engines!(
    an_address_has_one_account,
    a_member_has_a_key_of_its_own_until_it_leaves,
    the_last_administrator_is_seen_in_the_same_transaction,
    an_invitation_is_accepted_once,
    a_link_is_used_once_and_a_newer_one_ends_it,
    a_refresh_token_is_spent_once_among_many,
    sessions_end_with_their_membership_and_their_time,
    codes_are_used_once_among_many,
    attempts_are_counted_before_they_are_made,
    attempts_are_counted_whatever_the_clocks_say,
    an_account_is_held_while_a_session_begins,
    an_unfinished_ceremony_goes_when_it_is_over,
    a_ceremony_is_taken_once,
    a_mail_is_taken_by_one,
    generations_of_keys_are_made_once,
    an_erased_account_leaves_a_number,
    the_audit_log_is_a_chain_that_shows_what_was_touched,
    entries_written_at_once_stand_in_one_chain,
    what_has_ended_is_taken_away,
);

async fn person(database: &Database, n: u8) -> UserId {
    let new = new_user(n);
    let mut change = database.account_change("test").await.unwrap();
    assert!(change.insert_user(&new, at(0)).await.unwrap());
    change.commit().await.unwrap();
    new.id
}

fn new_user(n: u8) -> NewUser {
    NewUser {
        id: UserId::generate(),
        email_index: [n; 32],
        email: vec![1, 2, 3],
        name: Some(vec![4]),
        password: Some("$argon2id$".to_owned()),
        is_verified: false,
        is_superadmin: false,
    }
}

fn member_key(org: OrgId, user: UserId) -> ApiKey {
    let id = KeyId::generate();
    ApiKey {
        networks: Vec::new(),
        replaced_by: None,
        id,
        org,
        kind: KeyKind::Secret,
        name: "member".to_owned(),
        hint: String::new(),
        sha256: sha(id),
        scopes: Vec::new(),
        origins: Vec::new(),
        created_at: at(0),
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
        user: Some(user),
        created_by: None,
    }
}

fn sha(id: KeyId) -> [u8; 32] {
    let text = id.to_string();
    std::array::from_fn(|i| text.as_bytes()[4 + i])
}

async fn join(database: &Database, org: OrgId, user: UserId, role: Role) -> KeyId {
    let key = member_key(org, user);
    let mut change = database.account_change("test").await.unwrap();
    assert!(change.insert_member(org, user, role, &key, at(0)).await.unwrap());
    change.commit().await.unwrap();
    key.id
}

async fn session(database: &Database, user: UserId, org: Option<OrgId>) -> SessionId {
    let new = LoginSession {
        id: SessionId::generate(),
        user,
        org,
        method: "password".to_owned(),
        client: vec![9],
        created_at: at(0),
        last_used_at: at(0),
        expires_at: at(1_000),
        revoked_at: None,
        revoked_why: None,
    };
    let mut change = database.account_change("test").await.unwrap();
    change.insert_session(&new).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(database.login_session(new.id).await.unwrap(), Some(new.clone()));
    new.id
}

async fn an_address_has_one_account(place: Place) {
    let database = &place.database;
    let first = new_user(1);
    let second = NewUser {
        id: UserId::generate(),
        ..first.clone()
    };
    let mut change = database.account_change("test").await.unwrap();
    assert!(change.insert_user(&first, at(0)).await.unwrap());
    assert!(!change.insert_user(&second, at(0)).await.unwrap());
    change.commit().await.unwrap();
    let found = database.user_by_email(&[1; 32]).await.unwrap().unwrap();
    assert_eq!((found.id, found.verified_at), (first.id, None));
    let other = person(database, 2).await;
    let mut change = database.account_change("test").await.unwrap();
    assert!(change.mark_verified(first.id, at(1)).await.unwrap());
    assert!(!change.mark_verified(first.id, at(2)).await.unwrap());
    assert!(
        !change.set_email(other, &[1; 32], vec![7], at(1)).await.unwrap(),
        "taken"
    );
    assert!(change.set_email(other, &[3; 32], vec![7], at(1)).await.unwrap());
    assert!(change.renew_password(first.id, "$argon2id$", "$new$").await.unwrap());
    assert!(!change.renew_password(first.id, "$argon2id$", "$newer$").await.unwrap());
    assert!(change.set_profile(first.id, None, Some(vec![5])).await.unwrap());
    assert!(
        change
            .insert_identity("https://idp", "42", first.id, at(1))
            .await
            .unwrap()
    );
    assert!(!change.insert_identity("https://idp", "42", other, at(1)).await.unwrap());
    change.commit().await.unwrap();
    let found = database.user(first.id).await.unwrap().unwrap();
    assert_eq!(found.verified_at, Some(at(1)));
    assert_eq!((found.name, found.phone), (None, Some(vec![5])));
    assert_eq!(found.password.as_deref(), Some("$new$"));
    let by_identity = database.user_by_identity("https://idp", "42").await.unwrap();
    assert_eq!(by_identity.unwrap().id, first.id);
}

async fn a_member_has_a_key_of_its_own_until_it_leaves(place: Place) {
    let database = &place.database;
    let user = person(database, 1).await;
    let key = join(database, place.org, user, Role::Operator).await;
    let memberships = database.memberships(user).await.unwrap();
    assert_eq!((memberships[0].role, memberships[0].key), (Role::Operator, key));
    assert_eq!(memberships[0].org_name, "Coastguard");
    let listed = database.keys(place.org).await.unwrap();
    assert!(listed.iter().all(|listed| listed.id != key), "nobody holds it");
    let mut change = database.account_change("test").await.unwrap();
    let again = member_key(place.org, user);
    assert!(
        !change
            .insert_member(place.org, user, Role::Viewer, &again, at(1))
            .await
            .unwrap()
    );
    assert!(
        !change.revoke_key(place.org, key, None, at(1)).await.unwrap(),
        "not as a key"
    );
    assert!(change.remove_member(place.org, user, at(2)).await.unwrap());
    assert!(!change.remove_member(place.org, user, at(3)).await.unwrap());
    change.commit().await.unwrap();
    assert_eq!(database.key(key).await.unwrap().unwrap().revoked_at, Some(at(2)));
    assert!(database.member(place.org, user).await.unwrap().is_none());
    // A person who comes back gets another key; what the first one did stays its own.
    let later = join(database, place.org, user, Role::Viewer).await;
    assert_ne!(later, key);
}

async fn the_last_administrator_is_seen_in_the_same_transaction(place: Place) {
    let database = &place.database;
    let (a, b) = (person(database, 1).await, person(database, 2).await);
    join(database, place.org, a, Role::OrgAdmin).await;
    join(database, place.org, b, Role::OrgAdmin).await;
    // Each takes the role from the other at the same moment; whoever would leave nobody takes it back.
    let demote = |user| {
        let database = database.clone();
        let org = place.org;
        tokio::spawn(async move {
            let mut change = database.account_change("test").await.unwrap();
            assert!(change.set_role(org, user, Role::Viewer).await.unwrap());
            let (admins, members) = change.admins(org).await.unwrap();
            assert_eq!(members, 2);
            if admins > 0 {
                change.commit().await.unwrap();
            }
        })
    };
    let (first, second) = (demote(a), demote(b));
    first.await.unwrap();
    second.await.unwrap();
    let members = database.members(place.org).await.unwrap();
    let admins = members.iter().filter(|member| member.role == Role::OrgAdmin);
    assert_eq!(admins.count(), 1);
}

async fn an_invitation_is_accepted_once(place: Place) {
    let database = &place.database;
    let new = |n: u8, expires_s| Invitation {
        id: InvitationId::generate(),
        org: place.org,
        email_index: [1; 32],
        email: vec![1],
        role: Role::Analyst,
        token_sha256: [n; 32],
        invited_by: None,
        created_at: at(0),
        expires_at: at(expires_s),
        accepted_at: None,
        withdrawn_at: None,
    };
    let (good, withdrawn, late) = (new(1, 100), new(2, 100), new(3, 10));
    let mut change = database.account_change("test").await.unwrap();
    for invitation in [&good, &withdrawn, &late] {
        change.insert_invitation(invitation).await.unwrap();
    }
    change.commit().await.unwrap();
    assert_eq!(database.open_invitations(place.org, at(50)).await.unwrap().len(), 2);
    let (other_org, _) = organisation(database, "Navy").await;
    let mut change = database.account_change("test").await.unwrap();
    let withdraw = |org, id| (org, id);
    let (org, id) = withdraw(other_org, withdrawn.id);
    assert!(
        !change.withdraw_invitation(org, id, at(5)).await.unwrap(),
        "a foreign one"
    );
    assert!(
        change
            .withdraw_invitation(place.org, withdrawn.id, at(5))
            .await
            .unwrap()
    );
    assert!(change.accept_invitation(good.id, at(50)).await.unwrap());
    assert!(!change.accept_invitation(good.id, at(51)).await.unwrap());
    assert!(!change.accept_invitation(withdrawn.id, at(50)).await.unwrap());
    assert!(!change.accept_invitation(late.id, at(50)).await.unwrap());
    change.commit().await.unwrap();
    assert_eq!(database.invitation(&[1; 32], at(50)).await.unwrap(), None);
}

async fn a_link_is_used_once_and_a_newer_one_ends_it(place: Place) {
    let database = &place.database;
    let one = OneTime {
        user: person(database, 1).await,
        payload: Some(vec![7]),
    };
    let (verify, reset) = (OneTimeKind::Verify, OneTimeKind::Reset);
    let mut change = database.account_change("test").await.unwrap();
    change
        .insert_one_time(&[1; 32], reset, &one, at(0), at(100))
        .await
        .unwrap();
    change
        .insert_one_time(&[2; 32], reset, &one, at(1), at(100))
        .await
        .unwrap();
    change
        .insert_one_time(&[3; 32], verify, &one, at(1), at(100))
        .await
        .unwrap();
    change
        .insert_one_time(&[4; 32], verify, &one, at(1), at(100))
        .await
        .unwrap();
    assert_eq!(
        change.use_one_time(&[3; 32], verify, at(2)).await.unwrap(),
        None,
        "a newer one"
    );
    let earlier = change.use_one_time(&[1; 32], reset, at(2)).await.unwrap();
    assert_eq!(
        earlier,
        Some(one.clone()),
        "a mail that anybody can ask for ends no other"
    );
    assert_eq!(
        change.use_one_time(&[2; 32], verify, at(2)).await.unwrap(),
        None,
        "another kind"
    );
    assert_eq!(
        change.use_one_time(&[2; 32], reset, at(2)).await.unwrap(),
        Some(one.clone())
    );
    assert_eq!(change.use_one_time(&[2; 32], reset, at(2)).await.unwrap(), None);
    change
        .insert_one_time(&[5; 32], reset, &one, at(2), at(100))
        .await
        .unwrap();
    change.end_one_times(one.user, reset, at(2)).await.unwrap();
    assert_eq!(
        change.use_one_time(&[5; 32], reset, at(3)).await.unwrap(),
        None,
        "ended"
    );
    assert_eq!(
        change.use_one_time(&[4; 32], verify, at(100)).await.unwrap(),
        None,
        "too late"
    );
    change.commit().await.unwrap();
}

async fn a_refresh_token_is_spent_once_among_many(place: Place) {
    let database = &place.database;
    let user = person(database, 1).await;
    let family = session(database, user, None).await;
    let token = RefreshToken {
        sha256: [1; 32],
        session: family,
        created_at: at(0),
        expires_at: at(100),
        spent_at: None,
        successor: None,
    };
    let mut change = database.account_change("test").await.unwrap();
    change.insert_refresh(&token).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(database.refresh_token(&[1; 32]).await.unwrap(), Some(token));
    let tries: Vec<_> = (0..8_u8)
        .map(|n| {
            let database = database.clone();
            tokio::spawn(async move {
                let mut change = database.account_change("test").await.unwrap();
                let spent = change.spend_refresh(&[1; 32], vec![n], at(1)).await.unwrap();
                change.commit().await.unwrap();
                spent.then_some(n)
            })
        })
        .collect();
    let mut winners = Vec::new();
    for one in tries {
        winners.extend(one.await.unwrap());
    }
    assert_eq!(winners.len(), 1);
    let spent = database.refresh_token(&[1; 32]).await.unwrap().unwrap();
    assert_eq!((spent.spent_at, spent.successor), (Some(at(1)), Some(winners)));
}

async fn sessions_end_with_their_membership_and_their_time(place: Place) {
    let database = &place.database;
    let user = person(database, 1).await;
    let key = join(database, place.org, user, Role::Viewer).await;
    let (one, two) = (
        session(database, user, Some(place.org)).await,
        session(database, user, Some(place.org)).await,
    );
    let holder = database.session_holder(one, at(1)).await.unwrap().unwrap();
    let expected = Some((place.org, "Coastguard".to_owned(), Role::Viewer, key));
    assert_eq!((holder.user, holder.member), (user, expected));
    assert_eq!(database.session_holder(one, at(1_000)).await.unwrap(), None, "over");
    let mut change = database.account_change("test").await.unwrap();
    assert!(change.touch_session(one, Some(place.org), at(2)).await.unwrap());
    assert!(
        !change
            .revoke_session(UserId::generate(), one, "logout", at(2))
            .await
            .unwrap()
    );
    assert_eq!(
        change
            .revoke_sessions(user, Some(one), "password", at(2))
            .await
            .unwrap(),
        [two]
    );
    assert!(change.remove_member(place.org, user, at(3)).await.unwrap());
    change.commit().await.unwrap();
    assert_eq!(database.session_holder(two, at(3)).await.unwrap(), None);
    let left = database.session_holder(one, at(3)).await.unwrap().unwrap();
    assert_eq!(left.member, None, "the person is there, the organisation is not");
    let open = database.login_sessions(user, at(3)).await.unwrap();
    assert_eq!(open.iter().map(|session| session.id).collect::<Vec<_>>(), [one]);
    let mut change = database.account_change("test").await.unwrap();
    assert!(change.revoke_session(user, one, "logout", at(4)).await.unwrap());
    assert!(!change.revoke_session(user, one, "logout", at(4)).await.unwrap());
    assert!(!change.touch_session(one, None, at(5)).await.unwrap());
    change.commit().await.unwrap();
}

async fn codes_are_used_once_among_many(place: Place) {
    let database = &place.database;
    let user = person(database, 1).await;
    let mut change = database.account_change("test").await.unwrap();
    assert!(change.put_totp(user, vec![1], at(0)).await.unwrap());
    assert!(
        change.put_totp(user, vec![2], at(1)).await.unwrap(),
        "not confirmed yet"
    );
    assert!(!change.use_totp_step(user, 5).await.unwrap(), "not confirmed yet");
    assert!(change.confirm_totp(user, 5, at(2)).await.unwrap());
    assert!(!change.confirm_totp(user, 6, at(2)).await.unwrap());
    assert!(!change.put_totp(user, vec![3], at(3)).await.unwrap(), "confirmed");
    change.put_recovery_codes(user, &[[1; 32], [2; 32]]).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(database.totp(user).await.unwrap().unwrap().seed, [2]);
    let tries: Vec<_> = (0..6)
        .map(|_| {
            let database = database.clone();
            tokio::spawn(async move {
                let mut change = database.account_change("test").await.unwrap();
                let step = change.use_totp_step(user, 6).await.unwrap();
                let code = change.use_recovery_code(user, &[1; 32], at(9)).await.unwrap();
                change.commit().await.unwrap();
                (i32::from(step), i32::from(code))
            })
        })
        .collect();
    let mut used = (0, 0);
    for one in tries {
        let (step, code) = one.await.unwrap();
        used = (used.0 + step, used.1 + code);
    }
    assert_eq!(used, (1, 1));
    assert_eq!(database.recovery_codes_left(user).await.unwrap(), 1);
    let mut change = database.account_change("test").await.unwrap();
    assert!(change.delete_totp(user).await.unwrap());
    change.commit().await.unwrap();
    assert_eq!(database.recovery_codes_left(user).await.unwrap(), 0);
}

async fn attempts_are_counted_before_they_are_made(place: Place) {
    let database = &place.database;
    let pause = |failures: i64| (failures > 2).then(|| at(100));
    let free = |_: i64| None;
    let begin = |now_s| {
        let subjects: Vec<([u8; 32], driftline_database::BlockedUntil<'_>)> = vec![([1; 32], &pause), ([2; 32], &free)];
        let longest = SignedDuration::from_secs(900);
        async move {
            let begun = database.begin_attempt(&subjects, at(-1_000), longest, at(now_s)).await;
            begun.unwrap()
        }
    };
    for failures in 1..=3 {
        assert_eq!(begin(10).await, Attempt::Counted(failures));
    }
    assert_eq!(begin(10).await, Attempt::Blocked(at(100)));
    assert_eq!(begin(99).await, Attempt::Blocked(at(100)));
    assert_eq!(begin(100).await, Attempt::Counted(4));
    database.end_attempt(Some(&[1; 32]), &[[2; 32]]).await.unwrap();
    assert_eq!(begin(101).await, Attempt::Counted(4), "of the last subject");
}

async fn attempts_are_counted_whatever_the_clocks_say(place: Place) {
    let longest = SignedDuration::from_secs(900);
    let (free, pause) = (
        |_: i64| None,
        |now: Timestamp| Some(now + SignedDuration::from_secs(900)),
    );
    let begin = async |now: Timestamp, is_free: bool| {
        let paused = |_: i64| pause(now);
        let until: driftline_database::BlockedUntil<'_> = if is_free { &free } else { &paused };
        let subjects = [([1; 32], until)];
        let begun = place.database.begin_attempt(&subjects, at(-1_000), longest, now).await;
        begun.unwrap()
    };
    assert_eq!(begin(at(10), true).await, Attempt::Counted(1));
    assert_eq!(
        begin(at(10) - SignedDuration::from_millis(100), true).await,
        Attempt::Counted(2),
        "a clock behind"
    );
    let a_day_on = at(86_400);
    assert_eq!(begin(a_day_on, false).await, Attempt::Counted(3));
    assert!(matches!(begin(a_day_on, true).await, Attempt::Blocked(_)));
    assert_eq!(
        begin(at(11), true).await,
        Attempt::Counted(4),
        "the clock is right again"
    );
}

async fn an_account_is_held_while_a_session_begins(place: Place) {
    let database = &place.database;
    let user = person(database, 1).await;
    let mut holding = database.account_change("test").await.unwrap();
    let found = holding.user(user).await.unwrap().unwrap();
    let setting = tokio::spawn({
        let database = database.clone();
        async move {
            let mut change = database.account_change("test").await.unwrap();
            change.set_password(user, "other", at(0)).await.unwrap();
            change.commit().await.unwrap();
        }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!setting.is_finished(), "it waits");
    holding.commit().await.unwrap();
    setting.await.unwrap();
    let mut change = database.account_change("test").await.unwrap();
    let after = change.user(user).await.unwrap().unwrap();
    assert!(after.password_changed_at.unwrap() > found.password_changed_at.unwrap_or(at(-1)));
    // The clock stands still, and yet the next password has another time.
    change.set_password(user, "third", at(0)).await.unwrap();
    let last = change.user(user).await.unwrap().unwrap();
    assert!(last.password_changed_at > after.password_changed_at);
}

async fn an_unfinished_ceremony_goes_when_it_is_over(place: Place) {
    let database = &place.database;
    for (sha256, ends) in [([1; 32], at(100)), ([2; 32], at(300))] {
        database.keep_ceremony(&sha256, "passkey", vec![5], ends).await.unwrap();
    }
    assert_eq!(database.purge_accounts(at(200)).await.unwrap(), 1);
    let left = database.take_ceremony(&[2; 32], "passkey", at(201)).await.unwrap();
    assert_eq!(left, Some(vec![5]));
}

async fn a_ceremony_is_taken_once(place: Place) {
    let database = &place.database;
    database
        .keep_ceremony(&[1; 32], "passkey", vec![5], at(100))
        .await
        .unwrap();
    database
        .keep_ceremony(&[2; 32], "passkey", vec![6], at(100))
        .await
        .unwrap();
    assert_eq!(database.take_ceremony(&[1; 32], "oidc", at(1)).await.unwrap(), None);
    assert_eq!(
        database.take_ceremony(&[1; 32], "passkey", at(1)).await.unwrap(),
        Some(vec![5])
    );
    assert_eq!(database.take_ceremony(&[1; 32], "passkey", at(1)).await.unwrap(), None);
    assert_eq!(
        database.take_ceremony(&[2; 32], "passkey", at(100)).await.unwrap(),
        None,
        "too late"
    );
}

async fn a_mail_is_taken_by_one(place: Place) {
    let database = &place.database;
    let new = NewMail {
        id: MailId::generate(),
        kind: "reset",
        mail: vec![1, 2],
    };
    let mut change = database.account_change("test").await.unwrap();
    change.enqueue_mail(&new, at(0)).await.unwrap();
    change.commit().await.unwrap();
    let lease = Duration::from_secs(60);
    let tries: Vec<_> = (0..6)
        .map(|_| {
            let database = database.clone();
            tokio::spawn(async move { database.take_mail(lease, at(1)).await.unwrap() })
        })
        .collect();
    let mut taken = Vec::new();
    for one in tries {
        taken.extend(one.await.unwrap());
    }
    assert_eq!(taken.len(), 1);
    assert_eq!(
        (taken[0].id, taken[0].attempts, &taken[0].mail),
        (new.id, 1, &vec![1, 2])
    );
    assert_eq!(database.take_mail(lease, at(60)).await.unwrap(), None);
    let second = database.take_mail(lease, at(61)).await.unwrap().unwrap();
    assert_eq!(second.attempts, 2, "whoever took it was not heard of");
    database.mail_again(new.id, at(500)).await.unwrap();
    assert_eq!(database.take_mail(lease, at(499)).await.unwrap(), None);
    assert_eq!(database.mails_waiting().await.unwrap(), (1, Some(at(0))));
    database.mail_sent(new.id, at(501)).await.unwrap();
    database.mail_again(new.id, at(502)).await.unwrap();
    assert_eq!(database.take_mail(lease, at(1_000)).await.unwrap(), None);
    assert_eq!(database.mails_waiting().await.unwrap(), (0, None));
}

async fn generations_of_keys_are_made_once(place: Place) {
    let database = &place.database;
    let key = |generation, kid: &str| TokenKey {
        generation,
        kid: kid.to_owned(),
        algorithm: "EdDSA".to_owned(),
        private_key: vec![1],
        created_at: at(0),
        active_from: at(0),
        active_until: at(100),
        kept_until: at(200),
    };
    assert!(database.insert_token_key(&key(1, "a")).await.unwrap());
    assert!(!database.insert_token_key(&key(1, "b")).await.unwrap());
    assert!(database.end_token_key(1, at(50), at(150)).await.unwrap());
    assert!(
        !database.end_token_key(1, at(60), at(160)).await.unwrap(),
        "never prolonged"
    );
    let keys = database.token_keys().await.unwrap();
    assert_eq!(
        (keys.len(), keys[0].kid.as_str(), keys[0].active_until),
        (1, "a", at(50))
    );
}

async fn an_erased_account_leaves_a_number(place: Place) {
    let database = &place.database;
    let user = person(database, 1).await;
    session(database, user, None).await;
    let mut change = database.account_change("test").await.unwrap();
    change.insert_identity("https://idp", "1", user, at(0)).await.unwrap();
    assert!(change.erase_user(user, [9; 32], at(5)).await.unwrap());
    assert!(!change.erase_user(user, [8; 32], at(6)).await.unwrap());
    change.commit().await.unwrap();
    let left = database.user(user).await.unwrap().unwrap();
    assert_eq!((left.email, left.name, left.password), (None, None, None));
    assert_eq!(left.erased_at, Some(at(5)));
    assert_eq!(database.login_sessions(user, at(5)).await.unwrap(), []);
    assert!(database.user_by_email(&[1; 32]).await.unwrap().is_none());
    assert_ne!(person(database, 1).await, user, "the address is free again");
}

fn act(org: Option<OrgId>, subject: &str) -> Act {
    Act {
        org,
        actor: "system".to_owned(),
        action: "test.done",
        subject: subject.to_owned(),
        details: json!({"why": "because"}),
    }
}

/// Changes stored rows behind the program's back.
async fn tamper(place: &Place, statement: &'static str) {
    match &place.home {
        Home::Folder(_) => {
            let address = format!("sqlite://{}", place.home.file().display());
            let mut connection = sqlx::SqliteConnection::connect(&address).await.unwrap();
            sqlx::query(statement).execute(&mut connection).await.unwrap();
        }
        Home::Server(database) => {
            let mut connection = sqlx::PgConnection::connect(database.url()).await.unwrap();
            sqlx::query(statement).execute(&mut connection).await.unwrap();
        }
    }
}

async fn the_audit_log_is_a_chain_that_shows_what_was_touched(place: Place) {
    let database = &place.database;
    let org = Some(place.org);
    assert_eq!(
        database.verify_audit(org).await.unwrap().broken_at,
        None,
        "an empty chain"
    );
    for n in 0..5 {
        database.record_act(&act(org, &format!("s{n}")), at(n)).await.unwrap();
    }
    database.record_act(&act(None, "other"), at(9)).await.unwrap();
    let dropped = database.account_change("test").await.unwrap();
    drop(dropped);
    let verdict = database.verify_audit(org).await.unwrap();
    assert_eq!((verdict.entries, verdict.broken_at), (5, None));
    assert_eq!(database.verify_audit(None).await.unwrap().entries, 1);
    let page = database.audit_entries(org, &AuditFilter::default(), 2).await.unwrap();
    assert_eq!(page.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [5, 4]);
    assert_eq!(page[0].hash, verdict.head);
    let filter = AuditFilter {
        before: Some(4),
        from: Some(at(1)),
        ..AuditFilter::default()
    };
    let page = database.audit_entries(org, &filter, 10).await.unwrap();
    assert_eq!(page.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [3, 2]);
    for (statement, broken_at) in [
        ("UPDATE audit_entries SET subject = 's9' WHERE subject = 's3'", 4),
        ("UPDATE audit_entries SET at = at + 1 WHERE seq = 2", 2),
        ("DELETE FROM audit_entries WHERE seq = 1 AND subject = 's0'", 1),
    ] {
        tamper(&place, statement).await;
        let verdict = database.verify_audit(org).await.unwrap();
        assert_eq!(verdict.broken_at, Some(broken_at), "{statement}");
    }
    tamper(&place, "DELETE FROM audit_entries WHERE subject = 'other'").await;
    let verdict = database.verify_audit(None).await.unwrap();
    assert_eq!(
        verdict.broken_at,
        Some(1),
        "a tail that is cut off is missed by the head"
    );
}

async fn entries_written_at_once_stand_in_one_chain(place: Place) {
    let database = &place.database;
    let org = Some(place.org);
    let tries: Vec<_> = (0..12)
        .map(|n| {
            let database = database.clone();
            let act = act(org, &format!("s{n}"));
            tokio::spawn(async move { database.record_act(&act, at(n)).await.unwrap() })
        })
        .collect();
    for one in tries {
        one.await.unwrap();
    }
    let verdict = database.verify_audit(org).await.unwrap();
    assert_eq!((verdict.entries, verdict.broken_at), (12, None));
}

async fn what_has_ended_is_taken_away(place: Place) {
    let database = &place.database;
    let user = person(database, 1).await;
    let ended = session(database, user, None).await;
    let days = |days: i64| at(days * 86_400);
    assert_eq!(database.purge_accounts(days(29)).await.unwrap(), 0);
    assert_eq!(database.purge_accounts(days(31)).await.unwrap(), 1);
    assert_eq!(database.login_session(ended).await.unwrap(), None);
    assert!(database.user(user).await.unwrap().is_some());
}
