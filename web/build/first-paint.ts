// The theme is chosen before the first paint: a small classic script stands in the head, ahead of the style sheet, so
// that a bridge at night never sees a white flash. It is a file of its own, since the page allows no inline script.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';

const SOURCE = new URL('../src/state/first-paint.js', import.meta.url);

export function firstPaint(): Plugin {
    let fileName = '';
    return {
        name: 'driftline-first-paint',
        apply: 'build',
        buildStart() {
            const source = readFileSync(SOURCE, 'utf8');
            const hash = createHash('sha256').update(source).digest('hex').slice(0, 8);
            fileName = `assets/first-paint-${hash}.js`;
            this.emitFile({ type: 'asset', fileName, source });
        },
        transformIndexHtml() {
            return [{ tag: 'script', attrs: { src: `./${fileName}` }, injectTo: 'head-prepend' }];
        },
    };
}
