// Opens the client pages in Chromium, from origins that are not the server's.
//
//     node maps.mjs CASES.json
//
// CASES.json holds {"folder": where pictures go, "cases": [...]}. A case has a name, a page (openlayers, leaflet,
// maplibre), the origin it is opened from (http://NAME.example), a layer and a view (see the pages), probes (places whose
// colour is wanted) and may have ask (a place for GetFeatureInfo).
//
// Prints an object with what became of each case. Its `problem` is null or opens with the one thing that is wrong:
// "exception", "foreign request", "map errors", "refused", "timed out" or "rendered empty".
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { colourAt, colours, launch, listen, photograph, servePages } from './browser.mjs';

const READY_LIMIT_MS = 60_000;
const AFTER_ERROR_MS = 3_000;
const PAPER = 0xffffff;

async function open(browser, plan, one) {
  const context = await browser.newContext({ viewport: { width: 600, height: 400 }, deviceScaleFactor: 1 });
  const page = await context.newPage();
  const heard = listen(page);
  const found = {};
  let problem = null;
  try {
    await page.goto(`${one.origin}/pages/${one.page}.html#${encodeURIComponent(JSON.stringify(one))}`);
    await page.waitForFunction('window.mapReady || window.mapErrors?.length', null, { timeout: READY_LIMIT_MS });
    // A map with errors may still become ready, or never.
    const isReady = await page.evaluate('window.mapReady === true');
    if (!isReady) await page.waitForFunction('window.mapReady', null, { timeout: AFTER_ERROR_MS });
  } catch (error) {
    problem = `timed out: ${error.message.split('\n')[0]}`;
  }
  found.mapErrors = await page.evaluate('window.mapErrors').catch(() => null);
  if (problem === null) {
    const png = await photograph(page, join(plan.folder, `${one.name}.png`));
    Object.assign(found, colours(png, PAPER));
    const places = await page.evaluate((probes) => probes.map((place) => window.pixelOf(place)), one.probes);
    found.probes = places.map((place) => colourAt(png, place));
    found.inRender = (await page.evaluate('window.pixelsInRender')) ?? null;
    if (one.ask) found.asked = await page.evaluate((place) => window.ask(place), one.ask);
  }
  await heard.settled();
  await context.close();
  const exceptions = heard.console.filter((line) => line.startsWith('exception'));
  const allowed = [one.origin, new URL(one.layer.url.replace(/[{}]/g, '')).origin];
  const foreign = heard.requests.filter(({ url }) => !/^(data|blob):/.test(url) && !allowed.includes(new URL(url).origin));
  const sent = heard.requests.filter(({ url }) => url.startsWith(allowed[1]));
  const refused = sent.find(({ status }) => status >= 400);
  if (exceptions.length) problem = exceptions.join('; ');
  else if (foreign.length) problem = `foreign request: ${foreign[0].url}`;
  else if (found.mapErrors?.length) problem = `map errors: ${found.mapErrors.slice(0, 3).join('; ')}`;
  // Browsers show what an <img> was answered whatever its status: the library may not have noticed.
  else if (refused) problem = `refused: ${refused.status} ${refused.url}`;
  else if (problem === null && found.drawn === 0) problem = 'rendered empty';
  return { problem, ...found, console: heard.console, requests: sent };
}

const plan = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const server = await servePages();
const browser = await launch(server.address().port);
const report = {};
try {
  for (const one of plan.cases) report[one.name] = await open(browser, plan, one);
} finally {
  await browser.close();
  server.close();
}
console.log(JSON.stringify(report));
