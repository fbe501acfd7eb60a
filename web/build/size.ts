// Prints what the page weighs and fails over budget: JavaScript before the form can be used, and all of it with the map
// and its worker, in bytes after gzip (1 kB = 1,000 bytes).

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const ASSETS = join(import.meta.dirname, '..', 'dist', 'assets');
const INDEX = join(import.meta.dirname, '..', 'dist', 'index.html');
const FORM_KB = 300;
const ALL_KB = 550;
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
const total = (list: string[]): number => list.reduce((sum, name) => sum + packed(name), 0);

for (const name of names.filter((one) => /\.(?:js|css)$/.test(one))) {
    const plain = readFileSync(join(ASSETS, name)).length;
    const br = readFileSync(join(ASSETS, `${name}.br`)).length;
    console.log(`${name.padEnd(44)} ${plain} bytes, gzip ${packed(name)}, brotli ${br}`);
}
const budgets: [string, number, number][] = [
    ['JS before the form can be used', total(first), FORM_KB],
    ['all JS with map and worker', total(scripts), ALL_KB],
    ['CSS', total(names.filter((name) => name.endsWith('.css'))), CSS_KB],
];
for (const [what, bytes, limit] of budgets) {
    const verdict = bytes < limit * 1000 ? 'within' : 'OVER';
    console.log(`${what}: ${(bytes / 1000).toFixed(1)} kB gzip, ${verdict} the budget of ${limit} kB`);
    if (verdict === 'OVER') {
        process.exitCode = 1;
    }
}
