//! scratch
#![allow(clippy::all, warnings)]
use netcdf_reader::*;
fn main() {
    for p in std::env::args().skip(1) {
        let f = NcFile::open(&p).unwrap();
        println!("=== {p} {:?}", f.format());
        let g = f.root_group().unwrap();
        for d in &g.dimensions { print!("{}={}{} ", d.name, d.size, if d.is_unlimited {"U"} else {""}); }
        println!();
        for a in &g.attributes { println!("  :{} = {}", a.name, format!("{:?}", a.value).chars().take(200).collect::<String>()); }
        for v in &g.variables {
            println!(" {} {:?} {:?}", v.name, v.dtype, v.dimensions.iter().map(|d| format!("{}={}", d.name, d.size)).collect::<Vec<_>>());
            for a in &v.attributes { println!("     {} = {}", a.name, format!("{:?}", a.value).chars().take(250).collect::<String>()); }
            if v.dimensions.len() <= 1 {
                if let Ok(x) = f.read_variable_as_f64(&v.name) { let x: Vec<f64> = x.iter().cloned().collect(); println!("     -> {:?} .. {:?}", &x[..x.len().min(4)], &x[x.len().saturating_sub(2)..]); }
            }
        }
        println!("groups {:?}", g.groups.iter().map(|g| &g.name).collect::<Vec<_>>());
    }
}
