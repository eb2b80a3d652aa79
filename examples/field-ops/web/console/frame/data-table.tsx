import type { ReactNode } from 'react';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => ReactNode;
  /** Stands at the right, with digits of one width. */
  readonly amount?: boolean;
  /** Long text is broken. */
  readonly wrap?: boolean;
}

interface DataTableProps<Row> {
  readonly label: string;
  /** The first one says what the others are about. */
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly testId?: string;
}

/** Rows as a table; on a phone each is a small card with the titles beside its values. */
export function DataTable<Row>({ label, columns, rows, keyOf, testId }: DataTableProps<Row>) {
  return (
    <div className="scroll cards" tabIndex={0} role="region" aria-label={`${label}, as a table`}>
      <table className="plain">
        <thead>
          <tr>
            {columns.map(({ title, amount }) => (
              <th key={title} scope="col" className={amount === true ? 'amount' : undefined}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)} data-testid={testId} data-id={keyOf(row)}>
              {columns.map(({ title, cell, amount, wrap }, at) => {
                const className = [amount === true && 'amount', wrap === true && 'wrap'].filter(Boolean).join(' ');
                return at === 0 ? (
                  <th key={title} scope="row" className={className}>
                    {cell(row)}
                  </th>
                ) : (
                  <td key={title} className={className} data-title={title}>
                    {/* One part, so that a card has two columns whatever a cell holds. */}
                    <span>{cell(row)}</span>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
