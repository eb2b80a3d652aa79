/** Hands a file to the browser, which asks where it goes or puts it among the downloads. */
export function saveFile(file: File): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = file.name;
  link.click();
  // Not at once: the browser may still have to open it.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
