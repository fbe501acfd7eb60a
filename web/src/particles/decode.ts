// The particles of a run as one binary (`application/vnd.driftline.particles`, version 1, little endian): a head of 64
// bytes, then for each particle the step at which it stopped (u16) and how it ended (u8), then positions by step and
// particle as two u16 within a box in normalised Web Mercator (x east, y south). Checked before anything is drawn from it.

export interface Particles {
    /** The whole binary: the map puts it on the graphics card as it is. */
    readonly bytes: ArrayBuffer;
    readonly count: number;
    readonly steps: number;
    /** West, north, east and south edge in normalised Web Mercator; east may be beyond 1 across the antimeridian. */
    readonly box: { readonly x0: number; readonly y0: number; readonly x1: number; readonly y1: number };
    /** First step, milliseconds since 1970. */
    readonly from: number;
    readonly stepMs: number;
    /** Where in the binary each part begins. */
    readonly endStepAt: number;
    readonly statusAt: number;
    readonly positionsAt: number;
}

/** Final status of a particle. */
export const STRANDED = 1;
export const MISSING = 2;

const HEAD = 64;
const MAGIC = 0x54504c44; // "DLPT"

export function decodeParticles(bytes: ArrayBuffer): Particles {
    const refuse = (why: string): never => {
        throw new Error(`the particles cannot be read: ${why}`);
    };
    if (bytes.byteLength < HEAD) {
        refuse(`${bytes.byteLength} bytes are less than a head`);
    }
    const view = new DataView(bytes);
    if (view.getUint32(0, true) !== MAGIC) {
        refuse('they do not begin with DLPT');
    }
    const version = view.getUint16(4, true);
    if (version !== 1) {
        refuse(`version ${version} is not known here`);
    }
    const count = view.getUint32(8, true);
    const steps = view.getUint32(12, true);
    const [x0, y0, x1, y1] = [16, 24, 32, 40].map((at) => view.getFloat64(at, true)) as [number, number, number, number];
    const from = Number(view.getBigInt64(48, true)) * 1000;
    const stepMs = view.getUint32(56, true) * 1000;
    const endStepAt = view.getUint32(60, true);
    const isBox = [x0, y0, x1, y1].every(Number.isFinite) && x1 >= x0 && y1 >= y0;
    if (!isBox || !Number.isSafeInteger(from) || steps === 0 || (steps > 1 && stepMs === 0)) {
        refuse('its box or times make no sense');
    }
    const statusAt = endStepAt + 2 * count;
    const positionsAt = Math.ceil((statusAt + count) / 4) * 4;
    const needed = positionsAt + 4 * count * steps;
    if (endStepAt < HEAD || endStepAt % 4 !== 0 || needed !== bytes.byteLength) {
        refuse(`${bytes.byteLength} bytes for ${count} particles at ${steps} times`);
    }
    return { bytes, count, steps, box: { x0, y0, x1, y1 }, from, stepMs, endStepAt, statusAt, positionsAt };
}

/** How many particles are where at a step: the numbers beside the picture. */
export function countAt(particles: Particles, step: number): { active: number; stranded: number; missing: number } {
    const ends = new Uint16Array(particles.bytes, particles.endStepAt, particles.count);
    const status = new Uint8Array(particles.bytes, particles.statusAt, particles.count);
    let [stranded, missing] = [0, 0];
    for (let index = 0; index < particles.count; index += 1) {
        if ((ends[index] as number) <= step) {
            stranded += status[index] === STRANDED ? 1 : 0;
            missing += status[index] === MISSING ? 1 : 0;
        }
    }
    return { active: particles.count - stranded - missing, stranded, missing };
}

/** Where the moment lies between two steps: the earlier one and the share of the way to the next. */
export function between(particles: Particles, ms: number): { step: number; fraction: number } {
    const place = particles.stepMs === 0 ? 0 : (ms - particles.from) / particles.stepMs;
    const held = Math.min(particles.steps - 1, Math.max(0, place));
    const step = Math.min(Math.floor(held), Math.max(0, particles.steps - 2));
    return { step, fraction: held - step };
}
