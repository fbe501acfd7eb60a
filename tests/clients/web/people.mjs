// What a person has beside the browser: the mail, and an authenticator.
import { createHmac } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const LIMIT_MS = 60_000;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Waits until something is found. */
export async function until(what, find) {
  const began = Date.now();
  for (;;) {
    const found = await find();
    if (found) return found;
    if (Date.now() - began > LIMIT_MS) throw new Error(`does not come true: ${what}`);
    await new Promise((later) => setTimeout(later, 50));
  }
}

/** The token of the newest link of this sort in a mail to this address. */
export function linkOf({ mails, base }, address, what) {
  return until(`a mail with ${what} to ${address}`, () => {
    const names = readdirSync(mails).filter((name) => name.endsWith('.eml')).sort().reverse();
    for (const name of names) {
      const envelope = JSON.parse(readFileSync(join(mails, name.replace('.eml', '.json')), 'utf8'));
      if (!envelope.to.includes(address)) continue;
      // Quoted-printable ends long lines softly (RFC 2045, 6.7).
      const text = readFileSync(join(mails, name), 'utf8').replace(/=\r?\n/g, '').replaceAll('=3D', '=');
      const found = text.match(new RegExp(`${base}/#${what}=(dle_[A-Za-z0-9_-]+)`));
      if (found) return found[1];
    }
    return null;
  });
}

/** The code of now (RFC 6238 with SHA-1, 30 s and 6 digits) of a secret in base32. */
export function totp(secret) {
  const bits = [...secret].map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const hash = createHmac('sha1', key).update(step).digest();
  return String((hash.readUInt32BE(hash[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}
