//! Carrying a database over: between the engines, into a folder and back, and as a copy of the embedded file.

use std::path::Path;

use driftline_database::{Contents, Database, ErrorKind, UsageRecord, Watermark};
use driftline_domain::RequestId;

use crate::postgres::FreshDatabase;
use crate::{Home, Place, at, organisation, run};

on_both_engines! {
    everything_arrives_on_either_engine_and_counting_goes_on,
    a_database_that_holds_something_is_not_filled,
    a_folder_holds_everything_and_fills_either_engine,
    a_damaged_folder_fills_nothing,
    what_differs_is_named,
    triggers_do_not_act_and_are_there_afterwards,
}

/// Missions in several states, a published run, records of usage, a second organisation.
async fn fill(place: &Place) {
    for (n, name) in ["Ægir", "with \"quotes\" and\nlines"].into_iter().enumerate() {
        place
            .publish(
                name,
                10 * n as i64,
                run(&[[4.1, 60.0 / 7.0, 5.0, 61.0], [4.0, 60.0, 5.0, 61.0]]),
            )
            .await;
    }
    place.create(place.new_mission("waits", 30)).await;
    let records: Vec<UsageRecord> = (0..700)
        .map(|seq| UsageRecord {
            node: "node-1".to_owned(),
            epoch: 1,
            seq,
            org: place.org,
            key: place.key,
            meter: ["tiles", "features"][seq as usize % 2].to_owned(),
            units: 1 + seq % 3,
            at: at(seq * 60),
            request: (seq % 5 > 0).then(RequestId::generate),
            mission: None,
        })
        .collect();
    let watermark = Watermark {
        node: "node-1".to_owned(),
        segment: 3,
        offset: 4_711,
    };
    place.database.apply_usage(&records, &watermark, at(30)).await.unwrap();
    organisation(&place.database, "Navy").await;
}

/// One of each engine, empty.
fn homes() -> [Home; 2] {
    [
        Home::Folder(tempfile::tempdir().unwrap()),
        Home::Server(FreshDatabase::create()),
    ]
}

fn check(contents: &Contents) {
    assert_eq!(contents.tables["runs"].rows, 2);
    assert_eq!(contents.tables["usage_records"].rows, 702, "two of them for missions");
    assert_eq!(contents.ledger["tiles"].records, 350);
    assert!(contents.ledger["tiles"].units > 350);
    assert_eq!(contents.unbalanced_meters(), Vec::<&str>::new());
}

async fn everything_arrives_on_either_engine_and_counting_goes_on(place: Place) {
    fill(&place).await;
    let here = place.database.contents().await.unwrap();
    check(&here);
    for home in homes() {
        let there = home.open().await;
        assert_eq!(place.database.copy_into(&there).await.unwrap(), here);
        assert_eq!(there.contents().await.unwrap(), here);
        there.check().await.unwrap();
        assert_eq!(
            there.usage_records(place.org, 0, 1_000).await.unwrap(),
            place.database.usage_records(place.org, 0, 1_000).await.unwrap()
        );
        let again = Place {
            database: there,
            org: place.org,
            key: place.key,
            home,
        };
        // The one that waits is next; its run gets the number behind those that came along.
        let leased = again.lease("node/9", 60).await.unwrap();
        let published = again
            .database
            .complete_job(leased.job, leased.token, run(&[[4.0, 60.0, 5.0, 61.0]]), "node", at(61))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(published.seq, 3);
        let second = again.home.open().await;
        assert_eq!(second.contents().await.unwrap().tables["runs"].rows, 3);
    }
}

async fn a_database_that_holds_something_is_not_filled(place: Place) {
    fill(&place).await;
    for home in homes() {
        let there = home.open().await;
        let made = there.create_organisation("already here", at(0)).await.unwrap();
        let before = there.contents().await.unwrap();
        let refused = place.database.copy_into(&there).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Conflict);
        assert!(refused.to_string().contains("organisations (1)"), "{refused}");
        assert_eq!(there.contents().await.unwrap(), before);
        assert_eq!(there.organisation(made.id).await.unwrap(), Some(made));
    }
}

async fn a_folder_holds_everything_and_fills_either_engine(place: Place) {
    fill(&place).await;
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("dump");
    let written = place.database.dump(&folder).await.unwrap();
    assert_eq!(written, place.database.contents().await.unwrap());
    assert_eq!(Database::contents_of_dump(&folder).unwrap(), written);
    assert!(
        place.database.dump(&folder).await.is_err(),
        "never into a folder that is there"
    );
    let path = scratch.path().join("filled.sqlite");
    let file = Database::open_to_load(&path, &folder).await.unwrap();
    assert_eq!(file.load(&folder).await.unwrap(), written);
    let server = Home::Server(FreshDatabase::create());
    let server = server.open().await;
    assert_eq!(server.load(&folder).await.unwrap(), written);
    for filled in [file, server] {
        assert_eq!(filled.contents().await.unwrap(), written);
    }
    #[cfg(unix)]
    for entry in std::fs::read_dir(&folder).unwrap() {
        use std::os::unix::fs::PermissionsExt;
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "others may not read the files");
    }
}

async fn a_damaged_folder_fills_nothing(place: Place) {
    fill(&place).await;
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("dump");
    place.database.dump(&folder).await.unwrap();
    let home = homes()
        .into_iter()
        .nth(usize::from(place.database.is_shared()))
        .unwrap();
    let there = home.open().await;
    let file = folder.join("usage_records.jsonl");
    let whole = std::fs::read_to_string(&file).unwrap();
    let last = whole.trim_end().rfind('\n').unwrap();
    for damaged in [
        whole[..=last].to_owned(),
        whole.replacen("\"tiles\"", "\"tilez\"", 1),
        whole.replacen("[", "[1,", 1),
        format!("{whole}not json\n"),
    ] {
        std::fs::write(&file, damaged).unwrap();
        let refused = there.load(&folder).await.unwrap_err().to_string();
        assert!(refused.contains("usage_records.jsonl"), "{refused}");
        assert_eq!(there.contents().await.unwrap().rows(), 0, "{refused}");
    }
    std::fs::write(&file, whole).unwrap();
    check(&there.load(&folder).await.unwrap());
}

async fn what_differs_is_named(place: Place) {
    fill(&place).await;
    let before = place.database.contents().await.unwrap();
    place.database.revoke_key(place.key, at(99)).await.unwrap();
    let changed = place.database.contents().await.unwrap();
    let difference = before.difference(&changed).unwrap();
    assert!(
        difference.contains("api_keys") && difference.contains("not the same"),
        "{difference}"
    );
    organisation(&place.database, "Rescue").await;
    let difference = changed.difference(&place.database.contents().await.unwrap()).unwrap();
    assert!(difference.contains("api_keys has 2 rows"), "{difference}");
}

/// Runs a text on a database beside our own handle.
async fn beside(home: &Home, in_file: &'static str, on_server: &'static str) -> sqlx::Result<()> {
    match home {
        Home::Folder(_) => {
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(home.file());
            let pool = sqlx::SqlitePool::connect_with(options).await?;
            sqlx::raw_sql(in_file).execute(&pool).await?;
            pool.close().await;
        }
        Home::Server(database) => {
            let pool = sqlx::PgPool::connect(database.url()).await?;
            sqlx::raw_sql(on_server).execute(&pool).await?;
            pool.close().await;
        }
    }
    Ok(())
}

async fn triggers_do_not_act_and_are_there_afterwards(place: Place) {
    fill(&place).await;
    for home in homes() {
        let there = home.open().await;
        beside(
            &home,
            "CREATE TRIGGER no_more BEFORE INSERT ON organisations BEGIN SELECT RAISE(ABORT, 'no more'); SELECT 1; END",
            "CREATE FUNCTION no_more() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no more'; END $$; \
             CREATE TRIGGER no_more BEFORE INSERT ON organisations FOR EACH ROW EXECUTE FUNCTION no_more()",
        )
        .await
        .unwrap();
        place.database.copy_into(&there).await.unwrap();
        there.create_organisation("a third", at(1)).await.unwrap_err();
        // References are checked at once again, not at the end of a transaction.
        let deferrable = beside(
            &home,
            "SELECT 1",
            "SET CONSTRAINTS ALL DEFERRED; \
             DO $$ BEGIN IF EXISTS (SELECT 1 FROM pg_constraint WHERE contype = 'f' AND condeferrable) \
             THEN RAISE EXCEPTION 'deferrable'; END IF; END $$",
        );
        deferrable.await.unwrap();
    }
}

#[tokio::test]
async fn an_embedded_file_is_copied_while_others_write() {
    let place = crate::place_in_file().await;
    fill(&place).await;
    let scratch = tempfile::tempdir().unwrap();
    let copy = scratch.path().join("copy.sqlite");
    let before = place.database.contents().await.unwrap();
    let writing = place.database.clone();
    let write = async {
        for n in 0..40 {
            writing
                .create_organisation(&format!("during {n}"), at(n))
                .await
                .unwrap();
        }
    };
    let path = place.home.file();
    let (copied, ()) = tokio::join!(Database::copy_file(&path, &copy), write);
    copied.unwrap();
    let copied = Database::open(&copy).await.unwrap().contents().await.unwrap();
    assert_eq!(copied.tables["usage_records"], before.tables["usage_records"]);
    assert!(copied.tables["organisations"].rows >= before.tables["organisations"].rows);
    assert!(Database::copy_file(&path, &copy).await.is_err(), "never over a file");
    assert!(
        Database::copy_file(Path::new("/nowhere"), &scratch.path().join("x"))
            .await
            .is_err()
    );
}
