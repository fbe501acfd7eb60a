// The page behind a proxy that gives it a path of its own.
//
//     prefix.mjs PLAN.json
//
// PLAN.json holds the port to listen on, the server behind it, the path, whether the proxy strips it, and a key. The proxy
// knows nothing but that path. Prints every request of a browser that signs in there and shows a mission, with its status.
import { createServer, request as ask } from 'node:http';
import { readFileSync } from 'node:fs';
import { launch, listen } from './browser.mjs';

const LIMIT_MS = 60_000;
const plan = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const server = new URL(plan.server);

const proxy = createServer((request, response) => {
  const isBelow = request.url === plan.path || request.url.startsWith(`${plan.path}/`) || request.url.startsWith(`${plan.path}?`);
  if (!isBelow) {
    response.writeHead(404).end('nothing here');
    return;
  }
  const path = plan.strips ? request.url.slice(plan.path.length) : request.url;
  const options = { host: server.hostname, port: server.port, path, method: request.method, headers: request.headers };
  const behind = ask(options, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  behind.on('error', () => response.destroy());
  request.pipe(behind);
});
await new Promise((listening) => proxy.listen(plan.port, '127.0.0.1', listening));
const base = `http://127.0.0.1:${plan.port}${plan.path}`;
const browser = await launch(null);
const report = { problem: null };
try {
  const page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(LIMIT_MS);
  const heard = listen(page);
  // A proxy that strips sends browsers to the path with a slash by itself.
  await page.goto(plan.strips ? `${base}/` : base);
  await page.getByTestId('key-input').fill(plan.key);
  await page.getByTestId('sign-in-button').click();
  await page.getByTestId('mission-form').waitFor();
  await page.getByTestId('nav-missions').click();
  await page.getByTestId(`mission-${plan.mission}`).click();
  await page.getByTestId('result').waitFor();
  const began = Date.now();
  while (!(await page.evaluate(() => window.__driftline?.ready === true && window.__driftline.particleLayer.count > 0))) {
    if (Date.now() - began > LIMIT_MS) throw new Error('the map does not become ready');
    await page.waitForTimeout(50);
  }
  const closed = page.locator('main details:not([open]) > summary');
  while ((await closed.count()) > 0) await closed.first().click();
  report.wms = await page.getByTestId('address-wms').innerText();
  report.location = page.url();
  await heard.settled();
  report.requests = heard.requests.map(({ url, status }) => ({ url, status }));
} catch (error) {
  report.problem = String(error.stack ?? error);
} finally {
  await browser.close();
  proxy.close();
}
console.log(JSON.stringify(report));
