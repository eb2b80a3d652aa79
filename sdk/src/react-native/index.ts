export { reactNativePlatform, type ReactNativeParts } from './react-native-platform.ts';
