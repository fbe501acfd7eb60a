//! What reads the words of strangers, in one place for the fuzzer (fuzz/README.md) and for a test: each function takes any
//! text, reads it in every way that this service would, and holds what was read against what every reading has to keep. A
//! panic is a finding.

use percent_encoding::percent_decode_str;

use crate::features::{query_readings, read_id};
use crate::links::is_credential;
use crate::query::Query;
use crate::{edr, ogc_maps, ogc_tiles, tilesets, wms, wmts};

/// A text as a styled layer descriptor.
pub fn sld(text: &str) {
    wms::readings::sld(text);
}

/// A text as the query of any service: WMS, WMTS, and the OGC APIs.
pub fn kvp(text: &str) {
    wms::readings::kvp(text);
    wmts::readings(text);
    let Ok(query) = Query::parse(Some(text), is_credential) else {
        return;
    };
    for (name, value) in query.pairs() {
        assert!(!is_credential(name), "a credential is kept");
        assert!(
            !name.contains('\0') && !value.contains('\0'),
            "a null character is kept"
        );
    }
    query_readings(&query);
    edr::readings(&query);
    ogc_maps::readings(&query);
}

/// A text as the path of a tile, a tileset, a feature or a file, each part decoded as the router does.
pub fn paths(text: &str) {
    let parts: Option<Vec<String>> = text
        .split('/')
        .map(|part| percent_decode_str(part).decode_utf8().ok().map(String::from))
        .collect();
    let Some(parts) = parts else { return };
    for part in &parts {
        tilesets::name_reading(part);
        read_id(part);
    }
    for window in parts.windows(4) {
        let [first, second, third, fourth] = window else {
            continue;
        };
        tilesets::address_reading(first, second, third, fourth);
        ogc_tiles::address_reading(first, second, third, fourth);
        wmts::address_reading(first, second, third, fourth);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of a fixed sequence (G. Marsaglia, Xorshift RNGs, 2003).
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, below: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % below.max(1) as u64) as usize
        }
    }

    /// The texts that the fuzzer begins with.
    fn seeds(name: &str) -> Vec<String> {
        let folder = format!("{}/../fuzz/seeds/{name}", env!("CARGO_MANIFEST_DIR"));
        let mut paths: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        paths
            .iter()
            .map(|path| std::fs::read_to_string(path).unwrap())
            .collect()
    }

    /// The seeds changed, doubled, cut and put together at places that a fixed sequence names.
    fn mangled(name: &str, count: usize, mut read: impl FnMut(&str)) {
        const BREAKING: [&str; 24] = [
            "<",
            ">",
            "&",
            "=",
            "/",
            "..",
            "%2e%2e",
            "%2F",
            "%00",
            "%ff",
            "+",
            "-",
            ",",
            ":",
            "[",
            "]]>",
            "1e999",
            "NaN",
            "-0",
            "99999999999999999999",
            "\u{0}",
            "\u{feff}",
            "å",
            "\u{1F30A}",
        ];
        let seeds = seeds(name);
        assert!(seeds.len() >= 5, "{name}");
        seeds.iter().for_each(|seed| read(seed));
        let mut dice = Dice(88_172_645_463_325_252);
        for _ in 0..count {
            let mut text: Vec<char> = seeds[dice.roll(seeds.len())].chars().collect();
            for _ in 0..=dice.roll(5) {
                let at = dice.roll(text.len() + 1).min(text.len());
                let end = (at + dice.roll(30)).min(text.len());
                match dice.roll(5) {
                    0 => drop(text.drain(at..end)),
                    1 => drop(text.splice(at..at, BREAKING[dice.roll(BREAKING.len())].chars())),
                    2 => text.truncate(at),
                    3 => {
                        let part = text[at..end].to_vec();
                        text.splice(at..at, part);
                    }
                    _ => {
                        let other: Vec<char> = seeds[dice.roll(seeds.len())].chars().collect();
                        let from = dice.roll(other.len());
                        text.splice(at..end, other[from..(from + 40).min(other.len())].iter().copied());
                    }
                }
            }
            read(&text.into_iter().collect::<String>());
        }
    }

    #[test]
    fn no_mangled_descriptor_is_a_fault_of_ours() {
        mangled("sld", 4_000, sld);
    }

    #[test]
    fn no_mangled_query_is_a_fault_of_ours() {
        mangled("kvp", 6_000, kvp);
    }

    #[test]
    fn no_mangled_path_is_a_fault_of_ours() {
        mangled("paths", 20_000, paths);
    }
}
