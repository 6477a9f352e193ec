import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { comparable } from './testdata/comparable.js';
import { compile, evaluate, type Json, JqError, LimitExceeded, SyntaxFault } from './expression.js';

interface Case {
  readonly program: string;
  readonly input: Json;
  readonly results?: Json[];
  readonly fails?: 'compile' | 'run';
}

const cases = JSON.parse(readFileSync(new URL('testdata/cases.json', import.meta.url), 'utf8')) as Case[];
const host = { now: () => 1_700_000_000, uuid: () => '00000000-0000-4000-8000-000000000000' };

function run(program: string, input: Json = null, variables: Record<string, Json> = {}): Json[] {
  return evaluate(compile(program, Object.keys(variables)), { input, variables, host }).results;
}

describe('an expression', () => {
  it.each(cases)('$program of $input', ({ program, input, results, fails }) => {
    if (fails === 'compile') expect(() => compile(program, [])).toThrow(SyntaxFault);
    else if (fails === 'run') expect(() => run(program, input)).toThrow(JqError);
    else expect(comparable(run(program, input))).toEqual(comparable(results));
  });

  it('sees the variables that it is given', () => {
    expect(run('$context.a + $input', null, { $context: { a: 1 }, $input: 2 })).toEqual([3]);
  });

  it('sees now and uuid as its host has them', () => {
    expect(run('now, uuid')).toEqual([1_700_000_000, '00000000-0000-4000-8000-000000000000']);
  });

  it('sees nothing of the machine', () => {
    expect(run('env, ([inputs] | length), input_filename')).toEqual([{}, 0, null]);
  });

  it('may be asked for its first result only, and does no more work', () => {
    expect(evaluate(compile('1, error("never")', []), { input: null, variables: {}, host }, 1).results).toEqual([1]);
  });

  it('keeps a key named __proto__ as any other', () => {
    const input = JSON.parse('{"__proto__":{"a":1}}') as Json;
    expect(JSON.stringify(run('., {"__proto__": 2}, (.["__proto__"].a = 3), keys', input))).toBe(
      '[{"__proto__":{"a":1}},{"__proto__":2},{"__proto__":{"a":3}},["__proto__"]]',
    );
  });

  it('leaves its input and variables as they are', () => {
    const input = { a: [1, { b: 2 }] };
    run('.a[1].b = 3 | del(.a[0]) | .a |= map(.) | walk(.) | $v | .x = 1', input, { $v: { x: 0 } });
    expect(input).toEqual({ a: [1, { b: 2 }] });
  });
});

describe('a fault in an expression', () => {
  it.each([
    ['.a |', 'unexpected the end', 4],
    ['.a + $nope', '$nope is not defined; there are $context', 5],
    ['.a | nope', 'nope/0 is not defined', 5],
    ['.a | split', 'split/0 is not defined; there is split/1, split/2', 5],
    ['[1, 2', 'unexpected the end, expected ]', 5],
    ['"abc', 'the text has no closing quote', 0],
    ['"a\\qb"', '\\q is no escape sequence', 2],
    ['break $x', 'there is no label $x around this break', 0],
    ['if . then 1', 'unexpected the end, expected end', 11],
    ['1 == 2 == 3', '== cannot follow == without parentheses', 7],
    ['.a ~ 1', 'unexpected character ~', 3],
    ['@nope "x\\(1)"', '@nope is not a format', 0],
  ])('%s is told with its place', (source, message, offset) => {
    let fault: unknown;
    try {
      compile(source, ['$context']);
    } catch (error) {
      fault = error;
    }
    expect(fault).toBeInstanceOf(SyntaxFault);
    expect(fault).toMatchObject({ message, offset });
  });
});

describe('an expression without end', () => {
  it.each([
    'def f: f; f',
    'def f: [f]; f',
    'def f: f | f; f',
    'def f(x): f(x | x); f(.)',
    '[range(infinite)]',
    'last(repeat(1))',
    'until(false; . + 1)',
    'reduce range(1e9) as $i (0; . + 1)',
    'reduce range(100) as $i ("x"; . + .)',
    'reduce range(100) as $i ([1]; . + .)',
    '"x" * 1e12',
    '[limit(1e9; repeat("x"))] | length',
    '[range(1e7)] | sort',
    'null | .[1e8] = 1',
    '[range(3000)] | combinations(9)',
    '("a" * 40) + "b" | test("^(a+)+$")',
    '("a" * 40) | test("(a|a)*b")',
    '("a" * 100000) | test("(.*)*x")',
    'reduce range(100000) as $i (null; [.])| tojson',
    '[range(100000)] - [range(100000)]',
    'last(range(0;1;0))',
    '[recurse(.; true)]',
    'try (def f: [f]; f) catch "not seen"',
    'label $x | last(repeat(1))',
    '[paths] | last(range(1e9))',
    'walk(walk(walk(last(range(1e9)))))',
    '[splits("";"g")] | last(range(1e9))',
  ])('%s is cut off with an error that names the limit', (source) => {
    expect(() => run(source, source.includes('splits') ? 'abc' : 1)).toThrow(/^the expression (takes|makes|is nested|or its input is nested)/);
    expect(() => run(source, source.includes('splits') ? 'abc' : 1)).toThrow(LimitExceeded);
  });

  it('leaves the next one unharmed', () => {
    expect(() => run('def f: [f]; f')).toThrow(LimitExceeded);
    expect(run('.[] | . * 2', [1, 2])).toEqual([2, 4]);
  });

  it('ends after the same number of steps each time', () => {
    const steps = (source: string): number => evaluate(compile(source, []), { input: null, variables: {}, host }).steps;
    expect(steps('[range(1000)] | map(. * 2) | add')).toBe(steps('[range(1000)] | map(. * 2) | add'));
  });

  it('is not one that merely loops long', () => {
    expect(run('reduce range(100000) as $i (0; . + $i)')).toEqual([4_999_950_000]);
    expect(run('[limit(10000; repeat(1))] | length')).toEqual([10_000]);
    expect(run('0 | until(. >= 100000; . + 1)')).toEqual([100_000]);
    expect(run('[range(20000)] | map(tostring) | join(",") | length')).toEqual([108_889]);
    expect(run('[range(3000)] | group_by(. % 7) | length')).toEqual([7]);
  });
});
