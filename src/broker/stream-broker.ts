import type { Observable } from 'rxjs';
import type { Clock } from '../contract/clock.js';
import type { BrokerSettings } from './settings.js';
import type { BrokerMetrics, Publication, StreamModel, StreamNotice, StreamSource, WatchItem, WatchOptions } from './types.js';

export interface StreamBrokerOptions<S, E, N extends StreamNotice> {
  readonly model: StreamModel<S, E>;
  readonly source: StreamSource<S, N>;
  readonly clock: Clock;
  readonly settings?: Partial<BrokerSettings>;
}

/** Carries committed events to whoever watches. */
export declare class StreamBroker<S, E, N extends StreamNotice> {
  constructor(options: StreamBrokerOptions<S, E, N>);
  readonly metrics: Readonly<BrokerMetrics>;
  /** Tells watchers of a committed append. Costs a look-up when nobody watches. */
  publish(key: string, publication: Publication): void;
  /** Tells watchers of a notice. The source's `load` gives standing notices to watchers who come later. */
  notify(key: string, notice: N): void;
  /** The key was deleted: its watchers get an end that says so. */
  remove(key: string): void;
  /** Something of the state changed that is not an event: it is loaded anew, and watchers get a snapshot. */
  refresh(key: string): void;
  watch(key: string, options: WatchOptions<S, E, N>): Observable<WatchItem>;
  /** Ends every watch with UNAVAILABLE: the server stops. */
  close(): void;
}
