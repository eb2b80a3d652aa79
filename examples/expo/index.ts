import { AppRegistry } from 'react-native';
import { App } from './app.tsx';
// A task must be known before the system asks for it, also when it starts the app for nothing else.
import './background.ts';

AppRegistry.registerComponent('main', () => App);
