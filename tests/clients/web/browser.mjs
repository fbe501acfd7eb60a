// Chromium without a screen, the server of the foreign pages, and what can be seen of a page: its requests, its errors,
// the colours of its picture.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import { chromium } from 'playwright-core';
import { PNG } from 'pngjs';

const HERE = import.meta.dirname;
const TYPES = { css: 'text/css', html: 'text/html; charset=utf-8', js: 'text/javascript', mjs: 'text/javascript', map: 'application/json' };

/** Serves the client pages and their libraries on a free port of this machine. */
export async function servePages() {
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://pages').pathname));
    try {
      const content = await readFile(join(HERE, path));
      response.writeHead(200, { 'content-type': TYPES[path.split('.').pop()] ?? 'application/octet-stream' });
      response.end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return server;
}

/** Starts Chromium; every host name that ends in `.example` leads to this port, whatever its own: origins have names. */
export async function launch(port) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--use-gl=angle',
      '--use-angle=swiftshader',
      '--enable-unsafe-swiftshader',
      '--force-color-profile=srgb',
      '--disable-lcd-text',
      ...(port ? [`--host-resolver-rules=MAP *.example 127.0.0.1:${port}`] : []),
    ],
  });
}

/** Listens to a page: its requests with their answers, and what it complains of. */
export function listen(page) {
  const heard = { requests: [], console: [] };
  const pending = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') heard.console.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => heard.console.push(`exception: ${error.stack ?? error.message}`));
  const note = async (request, failure) => {
    const response = failure ? null : await request.response().catch(() => null);
    const headers = await request.allHeaders().catch(() => ({}));
    heard.requests.push({
      url: request.url(),
      method: request.method(),
      kind: request.resourceType(),
      status: response?.status() ?? null,
      failure,
      origin: headers.origin ?? null,
      referer: headers.referer ?? null,
    });
  };
  page.on('requestfinished', (request) => pending.push(note(request, null)));
  page.on('requestfailed', (request) => pending.push(note(request, request.failure()?.errorText ?? 'failed')));
  heard.settled = async () => {
    while (pending.length) await pending.pop();
  };
  return heard;
}

/** A picture of the page or of a part of it, decoded. */
export async function photograph(page, path, clip) {
  return PNG.sync.read(await page.screenshot({ path, clip, animations: 'disabled', caret: 'hide' }));
}

/** Red, green and blue at a pixel; null outside. */
export function colourAt(png, [x, y]) {
  const [column, row] = [Math.floor(x), Math.floor(y)];
  if (column < 0 || row < 0 || column >= png.width || row >= png.height) return null;
  const at = 4 * (row * png.width + column);
  return [...png.data.subarray(at, at + 3)];
}

/** How many colours there are, and how many pixels are not this one. */
export function colours(png, paper) {
  const seen = new Set();
  let other = 0;
  for (let at = 0; at < png.data.length; at += 4) {
    const colour = (png.data[at] << 16) | (png.data[at + 1] << 8) | png.data[at + 2];
    seen.add(colour);
    if (colour !== paper) other += 1;
  }
  return { colours: seen.size, drawn: other };
}
