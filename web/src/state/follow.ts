// Keeps the address in step with the page, and the page with an address that is pasted or gone back to. Another view or
// mission is a step in the browser's history; camera, time and layers are not.

import { useMission } from '../mission/store.ts';
import { clock, seek } from '../time/clock.ts';
import { formatAddress, parseAddress, takeKey, takeLink } from './address.ts';
import { isSignedIn, useApp, writeAddress } from './app.ts';

export function followAddress(): () => void {
    let timer = 0;
    let written = place();
    const write = (): void => {
        clearTimeout(timer);
        const { view, missionId, layers, camera, wantedTime } = useApp.getState();
        const time = clockIsOfMission() ? clock.getState().now : wantedTime;
        const text = formatAddress({ view, mission: missionId, time, layers, camera });
        const isNew = written !== place();
        written = place();
        if (isNew || text !== location.hash) {
            writeAddress(text, isNew);
        }
    };
    const follow = (): void => {
        clearTimeout(timer);
        if (written !== place()) {
            write();
        } else if (!clock.getState().isPlaying || !clockIsOfMission()) {
            timer = window.setTimeout(write, 300);
        }
    };
    const read = (): void => {
        const { link, rest: unlinked } = takeLink(location.hash);
        const { key, rest } = takeKey(unlinked);
        if (rest !== location.hash) {
            writeAddress(rest);
            if (link !== null) {
                useApp.setState({ link });
            }
            // Whoever is signed in stays so; a key alone asks for no other view.
            if (key !== null && !isSignedIn()) {
                useApp.setState({ offeredKey: key });
            }
            if (rest === '') {
                write();
                return;
            }
        }
        const { view, mission, time, layers, camera } = parseAddress(rest);
        if (time !== null && mission === useApp.getState().missionId && clockIsOfMission()) {
            seek(time);
        }
        written = `${view} ${mission}`;
        useApp.setState({ view, missionId: mission, wantedTime: time, layers, ...(camera !== null && { camera }) });
    };
    const stops = [useApp.subscribe(follow), clock.subscribe(() => clockIsOfMission() && follow())];
    window.addEventListener('hashchange', read);
    window.addEventListener('popstate', read);
    return () => {
        stops.forEach((stop) => stop());
        window.removeEventListener('hashchange', read);
        window.removeEventListener('popstate', read);
        clearTimeout(timer);
    };
}

function place(): string {
    const { view, missionId } = useApp.getState();
    return `${view} ${missionId}`;
}

/** Until a mission's result is there, the clock still shows the time of the one before. */
function clockIsOfMission(): boolean {
    const { id, result } = useMission.getState();
    return result !== null && id === useApp.getState().missionId;
}
