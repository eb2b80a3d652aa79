// Of these packages only the types and some JavaScript are used here: what they need on a phone stays out.
const keptDependencies = {
  expo: [],
  'expo-background-task': [],
  'expo-crypto': [],
  'expo-secure-store': [],
  'expo-sqlite': ['await-lock'],
  'expo-task-manager': [],
  'react-native': ['@react-native/virtualized-lists'],
  '@react-native/virtualized-lists': [],
  '@react-native-community/netinfo': [],
  '@capacitor-community/sqlite': [],
};

/** Packages that would take the phone's packages, which are none of theirs, along to where they are installed. */
const withoutPeers = ['drizzle-orm'];

export const hooks = {
  readPackage(manifest) {
    const kept = keptDependencies[manifest.name];
    if (kept) {
      manifest.dependencies = pick(manifest.dependencies, (name) => kept.includes(name));
      manifest.peerDependencies = {};
      manifest.peerDependenciesMeta = {};
    }
    if (withoutPeers.includes(manifest.name)) {
      manifest.peerDependencies = pick(manifest.peerDependencies, (name) => !(name in keptDependencies));
      manifest.peerDependenciesMeta = pick(manifest.peerDependenciesMeta, (name) => !(name in keptDependencies));
    }
    return manifest;
  },
};

function pick(entries = {}, wanted) {
  return Object.fromEntries(Object.entries(entries).filter(([name]) => wanted(name)));
}
