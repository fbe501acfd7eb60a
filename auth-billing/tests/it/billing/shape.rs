//! Requests have the shape that Stripe describes: stripe-mock refuses those that have not. It remembers nothing, so nothing of
//! totals is shown here.

use super::{in_file, terms};
use crate::service::Service;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_has_the_shape_that_stripe_describes() {
    let stripe = Service::start("stripe.sh", &[]);
    let place = in_file().await;
    place
        .database
        .put_plan("coastguard", &terms(), place.now())
        .await
        .unwrap();
    let (org, key, _) = place.organisation("Coastguard", Some("coastguard")).await;
    place
        .now_s
        .store(jiff::Timestamp::now().as_second(), std::sync::atomic::Ordering::SeqCst);
    let sync = place.sync(stripe.address());
    let passed = sync.pass().await.unwrap();
    assert_eq!(passed.accounts, 1, "customer and subscription");
    let account = place.database.account(org).await.unwrap();
    assert!(account.stripe_customer.unwrap().starts_with("cus_"));
    let subscription = place.database.subscription(org, place.now()).await.unwrap().unwrap();
    assert!(subscription.stripe_subscription.unwrap().starts_with("sub_"));
    place.used((org, key), "tile", 7, place.now()).await;
    place.advance(2 * 3_600);
    assert_eq!(sync.pass().await.unwrap().told, 1, "meter and meter event");
    let meters = place.database.stripe_meters().await.unwrap();
    assert!(meters[0].stripe_id.starts_with("meter_"), "{meters:?}");
    // It ends with the month.
    place.database.assign_plan(org, None, place.now()).await.unwrap();
    place.advance(32 * 86_400);
    assert_eq!(sync.pass().await.unwrap().accounts, 1, "subscription ended");
}
