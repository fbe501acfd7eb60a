// The frame of the map: graticule lines for the view, and their labels along the left and the lower edge as text of the
// page, so that no glyphs have to be loaded.

import type { Map as MapLibre } from 'maplibre-gl';

import { formatShort, wrapLon } from '../geo/position.ts';
import { fill } from './basemap.ts';
import { graticule, graticuleLines, type View } from './graticule.ts';

const WANTED_PX = 170;

/** Keeps lines and labels in step with the camera; labels go into this element. */
export function drawFrame(map: MapLibre, labels: HTMLElement): void {
    const place = (): void => placeLabels(map, labels, viewOf(map));
    const redraw = (): void => {
        const view = viewOf(map);
        fill(map, 'graticule', [graticuleLines(view, graticule(view, wanted(map)))]);
    };
    map.on('move', place);
    map.on('moveend', redraw);
    map.on('resize', () => {
        place();
        redraw();
    });
    map.on('webglcontextrestored', redraw);
    place();
    redraw();
}

function viewOf(map: MapLibre): View {
    const bounds = map.getBounds();
    return { west: bounds.getWest(), south: bounds.getSouth(), east: bounds.getEast(), north: bounds.getNorth() };
}

function wanted(map: MapLibre): number {
    return Math.max(2, map.getContainer().clientWidth / WANTED_PX);
}

function placeLabels(map: MapLibre, labels: HTMLElement, view: View): void {
    const { clientWidth, clientHeight } = map.getContainer();
    const lines = graticule(view, wanted(map));
    const texts: [string, string, number][] = [];
    for (const lon of lines.meridians) {
        const { x } = map.project([lon, view.south]);
        if (x > 70 && x < clientWidth - 40) {
            texts.push([formatShort(wrapLon(lon), 'lon', lines.decimals), 'meridian', x]);
        }
    }
    for (const lat of lines.parallels) {
        const { y } = map.project([view.west, lat]);
        if (y > 24 && y < clientHeight - 40) {
            texts.push([formatShort(lat, 'lat', lines.decimals), 'parallel', y]);
        }
    }
    label(labels, texts);
}

function label(parent: HTMLElement, texts: readonly [string, string, number][]): void {
    while (parent.childElementCount > texts.length) {
        parent.lastElementChild?.remove();
    }
    texts.forEach(([text, kind, at], index) => {
        const element = (parent.children[index] as HTMLElement | undefined) ?? parent.appendChild(document.createElement('span'));
        element.textContent = text;
        element.className = kind;
        element.style.transform = kind === 'meridian' ? `translateX(${at}px)` : `translateY(${at}px)`;
    });
}
