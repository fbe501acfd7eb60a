// Frames while the clock runs: what the page measures of its own particle layer, what goes to the graphics card by
// whoever's call, and how long the main thread is busy in all.

/** Put into the page before anything of it runs: counts what goes to the graphics card. */
export function countUploads() {
  const uploads = { calls: 0, bytes: 0, largest: 0 };
  window.uploadsSeen = uploads;
  const size = (data) => (typeof data === 'number' ? 0 : (data?.byteLength ?? 0));
  for (const name of ['bufferData', 'bufferSubData']) {
    const own = WebGL2RenderingContext.prototype[name];
    WebGL2RenderingContext.prototype[name] = function (...words) {
      const bytes = size(name === 'bufferData' ? words[1] : words[2]);
      uploads.calls += 1;
      uploads.bytes += bytes;
      uploads.largest = Math.max(uploads.largest, bytes);
      return own.apply(this, words);
    };
  }
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

async function mainThreadMs(session) {
  const { metrics } = await session.send('Performance.getMetrics');
  return 1000 * metrics.find(({ name }) => name === 'TaskDuration').value;
}

/**
 * Plays from the start for some seconds, and up to three times as long where a slow machine has drawn too few frames
 * to judge by; the figures of that time.
 */
export async function play(page, seconds = 5, leastFrames = 30) {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  for (let six = 0; six < 20; six += 1) await page.keyboard.press('Shift+ArrowLeft');
  // The first frame of a moment may still load pictures.
  await page.waitForTimeout(500);
  const busyBefore = await mainThreadMs(session);
  await page.keyboard.press('Space');
  const seen = await page.evaluate(async ({ limit, leastFrames }) => {
    const { particleLayer } = window.__driftline;
    const sent = { ...window.uploadsSeen };
    window.uploadsSeen.largest = 0;
    const [uploads, frames, clocks, spent] = [particleLayer.uploads, particleLayer.frames, new Set(), []];
    const began = performance.now();
    let last = frames;
    const enough = () => {
      const elapsed = performance.now() - began;
      return elapsed > 3 * limit || (elapsed > limit && spent.length >= leastFrames);
    };
    while (!enough()) {
      await new Promise(requestAnimationFrame);
      clocks.add(document.querySelector('[data-testid=clock-utc]').textContent);
      if (particleLayer.frames !== last) spent.push(particleLayer.lastFrameMs);
      last = particleLayer.frames;
    }
    return {
      particles: particleLayer.count,
      uploads: [uploads, particleLayer.uploads],
      frames: particleLayer.frames - frames,
      clocks: clocks.size,
      bytes: window.uploadsSeen.bytes - sent.bytes,
      largest: window.uploadsSeen.largest,
      spent,
    };
  }, { limit: seconds * 1000, leastFrames });
  await page.keyboard.press('Space');
  const busy = (await mainThreadMs(session)) - busyBefore;
  const clock = () => page.getByTestId('clock-utc').innerText();
  // A frame may still be on its way.
  await page.waitForTimeout(300);
  const paused = [await clock(), (await page.waitForTimeout(700), await clock())];
  const { spent, ...rest } = seen;
  const meanMs = spent.reduce((sum, one) => sum + one, 0) / spent.length;
  const sorted = spent.toSorted((a, b) => a - b);
  return { ...rest, paused, meanMs, medianMs: median(spent), p95Ms: sorted[Math.floor(sorted.length * 0.95)], maxMs: Math.max(...spent), busyMsPerFrame: busy / seen.frames };
}
