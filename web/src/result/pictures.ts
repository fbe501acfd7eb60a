// What is really seen of the pictures of the service, in words: one that is not of the shown step never passes for it.

import { LAYERS, type RasterId, RASTERS } from '../state/layers.ts';
import { utc } from '../time/utc.ts';

export interface Picture {
    /** The time that it is of, milliseconds since 1970; `null` while nothing is seen. */
    readonly time: number | null;
    /** The last try to read it failed. */
    readonly isFailed: boolean;
}

export type Pictures = Readonly<Partial<Record<RasterId, Picture>>>;

export const nameOf = (id: RasterId): string => LAYERS.find((layer) => layer.id === id)?.label ?? id;

/** "of 17 Nov 16:00 UTC" where a picture is of another time than the shown one. */
export function otherTime(picture: Picture | undefined, shown: number | undefined): string | null {
    const time = picture?.time ?? shown;
    return time === undefined || time === shown ? null : `of ${utc(time).replace(/ \d{4} /, ' ')}`;
}

/** All that has to be said of the pictures on the map. */
export function pictureNotes(pictures: Pictures, shown: number | undefined): string[] {
    return RASTERS.flatMap((id) => {
        const [name, time] = [nameOf(id), otherTime(pictures[id], shown)];
        return [
            ...(time === null ? [] : [`${name} ${time}`]),
            ...(pictures[id]?.isFailed === true ? [`${name} cannot be read`] : []),
        ];
    });
}
