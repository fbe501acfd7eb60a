//! Networks of keys, and keys that take another's place.

use driftline_auth_billing::{Networks, Scopes, mint, replace_key};
use jiff::{SignedDuration, Timestamp};
use std::sync::atomic::Ordering;

use crate::{START_S, refusal, service};

fn now() -> Timestamp {
    Timestamp::from_second(START_S).unwrap()
}

#[tokio::test]
async fn a_key_that_is_bound_to_networks_works_from_nowhere_else() {
    let service = service().await;
    let (key, mut row) = mint(service.org, "bridge", &Scopes::all(), None, now()).unwrap();
    row.networks = Networks::parse(["10.1.0.0/16", "2001:db8::/32"]).unwrap().names();
    service.database.insert_key(&row).await.unwrap();
    let header = [("x-api-key", key.expose())];
    assert_eq!(service.get_from("10.1.200.3", "/whoami", &header).await.status, 200);
    assert_eq!(service.get_from("2001:db8::7", "/whoami", &header).await.status, 200);
    let answer = service.get_from("10.2.0.1", "/whoami", &header).await;
    let (status, code, detail) = refusal(&answer);
    assert_eq!((status, code.as_str()), (403, "address_not_allowed"));
    assert!(
        detail.ends_with("works from 10.1.0.0/16, 2001:db8::/32 only; this request comes from 10.2.0.1"),
        "{detail}"
    );
    let forged = [header[0], ("x-forwarded-for", "10.1.0.1")];
    assert_eq!(
        service.get_from("10.2.0.1", "/whoami", &forged).await.status,
        403,
        "nobody's proxy"
    );
    assert_eq!(
        service.get_from("127.0.0.1", "/whoami", &forged).await.status,
        200,
        "the operator's proxy"
    );
    let unknown = service.send(http::Method::GET, "/whoami", &header).await;
    assert_eq!(unknown.status, 403, "nobody knows from where");
}

#[tokio::test]
async fn both_keys_work_while_one_takes_the_place_of_the_other() {
    let service = service().await;
    let expires = now() + SignedDuration::from_hours(100);
    let (old, old_id) = service.another_key("missions:read,features:read", Some(expires)).await;
    let overlap = SignedDuration::from_hours(1);
    let (new, row) = replace_key(&service.database, service.org, old_id, overlap, now())
        .await
        .unwrap();
    assert_eq!(row.scopes, ["missions:read", "features:read"]);
    assert_eq!((row.name.as_str(), row.expires_at), ("other", Some(expires)));
    let works = async |key: &str| {
        service
            .send(http::Method::GET, "/whoami", &[("x-api-key", key)])
            .await
            .status
            == 200
    };
    assert!(works(old.expose()).await && works(new.expose()).await);
    // Until the new one is in use it could be replaced by another.
    while service
        .database
        .key(row.id)
        .await
        .unwrap()
        .unwrap()
        .last_used_at
        .is_none()
    {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let again = replace_key(&service.database, service.org, old_id, overlap, now())
        .await
        .unwrap_err();
    assert!(again.to_string().contains(&old_id.to_string()), "{again}");
    let navy = service.database.create_organisation("Navy", now()).await.unwrap().id;
    assert!(
        replace_key(&service.database, navy, row.id, overlap, now())
            .await
            .is_err(),
        "another's key"
    );
    service.now_s.fetch_add(3_600, Ordering::SeqCst);
    assert!(!works(old.expose()).await && works(new.expose()).await);
}
