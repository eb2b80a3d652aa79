import { reactNativePlatform } from '@ekbaar/sdk/react-native';
import NetInfo from '@react-native-community/netinfo';
import { getRandomBytes } from 'expo-crypto';
import storage from 'expo-sqlite/kv-store';
import { fetch } from 'expo/fetch';
import { AppState } from 'react-native';

export const platform = reactNativePlatform({ NetInfo, AppState, fetch, getRandomBytes, storage });

/** What the phone's clock says. */
export const now = (): string => new Date().toISOString();
