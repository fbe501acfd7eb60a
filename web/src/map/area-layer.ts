// Search areas on the map: all times are on the graphics card, a step is a range of them. 50 % has a solid line, 90 %
// dashes, 95 % dots, each on a casing, so that they differ without colour.

import type { CustomLayerInterface, CustomRenderMethodInput, Map as MapLibre } from 'maplibre-gl';

import type { Level } from '../state/layers.ts';
import { clock, stepAt } from '../time/clock.ts';
import { type AreaShapes, type Part, POINT_FLOATS } from './area-shapes.ts';
import { boxMatrix, makeProgram, uniforms, visibleTurns } from './gl.ts';
import type { Palette, Rgb } from './palette.ts';

// One instance per piece of line, from its own point to the next one; the corner is -1 or 1 across, 0 or 1 along.
const LINE_VERTEX = `#version 300 es
layout(location = 0) in vec2 a_corner;
layout(location = 1) in vec4 a_start;
layout(location = 2) in vec4 a_end;
uniform mat4 u_matrix;
uniform vec2 u_viewport;
uniform float u_width;
uniform float u_world;
out float v_along;
out float v_across;
void main() {
    vec4 start = u_matrix * vec4(a_start.xy, 0.0, 1.0);
    vec4 end = u_matrix * vec4(a_end.xy, 0.0, 1.0);
    vec2 from = start.xy / start.w * u_viewport * 0.5;
    vec2 to = end.xy / end.w * u_viewport * 0.5;
    vec2 way = to - from;
    float size = length(way);
    vec2 along = size > 0.0 ? way / size : vec2(1.0, 0.0);
    float half_width = u_width * 0.5 + 1.0;
    // A little longer at both ends closes the joints of what bends gently.
    vec2 place = mix(from - along * 0.5, to + along * 0.5, a_corner.y) + vec2(-along.y, along.x) * a_corner.x * half_width;
    v_along = mix(a_start.z, a_end.z, a_corner.y) * u_world;
    v_across = a_corner.x * half_width;
    gl_Position = a_start.w == 0.0 ? vec4(2.0, 2.0, 2.0, 1.0) : vec4(place / u_viewport * 2.0, 0.0, 1.0);
}`;

const LINE_FRAGMENT = `#version 300 es
precision highp float;
in float v_along;
in float v_across;
uniform vec4 u_colour;
uniform float u_width;
uniform vec2 u_dash;
out vec4 colour;
void main() {
    float cover = 1.0 - smoothstep(u_width * 0.5 - 0.5, u_width * 0.5 + 0.5, abs(v_across));
    if (u_dash.y > 0.0) {
        float place = mod(v_along, u_dash.x + u_dash.y);
        cover *= smoothstep(0.0, 1.0, place) * (1.0 - smoothstep(u_dash.x, u_dash.x + 1.0, place));
    }
    colour = vec4(u_colour.rgb, 1.0) * (u_colour.a * cover);
}`;

const FILL_VERTEX = `#version 300 es
layout(location = 0) in vec2 a_place;
uniform mat4 u_matrix;
void main() {
    gl_Position = u_matrix * vec4(a_place, 0.0, 1.0);
}`;

const FILL_FRAGMENT = `#version 300 es
precision highp float;
uniform vec4 u_colour;
out vec4 colour;
void main() {
    colour = vec4(u_colour.rgb, 1.0) * u_colour.a;
}`;

/** Width, dash and gap in CSS pixels. */
const STYLES: Readonly<Record<Level, readonly [number, number, number]>> = {
    50: [2.6, 0, 0],
    90: [2.2, 11, 6],
    95: [2.4, 2.6, 4.6],
};
const FILL_ALPHA = 0.05;
const CASING = 2.4;

const LINE_UNIFORMS = ['u_matrix', 'u_viewport', 'u_width', 'u_world', 'u_colour', 'u_dash'] as const;
const FILL_UNIFORMS = ['u_matrix', 'u_colour'] as const;

interface OnCard {
    readonly line: WebGLProgram;
    readonly fill: WebGLProgram;
    readonly lineAt: Record<(typeof LINE_UNIFORMS)[number], WebGLUniformLocation | null>;
    readonly fillAt: Record<(typeof FILL_UNIFORMS)[number], WebGLUniformLocation | null>;
    readonly lineArray: WebGLVertexArrayObject;
    readonly fillArray: WebGLVertexArrayObject;
    readonly buffers: readonly [WebGLBuffer, WebGLBuffer, WebGLBuffer];
}

export class AreaLayer implements CustomLayerInterface {
    readonly id = 'search-areas';
    readonly type = 'custom';
    readonly renderingMode = '2d';
    /** Levels that are shown. */
    levels: ReadonlySet<Level> = new Set();
    palette: Palette;

    #map: MapLibre | null = null;
    #card: OnCard | null = null;
    #shapes: AreaShapes | null = null;
    /** What is on the card is not what is to be drawn. It is changed within a frame only: the map knows of it then. */
    #isStale = true;
    readonly #matrix = new Float32Array(16);

    constructor(palette: Palette) {
        this.palette = palette;
    }

    setShapes(shapes: AreaShapes | null): void {
        this.#shapes = shapes;
        this.#isStale = true;
        this.#map?.triggerRepaint();
    }

    onAdd(map: MapLibre, gl: WebGL2RenderingContext): void {
        this.#map = map;
        const line = makeProgram(gl, LINE_VERTEX, LINE_FRAGMENT);
        const fill = makeProgram(gl, FILL_VERTEX, FILL_FRAGMENT);
        this.#card = {
            line,
            fill,
            lineAt: uniforms(gl, line, LINE_UNIFORMS),
            fillAt: uniforms(gl, fill, FILL_UNIFORMS),
            lineArray: gl.createVertexArray(),
            fillArray: gl.createVertexArray(),
            buffers: [gl.createBuffer(), gl.createBuffer(), gl.createBuffer()],
        };
        this.#isStale = true;
    }

    onRemove(_map: MapLibre, gl: WebGL2RenderingContext): void {
        const card = this.#card;
        if (card !== null) {
            card.buffers.forEach((buffer) => gl.deleteBuffer(buffer));
            [card.lineArray, card.fillArray].forEach((array) => gl.deleteVertexArray(array));
            [card.line, card.fill].forEach((program) => gl.deleteProgram(program));
        }
        this.#card = null;
    }

    render(gl: WebGL2RenderingContext, { defaultProjectionData }: CustomRenderMethodInput): void {
        const [card, shapes, map] = [this.#card, this.#shapes, this.#map];
        if (card === null || shapes === null || map === null) {
            return;
        }
        if (this.#isStale) {
            upload(gl, card, shapes);
            this.#isStale = false;
        }
        const parts = shapes.parts[stepAt(clock.getState())]?.filter((part) => this.levels.has(part.level)) ?? [];
        const bounds = map.getBounds();
        for (const turn of visibleTurns(shapes.box, bounds.getWest(), bounds.getEast())) {
            boxMatrix(defaultProjectionData.mainMatrix, shapes.box, turn, this.#matrix);
            this.#fills(gl, card, parts);
            this.#lines(gl, card, parts, map);
        }
        gl.bindVertexArray(null);
        gl.bindBuffer(gl.ARRAY_BUFFER, null);
    }

    #fills(gl: WebGL2RenderingContext, card: OnCard, parts: readonly Part[]): void {
        gl.useProgram(card.fill);
        gl.bindVertexArray(card.fillArray);
        gl.uniformMatrix4fv(card.fillAt.u_matrix, false, this.#matrix);
        for (const part of parts) {
            paint(gl, card.fillAt.u_colour, this.palette.areas[part.level], FILL_ALPHA);
            gl.drawArrays(gl.TRIANGLES, part.firstCorner, part.corners);
        }
    }

    #lines(gl: WebGL2RenderingContext, card: OnCard, parts: readonly Part[], map: MapLibre): void {
        const ratio = map.getPixelRatio();
        const at = card.lineAt;
        gl.useProgram(card.line);
        gl.bindVertexArray(card.lineArray);
        gl.uniformMatrix4fv(at.u_matrix, false, this.#matrix);
        gl.uniform2f(at.u_viewport, gl.drawingBufferWidth, gl.drawingBufferHeight);
        gl.uniform1f(at.u_world, 512 * 2 ** map.getZoom() * ratio);
        // The largest first: inner lines lie on top.
        for (const part of [...parts].reverse()) {
            const [width, dash, gap] = STYLES[part.level];
            this.#pointAt(gl, card, part);
            gl.uniform2f(at.u_dash, 0, 0);
            gl.uniform1f(at.u_width, (width + CASING) * ratio);
            paint(gl, at.u_colour, this.palette.casing, 0.7);
            gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, part.points - 1);
            gl.uniform2f(at.u_dash, dash * ratio, gap * ratio);
            gl.uniform1f(at.u_width, width * ratio);
            paint(gl, at.u_colour, this.palette.areas[part.level], 1);
            gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, part.points - 1);
        }
    }

    #pointAt(gl: WebGL2RenderingContext, card: OnCard, part: Part): void {
        const bytes = POINT_FLOATS * 4;
        gl.bindBuffer(gl.ARRAY_BUFFER, card.buffers[1]);
        gl.vertexAttribPointer(1, 4, gl.FLOAT, false, bytes, part.firstPoint * bytes);
        gl.vertexAttribPointer(2, 4, gl.FLOAT, false, bytes, (part.firstPoint + 1) * bytes);
    }
}

function upload(gl: WebGL2RenderingContext, card: OnCard, shapes: AreaShapes): void {
    const [corners, lines, fills] = card.buffers;
    gl.bindVertexArray(card.lineArray);
    gl.bindBuffer(gl.ARRAY_BUFFER, corners);
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([-1, 0, 1, 0, -1, 1, 1, 1]), gl.STATIC_DRAW);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
    gl.bindBuffer(gl.ARRAY_BUFFER, lines);
    gl.bufferData(gl.ARRAY_BUFFER, shapes.lines, gl.STATIC_DRAW);
    for (const location of [1, 2]) {
        gl.enableVertexAttribArray(location);
        gl.vertexAttribDivisor(location, 1);
    }
    gl.bindVertexArray(card.fillArray);
    gl.bindBuffer(gl.ARRAY_BUFFER, fills);
    gl.bufferData(gl.ARRAY_BUFFER, shapes.fills, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
}

function paint(gl: WebGL2RenderingContext, place: WebGLUniformLocation | null, [r, g, b]: Rgb, alpha: number): void {
    gl.uniform4f(place, r / 255, g / 255, b / 255, alpha);
}
