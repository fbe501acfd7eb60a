// Particles on the map: the run's binary goes to the graphics card once, as it came; a moment is a pair of attribute
// pointers (step k and k + 1) and one uniform that mixes them. While the clock runs nothing is uploaded.

import type { CustomLayerInterface, CustomRenderMethodInput, Map as MapLibre } from 'maplibre-gl';

import { between, type Particles } from '../particles/decode.ts';
import { clock } from '../time/clock.ts';
import { boxMatrix, makeProgram, uniforms, visibleTurns } from './gl.ts';
import type { Palette } from './palette.ts';

const VERTEX = `#version 300 es
layout(location = 0) in vec2 a_from;
layout(location = 1) in vec2 a_to;
layout(location = 2) in uint a_end_step;
layout(location = 3) in uint a_status;
uniform mat4 u_matrix;
uniform float u_fraction;
uniform float u_step;
uniform float u_size;
flat out uint v_status;
void main() {
    bool is_over = float(a_end_step) <= u_step + u_fraction;
    v_status = is_over ? a_status : 0u;
    // Beyond its data a particle is nowhere: outside of the clip space.
    gl_Position = v_status == 2u ? vec4(2.0, 2.0, 2.0, 1.0) : u_matrix * vec4(mix(a_from, a_to, u_fraction), 0.0, 1.0);
    gl_PointSize = v_status == 1u ? u_size * 1.6 : u_size;
}`;

// Afloat: a disc. Stranded: a square on its corner, in another colour.
const FRAGMENT = `#version 300 es
precision highp float;
flat in uint v_status;
uniform vec4 u_active;
uniform vec4 u_stranded;
uniform float u_size;
out vec4 colour;
void main() {
    vec2 place = abs(gl_PointCoord - 0.5) * 2.0;
    float soft = 2.0 / u_size;
    float out_by = v_status == 1u ? place.x + place.y : length(place);
    float cover = 1.0 - smoothstep(1.0 - soft, 1.0, out_by);
    vec4 own = v_status == 1u ? u_stranded : u_active;
    colour = vec4(own.rgb, 1.0) * (own.a * cover);
}`;

const UNIFORMS = ['u_matrix', 'u_fraction', 'u_step', 'u_size', 'u_active', 'u_stranded'] as const;

/** What tests read of the layer. */
export interface ParticleStats {
    /** Times that data went to the graphics card. */
    uploads: number;
    frames: number;
    /** Main-thread milliseconds of the last frame in this layer. */
    lastFrameMs: number;
    maxFrameMs: number;
    totalMs: number;
    count: number;
}

/** Many are drawn fainter than few, so that where they are dense still differs from where they are not. */
function opacity(count: number): number {
    return Math.min(0.75, Math.max(0.2, 0.62 * (5_000 / Math.max(1, count)) ** 0.4));
}

export class ParticleLayer implements CustomLayerInterface {
    readonly id = 'particles';
    readonly type = 'custom';
    readonly renderingMode = '2d';
    readonly stats: ParticleStats = { uploads: 0, frames: 0, lastFrameMs: 0, maxFrameMs: 0, totalMs: 0, count: 0 };
    isOn = true;
    palette: Palette;

    #map: MapLibre | null = null;
    #program: WebGLProgram | null = null;
    #places: Record<(typeof UNIFORMS)[number], WebGLUniformLocation | null> | null = null;
    #buffer: WebGLBuffer | null = null;
    #array: WebGLVertexArrayObject | null = null;
    #particles: Particles | null = null;
    #pointedAt = -1;
    /** What is on the card is not what is to be drawn. It is changed within a frame only: the map knows of it then. */
    #isStale = true;
    readonly #matrix = new Float32Array(16);

    constructor(palette: Palette) {
        this.palette = palette;
    }

    /** Takes a run's particles, or none. */
    setParticles(particles: Particles | null): void {
        this.#particles = particles;
        this.stats.count = particles?.count ?? 0;
        this.#isStale = true;
        this.#map?.triggerRepaint();
    }

    onAdd(map: MapLibre, gl: WebGL2RenderingContext): void {
        this.#map = map;
        this.#program = makeProgram(gl, VERTEX, FRAGMENT);
        this.#places = uniforms(gl, this.#program, UNIFORMS);
        this.#isStale = true;
    }

    onRemove(_map: MapLibre, gl: WebGL2RenderingContext): void {
        this.#release(gl);
        gl.deleteProgram(this.#program);
        this.#program = null;
    }

    render(gl: WebGL2RenderingContext, { defaultProjectionData }: CustomRenderMethodInput): void {
        if (this.#isStale) {
            this.#upload(gl);
        }
        const particles = this.#particles;
        const map = this.#map;
        if (particles === null || map === null || this.#array === null || this.#places === null || !this.isOn) {
            return;
        }
        const began = performance.now();
        const { step, fraction } = between(particles, clock.getState().now);
        gl.useProgram(this.#program);
        gl.bindVertexArray(this.#array);
        this.#pointAt(gl, particles, step);
        const size = this.#pointSize(map);
        const places = this.#places;
        gl.uniform1f(places.u_fraction, fraction);
        gl.uniform1f(places.u_step, step);
        gl.uniform1f(places.u_size, size);
        const { active, stranded } = this.palette;
        gl.uniform4f(places.u_active, active[0] / 255, active[1] / 255, active[2] / 255, opacity(particles.count));
        gl.uniform4f(places.u_stranded, stranded[0] / 255, stranded[1] / 255, stranded[2] / 255, 0.9);
        const bounds = map.getBounds();
        for (const turn of visibleTurns(particles.box, bounds.getWest(), bounds.getEast())) {
            boxMatrix(defaultProjectionData.mainMatrix, particles.box, turn, this.#matrix);
            gl.uniformMatrix4fv(places.u_matrix, false, this.#matrix);
            gl.drawArrays(gl.POINTS, 0, particles.count);
        }
        gl.bindVertexArray(null);
        this.#count(performance.now() - began);
    }

    #count(ms: number): void {
        this.stats.frames += 1;
        this.stats.lastFrameMs = ms;
        this.stats.maxFrameMs = Math.max(this.stats.maxFrameMs, ms);
        this.stats.totalMs += ms;
    }

    /** Small where many are close together, larger when zoomed in; in device pixels. */
    #pointSize(map: MapLibre): number {
        const css = Math.min(6, Math.max(2.2, 2.2 + (map.getZoom() - 7) * 0.55));
        return css * map.getPixelRatio();
    }

    #pointAt(gl: WebGL2RenderingContext, particles: Particles, step: number): void {
        if (step === this.#pointedAt) {
            return;
        }
        const next = Math.min(step + 1, particles.steps - 1);
        gl.bindBuffer(gl.ARRAY_BUFFER, this.#buffer);
        [step, next].forEach((one, location) => {
            gl.vertexAttribPointer(location, 2, gl.UNSIGNED_SHORT, true, 4, particles.positionsAt + one * particles.count * 4);
        });
        this.#pointedAt = step;
    }

    #upload(gl: WebGL2RenderingContext): void {
        this.#isStale = false;
        this.#release(gl);
        const particles = this.#particles;
        if (particles === null || particles.count === 0) {
            return;
        }
        this.#array = gl.createVertexArray();
        this.#buffer = gl.createBuffer();
        gl.bindVertexArray(this.#array);
        gl.bindBuffer(gl.ARRAY_BUFFER, this.#buffer);
        gl.bufferData(gl.ARRAY_BUFFER, particles.bytes, gl.STATIC_DRAW);
        this.stats.uploads += 1;
        for (const location of [0, 1, 2, 3]) {
            gl.enableVertexAttribArray(location);
        }
        gl.vertexAttribIPointer(2, 1, gl.UNSIGNED_SHORT, 2, particles.endStepAt);
        gl.vertexAttribIPointer(3, 1, gl.UNSIGNED_BYTE, 1, particles.statusAt);
        gl.bindVertexArray(null);
        gl.bindBuffer(gl.ARRAY_BUFFER, null);
    }

    #release(gl: WebGL2RenderingContext): void {
        gl.deleteVertexArray(this.#array);
        gl.deleteBuffer(this.#buffer);
        this.#array = null;
        this.#buffer = null;
        this.#pointedAt = -1;
    }
}
