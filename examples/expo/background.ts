import * as BackgroundTask from 'expo-background-task';
import * as TaskManager from 'expo-task-manager';
import { openClient } from './client.ts';
import { readSession } from './session.ts';

const task = 'sync';

TaskManager.defineTask(task, async () => {
  try {
    const session = await readSession();
    if (session) await (await openClient(session)).sync();
    return BackgroundTask.BackgroundTaskResult.Success;
  } catch {
    // Nothing is lost: it is sent the next time, or when the app is opened.
    return BackgroundTask.BackgroundTaskResult.Failed;
  }
});

/** Asks the system to sync now and then, also while nobody uses the app. It decides when; 15 minutes is the least. */
export async function syncInBackground(): Promise<void> {
  await BackgroundTask.registerTaskAsync(task, { minimumInterval: 15 });
}
