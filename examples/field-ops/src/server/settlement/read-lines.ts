import { jsonParameter } from '@ekbaar/server';
import { sql } from 'drizzle-orm';
import { addDays, indiaDay } from '../../india-day.ts';
import { type BankLine, bankLines, NoHeader } from './bank-file/bank-lines.ts';
import { fileBytes } from './receive-file.ts';
import { type HeldRun, type Run, setRun, step } from './run-store.ts';
import { settlementLines } from './tables.ts';

const linesPerStep = 500;

/**
 * Takes the lines out of a run's file. They come out the same each time, so a run that was stopped on the way reads from
 * the beginning, and what is there stays.
 */
export async function readLines(held: HeldRun, run: Run): Promise<void> {
  const today = indiaDay(run.uploadedAt);
  // The bank's clock may be a day ahead of the upload, by a weekend's value date; not more.
  const lastDay = addDays(today, 3);
  let batch: BankLine[] = [];
  const write = async () => {
    const lines = batch;
    batch = [];
    await step(held, async (tx) => {
      const { tenant, id } = held;
      await tx.execute(
        sql`insert into ${settlementLines} (tenant, run_id, no, raw, content, kind, bank_ref, reference, narration, amount_paise, side, day, why)
            select ${tenant}, ${id}::uuid, no, raw, content, kind, "bankRef", reference, narration, "amountPaise", side, day, why
            from json_to_recordset(${jsonParameter(lines.map(flat))}) as l
              (no int, raw text, content text, kind text, "bankRef" text, reference text, narration text, "amountPaise" bigint, side text, day date, why text)
            on conflict do nothing`,
      );
    });
  };
  try {
    for await (const line of bankLines(fileBytes(held.database, run), lastDay)) {
      batch.push(line);
      if (batch.length === linesPerStep) await write();
    }
  } catch (error) {
    if (!(error instanceof NoHeader)) throw error;
    await step(held, (tx) => setRun(tx, run, { state: 'failed', error: error.message }));
    return;
  }
  if (batch.length > 0) await write();
  await step(held, async (tx) => {
    const [last] = await tx
      .select({ day: sql<string | null>`max(${settlementLines.day})::text` })
      .from(settlementLines)
      .where(sql`${settlementLines.tenant} = ${held.tenant} and ${settlementLines.runId} = ${held.id}`);
    await setRun(tx, run, { state: 'matching', upTo: last?.day ?? today });
  });
}

function flat({ no, raw, content, read }: BankLine) {
  const { kind } = read;
  if (kind !== 'payment') return { no, raw, content, kind, why: kind === 'unreadable' ? read.why : null };
  const { bankRef, reference, narration, amountPaise, side, day } = read;
  return { ...{ no, raw, content, kind, bankRef, reference, narration, amountPaise, side, day }, why: null };
}
