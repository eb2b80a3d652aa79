import type { Socket } from 'node:net';
import { type WireMessage, WireFields, wireMessage, WireMessages } from '../support/postgres-wire.ts';
import { type CrashPoint, type Watch, Whereabouts } from './crash-point.ts';
import { type Fault, isCommit } from './fault.ts';
import { type PostgresSession, query } from './postgres-session.ts';

/** What a client sends before it waits for an answer: a query, or the messages up to a sync or a flush. */
interface Unit {
  readonly bytes: Buffer;
  /** The statement; undefined for what is none. */
  readonly text: string | undefined;
  readonly step: CrashPoint['step'];
  /** Whether PostgreSQL answers. */
  readonly answered: boolean;
}

/** What a connection asks of the line that it belongs to. */
export interface Supervisor {
  readonly watch: Watch | undefined;
  /** Statements wait for it. */
  readonly gate: Promise<void> | undefined;
  /** How a statement fails that is about to be sent; undefined: it does not. */
  faultAt(point: CrashPoint): Fault | undefined;
  /** A session for who comes with this startup message, and whether it has let them in already. */
  session(startup: Buffer, ours: boolean): { session: PostgresSession; welcomed: boolean };
  /** Takes back a session whose client is gone. @param owed answers that it has not given yet */
  leave(session: PostgresSession, owed: number): void;
  terminate(pid: number): Promise<void>;
  refuseNext(): void;
  /** Whether a connection that is about to open is refused. */
  refuses(): boolean;
}

/** One connection of a client to PostgreSQL, on which a statement can fail. */
export class FaultyConnection {
  /** Whether it belongs to what is under test. */
  ours = false;
  readonly #line: Supervisor;
  readonly #client: Socket;
  readonly #whereabouts = new Whereabouts();
  readonly #prepared = new Map<string, string>();
  #session: PostgresSession | undefined;
  #unit: WireMessage[] = [];
  /** Units that PostgreSQL has and has not answered. */
  #owed: Unit[] = [];
  #turn: Promise<void> = Promise.resolve();
  #wakeWhenAnswered: (() => void) | undefined;
  #swallowing = false;
  #over = false;

  constructor(line: Supervisor, client: Socket) {
    this.#line = line;
    this.#client = client;
    const messages = new WireMessages('client');
    client.on('data', (bytes: Buffer) => {
      for (const message of messages.add(bytes)) this.#hear(message);
    });
    client.on('error', () => {});
    client.on('close', () => {
      if (!this.#over) this.#session?.end();
      this.#end();
    });
  }

  /** The line breaks. */
  cut(): void {
    if (this.#over) return;
    this.#client.destroy();
    if (this.#session !== undefined) this.#line.leave(this.#session, this.#owed.length);
    this.#end();
  }

  #end(): void {
    this.#over = true;
    this.#wakeWhenAnswered?.();
  }

  #hear(message: WireMessage): void {
    const { type, body } = message;
    if (type === '') return this.#begin(message);
    if (type === 'P') {
      const fields = new WireFields(body);
      this.#prepared.set(fields.text(), fields.text());
    }
    this.#unit.push(message);
    // Parse, bind, describe and execute wait for the sync or flush behind them.
    if ('PBDE'.includes(type)) return;
    const unit = this.#unitOf(this.#unit);
    this.#unit = [];
    this.#turn = this.#turn.then(() => this.#handle(unit));
  }

  #begin({ body, bytes }: WireMessage): void {
    this.ours = body.includes('application_name\0ekbaar\0');
    if (this.ours && this.#line.refuses()) {
      this.#over = true;
      this.#client.end(errorMessage('FATAL', '53300'));
      return;
    }
    const { session, welcomed } = this.#line.session(bytes, this.ours);
    this.#session = session;
    session.hears = (messages) => {
      const passed = messages.filter((message) => this.#answers(message)).map((message) => message.bytes);
      if (passed.length > 0 && !this.#client.destroyed) this.#client.write(Buffer.concat(passed));
    };
    session.ended = () => {
      this.#end();
      this.#client.end();
    };
    if (welcomed) this.#client.write(session.welcome);
  }

  #unitOf(messages: readonly WireMessage[]): Unit {
    const bytes = Buffer.concat(messages.map((message) => message.bytes));
    const last = messages.at(-1)?.type ?? '';
    let text: string | undefined;
    for (const { type, body } of messages) {
      const fields = new WireFields(body);
      if (type === 'Q') text = fields.text();
      if (type === 'B') fields.text();
      if (type === 'P' || type === 'B') text = this.#prepared.get(fields.text());
    }
    return { bytes, text, step: last === 'H' ? 'plan' : 'run', answered: 'QSH'.includes(last) };
  }

  async #handle(unit: Unit): Promise<void> {
    if (this.ours && unit.text !== undefined) {
      await this.#line.gate;
      const point = this.#over ? undefined : this.#whereabouts.meet(unit.text, unit.step, this.#line.watch);
      const fault = point && this.#line.faultAt(point);
      if (fault !== undefined) return this.#fail(unit, fault);
    }
    this.#forward(unit);
  }

  #forward(unit: Unit): void {
    if (this.#over) return;
    if (unit.answered) this.#owed.push(unit);
    this.#session?.write(unit.bytes);
  }

  /** What PostgreSQL says. @returns whether the client hears it */
  #answers({ type }: WireMessage): boolean {
    const passes = !this.#swallowing;
    const [first] = this.#owed;
    const ends = first?.step === 'plan' ? ['T', 'n', 'E'] : ['Z'];
    if (first !== undefined && ends.includes(type)) {
      this.#owed.shift();
      if (this.#owed.length === 0) this.#wakeWhenAnswered?.();
    }
    return passes;
  }

  async #allAnswered(): Promise<void> {
    while (this.#owed.length > 0 && !this.#over) {
      await new Promise<void>((resolve) => {
        this.#wakeWhenAnswered = resolve;
      });
    }
  }

  async #fail(unit: Unit, fault: Fault): Promise<void> {
    // What was sent before it has its answers: the failure is this statement's.
    await this.#allAnswered();
    switch (fault) {
      case 'not sent':
        return this.cut();
      case 'answer lost':
        this.#swallowing = true;
        this.#forward(unit);
        await this.#allAnswered();
        return this.cut();
      case 'unknown':
        this.#forward(unit);
        return this.cut();
      case '57P01':
        if (this.#session !== undefined) await this.#line.terminate(this.#session.pid);
        this.#over = true;
        return;
      case '53300':
        this.#line.refuseNext();
        this.#client.write(errorMessage('FATAL', fault));
        this.#client.end();
        if (this.#session !== undefined) this.#line.leave(this.#session, 0);
        this.#end();
        return;
      case '40001':
      case '40P01':
      case '57014':
        return this.#refuse(unit, fault);
    }
  }

  /** PostgreSQL really fails in its place, so that all that follows has PostgreSQL's own answers. */
  async #refuse(unit: Unit, code: string): Promise<void> {
    this.#swallowing = true;
    await this.#say(`do $$ begin raise exception 'planted' using errcode = '${code}'; end $$`);
    // A commit that fails ends the transaction.
    if (isCommit(unit.text ?? '')) await this.#say('rollback');
    this.#swallowing = false;
    if (this.#over || this.#session === undefined) return;
    const ready = unit.step === 'run' ? [wireMessage('Z', this.#session.status)] : [];
    this.#client.write(Buffer.concat([errorMessage('ERROR', code), ...ready]));
  }

  #say(text: string): Promise<void> {
    this.#forward({ bytes: query(text), text, step: 'run', answered: true });
    return this.#allAnswered();
  }
}

function errorMessage(severity: 'ERROR' | 'FATAL', code: string): Buffer {
  const fields = Object.entries({ S: severity, V: severity, C: code, M: 'planted' });
  return wireMessage('E', Buffer.from(`${fields.map(([name, value]) => `${name}${value}\0`).join('')}\0`));
}
