// A QR code (ISO/IEC 18004), drawn here: what it holds leaves the page for nobody.

import { encode } from 'uqr';

/** Modules of quiet zone around the code (clause 6.3.8). */
const QUIET = 4;

export function Qr({ text, label }: { text: string; label: string }) {
    const { data, size } = encode(text, { ecc: 'M', border: QUIET });
    const path = data
        .flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : '')))
        .join('');
    // Black on white in every theme: readers expect it so.
    return (
        <svg className="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges" data-testid="qr">
            <rect width={size} height={size} fill="#fff" />
            <path d={path} fill="#000" />
        </svg>
    );
}
