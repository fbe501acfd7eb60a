//! The page's build (`make web`) becomes part of the binary; a newer one makes the binary anew. Without one the binary
//! is built all the same and says so to browsers: `cargo check` needs no Node.

fn main() {
    println!("cargo::rerun-if-changed=../web/dist");
    if !std::path::Path::new("../web/dist/index.html").exists() {
        println!("cargo::warning=web/dist is missing: this binary has no page (make web builds it)");
    }
}
