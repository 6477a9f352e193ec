import type { StreamNotice } from './types.js';

interface Posted<N> {
  readonly order: number;
  readonly notice: N;
}

/** The newest notice of each code, in the order in which they came. */
export class NoticeBoard<N extends StreamNotice> {
  readonly #posted = new Map<string, Posted<N>>();
  readonly #most: number;
  #order = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Order of the newest notice. */
  get newest(): number {
    return this.#order;
  }

  put(notice: N): void {
    this.#posted.delete(notice.code);
    this.#posted.set(notice.code, { order: ++this.#order, notice });
    if (this.#posted.size <= this.#most) return;
    for (const code of this.#posted.keys()) {
      this.#posted.delete(code);
      return;
    }
  }

  /**
   * The next notice that somebody has not seen who has seen those up to `seen`. That a condition is over is told only to whoever watched
   * before it was over: after `since`.
   */
  after(seen: number, since: number): Posted<N> | undefined {
    if (seen >= this.#order) return undefined;
    for (const posted of this.#posted.values()) {
      if (posted.order > seen && !(posted.notice.cleared && posted.order <= since)) return posted;
    }
    return undefined;
  }
}
