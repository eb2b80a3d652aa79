import { type AnyClient, partsOf } from '../parts.ts';
import { exportUnsent, inspect } from '../support/index.ts';
import { element } from './elements.ts';
import { style } from './style.ts';
import { createView } from './view.ts';

/** Ages grow, and the line and the disk tell nobody when they change. */
const refreshMs = 2_000;

/** How the panel looks. */
export interface InspectorOptions {
  /** `auto`, the default: as the person has set it for the whole device. */
  readonly theme?: 'auto' | 'light' | 'dark';
  /** Its heading. */
  readonly title?: string;
}

/**
 * Shows in `place` how a client stands: queue, outcomes, errors, line, replica, device; kept up to date. It has a style of
 * its own and takes none from the app; from 320 px on it fits every width. It shows no arguments and no rows.
 *
 * @returns how to take it away again.
 */
export function mountInspector(place: Element, client: AnyClient, options: InspectorOptions = {}): () => void {
  const { platform } = partsOf(client);
  const host = element('div', { 'data-theme': options.theme ?? 'auto', 'data-testid': 'ekbaar-inspector' });
  const root = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  root.adoptedStyleSheets = [sheet];

  const view = createView();
  const said = element('p', { class: 'said', role: 'status' });
  const written = element('textarea', { readonly: '', 'aria-label': 'Copy this', hidden: '' });
  const title = options.title ?? 'Sync inspector';
  const button = (words: string, kind: string, act: () => Promise<string>) => {
    const made = element('button', { type: 'button', class: kind }, words);
    made.addEventListener('click', () => {
      made.disabled = true;
      said.textContent = '';
      act()
        .catch((error: unknown) => (error instanceof Error ? error.message : String(error)))
        .then((words) => {
          said.textContent = words;
          made.disabled = false;
          draw();
        }, ignore);
    });
    return made;
  };
  const copy = async (text: string) => {
    try {
      await navigator.clipboard.writeText(text);
      written.hidden = true;
      return 'Copied.';
    } catch {
      // Not allowed, or not served securely: then by hand.
      written.value = text;
      written.hidden = false;
      written.select();
      return 'Copy the text below.';
    }
  };
  const actions = element(
    'div',
    { class: 'actions' },
    button('Sync now', 'first', () => client.sync().then(() => 'Everything is sent, and all rows are here.')),
    button('Copy as JSON', '', async () => copy(JSON.stringify(await inspect(client), null, 2))),
    button('Export what is not sent', '', async () => {
      const name = `unsent-${client.actor.id}-${new Date(platform.now()).toISOString().slice(0, 16)}.json`;
      save(name.replaceAll(/[^\w.-]/g, '-'), await exportUnsent(client));
      return 'Exported. The file holds what was entered: give it to support only.';
    }),
  );
  const header = element('header', {}, element('h2', {}, title), view.chip);
  root.append(
    element('section', { class: 'panel', 'aria-label': title }, header, actions, said, written, ...view.body),
  );
  place.append(host);

  let mounted = true;
  let [drawing, changed] = [false, false];
  const draw = () => {
    changed = true;
    if (!drawing) drawAll().catch(ignore);
  };
  /** As often as something has changed meanwhile. */
  const drawAll = async () => {
    drawing = true;
    while (changed && mounted) {
      changed = false;
      const seen = await inspect(client);
      if (mounted) view.show(seen);
    }
    drawing = false;
  };
  const unsubscribe = client.status.subscribe(draw);
  let timer: unknown;
  const tick = () => {
    draw();
    timer = platform.setTimeout(tick, refreshMs);
  };
  tick();
  return () => {
    mounted = false;
    unsubscribe();
    platform.clearTimeout(timer);
    host.remove();
  };
}

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = element('a', { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

function ignore(): void {}
