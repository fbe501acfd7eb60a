//! The 85 object classes of the Leeway model and their coefficients.
//!
//! The numbers are published field measurements, most of them from Allen and Plourde 1999 (USCG CG-D-08-99) and
//! Allen 2005 (USCG CG-D-05-05); classes 24 and 25 from Turner 2006 (DTIC ADA457525), some later ones from other field
//! campaigns. They were taken from a secondary table; until each row has been checked in its primary report its
//! citation reads "pending". The descriptions are ours.
//!
//! The published table uses percent of the wind speed and cm/s; `class` turns both into SI, once. The left
//! coefficients carry their own sign and are not always the mirror image of the right ones.

/// Slope, offset and standard deviation of leeway in one direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coefficients {
    /// Leeway speed per wind speed, m/s per m/s.
    pub slope: f64,
    /// Leeway speed at zero wind by the regression, m/s.
    pub offset_ms: f64,
    /// Standard deviation of the regression, m/s.
    pub std_ms: f64,
}

/// One class of drifting objects.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ObjectClass {
    /// Number in the fixed order of the trade, from 1.
    pub number: u8,
    /// Key in the common taxonomy, for example `PIW-1`.
    pub key: &'static str,
    /// What the object is.
    pub description: &'static str,
    /// Report, table and page of the coefficients, or "pending" while the primary source has not been seen.
    pub citation: &'static str,
    /// Downwind leeway.
    pub downwind: Coefficients,
    /// Crosswind leeway of an object on the right of downwind; positive is to the right.
    pub right: Coefficients,
    /// Crosswind leeway of an object on the left of downwind; mostly negative.
    pub left: Coefficients,
}

impl ObjectClass {
    /// The class with this key, everyday name or number: `PIW-1`, `person in water` and `1` are the same.
    pub fn find(text: &str) -> Option<&'static Self> {
        let wanted = text.trim();
        let spaced = wanted.to_lowercase().replace(['_', '-'], " ");
        let alias = ALIASES.iter().find(|(name, _)| *name == spaced).map(|(_, key)| *key);
        let key = alias.unwrap_or(wanted);
        let number = wanted.parse::<u8>().ok();
        OBJECT_CLASSES
            .iter()
            .find(|class| class.key.eq_ignore_ascii_case(key) || Some(class.number) == number)
    }

    /// The everyday names of this class.
    pub fn aliases(&self) -> impl Iterator<Item = &'static str> {
        ALIASES
            .iter()
            .filter(|(_, key)| *key == self.key)
            .map(|(name, _)| *name)
    }
}

/// Everyday names of contract.md and the general class each stands for.
const ALIASES: [(&str, &str); 7] = [
    ("person in water", "PIW-1"),
    ("life raft", "LIFE-RAFT-DB-10"),
    ("small boat power", "SPORT-BOAT"),
    ("small boat sail", "SAILBOAT-1"),
    ("fishing vessel", "FISHING-VESSEL-1"),
    ("container", "CONTAINER-2"),
    ("debris field", "FV-DEBRIS"),
];

/// Up to `count` keys and everyday names that look most like `text`, for a helpful refusal.
pub fn nearest_class_names(text: &str, count: usize) -> Vec<&'static str> {
    let wanted = text.trim().to_lowercase();
    let names = OBJECT_CLASSES
        .iter()
        .map(|class| class.key)
        .chain(ALIASES.iter().map(|(name, _)| *name));
    let mut ranked: Vec<_> = names
        .map(|name| (edit_distance(&wanted, &name.to_lowercase()), name))
        .collect();
    ranked.sort();
    ranked.into_iter().take(count).map(|(_, name)| name).collect()
}

/// Levenshtein distance; an absurdly long text counts by its first 64 characters.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let substitute = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = substitute.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// A row of the published table: slope in percent, offset and standard deviation in cm/s.
const fn class(
    number: u8,
    key: &'static str,
    description: &'static str,
    downwind: [f64; 3],
    right: [f64; 3],
    left: [f64; 3],
) -> ObjectClass {
    ObjectClass {
        number,
        key,
        description,
        citation: "pending",
        downwind: si(downwind),
        right: si(right),
        left: si(left),
    }
}

const fn si([slope_percent, offset_cm_s, std_cm_s]: [f64; 3]) -> Coefficients {
    Coefficients {
        slope: slope_percent / 100.0,
        offset_ms: offset_cm_s / 100.0,
        std_ms: std_cm_s / 100.0,
    }
}

/// Every class: number, key, description, then downwind, right and left as in the published table.
#[rustfmt::skip]
pub const OBJECT_CLASSES: [ObjectClass; 85] = [
    class(1, "PIW-1", "Person in water, state unknown (class mean)", [0.96, 0.0, 12.0], [0.54, 0.0, 9.4], [-0.54, 0.0, 9.4]),
    class(2, "PIW-2", "Person in water, upright, personal flotation device type I or II", [0.48, 0.0, 8.3], [0.15, 0.0, 6.7], [-0.15, 0.0, 6.7]),
    class(3, "PIW-3", "Person in water, sitting posture", [1.6, -3.98, 2.42], [0.13, 0.33, 2.11], [-0.13, -0.33, 2.11]),
    class(4, "PIW-4", "Person in water, survival suit, face up", [1.71, 1.12, 3.93], [1.36, -3.3, 1.71], [-0.13, -2.65, 1.62]),
    class(5, "PIW-5", "Person in water, scuba suit, face up", [0.63, 0.0, 5.3], [0.31, 0.0, 4.5], [-0.31, 0.0, 4.5]),
    class(6, "PIW-6", "Person in water, deceased, face down", [1.117, 10.2, 3.04], [0.04, 3.9, 4.05], [-0.04, -3.9, 4.05]),
    class(7, "LIFE-RAFT-DB-10", "Life raft, deep ballast, unknown capacity and loading (class mean)", [3.52, -2.5, 6.1], [0.62, -3.0, 3.5], [-0.45, -0.2, 3.6]),
    class(8, "LIFE-RAFT-DB-11", "Life raft, deep ballast, 4 to 14 persons, with canopy (mean)", [3.5, -1.8, 6.4], [0.78, -3.6, 3.6], [-0.47, -0.1, 3.9]),
    class(9, "LIFE-RAFT-DB-12", "Life raft, deep ballast, 4 to 14 persons, with canopy, no drogue (mean)", [3.75, -2.3, 4.4], [0.78, -3.6, 3.6], [-0.47, -0.1, 3.9]),
    class(10, "LIFE-RAFT-DB-13", "Life raft, deep ballast, 4 to 14 persons, with canopy, no drogue, light loading", [3.75, -2.32, 4.51], [1.0, -5.31, 3.91], [-0.47, -0.14, 3.91]),
    class(11, "LIFE-RAFT-DB-14", "Life raft, deep ballast, 4 to 14 persons, with canopy, no drogue, heavy loading", [3.59, -1.92, 2.56], [0.48, -0.16, 2.17], [-0.48, 0.16, 2.17]),
    class(12, "LIFE-RAFT-DB-15", "Life raft, deep ballast, 4 to 14 persons, with canopy and drogue (mean)", [1.91, 0.9, 1.6], [0.78, -3.6, 3.6], [-0.47, -0.1, 3.9]),
    class(13, "LIFE-RAFT-DB-16", "Life raft, deep ballast, 4 to 14 persons, with canopy and drogue, light loading", [1.95, -0.53, 3.59], [0.21, 1.29, 2.15], [-0.21, -1.29, 2.15]),
    class(14, "LIFE-RAFT-DB-17", "Life raft, deep ballast, 4 to 14 persons, with canopy and drogue, heavy loading", [2.19, -0.96, 1.01], [1.39, -7.9, 1.46], [-1.39, 7.9, 1.46]),
    class(15, "LIFE-RAFT-DB-18", "Life raft, deep ballast, 15 to 50 persons, with canopy (mean)", [3.68, -4.96, 5.37], [0.34, -1.85, 2.5], [-0.49, 1.58, 2.63]),
    class(16, "LIFE-RAFT-DB-19", "Life raft, deep ballast, 15 to 50 persons, with canopy, no drogue, light loading", [3.93, -3.3, 3.01], [0.38, -3.33, 2.16], [-0.59, 1.59, 2.28]),
    class(17, "LIFE-RAFT-DB-20", "Life raft, deep ballast, 15 to 50 persons, with canopy and drogue, heavy loading", [3.15, -4.49, 3.35], [0.39, -1.8, 2.5], [-0.38, 2.98, 1.64]),
    class(18, "LIFE-RAFT-DB-21", "Life raft, deep ballast, capsized", [0.88, 0.0, 2.5], [0.18, 0.0, 2.4], [-0.18, 0.0, 2.4]),
    class(19, "LIFE-RAFT-DB-22", "Life raft, deep ballast, swamped", [0.99, 0.0, 2.4], [0.14, 0.0, 2.3], [-0.14, 0.0, 2.3]),
    class(20, "LIFE-RAFT-SB-6", "Life raft, shallow ballast, with canopy (class mean)", [2.68, 0.0, 12.0], [1.1, 0.0, 9.4], [-1.1, 0.0, 9.4]),
    class(21, "LIFE-RAFT-SB-7", "Life raft, shallow ballast, with canopy, no drogue", [2.96, 0.0, 1.5], [1.21, 0.0, 1.7], [-1.21, 0.0, 1.7]),
    class(22, "LIFE-RAFT-SB-8", "Life raft, shallow ballast, with canopy and drogue", [2.31, 0.0, 4.0], [0.95, 0.0, 3.5], [-0.95, 0.0, 3.5]),
    class(23, "LIFE-RAFT-SB-9", "Life raft, shallow ballast, with canopy, capsized", [1.68, 0.0, 2.4], [0.24, 0.0, 2.4], [-0.24, 0.0, 2.4]),
    class(24, "LIFE-RAFT-SB-10", "Submarine escape raft, one person, shallow ballast, with canopy", [3.3, -3.9, 4.2], [0.5, 7.0, 5.7], [0.1, -6.2, 3.6]),
    class(25, "LIFE-RAFT-SB-11", "Submarine escape raft, one person, shallow ballast, with canopy and drogue", [1.7, -3.9, 4.2], [0.0, 5.7, 3.3], [0.0, -3.4, 2.2]),
    class(26, "LIFE-RAFT-NB-1", "Life raft without ballast (class mean)", [3.7, 0.0, 12.0], [1.98, 0.0, 9.4], [-1.98, 0.0, 9.4]),
    class(27, "LIFE-RAFT-NB-2", "Life raft without ballast, no canopy, no drogue", [5.34, 9.91, 9.82], [2.26, 1.04, 9.08], [-2.26, -1.04, 9.08]),
    class(28, "LIFE-RAFT-NB-3", "Life raft without ballast, no canopy, with drogue", [3.15, -4.47, 4.0], [1.51, 0.0, 5.0], [-1.51, 0.0, 5.0]),
    class(29, "LIFE-RAFT-NB-4", "Life raft without ballast, with canopy, no drogue", [3.39, 0.0, 2.4], [1.49, 0.0, 2.4], [-1.49, 0.0, 2.4]),
    class(30, "LIFE-RAFT-NB-5", "Life raft without ballast, with canopy and drogue", [1.21, 0.0, 12.0], [0.92, 0.0, 9.4], [-0.92, 0.0, 9.4]),
    class(31, "USCG-RESCUE", "Air-dropped rescue craft of the sea rescue kit", [2.48, 0.0, 3.8], [0.32, 0.0, 3.4], [-0.32, 0.0, 3.4]),
    class(32, "AVIATION-1", "Aviation life raft or slide, 4 to 6 persons, no ballast, with canopy", [3.39, 0.0, 2.4], [1.49, 0.0, 2.4], [-1.49, 0.0, 2.4]),
    class(33, "AVIATION-2", "Aircraft evacuation slide, 46 persons", [2.71, 0.0, 3.8], [0.72, 0.0, 3.4], [-0.72, 0.0, 3.4]),
    class(34, "LIFE-CAPSULE", "Survival craft: life capsule", [3.52, 0.0, 1.9], [1.44, 0.0, 2.0], [-1.44, 0.0, 2.0]),
    class(35, "OVATEK-CRAFT-1", "Rigid life raft (Ovatek), unknown capacity and loading (class mean)", [3.51, 3.49, 5.66], [1.08, -1.24, 5.35], [-1.721, 4.67, 6.24]),
    class(36, "OVATEK-CRAFT-2", "Rigid life raft (Ovatek), 4 persons, light loading, no drogue", [3.86, 0.01, 2.75], [0.32, 1.31, 2.62], [-0.19, -2.67, 2.81]),
    class(37, "OVATEK-CRAFT-3", "Rigid life raft (Ovatek), 4 persons, heavy loading, no drogue", [3.26, 6.16, 6.65], [2.32, -7.33, 4.77], [-2.1, 6.02, 5.35]),
    class(38, "OVATEK-CRAFT-4", "Rigid life raft (Ovatek), 7 persons, light loading, no drogue", [1.04, 2.99, 2.13], [0.034, 1.57, 1.3], [-0.02, -0.96, 1.17]),
    class(39, "OVATEK-CRAFT-5", "Rigid life raft (Ovatek), 7 persons, with drogue", [1.09, 2.31, 1.59], [0.027, 0.95, 0.99], [-0.07, -0.79, 1.31]),
    class(40, "OVATEK-CRAFT-6", "Rigid life raft (Ovatek), heavy loading", [0.995, 3.46, 2.34], [0.023, -1.86, 1.32], [-0.005, -0.95, 0.88]),
    class(41, "PERSON-POWERED-VESSEL-1", "Sea kayak with a person aboard", [1.16, 11.12, 4.12], [0.41, 0.0, 4.39], [-0.41, 0.0, 4.39]),
    class(42, "PERSON-POWERED-VESSEL-2", "Surf board with a person aboard", [1.93, 0.0, 8.3], [0.51, 0.0, 6.7], [-0.51, 0.0, 6.7]),
    class(43, "PERSON-POWERED-VESSEL-3", "Windsurfer with a person aboard, mast and sail in the water", [2.25, 5.03, 2.5], [0.69, -1.3, 2.96], [-0.69, 1.3, 2.96]),
    class(44, "SKIFF-1", "Skiff, flat bottom", [3.15, 0.0, 2.2], [1.29, 0.0, 2.2], [-1.29, 0.0, 2.2]),
    class(45, "SKIFF-2", "Skiff, V hull", [2.87, 3.98, 3.33], [0.32, -2.93, 2.53], [-0.62, 1.03, 3.05]),
    class(46, "SKIFF-3", "Skiff, V hull, swamped", [1.65, 0.0, 3.1], [0.39, 0.0, 2.9], [-0.39, 0.0, 2.9]),
    class(47, "SKIFF-4", "Skiff, V hull, swamped or capsized", [2.52, 13.37, 3.87], [1.07, -3.58, 5.82], [-1.07, 3.58, 5.82]),
    class(48, "SPORT-BOAT", "Sport boat, modified V hull, no canvas", [6.54, 0.0, 3.0], [2.19, 0.0, 2.8], [-2.19, 0.0, 2.8]),
    class(49, "SPORT-FISHER", "Sport fisher, centre console, open cockpit", [5.55, 0.0, 3.3], [2.27, 0.0, 3.0], [-2.27, 0.0, 3.0]),
    class(50, "FISHING-VESSEL-1", "Fishing vessel, kind unknown (class mean)", [2.47, 0.0, 12.0], [2.76, 0.0, 9.4], [-2.76, 0.0, 9.4]),
    class(51, "FISHING-VESSEL-2", "Fishing vessel, sampan", [2.67, 0.0, 8.3], [2.98, 0.0, 6.7], [-2.98, 0.0, 6.7]),
    class(52, "FISHING-VESSEL-3", "Fishing vessel, side trawler with stern steering position", [2.8, 0.0, 8.3], [3.13, 0.0, 6.7], [-3.13, 0.0, 6.7]),
    class(53, "FISHING-VESSEL-4", "Fishing vessel, longliner", [2.47, 0.0, 8.3], [2.76, 0.0, 6.7], [-2.76, 0.0, 6.7]),
    class(54, "FISHING-VESSEL-5", "Fishing vessel, junk", [1.8, 0.0, 3.79], [2.01, 0.0, 3.3], [-2.01, 0.0, 3.3]),
    class(55, "FISHING-VESSEL-6", "Fishing vessel, gill netter with rear reel", [3.72, -0.87, 3.33], [1.41, 2.0, 3.36], [-1.41, -2.0, 3.36]),
    class(56, "COASTAL-FREIGHTER", "Coastal freighter", [1.87, 0.0, 8.3], [2.09, 0.0, 6.7], [-2.09, 0.0, 6.7]),
    class(57, "SAILBOAT-1", "Sailing vessel, mono-hull (class mean)", [4.5, 0.0, 19.4], [4.95, 0.0, 18.42], [-2.82, 0.0, 24.95]),
    class(58, "SAILBOAT-2", "Sailing vessel, mono-hull, dismasted (mean)", [3.94, 0.0, 19.62], [3.98, 0.0, 12.6788], [-0.79, 0.0, 2.13]),
    class(59, "SAILBOAT-3", "Sailing vessel, mono-hull, dismasted, rudder amidships", [6.27, 0.0, 9.22], [4.01, 0.0, 12.34], [-4.01, 0.0, 12.34]),
    class(60, "SAILBOAT-4", "Sailing vessel, mono-hull, dismasted, rudder missing", [2.42, 0.0, 1.29], [0.79, 0.0, 2.17], [-0.79, 0.0, 2.13]),
    class(61, "SAILBOAT-5", "Sailing vessel, mono-hull, bare masted (mean)", [5.23, 0.0, 18.52], [5.89, 0.0, 18.87], [-6.09, 0.0, 18.58]),
    class(62, "SAILBOAT-6", "Sailing vessel, mono-hull, bare masted, rudder amidships", [6.66, 0.0, 16.56], [7.36, 0.0, 15.15], [-7.53, 0.0, 16.69]),
    class(63, "SAILBOAT-6b", "Sailing vessel, mono-hull, bare masted, rudder hove to", [2.69, 0.0, 10.48], [2.81, 0.0, 11.14], [-4.01, 0.0, 13.6608]),
    class(64, "SAILBOAT-7", "Sailing vessel, fin keel, shoal draft", [2.67, 0.0, 8.3], [2.98, 0.0, 6.7], [-2.98, 0.0, 6.7]),
    class(65, "SAILBOAT-8", "Sailing dinghy, sunfish type", [1.79, 3.09, 4.04], [0.1, 3.53, 4.05], [-0.1, -3.53, 4.05]),
    class(66, "FV-DEBRIS", "Debris of a fishing vessel", [1.97, 0.0, 8.3], [0.36, 0.0, 6.7], [-0.36, 0.0, 6.7]),
    class(67, "SLDMB", "Self-locating datum marker buoy, no windage", [0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]),
    class(68, "SEPIRB", "Emergency position-indicating beacon of a submarine", [0.4, -1.8, 6.0], [0.0, 6.1, 4.6], [0.0, -4.6, 4.6]),
    class(69, "BAIT-BOX-1", "Bait box, loading unknown (mean)", [0.72, 15.18, 5.59], [1.86, -5.26, 4.2], [-1.86, 5.26, 4.2]),
    class(70, "BAIT-BOX-2", "Bait box, empty or lightly loaded", [2.53, 9.01, 3.05], [1.09, -2.76, 4.14], [-1.09, 2.76, 4.14]),
    class(71, "BAIT-BOX-3", "Bait box, fully loaded", [1.15, 7.94, 3.17], [1.48, -0.32, 2.99], [-1.48, 0.32, 2.99]),
    class(72, "OIL-DRUM", "Oil drum of 55 gallons, immersed to about 90 %", [0.75, 2.66, 2.83], [0.48, 2.88, 3.92], [-0.45, -1.46, 4.59]),
    class(73, "CONTAINER-1", "Shipping container, scaled, immersed to about 80 %", [1.78, 1.44, 2.99], [0.27, -2.44, 2.31], [-0.27, 2.44, 2.31]),
    class(74, "CONTAINER-2", "Shipping container, 20 feet, immersed to about 80 %", [1.25, 3.96, 2.81], [0.19, 1.14, 4.36], [-0.19, -1.14, 4.36]),
    class(75, "MINE", "Naval mine of the Second World War type", [1.07, 4.47, 6.55], [0.41, 1.15, 4.13], [-0.41, -1.15, 4.13]),
    class(76, "REFUGEE-RAFT-1", "Refugee raft without sail, Cuban type", [1.56, 8.3, 1.53], [0.078, 2.7, 1.52], [-0.078, -2.7, 1.52]),
    class(77, "REFUGEE-RAFT-2", "Refugee raft with sail, Cuban type", [6.43, -3.47, 3.63], [2.22, 0.0, 7.12], [-2.22, 0.0, 7.12]),
    class(78, "SEWAGE", "Floating sewage and tampon waste", [1.79, 0.0, 3.1], [0.16, 0.0, 2.9], [-0.16, 0.0, 2.9]),
    class(79, "MED-WASTE-1", "Medical waste (class mean)", [2.75, 0.0, 12.0], [0.5, 0.0, 9.4], [-0.5, 0.0, 9.4]),
    class(80, "MED-WASTE-2", "Medical waste, vials (mean)", [3.64, 0.0, 12.0], [0.67, 0.0, 9.4], [-0.67, 0.0, 9.4]),
    class(81, "MED-WASTE-3", "Medical waste, large vials", [4.34, 0.0, 3.1], [0.74, 0.0, 2.9], [-0.74, 0.0, 2.9]),
    class(82, "MED-WASTE-4", "Medical waste, small vials", [2.95, 0.0, 5.4], [0.54, 0.0, 4.5], [-0.54, 0.0, 4.5]),
    class(83, "MED-WASTE-5", "Medical waste, syringes (mean)", [1.79, 0.0, 12.0], [0.16, 0.0, 9.4], [-0.16, 0.0, 9.4]),
    class(84, "MED-WASTE-6", "Medical waste, large syringes", [1.79, 0.0, 3.1], [0.16, 0.0, 2.9], [-0.16, 0.0, 2.9]),
    class(85, "MED-WASTE-7", "Medical waste, small syringes", [1.79, 0.0, 2.4], [0.16, 0.0, 2.3], [-0.16, 0.0, 2.3]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_found_by_key_number_and_everyday_name() {
        for text in [
            "PIW-1",
            "piw-1",
            "1",
            "person in water",
            "person_in_water",
            "Person-In-Water",
        ] {
            assert_eq!(ObjectClass::find(text).unwrap().key, "PIW-1", "{text}");
        }
        assert_eq!(ObjectClass::find("SAILBOAT-6b").unwrap().number, 63);
        assert!(ObjectClass::find("submarine").is_none() && ObjectClass::find("").is_none());
        assert!(nearest_class_names("PIV-1", 3).contains(&"PIW-1"));
    }

    #[test]
    fn numbers_run_from_1_to_85_and_every_alias_has_its_class() {
        for (i, class) in OBJECT_CLASSES.iter().enumerate() {
            assert_eq!(usize::from(class.number), i + 1);
        }
        for (name, key) in ALIASES {
            assert_eq!(ObjectClass::find(name).map(|class| class.key), Some(key));
        }
    }

    #[test]
    fn units_are_si() {
        let suit = ObjectClass::find("PIW-4").unwrap();
        assert!((suit.downwind.slope - 0.0171).abs() < 1e-12 && (suit.left.offset_ms + 0.0265).abs() < 1e-12);
        let asymmetric = |c: &ObjectClass| {
            (c.right.slope + c.left.slope).abs() > 1e-9
                || (c.right.offset_ms + c.left.offset_ms).abs() > 1e-9
                || (c.right.std_ms - c.left.std_ms).abs() > 1e-9
        };
        // leeway.md 5.1 counts them in the published table.
        assert_eq!(OBJECT_CLASSES.iter().filter(|class| asymmetric(class)).count(), 26);
    }
}
