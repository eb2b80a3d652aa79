import { useEffect, useRef, useState } from 'react';
import { AccountButton } from '../account-button.tsx';
import { roleWords } from '../accounts/account-words.ts';
import { LineState } from '../line-state.tsx';
import { regionsInWords } from '../sign-in.tsx';
import { useAdministers, useConsole, useFeed, useSeesAll } from './console-context.ts';
import { go, Link, usePlace } from './router.tsx';
import { ScreenBoundary } from './screen-boundary.tsx';
import { groups, mayOpen, type Screen, screenAt } from './screens.tsx';
import { ThemeButton } from './theme-button.tsx';

/** Navigation at the side, or behind a button on a phone; the screen beside it. */
export function Frame() {
  const { session } = useConsole();
  const { line, updatedAt } = useFeed();
  const { path, query } = usePlace();
  const [seesAll, administers] = [useSeesAll(), useAdministers()];
  const [open, setOpen] = useState(false);
  const at = screenAt(path);
  const title = at?.screen.title ?? 'Not found';
  const main = useRef<HTMLElement>(null);
  const menu = useRef<HTMLButtonElement>(null);
  useKeys(seesAll, administers);
  useEffect(() => {
    document.title = `${title} · Ekbaar Console`;
    // A reader of the screen hears where it is; who scrolled down starts at the top.
    main.current?.scrollTo({ top: 0 });
  }, [title, path]);

  const close = () => {
    setOpen(false);
    menu.current?.focus();
  };
  useEffect(() => {
    if (!open) return;
    const pressed = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !event.defaultPrevented) close();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, [open]);

  const One = at?.screen.One;
  return (
    <div className="frame" data-nav={open ? 'open' : 'closed'}>
      <a className="skip" href="#screen">
        Skip to the screen
      </a>
      <header className="top">
        <button
          ref={menu}
          type="button"
          className="menu"
          aria-expanded={open}
          aria-controls="navigation"
          onClick={() => setOpen(!open)}
        >
          <span aria-hidden="true">☰</span>
          <span className="unseen">Navigation</span>
        </button>
        <img src={`${import.meta.env.BASE_URL}icon.svg`} alt="" width="28" height="28" />
        <div className="whose">
          <strong>{session.account.operator}</strong>
          <span>{regionsInWords(session.account.regions)}</span>
        </div>
        <LineState line={line} updatedAt={updatedAt} />
        <ThemeButton />
        <AccountButton session={session} />
      </header>
      <nav id="navigation" aria-label="Console">
        {groups.map((group) => (
          <div key={group.title} className="nav-group">
            <h2>{group.title}</h2>
            <ul>
              {group.screens
                .filter((screen) => mayOpen(screen, { seesAll, administers }))
                .map((screen) => (
                  <li key={screen.path}>
                    <Link
                      to={screen.path === '' ? '/' : screen.path}
                      current={at?.screen === screen}
                      testId={`nav-${screen.key}`}
                      onFollow={() => {
                        // The link is about to be out of sight, and nothing there may have the focus.
                        if (open) main.current?.focus({ preventScroll: true });
                        setOpen(false);
                      }}
                    >
                      {screen.title}
                      <kbd aria-hidden="true">g {screen.key}</kbd>
                    </Link>
                  </li>
                ))}
            </ul>
          </div>
        ))}
      </nav>
      {/* A tap beside the navigation closes it, and does nothing to what lies there. */}
      {open && <div className="nav-shade" data-testid="nav-shade" onClick={close} />}
      <main id="screen" ref={main} tabIndex={-1} aria-label={title}>
        <ScreenBoundary
          at={`${path}?${query}`}
          back={at === undefined ? { to: '/', title: 'Today' } : { to: at.screen.path || '/', title: at.screen.title }}
        >
          {at === undefined ? (
            <NotFound />
          ) : !mayOpen(at.screen, { seesAll, administers }) ? (
            <NotOpen screen={at.screen} />
          ) : at.id !== undefined && One !== undefined ? (
            <One key={at.id} id={at.id} />
          ) : (
            <at.screen.Body />
          )}
        </ScreenBoundary>
      </main>
    </div>
  );
}

function NotFound() {
  return (
    <div className="screen">
      <h1>There is nothing here</h1>
      <p>
        <Link to="/">Back to today</Link>
      </p>
    </div>
  );
}

/** Somebody followed the link of a colleague. */
function NotOpen({ screen }: { screen: Screen }) {
  const { account } = useConsole().session;
  return (
    <div className="screen">
      <h1>Not open to you: {screen.title}</h1>
      <p>
        It takes {screen.administrators === true ? 'operations' : 'an account'} with all regions. You are signed in as{' '}
        {account.name}: {roleWords[account.role]}, {regionsInWords(account.regions)}.
      </p>
      <p>
        <Link to="/">Back to today</Link>
      </p>
    </div>
  );
}

/** "g d" leads to the deliveries, and so on; "/" into the search field. Not while somebody types. */
function useKeys(seesAll: boolean, administers: boolean): void {
  useEffect(() => {
    let waiting = false;
    const pressed = (event: KeyboardEvent) => {
      const typing =
        event.target instanceof HTMLElement && event.target.closest('input, select, textarea, dialog') !== null;
      if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === '/') {
        const search = document.querySelector<HTMLInputElement>('main input[type=search]');
        if (search !== null) {
          event.preventDefault();
          search.focus();
        }
      }
      const screen = groups.flatMap((group) => group.screens).find(({ key }) => key === event.key);
      if (waiting && screen !== undefined && mayOpen(screen, { seesAll, administers })) {
        event.preventDefault();
        go(screen.path === '' ? '/' : screen.path);
      }
      waiting = event.key === 'g';
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, [seesAll, administers]);
}
