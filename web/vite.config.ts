import { defineConfig } from 'vite';

import { firstPaint } from './build/first-paint.ts';

export default defineConfig({
    // The page works under any path prefix: everything it loads is named relative to it.
    base: './',
    plugins: [firstPaint()],
    worker: { format: 'es' },
    build: {
        target: 'es2023',
        // One folder of files whose names hold their content's hash; no picture hides in a style sheet.
        assetsDir: 'assets',
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        reportCompressedSize: false,
        chunkSizeWarningLimit: 1500,
    },
});
