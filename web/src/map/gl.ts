// The few steps that every own layer takes with WebGL 2, and the matrix from a layer's box to the screen.

/** A box in normalised Web Mercator, in which a layer keeps its positions. */
export interface Box {
    readonly x0: number;
    readonly y0: number;
    readonly x1: number;
    readonly y1: number;
}

export function makeProgram(gl: WebGL2RenderingContext, vertex: string, fragment: string): WebGLProgram {
    const program = gl.createProgram();
    for (const [type, source] of [
        [gl.VERTEX_SHADER, vertex],
        [gl.FRAGMENT_SHADER, fragment],
    ] as const) {
        const shader = gl.createShader(type);
        if (shader === null) {
            throw new Error('the graphics card gives no shader');
        }
        gl.shaderSource(shader, source);
        gl.compileShader(shader);
        gl.attachShader(program, shader);
        gl.deleteShader(shader);
    }
    gl.linkProgram(program);
    // A lost context links nothing and is no fault: the layer is made again when it comes back.
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
        throw new Error(`the graphics card refuses a program: ${gl.getProgramInfoLog(program) ?? 'no reason given'}`);
    }
    return program;
}

/** Places of uniforms by name. */
export function uniforms<Name extends string>(
    gl: WebGL2RenderingContext,
    program: WebGLProgram,
    names: readonly Name[],
): Record<Name, WebGLUniformLocation | null> {
    const places = names.map((name) => [name, gl.getUniformLocation(program, name)] as const);
    return Object.fromEntries(places) as Record<Name, WebGLUniformLocation | null>;
}

const product = new Float64Array(16);

/**
 * From the unit square of a box, moved by whole turns of the world, to clip space. Multiplied in double precision: what
 * the card gets in single precision is relative to the box, so that nothing trembles when zoomed in.
 */
export function boxMatrix(world: ArrayLike<number>, box: Box, turn: number, out: Float32Array): void {
    const width = box.x1 - box.x0;
    const height = box.y1 - box.y0;
    for (let row = 0; row < 4; row += 1) {
        const x = world[row] as number;
        const y = world[4 + row] as number;
        product[row] = x * width;
        product[4 + row] = y * height;
        product[8 + row] = world[8 + row] as number;
        product[12 + row] = x * (box.x0 + turn) + y * box.y0 + (world[12 + row] as number);
    }
    out.set(product);
}

/** Copies of the world, by whole turns, in which a box can be seen between these longitudes. */
export function visibleTurns(box: Box, west: number, east: number): number[] {
    // Plus zero: there is no turn of minus zero.
    const first = Math.ceil((west + 180) / 360 - box.x1) + 0;
    const last = Math.floor((east + 180) / 360 - box.x0);
    const turns: number[] = [];
    for (let turn = first; turn <= last && turns.length < 4; turn += 1) {
        turns.push(turn);
    }
    return turns;
}

/** The longitude on the same side of the antimeridian as another one. */
export function nearLon(lon: number, reference: number): number {
    return lon + 360 * Math.round((reference - lon) / 360);
}

/** Longitude and latitude in normalised Web Mercator. */
export function mercator(lon: number, lat: number): [number, number] {
    const held = Math.min(85.051129, Math.max(-85.051129, lat));
    const y = Math.log(Math.tan(Math.PI / 4 + (held * Math.PI) / 360));
    return [(lon + 180) / 360, 0.5 - y / (2 * Math.PI)];
}
