// What every page of these has in common: the case it was opened with, and the words it leaves for whoever drives it.

/** The case, from the fragment: nothing of it is sent to any server, nor to the next one as a referrer. */
export const plan = JSON.parse(decodeURIComponent(location.hash.slice(1)));

/** What went wrong in the map library, in the order in which it told. */
window.mapErrors = [];

/** Notes an error of the map library. */
export function failed(what, error) {
  window.mapErrors.push(`${what}: ${error?.message ?? error ?? 'no reason given'}`);
}

/** Tells the driver that the map stands, and where a place lies on it in CSS pixels. */
export function ready(pixelOf) {
  window.pixelOf = pixelOf;
  window.mapReady = true;
}
