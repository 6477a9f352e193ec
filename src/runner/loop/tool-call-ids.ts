/**
 * Ids of tool calls that are unique in a run. Providers give them, most of them unique; but some begin anew with each answer, and some
 * give none.
 */
export class ToolCallIds {
  readonly #used = new Set<string>();

  /** The given id, or one like it that was not used yet. */
  take(given: string | undefined): string {
    const base = given === undefined || given === '' ? 'call' : given;
    let id = base;
    for (let n = 2; this.#used.has(id) || id === 'call'; n++) id = `${base}-${n}`;
    this.#used.add(id);
    return id;
  }
}
