import { describe, expect, it } from 'vitest';
import { FakeOutput } from '../../../test/support/fake-output.js';
import { green, type Piece } from './output.js';
import { type Column, writeTable } from './table.js';

function table(columns: readonly Column[], rows: readonly (readonly Piece[])[], width?: number): string {
  const out = new FakeOutput(width === undefined ? {} : { columns: width });
  writeTable(out, columns, rows);
  return out.screen;
}

describe('a table', () => {
  it('aligns its columns by what a person sees', () => {
    expect(table([{ title: 'NAME' }, { title: 'STATUS' }, { title: 'ID' }], [['文字', green('✓ Created'), 'agt-1'], ['reviewer', 'Unchanged', 'agt-2']])).toBe(
      'NAME      STATUS     ID\n文字      ✓ Created  agt-1\nreviewer  Unchanged  agt-2\n',
    );
  });

  it('leaves out columns without content', () => {
    expect(table([{ title: 'A' }, { title: 'B' }, { title: 'C' }], [['1', '', '3']])).toBe('A  C\n1  3\n');
  });

  it('breaks texts where the terminal is too narrow, and cuts nothing', () => {
    const text = 'the model provider at 127.0.0.1:11434 does not answer';
    expect(table([{ title: 'ID' }, { title: 'ERROR', wraps: true }], [['aex-1', text]], 40)).toBe(
      'ID     ERROR\naex-1  the model provider at\n       127.0.0.1:11434 does not answer\n',
    );
    expect(table([{ title: 'ERROR', wraps: true }], [['x'.repeat(50)]], 30)).toBe(`ERROR\n${'x'.repeat(29)}\n${'x'.repeat(21)}\n`);
  });

  it('makes a block of each row where breaking texts is not enough', () => {
    expect(table([{ title: 'ID' }, { title: 'PHASE' }, { title: 'ERROR', wraps: true }], [['aex-01k00000000000', green('completed'), ''], ['aex-01k00000000001', 'failed', 'the key was refused']], 30)).toBe(
      'ID     aex-01k00000000000\nPHASE  completed\n\nID     aex-01k00000000001\nPHASE  failed\nERROR  the key was refused\n',
    );
  });

  it('makes one line of a cell with newlines', () => {
    expect(table([{ title: 'A' }, { title: 'B' }], [['a\nb', 'c']])).toBe('A    B\na b  c\n');
  });
});
