// After the build: each text file of dist/ also as .br and .gz, made once at their smallest, for the server to send.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const DIST = join(import.meta.dirname, '..', 'dist');
const TEXT = /\.(?:html|js|css|svg|json|webmanifest)$/;

for (const name of readdirSync(DIST, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!TEXT.test(name)) {
        continue;
    }
    const path = join(DIST, name);
    const bytes = readFileSync(path);
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
    writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params }));
    writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
}
