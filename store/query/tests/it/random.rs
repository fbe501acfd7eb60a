//! Filters at random on rows at random, as text and as JSON, against an evaluation by the definition: three-valued logic over one
//! row at a time.

use serde_json::{Value, json};

use crate::table::{Row, json as read_json, matching, text, us};

/// A sequence that is the same each time (splitmix64).
struct Dice(u64);

impl Dice {
    fn of(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % sides
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.of(of.len() as u64) as usize]
    }
}

type Answer<T> = Box<dyn Fn(&Row) -> Option<T>>;

/// An expression in both encodings, and what it is of a row.
struct Made<T> {
    text: String,
    json: Value,
    of: Answer<T>,
}

const NAMES: [&str; 5] = ["", "a", "ab", "É", "it's"];
const HOURS: [&str; 3] = [
    "2026-08-14T00:00:00Z",
    "2026-08-14T23:59:59.999999Z",
    "2026-08-15T00:00:00Z",
];

fn row(dice: &mut Dice) -> Row {
    let time = |dice: &mut Dice| (dice.of(5) > 0).then(|| us(dice.one(&HOURS)));
    Row {
        name: (dice.of(5) > 0).then(|| dice.one(&NAMES).to_owned()),
        code: (dice.of(5) > 0).then(|| dice.one(&NAMES).to_owned()),
        count: (dice.of(5) > 0).then(|| dice.of(7) as i64 - 3),
        level: (dice.of(5) > 0).then(|| dice.one(&[-1.0, -0.5, -0.0, 0.0, 0.5, 2.0, f64::NAN])),
        stranded: (dice.of(5) > 0).then(|| dice.of(2) == 0),
        valid_time: time(dice),
        valid_start: time(dice),
        valid_end: time(dice),
        lon_deg: dice.of(7) as f64 - 3.0,
        lat_deg: dice.of(7) as f64 - 3.0,
    }
}

fn number(dice: &mut Dice, levels: u32) -> Made<f64> {
    match dice.of(if levels == 0 { 3 } else { 5 }) {
        0 => Made {
            text: "count".to_owned(),
            json: json!({"property": "count"}),
            of: Box::new(|row| row.count.map(|count| count as f64)),
        },
        1 => Made {
            text: "\"level\"".to_owned(),
            json: json!({"property": "level"}),
            of: Box::new(|row| row.level.filter(|level| !level.is_nan())),
        },
        2 => {
            let (text, number) = dice.one(&[
                ("-1", -1.0),
                ("0", 0.0),
                ("2", 2.0),
                (".5", 0.5),
                ("+1.0", 1.0),
                ("2e0", 2.0),
            ]);
            Made {
                text: text.to_owned(),
                json: json!(number),
                of: Box::new(move |_| Some(number)),
            }
        }
        _ => {
            let (left, right) = (number(dice, levels - 1), number(dice, levels - 1));
            type Compute = fn(f64, f64) -> f64;
            let (sign, compute): (&str, Compute) = dice.one(&[
                ("+", (|a, b| a + b) as Compute),
                ("-", |a, b| a - b),
                ("*", |a, b| a * b),
                ("/", |a, b| a / b),
                ("%", |a, b| a % b),
                ("div", |a, b| (a / b).trunc()),
                ("^", f64::powf),
            ]);
            Made {
                text: format!("({}) {sign} ({})", left.text, right.text),
                json: json!({"op": sign, "args": [left.json, right.json]}),
                of: Box::new(move |row| {
                    let (left, right) = ((left.of)(row)?, (right.of)(row)?);
                    Some(compute(left, right)).filter(|result| result.is_finite())
                }),
            }
        }
    }
}

fn words(dice: &mut Dice) -> Made<String> {
    match dice.of(4) {
        0 => Made {
            text: "name".to_owned(),
            json: json!({"property": "name"}),
            of: Box::new(|row| row.name.clone()),
        },
        1 => Made {
            text: "code".to_owned(),
            json: json!({"property": "code"}),
            of: Box::new(|row| row.code.clone()),
        },
        2 => {
            let word = dice.one(&NAMES);
            Made {
                text: format!("'{}'", word.replace('\'', "''")),
                json: json!(word),
                of: Box::new(move |_| Some(word.to_owned())),
            }
        }
        _ => {
            let inner = words(dice);
            Made {
                text: format!("CASEI({})", inner.text),
                json: json!({"op": "casei", "args": [inner.json]}),
                of: Box::new(move |row| (inner.of)(row).map(|word| word.to_lowercase())),
            }
        }
    }
}

fn instant(dice: &mut Dice) -> Made<i64> {
    match dice.of(4) {
        0 => Made {
            text: "valid_time".to_owned(),
            json: json!({"property": "valid_time"}),
            of: Box::new(|row| row.valid_time),
        },
        1 => Made {
            text: "valid_start".to_owned(),
            json: json!({"property": "valid_start"}),
            of: Box::new(|row| row.valid_start),
        },
        _ => {
            let hour = dice.one(&HOURS);
            Made {
                text: format!("TIMESTAMP('{hour}')"),
                json: json!({"timestamp": hour}),
                of: Box::new(move |_| Some(us(hour))),
            }
        }
    }
}

/// `compare` of two operands of one type.
fn compared<T: PartialOrd + 'static>(dice: &mut Dice, left: Made<T>, right: Made<T>) -> Made<bool> {
    let sign = dice.one(&["=", "<>", "<", ">", "<=", ">="]);
    Made {
        text: format!("{} {sign} {}", left.text, right.text),
        json: json!({"op": sign, "args": [left.json, right.json]}),
        of: Box::new(move |row| {
            let (left, right) = ((left.of)(row)?, (right.of)(row)?);
            Some(match sign {
                "=" => left == right,
                "<>" => left != right,
                "<" => left < right,
                ">" => left > right,
                "<=" => left <= right,
                _ => left >= right,
            })
        }),
    }
}

fn one_of<T: PartialEq + 'static>(value: Made<T>, list: Vec<Made<T>>) -> Made<bool> {
    let texts: Vec<&str> = list.iter().map(|item| item.text.as_str()).collect();
    let jsons: Vec<&Value> = list.iter().map(|item| &item.json).collect();
    Made {
        text: format!("{} IN ({})", value.text, texts.join(", ")),
        json: json!({"op": "in", "args": [value.json, jsons]}),
        of: Box::new(move |row| {
            let value = (value.of)(row)?;
            let items: Vec<Option<T>> = list.iter().map(|item| (item.of)(row)).collect();
            if items.iter().any(|item| item.as_ref() == Some(&value)) {
                Some(true)
            } else {
                items.iter().all(Option::is_some).then_some(false)
            }
        }),
    }
}

fn predicate(dice: &mut Dice) -> Made<bool> {
    match dice.of(10) {
        0 | 1 => {
            let (left, right) = (number(dice, 2), number(dice, 2));
            compared(dice, left, right)
        }
        2 => {
            let (left, right) = (words(dice), words(dice));
            compared(dice, left, right)
        }
        3 => {
            let (left, right) = (instant(dice), instant(dice));
            compared(dice, left, right)
        }
        4 => {
            let count = 1 + dice.of(3);
            let value = number(dice, 1);
            let list = (0..count).map(|_| number(dice, 0)).collect();
            one_of(value, list)
        }
        5 => {
            let count = 1 + dice.of(3);
            let value = words(dice);
            let list = (0..count).map(|_| words(dice)).collect();
            one_of(value, list)
        }
        6 => Made {
            text: "stranded".to_owned(),
            json: json!({"property": "stranded"}),
            of: Box::new(|row| row.stranded),
        },
        7 => {
            let (value, low, high) = (number(dice, 1), number(dice, 1), number(dice, 1));
            Made {
                text: format!("{} BETWEEN {} AND {}", value.text, low.text, high.text),
                json: json!({"op": "between", "args": [value.json, low.json, high.json]}),
                of: Box::new(move |row| {
                    let (value, low, high) = ((value.of)(row), (low.of)(row), (high.of)(row));
                    both(
                        value.zip(low).map(|(value, low)| value >= low),
                        value.zip(high).map(|(value, high)| value <= high),
                    )
                }),
            }
        }
        8 => {
            let value = number(dice, 1);
            Made {
                text: format!("{} IS NULL", value.text),
                json: json!({"op": "isNull", "args": [value.json]}),
                of: Box::new(move |row| Some((value.of)(row).is_none())),
            }
        }
        _ => {
            let (west, south) = (dice.of(5) as f64 - 3.0, dice.of(5) as f64 - 3.0);
            let (east, north) = (west + 1.0 + dice.of(3) as f64, south + 1.0 + dice.of(3) as f64);
            Made {
                text: format!("S_INTERSECTS(geometry, BBOX({west},{south},{east},{north}))"),
                json: json!({"op": "s_intersects", "args": [{"property": "geometry"}, {"bbox": [west, south, east, north]}]}),
                of: Box::new(move |row| {
                    Some((west..=east).contains(&row.lon_deg) && (south..=north).contains(&row.lat_deg))
                }),
            }
        }
    }
}

fn both(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn condition(dice: &mut Dice, levels: u32) -> Made<bool> {
    if levels == 0 {
        return predicate(dice);
    }
    match dice.of(5) {
        0 => predicate(dice),
        1 => {
            let inner = condition(dice, levels - 1);
            Made {
                text: format!("NOT ({})", inner.text),
                json: json!({"op": "not", "args": [inner.json]}),
                of: Box::new(move |row| (inner.of)(row).map(|answer| !answer)),
            }
        }
        kind => {
            let all = kind < 4;
            let parts: Vec<Made<bool>> = (0..2 + dice.of(2)).map(|_| condition(dice, levels - 1)).collect();
            let texts: Vec<String> = parts.iter().map(|part| format!("({})", part.text)).collect();
            let jsons: Vec<&Value> = parts.iter().map(|part| &part.json).collect();
            Made {
                text: texts.join(if all { " AND " } else { " or " }),
                json: json!({"op": if all { "and" } else { "or" }, "args": jsons}),
                of: Box::new(move |row| {
                    let answers = parts.iter().map(|part| (part.of)(row));
                    if all {
                        answers.fold(Some(true), both)
                    } else {
                        answers
                            .map(|answer| answer.map(|answer| !answer))
                            .fold(Some(true), both)
                            .map(|answer| !answer)
                    }
                }),
            }
        }
    }
}

#[test]
fn filters_at_random_match_what_their_definition_says() {
    let mut dice = Dice(20_260_814);
    let rows: Vec<Row> = (0..200).map(|_| row(&mut dice)).collect();
    let (mut some, mut told) = (0, 0);
    for round in 0..1500 {
        let made = condition(&mut dice, 3);
        let expected: Vec<usize> = rows
            .iter()
            .enumerate()
            .filter(|(_, row)| (made.of)(row) == Some(true))
            .map(|(number, _)| number)
            .collect();
        let filter = text(&made.text).unwrap_or_else(|error| panic!("{round}: {}: {error}", made.text));
        assert_eq!(matching(&filter, &rows), expected, "{round}: {}", made.text);
        let of_json =
            read_json(&made.json.to_string()).unwrap_or_else(|error| panic!("{round}: {}: {error}", made.json));
        assert_eq!(matching(&of_json, &rows), expected, "{round}: {}", made.json);
        some += usize::from(!expected.is_empty() && expected.len() < rows.len());
        told += usize::from(
            filter.bbox().is_some() || filter.equals("name").is_some() || filter.interval("valid_time") != (None, None),
        );
        for row in expected.iter().map(|number| &rows[*number]) {
            if let Some([west, south, east, north]) = filter.bbox() {
                assert!(
                    (west..=east).contains(&row.lon_deg) && (south..=north).contains(&row.lat_deg),
                    "{}",
                    made.text
                );
            }
            if let Some(name) = filter.equals("name") {
                assert_eq!(row.name.as_deref(), Some(name), "{}", made.text);
            }
            let (first, last) = filter.interval("valid_time");
            if let (Some(bound), Some(time)) = (first, row.valid_time) {
                assert!(time >= bound, "{}", made.text);
            }
            if let (Some(bound), Some(time)) = (last, row.valid_time) {
                assert!(time <= bound, "{}", made.text);
            }
        }
    }
    // The dice are worth something only if many filters divide the rows, and some tell bounds.
    assert!(some > 700 && told > 50, "{some} divide, {told} tell");
}
