// Addresses of a mission's results to paste into other clients, with the credential the reader chose.

export interface SignedLink {
    /** Parameters of the signature, as they stand in an address, without a question mark. */
    readonly query: string;
    readonly expiresAt: string | null;
}

export type Credential = { readonly kind: 'none' } | { readonly kind: 'key'; readonly key: string } | { readonly kind: 'signed'; readonly link: SignedLink };

export interface AddressLine {
    readonly id: string;
    readonly name: string;
    readonly url: string;
}

/** `time` is an RFC 3339 instant for pictures of one moment. */
export function addressLines(root: string, mission: string, time: string, credential: Credential): AddressLine[] {
    const own = `${root}missions/${mission}`;
    const lines: [string, string, string][] = [
        ['wms', 'WMS 1.3.0 and 1.1.1', `${own}/wms`],
        ['features', 'OGC API Features', `${own}/ogc`],
        ['areas-mvt', 'Vector tiles: search areas', `${own}/tiles/search-areas/{z}/{x}/{y}.mvt`],
        ['particles-mvt', 'Vector tiles: particles', `${own}/tiles/particles/{z}/{x}/{y}.mvt?datetime=${time}`],
        ['areas-tilejson', 'TileJSON: search areas', `${own}/tiles/search-areas.json`],
        ['probability-png', 'XYZ tiles: probability now shown', `${own}/tiles/probability/{z}/{x}/{y}.png?datetime=${time}`],
    ];
    return lines.map(([id, name, url]) => ({ id, name, url: withCredential(url, credential) }));
}

function withCredential(url: string, credential: Credential): string {
    if (credential.kind === 'none') {
        return url;
    }
    const query = credential.kind === 'key' ? `key=${encodeURIComponent(credential.key)}` : credential.link.query;
    return `${url}${url.includes('?') ? '&' : '?'}${query}`;
}
