//! Clients that connect and then misbehave, and processes that get in each other's way: sockets that say nothing, heads
//! and bodies that never end, a server that is stopped meanwhile, two servers under one node name.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{Client, Commands, Prepared, Server, mission_off_norway, run, scratch};

/// Half of a request's head.
const HALF_A_HEAD: &[u8] = b"GET /health HTTP/1.1\r\nHost: dri";

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.base().strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// Everything until the server closes the connection.
fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset is an end as well.
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn connections_that_do_not_finish_their_request_are_closed_and_others_are_served() {
    let prepared = Prepared::new();
    let server = prepared.serve();
    let began = Instant::now();
    let mut silent = connect(&server);
    let mut half = connect(&server);
    half.write_all(HALF_A_HEAD).unwrap();
    let mut bodyless = connect(&server);
    let head = format!(
        "POST /v1/missions HTTP/1.1\r\nHost: h\r\nX-API-Key: {}\r\nContent-Type: application/json\r\n\
         Content-Length: 100\r\n\r\n{{",
        prepared.key
    );
    bodyless.write_all(head.as_bytes()).unwrap();
    server.client().get("/health").expect(200, "beside them");
    let answer = rest(&mut bodyless);
    assert!(
        answer.starts_with("HTTP/1.1 408") && answer.contains("body_too_slow"),
        "{answer}"
    );
    for stream in [&mut silent, &mut half] {
        rest(stream);
    }
    let took = began.elapsed();
    assert!(
        took > Duration::from_secs(8) && took < Duration::from_secs(15),
        "{took:?}"
    );
    server.client().get("/health").expect(200, "afterwards");
    server.stop(&[]);
}

#[test]
fn open_connections_do_not_delay_the_end() {
    let prepared = Prepared::new();
    let server = prepared.serve();
    let _silent = connect(&server);
    let mut half = connect(&server);
    half.write_all(HALF_A_HEAD).unwrap();
    let mut idle = connect(&server);
    idle.write_all(b"GET /health HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    let mut first = [0; 15];
    idle.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    let began = Instant::now();
    server.stop(&[]);
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

/// The server with few files to open: sockets fill its places, go by themselves, and it never fails to open a file.
#[test]
fn a_flood_of_silent_sockets_passes() {
    let prepared = Prepared::new();
    let (mut process, address) = with_few_files(&prepared, 256);
    let mut flood: Vec<TcpStream> = (0..300).map(|_| TcpStream::connect(&address).unwrap()).collect();
    for stream in &mut flood {
        // Those beyond the places wait in the system's queue.
        let _ = stream.write_all(HALF_A_HEAD);
    }
    let began = Instant::now();
    let client = Client::new(&format!("http://{address}")).with_key(&prepared.key);
    client.json("/v1/organisation");
    let waited = began.elapsed();
    println!("300 half-open sockets, 256 files: the next client was served after {waited:?}");
    assert!(waited < Duration::from_secs(25), "{waited:?}");
    let posted = client
        .post("/v1/missions", &mission_off_norway(1, 100))
        .expect(202, "POST");
    let id = posted.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(client.wait_for(&id)["status"], "completed");
    process.kill().unwrap();
    process.wait().unwrap();
}

/// A server that may open so many files, and its address.
fn with_few_files(prepared: &Prepared, files: u32) -> (Child, String) {
    let serve = Commands::on(&prepared.data()).command(&["serve", "--listen", "127.0.0.1:0"]);
    let mut process = Command::new("sh")
        .args(["-c", &format!("ulimit -n {files} && exec \"$0\" \"$@\"")])
        .arg(serve.get_program())
        .args(serve.get_args())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
    let address = loop {
        let line = log.next().unwrap().unwrap();
        if let Some((_, address)) = line.split_once("listening on http://") {
            break address.trim().to_owned();
        }
    };
    // What it logs further on has to go somewhere.
    std::thread::spawn(move || {
        for line in log.map_while(Result::ok).filter(|line| !line.contains("answered")) {
            println!("{line}");
        }
    });
    (process, address)
}

#[test]
fn a_second_server_under_the_same_node_name_is_refused_and_touches_nothing() {
    let prepared = Prepared::new();
    let server = prepared.serve();
    let client = server.client().with_key(&prepared.key);
    let posted = client
        .post("/v1/missions", &mission_off_norway(12, 60_000))
        .expect(202, "POST");
    let id = posted.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/missions/{id}/status");
    while client.json(&path)["status"] == "queued" {
        std::thread::sleep(Duration::from_millis(5));
    }
    for roles in ["api", "worker", "api,worker"] {
        let serve = ["serve", "--listen", "127.0.0.1:0", "--roles", roles];
        let second = run(&mut Commands::on(&prepared.data()).command(&serve));
        let said = String::from_utf8_lossy(&second.stderr).into_owned();
        assert_eq!(second.status.code(), Some(1), "--roles {roles}: {said}");
        assert!(said.contains("node 'node-1'") && said.contains("store.node"), "{said}");
    }
    assert_ne!(client.json(&path)["status"], "queued", "its lease was not taken away");
    assert_eq!(client.wait_for(&id)["status"], "completed");
    let log = server.stop(&[]);
    assert_eq!(log.iter().filter(|line| line.contains("mission completed")).count(), 1);
}

#[test]
fn commands_that_only_read_do_not_create_a_data_directory() {
    let folder = scratch("absent");
    let data = folder.path().join("mistyped");
    let commands = Commands::on(&data);
    let simulate = [
        "simulate",
        "--lat",
        "60.15",
        "--lon",
        "4.1",
        "--time",
        "2015-11-16T00:00:00Z",
        "--object",
        "PIW-1",
    ];
    for arguments in [&["catalog"][..], &simulate, &["usage", "--org", "coastguard"]] {
        let done = run(&mut commands.command(arguments));
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(1), "{said}");
        assert!(
            said.contains("there is no data directory") && said.contains("mistyped"),
            "{said}"
        );
        assert!(!data.exists(), "{arguments:?}");
    }
    let threads = [&simulate[..], &["--threads", "1025"]].concat();
    let done = run(&mut commands.command(&threads));
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(
        !done.status.success() && said.contains("1025 is not in 1..=1024"),
        "{said}"
    );
    commands.organisation("coastguard");
    let mode = run(Command::new("stat").args(["-c", "%a"]).arg(&data)).stdout;
    assert_eq!(String::from_utf8_lossy(&mode).trim(), "700", "for its owner alone");
}
