// Prints what the page weighs and fails over budget: JavaScript before the form can be used, all of a mission's with the map
// and its worker, and what is loaded only when something of accounts is opened, in bytes after gzip (1 kB = 1,000 bytes).

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const ASSETS = join(import.meta.dirname, '..', 'dist', 'assets');
const INDEX = join(import.meta.dirname, '..', 'dist', 'index.html');
const FORM_KB = 300;
const MISSION_KB = 550;
const ACCOUNT_KB = 30;
const CSS_KB = 20;

if (!existsSync(INDEX)) {
    console.error('there is no build in dist/; run npm run build first');
    process.exit(1);
}
const packed = (name: string): number => readFileSync(join(ASSETS, `${name}.gz`)).length;
const names = readdirSync(ASSETS).sort();
const scripts = names.filter((name) => name.endsWith('.js'));
const html = readFileSync(INDEX, 'utf8');
// What the page itself names is loaded before the form; the rest is asked for by it.
const first = scripts.filter((name) => html.includes(name));
const map = scripts.filter((name) => /^(?:mount|maplibre-gl-worker)-/.test(name));
const account = scripts.filter((name) => !first.includes(name) && !map.includes(name));
const total = (list: string[]): number => list.reduce((sum, name) => sum + packed(name), 0);

for (const name of names.filter((one) => /\.(?:js|css)$/.test(one))) {
    const plain = readFileSync(join(ASSETS, name)).length;
    const br = readFileSync(join(ASSETS, `${name}.br`)).length;
    console.log(`${name.padEnd(44)} ${plain} bytes, gzip ${packed(name)}, brotli ${br}`);
}
const budgets: [string, number, number][] = [
    ['JS before the form can be used', total(first), FORM_KB],
    ['all JS of missions, with map and worker', total([...first, ...map]), MISSION_KB],
    ['JS of accounts, loaded when it is opened', total(account), ACCOUNT_KB],
    ['CSS', total(names.filter((name) => name.endsWith('.css'))), CSS_KB],
];
for (const [what, bytes, limit] of budgets) {
    const verdict = bytes < limit * 1000 ? 'within' : 'OVER';
    console.log(`${what}: ${(bytes / 1000).toFixed(1)} kB gzip, ${verdict} the budget of ${limit} kB`);
    if (verdict === 'OVER') {
        process.exitCode = 1;
    }
}
