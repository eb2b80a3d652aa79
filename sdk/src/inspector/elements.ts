type Attributes = Readonly<Record<string, string>>;
type Child = Node | string;

/** An element with its attributes and children; text is never taken for markup. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** A list of what is what. The values are given later, and again and again. */
export function facts<Name extends string>(
  terms: Readonly<Record<Name, string>>,
): { list: HTMLElement; show(values: Readonly<Record<Name, string>>): void } {
  const names = Object.keys(terms) as Name[];
  const values = names.map((name) => [name, element('dd')] as const);
  const pairs = values.map(([name, value]) => element('div', {}, element('dt', {}, terms[name]), value));
  return {
    list: element('dl', {}, ...pairs),
    show(shown) {
      for (const [name, value] of values) if (value.textContent !== shown[name]) value.textContent = shown[name];
    },
  };
}

/**
 * A table with a heading for each column; cells are texts, or elements with more to say. Roles are said although the tags
 * have them: without room, the style lays rows out otherwise, and browsers then forget what they were.
 *
 * @param kind what the style knows the table by
 */
export function table(
  kind: 'mutations' | 'errors' | 'scopes',
  caption: string,
  columns: readonly string[],
): { frame: HTMLElement; show(rows: readonly (readonly Child[])[], nothing: string): void } {
  const body = element('tbody', { role: 'rowgroup' });
  const head = columns.map((column) => element('th', { scope: 'col', role: 'columnheader' }, column));
  const grid = element(
    'table',
    { role: 'table', class: kind },
    element('caption', { class: 'unseen' }, caption),
    element('thead', { role: 'rowgroup' }, element('tr', { role: 'row' }, ...head)),
    body,
  );
  const none = element('p', { class: 'none' });
  // Reachable by keyboard, since it may be wider than the screen.
  const frame = element('div', { class: 'frame', tabindex: '0', role: 'group', 'aria-label': caption }, grid, none);
  return {
    frame,
    show(rows, nothing) {
      grid.hidden = rows.length === 0;
      none.hidden = rows.length > 0;
      none.textContent = nothing;
      body.replaceChildren(
        ...rows.map((cells) =>
          element('tr', { role: 'row' }, ...cells.map((cell) => element('td', { role: 'cell' }, cell))),
        ),
      );
    },
  };
}

/** A part of the panel that can be folded away. */
export function section(title: string, count: HTMLElement | undefined, ...children: Child[]): HTMLElement {
  const summary = element('summary', {}, element('h3', {}, title), ...(count ? [count] : []));
  return element('details', { open: '' }, summary, ...children);
}
