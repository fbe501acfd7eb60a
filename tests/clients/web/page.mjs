// The page as its user meets it: a duty officer signs in, writes a mission, follows it, reads and plays the result, at
// night and on a phone.
//
//     node page.mjs PLAN.json
//
// PLAN.json holds the server's base, a key, the folder for pictures, and how many particles the mission has. Prints what was
// seen: facts for the test to judge, axe-core's violations by state, the console by chapter, every request.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { launch, listen, photograph } from './browser.mjs';
import { countOf, difference, look } from './checks.mjs';
import { countUploads, play } from './frames.mjs';

const LIMIT_MS = 60_000;
const plan = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const report = { problem: null, chapter: null, states: {}, facts: {}, console: {}, requests: [] };
const { facts } = report;

/** A browser window on the page, with what is heard of it. */
async function open(browser, viewport, more = {}) {
  const context = await browser.newContext({
    viewport,
    locale: 'en-GB',
    timezoneId: 'Europe/Oslo',
    permissions: ['clipboard-read', 'clipboard-write'],
    ...more,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(LIMIT_MS);
  await page.addInitScript(countUploads);
  const heard = listen(page);
  return { context, page, heard };
}

/** Waits until something holds in the page. Not Playwright's own waiting: that evaluates text, which the page forbids. */
async function until(page, holds, given) {
  const began = Date.now();
  while (!(await page.evaluate(holds, given))) {
    if (Date.now() - began > LIMIT_MS) throw new Error(`does not come true: ${holds}`);
    await page.waitForTimeout(25);
  }
}

const id = (page, name) => page.getByTestId(name);
const textOf = (page, name) => id(page, name).innerText();
const mapIsReady = (page) => until(page, () => window.__driftline?.ready === true);
const particlesAreThere = (page, least) => until(page, (count) => window.__driftline.particleLayer.count >= count, least);
const says = (page, name, part = '') =>
  until(
    page,
    ([testid, wanted]) => {
      const text = document.querySelector(`[data-testid=${testid}]`)?.textContent ?? '';
      return text !== '' && text.includes(wanted);
    },
    [name, part],
  );

/** Waits until the map has drawn what it was last asked for. */
async function settled(page) {
  await page.evaluate(
    () =>
      new Promise((done) => {
        const { map } = window.__driftline;
        map.once('idle', done);
        map.triggerRepaint();
      }),
  );
}

async function state(page, name) {
  const { png, report: seen } = await look(page, plan.folder, name);
  report.states[name] = seen;
  return png;
}

/** Runs a part of the walk; its console lines are kept under its name. */
async function chapter(window, name, walk) {
  report.chapter = name;
  const before = window.heard.console.length;
  try {
    return await walk(window.page);
  } catch (error) {
    await photograph(window.page, join(plan.folder, `page-failed-${name}.png`)).catch(() => null);
    throw error;
  } finally {
    report.console[name] = window.heard.console.slice(before);
  }
}

async function signIn(page) {
  await id(page, 'key-input').fill(plan.key);
  await id(page, 'sign-in-button').click();
  await id(page, 'mission-form').or(id(page, 'mission-view')).waitFor();
}

async function refused(page) {
  await page.goto(`${plan.base}/`);
  await state(page, 'sign-in');
  await id(page, 'key-input').fill('dls_thisisnokey');
  await id(page, 'sign-in-button').click();
  await says(page, 'key-error');
  facts.refusal = await textOf(page, 'key-error');
  facts.refusedKeyKept = await id(page, 'key-input').inputValue();
  await state(page, 'sign-in-refused');
}

/** Positions in three notations, and one that is none. */
async function positions(page) {
  facts.echoes = {};
  for (const typed of ['60.15, 4.1', '60 09.0 N 004 06.0 E', `60°09'00"N 4°06'00"E`]) {
    await id(page, 'position-input').fill(typed);
    facts.echoes[typed] = (await id(page, 'position-echo').locator('dd').allInnerTexts()).join(' | ');
  }
  await id(page, 'position-input').fill('somewhere north');
  facts.positionError = await textOf(page, 'error-position');
  const map = await id(page, 'map').boundingBox();
  await page.mouse.click(map.x + map.width / 2, map.y + map.height / 2);
  await until(page, () => document.querySelector('[data-testid=position-input]').value !== 'somewhere north');
  facts.clicked = await id(page, 'position-input').inputValue();
}

/** Forcing that is too old for the start is named so, in red. */
async function staleForcing(page) {
  await id(page, 'position-input').fill(plan.mission.position);
  await id(page, 'date-input').fill('2015-11-17');
  await id(page, 'time-input').fill('12:00');
  await until(page, () => document.querySelector('[data-testid=forcing-covered] .bad')?.textContent.includes('stale'));
  facts.stale = await page.evaluate(() => {
    const line = document.querySelector('[data-testid=forcing-covered] .bad');
    return { text: line.textContent, colour: getComputedStyle(line).color.match(/\d+/g).slice(0, 3).map(Number) };
  });
  await state(page, 'form-stale');
}

async function fillForm(page) {
  await id(page, 'position-input').fill(plan.mission.position);
  await id(page, 'date-input').fill(plan.mission.date);
  await id(page, 'time-input').fill(plan.mission.time);
  await id(page, 'object-input').click();
  await page.keyboard.type(plan.mission.search);
  await id(page, `object-option-${plan.mission.object}`).waitFor();
  facts.found = await page.getByRole('option').allInnerTexts();
  for (let step = 0; step < 20; step += 1) {
    const chosen = await page.locator('[role=option][aria-selected=true]').getAttribute('data-testid');
    if (chosen === `object-option-${plan.mission.object}`) break;
    await page.keyboard.press('ArrowDown');
  }
  await page.keyboard.press('Enter');
  facts.chosen = await id(page, 'object-input').inputValue();
  await id(page, 'radius-unit').selectOption('m');
  await id(page, 'radius-input').fill('1000');
  await id(page, 'hours-input').fill(String(plan.mission.hours));
  await page.locator('details.advanced summary').click();
  await id(page, 'name-input').fill(plan.mission.name);
  await id(page, 'size-input').fill(String(plan.particles));
  await id(page, 'seed-input').fill('7');
}

async function write(page) {
  await mapIsReady(page);
  await state(page, 'form');
  await id(page, 'submit').click();
  await says(page, 'error-position');
  await state(page, 'form-incomplete');
  await positions(page);
  await staleForcing(page);
  await fillForm(page);
  // A place that no forcing covers is told before anything is sent, and what is typed stays.
  await id(page, 'position-input').fill('10 00.0 N 030 00.0 W');
  await id(page, 'forcing-missing').first().waitFor();
  facts.missing = await textOf(page, 'forcing-check');
  await state(page, 'form-uncovered');
  await id(page, 'submit').click();
  await until(page, () =>
    [...document.querySelectorAll('[data-testid^=error-], [data-testid=form-error]')].some((one) => one.textContent !== ''),
  );
  facts.keptAfterRefusal = await id(page, 'position-input').inputValue();
  await id(page, 'position-input').fill(plan.mission.position);
  await id(page, 'forcing-covered').nth(1).waitFor();
  facts.coverage = await textOf(page, 'forcing-check');
  await page.reload();
  await mapIsReady(page);
  await id(page, 'forcing-covered').nth(1).waitFor();
  facts.keptAfterReload = [await id(page, 'position-input').inputValue(), await id(page, 'hours-input').inputValue()];
  // The map goes to what was typed a moment after the typing.
  await until(page, () => {
    const { map } = window.__driftline;
    return map.getZoom() > 6.4 && map.getBounds().contains([4.1, 60.15]) && !map.isMoving() && map.areTilesLoaded();
  });
  await settled(page);
  const png = await state(page, 'form-complete');
  facts.landPixels = countOf(png, [0xe9, 0xe3, 0xd2], 2);
  // A service that cannot be reached: said so, and nothing that was typed is lost.
  await page.context().setOffline(true);
  await id(page, 'submit').click();
  await says(page, 'form-error');
  facts.unreachable = await textOf(page, 'form-error');
  facts.keptOffline = await id(page, 'position-input').inputValue();
  await page.context().setOffline(false);
}

async function follow(page) {
  await id(page, 'submit').click();
  await id(page, 'running').waitFor();
  await page.evaluate(() => {
    window.progressSeen = [];
    const note = () => {
      const bar = document.querySelector('[data-testid=progress]');
      if (bar && window.progressSeen.at(-1) !== bar.value) window.progressSeen.push(bar.value);
    };
    new MutationObserver(note).observe(document.body, { subtree: true, childList: true, attributes: true });
    note();
  });
  await until(page, () => window.progressSeen.some((value) => value > 0));
  await state(page, 'running');
  await id(page, 'result').waitFor();
  facts.progress = await page.evaluate('window.progressSeen');
  await particlesAreThere(page, plan.particles);
  facts.mission = (await page.evaluate('location.hash')).match(/mis_[0-9a-f]{32}/)?.[0] ?? null;
}

async function read(page) {
  await settled(page);
  const png = await state(page, 'result');
  facts.areaLines = countOf(png, [122, 1, 79]);
  facts.datum = await textOf(page, 'datum-DM');
  facts.areas = await Promise.all([50, 90, 95].map((level) => textOf(page, `area-km2-${level}`)));
  facts.counts = await textOf(page, 'counts');
  facts.attribution = await textOf(page, 'attribution');
  facts.spoken = await textOf(page, 'spoken');
  const closed = page.locator('main details:not([open]) > summary');
  while ((await closed.count()) > 0) await closed.first().click();
  await id(page, 'credential-signed').click();
  await says(page, 'address-wms', 'sig=');
  const names = ['wms', 'features', 'areas-mvt', 'particles-mvt', 'areas-tilejson', 'probability-png'];
  facts.addresses = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await textOf(page, `address-${name}`)])),
  );
  const downloading = page.waitForEvent('download');
  await page.getByTestId('download-probability.tif').click();
  facts.downloaded = (await downloading).suggestedFilename();
  await state(page, 'result-open');
}

/** The clock by keyboard alone, and the datum onto the clipboard. */
async function keys(page) {
  await page.evaluate(() => document.activeElement?.blur());
  facts.clock = [await textOf(page, 'clock-utc')];
  for (const key of ['ArrowLeft', 'Shift+ArrowLeft', 'ArrowRight']) {
    await page.keyboard.press(key);
    facts.clock.push(await textOf(page, 'clock-utc'));
  }
  facts.datumThen = await textOf(page, 'datum-DM');
  facts.datumAtSix = await textOf(page, 'datum-DD');
  await page.keyboard.press('c');
  await says(page, 'spoken', 'copied');
  facts.clipboard = await page.evaluate(() => navigator.clipboard.readText());
  // The slider is the same clock; what it moves is the datum, and the map.
  const seen = async () => {
    await settled(page);
    return photograph(page, join(plan.folder, 'page-moment.png'), await id(page, 'map').boundingBox());
  };
  const before = await seen();
  await id(page, 'slider').fill(String(Math.round(Number(await id(page, 'slider').getAttribute('max')) / 2)));
  facts.clockBySlider = await textOf(page, 'clock-utc');
  facts.datumBySlider = await textOf(page, 'datum-DD');
  facts.movedBySlider = difference(before, await seen());
  await page.evaluate(() => document.activeElement?.blur());
}

/** Each layer's own pixels: those of the map that change when it is switched. */
async function layers(page) {
  facts.layers = {};
  const clip = await id(page, 'map').boundingBox();
  const shot = async () => {
    await settled(page);
    return photograph(page, join(plan.folder, 'page-layer.png'), clip);
  };
  const switches = { area50: '1', area90: '2', area95: '3', particles: 'd', track: 't', probability: 'p', currents: 'u', wind: 'w', waves: 'v' };
  const pictures = ['probability', 'currents', 'wind', 'waves'];
  const checked = (name) => id(page, `toggle-${name}`).isChecked();
  // A picture is drawn once it is complete: what is idle before that has not drawn it.
  const comes = (name) => until(page, (layer) => window.__driftline.rasterTime(layer) !== null, name);
  for (const [name, key] of Object.entries(switches)) {
    const [before, was] = [await shot(), await checked(name)];
    await page.keyboard.press(key);
    if (pictures.includes(name)) await comes(name);
    const [after, is] = [await shot(), await checked(name)];
    facts.layers[name] = { was, is, pixels: difference(before, after) };
    if (pictures.includes(name)) {
      await id(page, `legend-${name}`).waitFor();
      if (name === 'currents') await state(page, 'result-pictures');
      // One clock for pictures, too: a step on, and the picture is of that step.
      await page.keyboard.press('ArrowLeft');
      const wanted = await id(page, 'clock-utc').innerText();
      await until(page, ([layer, shown]) => {
        const time = window.__driftline.rasterTime(layer);
        const clock = document.querySelector('[data-testid=clock-utc]').innerText;
        return clock === shown && time !== null && shown.includes(new Date(time).toISOString().slice(11, 16));
      }, [name, wanted]);
      await page.keyboard.press('ArrowRight');
    }
    await page.keyboard.press(key);
  }
}

async function night(page) {
  await page.keyboard.press('n');
  await settled(page);
  const png = await state(page, 'night');
  const bright = (at) => png.data[at] + png.data[at + 1] + png.data[at + 2] > 600;
  let count = 0;
  for (let at = 0; at < png.data.length; at += 4) if (bright(at)) count += 1;
  facts.brightAtNight = count / (png.data.length / 4);
  await page.keyboard.press('?');
  await id(page, 'help-dialog').getByRole('heading').waitFor();
  await state(page, 'help');
  await page.keyboard.press('Escape');
  await page.keyboard.press('n');
  await id(page, 'nav-missions').click();
  await id(page, 'mission-list').waitFor();
  await state(page, 'missions');
}

/** The address that a colleague sends, with a key handed along: it signs in, and the key is in no address from then on. */
async function handed(page) {
  await page.goto(`${plan.base}/#key=${plan.key}&mission=${facts.mission}`);
  facts.addressAtOnce = await page.evaluate('location.href');
  await id(page, 'result').waitFor();
  facts.addressOfHanded = await page.evaluate('location.href');
  await page.goBack();
  // Asked of the browser and not of the document, which may be changing to the one before at this moment.
  facts.addressBefore = page.url();
}

/** The address of a result opens the same for a colleague, here on a phone. */
async function phone(page, address) {
  // Without the camera: a phone's map has another shape.
  await page.goto(address.replace(/&map=[^&]*/, ''));
  await signIn(page);
  await id(page, 'result').waitFor();
  await mapIsReady(page);
  await particlesAreThere(page, 1);
  await settled(page);
  facts.phoneClock = await textOf(page, 'clock-utc');
  facts.phoneParticles = await page.evaluate('window.__driftline.particleLayer.count');
  await state(page, 'phone');
  await id(page, 'nav-form').click();
  await id(page, 'mission-form').waitFor();
  await state(page, 'phone-form');
}

async function walk(browser) {
  const desk = await open(browser, { width: 1280, height: 800 });
  await chapter(desk, 'refused', refused);
  await chapter(desk, 'write', async (page) => (await signIn(page), await write(page)));
  await chapter(desk, 'follow', follow);
  await chapter(desk, 'read', read);
  await chapter(desk, 'keys', keys);
  await chapter(desk, 'layers', layers);
  await chapter(desk, 'play', async (page) => Object.assign(facts, { playing: await play(page) }));
  // The address follows a moment later.
  await desk.page.waitForTimeout(500);
  const address = desk.page.url();
  facts.clockAtLeaving = await textOf(desk.page, 'clock-utc');
  await chapter(desk, 'night', night);
  facts.mapErrors = await desk.page.evaluate('window.__driftline?.errors ?? []');
  await desk.heard.settled();
  await desk.context.close();
  const hand = await open(browser, { width: 390, height: 844 }, { hasTouch: true, isMobile: true, deviceScaleFactor: 2 });
  await chapter(hand, 'phone', (page) => phone(page, address));
  await hand.heard.settled();
  await hand.context.close();
  const other = await open(browser, { width: 1024, height: 700 });
  await chapter(other, 'handed', handed);
  await other.heard.settled();
  await other.context.close();
  report.requests = [desk, hand, other].flatMap(({ heard }) => heard.requests);
}

const browser = await launch(null);
try {
  await walk(browser);
} catch (error) {
  report.problem = `${report.chapter}: ${error.stack ?? error}`;
} finally {
  await browser.close();
}
console.log(JSON.stringify(report));
