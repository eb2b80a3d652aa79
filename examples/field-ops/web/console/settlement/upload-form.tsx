import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { SettlementRun } from '../../../src/settlement-answers.ts';
import { Failed } from '../frame/asked.tsx';
import { useConsole } from '../frame/console-context.ts';
import { go } from '../frame/router.tsx';
import { bytesInWords } from '../frame/units.ts';

/** Takes the bank's file as it is: chosen, or dropped here. The same file again leads to the same run. */
export function UploadForm() {
  const { api } = useConsole();
  const [over, setOver] = useState(false);
  const upload = useMutation({
    mutationFn: (file: File) =>
      api.upload(
        `/api/v1/settlement/runs?name=${encodeURIComponent(file.name.slice(0, 200))}`,
        SettlementRun,
        file,
        'text/csv',
      ),
    onSuccess: ({ id }) => go(`/settlement/${id}`),
  });
  const take = (file: File | undefined) => {
    if (file !== undefined && !upload.isPending) upload.mutate(file);
  };
  return (
    <>
      <label
        className="drop"
        data-over={over}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          take(event.dataTransfer.files[0]);
        }}
      >
        <input
          type="file"
          className="unseen"
          data-testid="bank-file"
          accept=".csv,.txt,text/csv,text/plain"
          disabled={upload.isPending}
          onChange={(event) => {
            take(event.target.files?.[0]);
            event.target.value = '';
          }}
        />
        <span className="button main">{upload.isPending ? 'Sending…' : 'Choose the bank’s file'}</span>
        <span className="dim" role="status">
          {upload.isPending
            ? `${upload.variables.name}, ${bytesInWords(upload.variables.size)}`
            : 'or drop it here. CSV as the bank sends it; the same file again is the same run.'}
        </span>
      </label>
      {upload.isError && <Failed error={upload.error} />}
    </>
  );
}
