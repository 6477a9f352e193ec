import type { Json, JsonObject } from '../../../workflow-document/json.js';

/** An event as it came: attributes of CloudEvents, and `data`. */
export interface EventEnvelope extends JsonObject {
  id: string;
  type: string;
  data: Json;
}

/** Most events that wait for a listener; what comes then is dropped, the oldest first. */
const MOST_WAITING = 1_000;

/** Events that nobody has taken yet, in their order. */
export class Inbox {
  readonly #waiting: EventEnvelope[];

  constructor(waiting: readonly EventEnvelope[]) {
    this.#waiting = [...waiting];
  }

  get waiting(): readonly EventEnvelope[] {
    return this.#waiting;
  }

  /** Count of all that ever came, so that a listener knows when to look. */
  arrivals = 0;

  put(event: EventEnvelope): void {
    this.arrivals += 1;
    this.#waiting.push(event);
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift();
  }

  /** Takes the first event that `accepts`. */
  take(accepts: (event: EventEnvelope) => boolean): EventEnvelope | undefined {
    const at = this.#waiting.findIndex(accepts);
    return at < 0 ? undefined : this.#waiting.splice(at, 1)[0];
  }
}
