const PART = /\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|\.?([^.[\]]+)/g;

/** The parts of a field's path as errors write it: `spec.mcp_servers[1].env["A"]` is spec, mcp_servers, 1, env, A. */
export function fieldPath(path: string): (string | number)[] {
  return Array.from(path.matchAll(PART), ([, key, index, name]) => {
    if (key !== undefined) return JSON.parse(`"${key}"`) as string;
    return index === undefined ? (name as string) : Number(index);
  });
}
