//! Takes credentials out of addresses before they are logged: the values of `key`, `api_key`, `apikey`, `token`,
//! `access_token` and `sig`, what follows `/key/` in a path, and whatever looks like a key of ours anywhere, however
//! often it is percent-encoded.

const HIDDEN: &str = "***";
const PARAMETERS: [&[u8]; 6] = [b"key", b"api_key", b"apikey", b"token", b"access_token", b"sig"];
/// Letters of the longest of them.
const LONGEST_NAME: usize = 12;
/// An address inside an address inside an address: nobody needs more, and the work stays bounded.
const MAX_DECODINGS: usize = 4;

/// One byte of a decoded text and where in the original it comes from.
#[derive(Clone, Copy)]
struct Piece {
    byte: u8,
    from: usize,
    to: usize,
}

/// The address, path, query or referrer with `***` in the place of every credential.
pub fn redact(address: &str) -> String {
    let mut pieces: Vec<Piece> = address
        .bytes()
        .enumerate()
        .map(|(at, byte)| Piece {
            byte,
            from: at,
            to: at + 1,
        })
        .collect();
    let mut is_hidden = vec![false; address.len()];
    for _ in 0..=MAX_DECODINGS {
        hide_parameters(&pieces, &mut is_hidden);
        hide_path_keys(&pieces, &mut is_hidden);
        hide_keys(&pieces, &mut is_hidden);
        let decoded = decode(&pieces);
        if decoded.len() == pieces.len() {
            break;
        }
        pieces = decoded;
    }
    let mut text = String::with_capacity(address.len());
    let mut was_hidden = false;
    for (at, letter) in address.char_indices() {
        match (is_hidden[at], was_hidden) {
            (false, _) => text.push(letter),
            (true, false) => text.push_str(HIDDEN),
            (true, true) => {}
        }
        was_hidden = is_hidden[at];
    }
    text
}

fn decode(pieces: &[Piece]) -> Vec<Piece> {
    let mut decoded = Vec::with_capacity(pieces.len());
    let mut at = 0;
    while let Some(piece) = pieces.get(at) {
        let digit = |i: usize| pieces.get(i).and_then(|piece| char::from(piece.byte).to_digit(16));
        if let (b'%', Some(high), Some(low)) = (piece.byte, digit(at + 1), digit(at + 2)) {
            decoded.push(Piece {
                byte: (high * 16 + low) as u8,
                from: piece.from,
                to: pieces[at + 2].to,
            });
            at += 3;
        } else {
            decoded.push(*piece);
            at += 1;
        }
    }
    decoded
}

fn hide_parameters(pieces: &[Piece], is_hidden: &mut [bool]) {
    let separates = |byte: u8| matches!(byte, b'?' | b'&' | b';' | b'#' | b'/' | b' ' | b',');
    let mut name_start = 0;
    let mut at = 0;
    while at < pieces.len() {
        if separates(pieces[at].byte) {
            name_start = at + 1;
        } else if pieces[at].byte == b'=' {
            let name: Vec<u8> = pieces[name_start..at]
                .iter()
                .take(LONGEST_NAME + 1)
                .map(|piece| piece.byte.to_ascii_lowercase())
                .collect();
            if PARAMETERS.contains(&name.as_slice()) {
                let ends = |piece: &Piece| matches!(piece.byte, b'&' | b';' | b'#');
                let length = pieces[at + 1..].iter().position(ends).unwrap_or(pieces.len() - at - 1);
                hide(&pieces[at + 1..at + 1 + length], is_hidden);
                at += length;
            }
            name_start = at + 1;
        }
        at += 1;
    }
}

/// The segment behind a segment `key`, whether or not it looks like one.
fn hide_path_keys(pieces: &[Piece], is_hidden: &mut [bool]) {
    const BEFORE: &[u8] = b"/key/";
    for start in 0..pieces.len().saturating_sub(BEFORE.len()) {
        let (before, behind) = pieces[start..].split_at(BEFORE.len());
        if before
            .iter()
            .map(|piece| piece.byte.to_ascii_lowercase())
            .ne(BEFORE.iter().copied())
        {
            continue;
        }
        let ends = |piece: &Piece| matches!(piece.byte, b'/' | b'?' | b'#' | b'&');
        let length = behind.iter().position(ends).unwrap_or(behind.len());
        hide(&behind[..length], is_hidden);
    }
}

/// Prefixes of what works for whoever has it: keys, and the tokens of refreshing, of mails, of WebSockets and of links.
const PREFIXES: [&[u8; 4]; 6] = [b"dls_", b"dlp_", b"dlr_", b"dle_", b"dlt_", b"dll_"];
/// An access token begins so (a JSON object in base64url) and is longer than any word.
const TOKEN: &[u8; 3] = b"eyJ";
const TOKEN_LETTERS: usize = 40;

fn hide_keys(pieces: &[Piece], is_hidden: &mut [bool]) {
    let mut start = 0;
    while start < pieces.len() {
        let length = secret_at(&pieces[start..]);
        hide(&pieces[start..start + length], is_hidden);
        // Never back into what was looked at: the work grows with the length only.
        start += length.max(1);
    }
}

/// How many letters of a secret stand at the beginning.
fn secret_at(pieces: &[Piece]) -> usize {
    let begins = |with: &[u8]| {
        let letters = pieces
            .iter()
            .take(with.len())
            .map(|piece| piece.byte.to_ascii_lowercase());
        letters.eq(with.iter().copied())
    };
    let run = |is_letter: fn(u8) -> bool, from: usize| {
        let letters = pieces[from..].iter();
        letters.take_while(|piece| is_letter(piece.byte)).count()
    };
    if let Some(prefix) = PREFIXES.into_iter().find(|prefix| begins(*prefix)) {
        let is_letter: fn(u8) -> bool = match prefix {
            b"dls_" | b"dlp_" => |byte| byte.is_ascii_alphanumeric(),
            _ => |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
        };
        // The prefix alone is how keys are spoken of.
        let body = run(is_letter, prefix.len());
        return if body > 0 { prefix.len() + body } else { 0 };
    }
    let is_token = pieces.len() > TOKEN.len() && pieces.iter().zip(TOKEN).all(|(piece, byte)| piece.byte == *byte);
    if !is_token {
        return 0;
    }
    let length = run(
        |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'),
        0,
    );
    if length >= TOKEN_LETTERS { length } else { 0 }
}

fn hide(pieces: &[Piece], is_hidden: &mut [bool]) {
    for piece in pieces {
        is_hidden[piece.from..piece.to].fill(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hides_what_looks_like_a_credential() {
        for (address, expected) in [
            ("/wms?key=abc&request=GetMap", "/wms?key=***&request=GetMap"),
            ("/wms?REQUEST=GetMap&Api_Key=a/b=c", "/wms?REQUEST=GetMap&Api_Key=***"),
            (
                "/x?apikey=1&token=2&sig=3&access_token=4",
                "/x?apikey=***&token=***&sig=***&access_token=***",
            ),
            ("/tiles/dls_0abcDEF9/3/4/5.png", "/tiles/***/3/4/5.png"),
            ("https://h/a?b=dlp_xyz#dls_q", "https://h/a?b=***#***"),
            ("/x?k%65y=abc&z=1", "/x?k%65y=***&z=1"),
            ("/x?a=dls%5F0abc%44EF-", "/x?a=***-"),
            ("/x?a=%2564ls%255F0abc", "/x?a=***"),
            (
                "/login?next=%2Fwms%3Fkey%3Dabc%26b%3D1",
                "/login?next=%2Fwms%3Fkey%3D***%26b%3D1",
            ),
            ("/x?a=DLS_0abc", "/x?a=***"),
            ("/#password-reset=dle_a-b_c&x", "/#password-reset=***&x"),
            ("dlr_a-b_c dlt_0 dll_z.", "*** *** ***."),
            (
                "Bearer eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1c3JfMSJ9.c2ln-_9 end",
                "Bearer *** end",
            ),
            ("/x?a=dll_0abc", "/x?a=***"),
            ("/key/dlp_0abc/wms?a=1", "/key/***/wms?a=1"),
            ("/drift/key/mis%2Ftyped/wms", "/drift/key/***/wms"),
            ("/KEY/abc", "/KEY/***"),
            (
                "https://h/map?u=%2Fkey%2Fabc%2Fwms",
                "https://h/map?u=%2Fkey%2F***%2Fwms",
            ),
            (
                "/missions/mis_1/wms?exp=9&kid=key_1&SIG=AbC-_9&layers=x",
                "/missions/mis_1/wms?exp=9&kid=key_1&SIG=***&layers=x",
            ),
        ] {
            assert_eq!(redact(address), expected, "{address}");
        }
    }

    #[test]
    fn work_grows_with_the_length_only() {
        // Each of these took minutes when every sign was searched behind to the end.
        for part in ["=", "%3D", "/key/", "dls_", "dlr_", "eyJ", "eyJ.", "key=", "%25253D"] {
            let text = format!("%25252541{}", part.repeat(400_000 / part.len()));
            let began = std::time::Instant::now();
            redact(&text);
            assert!(began.elapsed().as_secs() < 5, "{part}: {:?}", began.elapsed());
        }
    }

    #[test]
    fn leaves_everything_else_as_it_is() {
        for address in [
            "",
            "/",
            "/wms?monkey=1&keys=2&bbox=1,2,3,4&time=2015-11-16T06:00:00Z",
            "/missions/mis_0190f6c8aaaa7bbb8cccddddeeeeffff/ogc?f=json&name=100%25&x=%zz",
            "/søk?q=blå",
            "/v1/api-keys/x",
            "/monkey/abc/key",
            "/eyJ/heyJude.eyJ",
            "/key//wms",
        ] {
            assert_eq!(redact(address), address);
        }
    }
}
