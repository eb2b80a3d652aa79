export { exportStore, type StoreExport } from './export-store.ts';
export { exportUnsent } from './export-unsent.ts';
export { type Imported, ImportError, importUnsent } from './import-unsent.ts';
export { type InspectedMutation, type InspectedReceipt, type Inspection, inspect } from './inspect.ts';
export { type UnsentEntry, type UnsentFile } from './unsent-file.ts';
export { type LineFigures } from '../sync/line.ts';
