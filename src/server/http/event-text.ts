import { fromBinary } from '@bufbuild/protobuf';
import type { WatchItem } from '../../broker/types.js';
import { WatchResponseSchema } from '../../contract/gen/stigmer/stream/v1/stream_pb.js';
import { toProtoJson } from '../../contract/proto-json.js';

/** Makes the text of a server-sent event out of an item of a Watch. Watchers share items, and so texts. */
export function eventTexts(logId: string): (item: WatchItem) => string {
  const texts = new WeakMap<Uint8Array, string>();
  return ({ type, revision, bytes }) => {
    const known = texts.get(bytes);
    if (known !== undefined) return known;
    const json = JSON.stringify(toProtoJson(WatchResponseSchema, fromBinary(WatchResponseSchema, bytes)));
    // A notice is beside the log, and no point to resume from.
    const id = type === 'notice' ? '' : `id: ${logId}:${revision}\n`;
    const text = `${id}event: ${type}\ndata: ${json}\n\n`;
    texts.set(bytes, text);
    return text;
  };
}
