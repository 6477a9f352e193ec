import { builtinFunction, type NativeFunction } from '../builtins/index.js';
import { formatText } from '../builtins/formats.js';
import type { Budget } from './budget.js';
import { bindVariable, type Environment, lookUp, lookUpFunction, signature } from './environment.js';
import { JqError, shown } from './errors.js';
import { asText, isObject, isTrue, type Json, type JsonObject, setKey, typeOf } from './json.js';
import { calculate } from './operators.js';
import { deletePaths, getPath, index, slice, updatePath } from './paths.js';
import { type Node, type Pattern, variablesOf } from './syntax.js';

/** What an expression may ask of the world: nothing that a repeated evaluation would answer differently. */
export interface Host {
  /** Seconds since 1970. */
  now(): number;
  uuid(): string;
}

/** How a value was reached from the input: the keys, the last first. `NO_PATH` where it was computed instead. */
export interface Path {
  readonly key: Json;
  readonly before: Path | undefined;
}

const ROOT: Path = { key: null, before: undefined };
const NO_PATH: Path = { key: null, before: undefined };

/** Takes one result. `path` is undefined where nobody asks for it. */
export type Emit = (value: Json, path: Path | undefined) => void;

/** An expression that was handed to a function, with the place where it was written. */
export interface Closure {
  readonly node: Node;
  readonly home: Environment;
}

/** Ends everything up to the place that made it: `break`, and functions that want no more results. */
class Break {
  readonly id: object;

  constructor(id: object) {
    this.id = id;
  }
}

/** An error of whoever took a result of `try`: not one of its body, so it is not caught. */
class Downstream {
  readonly id: object;
  readonly error: unknown;

  constructor(id: object, error: unknown) {
    this.id = id;
    this.error = error;
  }
}

/** Evaluates trees. One object serves one evaluation: it counts what that uses. */
export class Evaluator {
  readonly budget: Budget;
  readonly host: Host;

  constructor(budget: Budget, host: Host) {
    this.budget = budget;
    this.host = host;
  }

  /** Gives each result of the tree to `emit`. With a path, the paths of the results are followed too. */
  run(node: Node, home: Environment, input: Json, path: Path | undefined, emit: Emit): void {
    this.budget.enter();
    this.#dispatch(node, home, input, path, emit);
    this.budget.leave();
  }

  /** All results of a closure on an input. */
  all(closure: Closure, input: Json): Json[] {
    const results: Json[] = [];
    this.each(closure, input, (value) => {
      this.budget.array(1);
      results.push(value);
    });
    return results;
  }

  each(closure: Closure, input: Json, take: (value: Json) => void): void {
    this.run(closure.node, closure.home, input, undefined, take);
  }

  /** Runs `body`, which may call `stop` to have no more results, at any depth. */
  stoppable(body: (stop: () => never) => void): void {
    const id = {};
    const { depth } = this.budget;
    try {
      body(() => {
        throw new Break(id);
      });
    } catch (error) {
      if (!(error instanceof Break) || error.id !== id) throw error;
      this.budget.depth = depth;
    }
  }

  /** The paths of what a closure reaches in the input. */
  paths(closure: Closure, input: Json): Json[][] {
    const found: Json[][] = [];
    this.eachPath(closure, input, (path) => found.push(path));
    return found;
  }

  eachPath(closure: Closure, input: Json, take: (path: Json[], value: Json) => void): void {
    this.run(closure.node, closure.home, input, ROOT, (value, path) => take(this.#keys(path as Path, value), value));
  }

  /** Continues a path by a key; undefined stays undefined. Keys can only be followed from where there is a path. */
  step(path: Path | undefined, key: Json, from: Json): Path | undefined {
    if (path === undefined) return undefined;
    if (path === NO_PATH) throw new JqError(`Invalid path expression with result ${shown(from)}`);
    return { key, before: path };
  }

  /** The path of a computed value. */
  computed(path: Path | undefined): Path | undefined {
    return path === undefined ? undefined : NO_PATH;
  }

  #keys(path: Path, value: Json): Json[] {
    if (path === NO_PATH) throw new JqError(`Invalid path expression with result ${shown(value)}`);
    const keys: Json[] = [];
    for (let at: Path | undefined = path; at !== undefined && at.before !== undefined; at = at.before) keys.push(at.key);
    this.budget.array(keys.length);
    return keys.toReversed();
  }

  #dispatch(node: Node, home: Environment, input: Json, path: Path | undefined, emit: Emit): void {
    switch (node.type) {
      case 'identity':
        return emit(input, path);
      case 'literal':
        return emit(node.value, node.value === null && input === null ? path : this.computed(path));
      case 'variable':
        return emit((lookUp(home, 'variable', node.name) as { value: Json }).value, this.computed(path));
      case 'pipe':
        return this.run(node.left, home, input, path, (value, at) => this.run(node.right, home, value, at, emit));
      case 'comma':
        this.run(node.left, home, input, path, emit);
        return this.run(node.right, home, input, path, emit);
      case 'index':
        return this.run(node.key, home, input, undefined, (key) =>
          this.run(node.target, home, input, path, (value, at) => {
            const next = this.step(at, key, value);
            emit(index(value, key), next);
          }),
        );
      case 'slice':
        return this.#slice(node, home, input, path, emit);
      case 'iterate':
        return this.run(node.target, home, input, path, (value, at) => this.iterate(value, at, emit));
      case 'call':
        return this.#call(node, home, input, path, emit);
      case 'binary':
        return this.run(node.right, home, input, undefined, (right) =>
          this.run(node.left, home, input, undefined, (left) => emit(calculate(node.operator, left, right, this.budget), this.computed(path))),
        );
      case 'and':
      case 'or':
        return this.run(node.left, home, input, undefined, (left) => {
          if (isTrue(left) === (node.type === 'or')) emit(node.type === 'or', this.computed(path));
          else this.run(node.right, home, input, undefined, (right) => emit(isTrue(right), this.computed(path)));
        });
      case 'negate':
        return this.run(node.operand, home, input, undefined, (value) => {
          if (typeof value !== 'number') throw new JqError(`${shown(value)} cannot be negated`);
          emit(-value, this.computed(path));
        });
      case 'alternative':
        return this.#alternative(node, home, input, path, emit);
      case 'array': {
        const items = node.items === undefined ? [] : this.all({ node: node.items, home }, input);
        return emit(items, this.computed(path));
      }
      case 'object':
        return this.#object(node.entries, 0, {}, home, input, (value) => emit(value, this.computed(path)));
      case 'text':
        return this.#text(node.parts, node.parts.length - 1, '', node.format, home, input, (value) => emit(value, this.computed(path)));
      case 'format':
        return emit(formatText(node.name, input, this.budget), this.computed(path));
      case 'if':
        return this.run(node.condition, home, input, undefined, (condition) => {
          if (isTrue(condition)) this.run(node.consequence, home, input, path, emit);
          else if (node.otherwise === undefined) emit(input, path);
          else this.run(node.otherwise, home, input, path, emit);
        });
      case 'try':
        return this.#try(node, home, input, path, emit);
      case 'reduce':
        return this.#reduce(node, home, input, path, emit);
      case 'foreach':
        return this.#foreach(node, home, input, path, emit);
      case 'bind':
        return this.run(node.source, home, input, undefined, (value) =>
          this.#alternatives(node.patterns, value, home, input, (inner, guarded) => this.run(node.body, inner, input, path, guarded(emit))),
        );
      case 'define': {
        const { definition } = node;
        const name = signature(definition.name, definition.parameters.length);
        return this.run(node.body, { type: 'function', name, definition, outer: home }, input, path, emit);
      }
      case 'label': {
        const { depth } = this.budget;
        const id = {};
        try {
          this.run(node.body, { type: 'label', name: node.name, id, outer: home }, input, path, emit);
        } catch (error) {
          if (!(error instanceof Break) || error.id !== id) throw error;
          this.budget.depth = depth;
        }
        return undefined;
      }
      case 'break':
        throw new Break((lookUp(home, 'label', node.name) as { id: object }).id);
      case 'update':
        return this.#update(node, home, input, path, emit);
    }
  }

  /** The elements of a list or the values of an object. */
  iterate(value: Json, path: Path | undefined, emit: Emit): void {
    if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) {
        this.budget.step();
        emit(value[i] as Json, this.step(path, i, value));
      }
    } else if (isObject(value)) {
      for (const key of Object.keys(value)) {
        this.budget.step();
        emit(value[key] as Json, this.step(path, key, value));
      }
    } else throw new JqError(`Cannot iterate over ${value === null ? 'null' : shown(value)}`);
  }

  #slice(node: Extract<Node, { type: 'slice' }>, home: Environment, input: Json, path: Path | undefined, emit: Emit): void {
    const bound = (part: Node | undefined, take: (at: Json) => void): void => (part === undefined ? take(null) : this.run(part, home, input, undefined, take));
    bound(node.to, (to) =>
      bound(node.from, (from) =>
        this.run(node.target, home, input, path, (value, at) => {
          const next = at === undefined ? undefined : this.step(at, { start: from, end: to }, value);
          if (typeof value === 'string') this.budget.text(value.length * 4);
          else if (Array.isArray(value)) this.budget.array(value.length);
          emit(slice(value, from, to), next);
        }),
      ),
    );
  }

  /** An error on the left is an error of the whole, as in jq: `(.a | tonumber)? // 0` is for that. */
  #alternative(node: Extract<Node, { type: 'alternative' }>, home: Environment, input: Json, path: Path | undefined, emit: Emit): void {
    let found = false;
    this.run(node.left, home, input, path, (value, at) => {
      if (!isTrue(value)) return;
      found = true;
      emit(value, at);
    });
    if (!found) this.run(node.right, home, input, path, emit);
  }

  #try(node: Extract<Node, { type: 'try' }>, home: Environment, input: Json, path: Path | undefined, emit: Emit): void {
    let failure: JqError | undefined;
    this.#guard(
      (guarded) => this.run(node.body, home, input, path, guarded(emit)),
      (error) => {
        failure = error;
      },
    );
    if (failure !== undefined && node.handler !== undefined) this.run(node.handler, home, failure.value, this.computed(path), emit);
  }

  /** Runs `body` and hands its errors to `caught`, but not the errors of those who take its results through `guarded`. */
  #guard(body: (guarded: (emit: Emit) => Emit) => void, caught: (error: JqError) => void): void {
    const id = {};
    const { depth } = this.budget;
    try {
      body((emit) => (value, path) => {
        try {
          emit(value, path);
        } catch (error) {
          throw error instanceof JqError ? new Downstream(id, error) : error;
        }
      });
    } catch (error) {
      if (error instanceof Downstream && error.id === id) throw error.error;
      if (!(error instanceof JqError)) throw error;
      this.budget.depth = depth;
      caught(error);
    }
  }

  #object(entries: readonly { key: Node; value: Node }[], at: number, made: JsonObject, home: Environment, input: Json, take: (value: Json) => void): void {
    const last = entries[at];
    if (last === undefined) {
      this.budget.object(entries.length);
      const object: JsonObject = {};
      for (const key of Object.keys(made)) setKey(object, key, made[key] as Json);
      return take(object);
    }
    return this.run(last.key, home, input, undefined, (key) => {
      if (typeof key !== 'string') throw new JqError(`Object keys must be strings, not ${shown(key)}`);
      this.run(last.value, home, input, undefined, (value) => {
        const next = { ...made };
        setKey(next, key, value);
        this.#object(entries, at + 1, next, home, input, take);
      });
    });
  }

  #text(parts: readonly (string | Node)[], at: number, after: string, format: string, home: Environment, input: Json, take: (text: string) => void): void {
    const part = parts[at];
    if (part === undefined) {
      this.budget.text(after.length);
      return take(after);
    }
    if (typeof part === 'string') return this.#text(parts, at - 1, part + after, format, home, input, take);
    return this.run(part, home, input, undefined, (value) => {
      const text = format === 'text' ? asText(value) : formatText(format, value, this.budget);
      this.#text(parts, at - 1, text + after, format, home, input, take);
    });
  }

  #reduce(node: Extract<Node, { type: 'reduce' }>, home: Environment, input: Json, path: Path | undefined, emit: Emit): void {
    this.run(node.start, home, input, path, (start, startPath) => {
      let state = start;
      let statePath = startPath;
      this.run(node.source, home, input, undefined, (value) =>
        this.#alternatives(node.patterns, value, home, input, (inner, guarded) => {
          let next: Json = null;
          let nextPath = this.computed(path);
          this.run(
            node.update,
            inner,
            state,
            statePath,
            guarded((result, at) => {
              next = result;
              nextPath = at;
            }),
          );
          state = next;
          statePath = nextPath;
        }),
      );
      emit(state, statePath);
    });
  }

  #foreach(node: Extract<Node, { type: 'foreach' }>, home: Environment, input: Json, path: Path | undefined, emit: Emit): void {
    this.run(node.start, home, input, path, (start, startPath) => {
      let state = start;
      let statePath = startPath;
      this.run(node.source, home, input, undefined, (value) =>
        this.#alternatives(node.patterns, value, home, input, (inner, guarded) =>
          this.run(
            node.update,
            inner,
            state,
            statePath,
            guarded((result, at) => {
              state = result;
              statePath = at;
              if (node.extract === undefined) emit(result, at);
              else this.run(node.extract, inner, result, at, emit);
            }),
          ),
        ),
      );
    });
  }

  /** Binds the variables of the first pattern that neither it nor `body` fails with. All variables of all patterns exist; others are null. */
  #alternatives(patterns: readonly Pattern[], value: Json, home: Environment, input: Json, body: (inner: Environment, guarded: (emit: Emit) => Emit) => void): void {
    const [only] = patterns;
    if (patterns.length === 1) return this.#bind(only as Pattern, value, home, input, (inner) => body(inner, (emit) => emit));
    const names = new Set(patterns.flatMap(variablesOf));
    const empty = [...names].reduce<Environment>((inner, name) => bindVariable(inner, name, null), home);
    for (const [i, pattern] of patterns.entries()) {
      if (i === patterns.length - 1) return this.#bind(pattern, value, empty, input, (inner) => body(inner, (emit) => emit));
      let failed = false;
      this.#guard(
        (guarded) => this.#bind(pattern, value, empty, input, (inner) => body(inner, guarded)),
        () => {
          failed = true;
        },
      );
      if (!failed) return undefined;
    }
    return undefined;
  }

  #bind(pattern: Pattern, value: Json, home: Environment, input: Json, take: (inner: Environment) => void): void {
    if (pattern.type === 'variable') return take(bindVariable(home, pattern.name, value));
    if (pattern.type === 'array') {
      if (value !== null && !Array.isArray(value)) throw new JqError(`Cannot index ${typeOf(value)} with number`);
      const bindFrom = (at: number, inner: Environment): void => {
        const item = pattern.items[at];
        if (item === undefined) take(inner);
        else this.#bind(item, index(value, at), inner, input, (next) => bindFrom(at + 1, next));
      };
      return bindFrom(0, home);
    }
    const bindFrom = (at: number, inner: Environment): void => {
      const entry = pattern.entries[at];
      if (entry === undefined) return take(inner);
      return this.run(entry.key, inner, input, undefined, (key) => {
        if (typeof key !== 'string') throw new JqError(`Cannot index ${typeOf(value)} with ${typeOf(key)}`);
        const found = index(value, key);
        const named = entry.variable === undefined ? inner : bindVariable(inner, entry.variable, found);
        if (entry.pattern === undefined) bindFrom(at + 1, named);
        else this.#bind(entry.pattern, found, named, input, (next) => bindFrom(at + 1, next));
      });
    };
    return bindFrom(0, home);
  }

  #call(node: Extract<Node, { type: 'call' }>, home: Environment, input: Json, path: Path | undefined, emit: Emit): void {
    const name = signature(node.name, node.args.length);
    const found = lookUpFunction(home, name);
    if (found?.type === 'closure') return this.run(found.node, found.home, input, path, emit);
    const args = node.args.map((arg): Closure => ({ node: arg, home }));
    if (found !== undefined) return this.#apply(found.definition.parameters, found.definition.body, found, args, input, path, emit);
    const builtin = builtinFunction(name) as NonNullable<ReturnType<typeof builtinFunction>>;
    if (typeof builtin === 'function') return (builtin as NativeFunction)(this, args, input, path, emit);
    const self: Environment = { type: 'function', name, definition: builtin, outer: undefined };
    return this.#apply(builtin.parameters, builtin.body, self, args, input, path, emit);
  }

  #apply(parameters: readonly string[], body: Node, home: Environment, args: readonly Closure[], input: Json, path: Path | undefined, emit: Emit): void {
    const bindFrom = (at: number, inner: Environment): void => {
      const parameter = parameters[at];
      const arg = args[at];
      if (parameter === undefined || arg === undefined) return this.run(body, inner, input, path, emit);
      if (!parameter.startsWith('$')) {
        return bindFrom(at + 1, { type: 'closure', name: signature(parameter, 0), node: arg.node, home: arg.home, outer: inner });
      }
      return this.run(arg.node, arg.home, input, undefined, (value) => {
        const callable: Environment = { type: 'closure', name: signature(parameter.slice(1), 0), node: { type: 'literal', value }, home: undefined, outer: inner };
        bindFrom(at + 1, bindVariable(callable, parameter, value));
      });
    };
    bindFrom(0, home);
  }

  #update(node: Extract<Node, { type: 'update' }>, home: Environment, input: Json, path: Path | undefined, emit: Emit): void {
    const { operator } = node;
    const target: Closure = { node: node.left, home };
    const result = (value: Json): void => emit(value, this.computed(path));
    if (operator === '|=') return result(this.modify(target, input, (old) => this.#first({ node: node.right, home }, old)));
    return this.run(node.right, home, input, undefined, (right) => {
      if (operator === '=') result(this.paths(target, input).reduce((current, at) => updatePath(current, at, this.budget, () => right), input));
      else if (operator === '//=') result(this.modify(target, input, (old) => (isTrue(old) ? old : right)));
      else result(this.modify(target, input, (old) => calculate(operator.slice(0, -1) as '+', old, right, this.budget)));
    });
  }

  #first(closure: Closure, input: Json): Json | undefined {
    let first: Json | undefined;
    this.stoppable((stop) =>
      this.each(closure, input, (value) => {
        first = value;
        stop();
      }),
    );
    return first;
  }

  /** The input with what a path expression reaches changed; without it where `change` gives undefined. */
  modify(target: Closure, input: Json, change: (old: Json) => Json | undefined): Json {
    const removed: Json[][] = [];
    const changed = this.paths(target, input).reduce((current, path) => {
      const next = change(getPath(current, path));
      if (next === undefined) {
        removed.push(path);
        return current;
      }
      return updatePath(current, path, this.budget, () => next);
    }, input);
    return removed.length === 0 ? changed : deletePaths(changed, removed, this.budget);
  }
}
