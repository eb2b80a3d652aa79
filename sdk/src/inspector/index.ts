export { type InspectorOptions, mountInspector } from './mount-inspector.ts';
