import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import { AttentionList } from './attention-list.tsx';
import type { AgentClient, AgentMutation } from './client.ts';
import * as en from './i18n/en.ts';
import { LanguageProvider } from './i18n/language.tsx';

describe('AttentionList', () => {
  it('says which day’s closing was refused', () => {
    const args = { date: '2026-11-25', collectedPaise: 0, disbursedPaise: 0, count: 0 };
    const record = { key: 'k1', name: 'closeDay', args, at: '2026-11-26T05:00:00Z', state: 'dead', error: {} };
    const list = createElement(AttentionList, {
      client: {} as AgentClient,
      refusals: [record as unknown as AgentMutation],
      rows: new Map(),
      onOpen: () => {},
    });
    const html = renderToStaticMarkup(
      createElement(LanguageProvider, { first: { code: 'en', ...en }, children: list }),
    );
    expect(html).toContain('<strong>25 Nov</strong>');
    expect(html).toContain('Closing the day');
  });
});
