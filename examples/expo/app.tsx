import type { FieldOpsModel } from '@ekbaar/field-ops/model';
import type { Client } from '@ekbaar/sdk';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Button, View, Text } from 'react-native';
import { syncInBackground } from './background.ts';
import { closeClient, openClient } from './client.ts';
import { Deliveries } from './deliveries.tsx';
import { readSession, type Session, writeSession } from './session.ts';
import { StatusLine } from './status-line.tsx';

const queryClient = new QueryClient();

export function App() {
  const [session, setSession] = useState<Session>();
  const [client, setClient] = useState<Client<FieldOpsModel>>();
  const [failure, setFailure] = useState<string>();

  useEffect(() => {
    readSession().then(setSession, fail);
  }, []);
  useEffect(() => {
    if (session) openClient(session).then(setClient, fail);
  }, [session]);

  function fail(error: unknown): void {
    setFailure(String(error));
  }

  async function signIn(): Promise<void> {
    // The app's own sign-in goes here.
    const signedIn = { tenant: 'pennco', agent: 'a17' };
    await writeSession(signedIn);
    await syncInBackground();
    setSession(signedIn);
  }

  async function signOut(): Promise<void> {
    // Refuses while something has not been sent.
    await client?.signOut();
    await closeClient();
    await writeSession(undefined);
    setClient(undefined);
    setSession(undefined);
  }

  return (
    <QueryClientProvider client={queryClient}>
      <View>
        {failure !== undefined && <Text accessibilityRole="alert">{failure}</Text>}
        {client ? (
          <>
            <StatusLine client={client} />
            <Deliveries client={client} />
            <Button title="Sign out" onPress={() => void signOut().catch(fail)} />
          </>
        ) : (
          <Button title="Sign in" onPress={() => void signIn().catch(fail)} />
        )}
      </View>
    </QueryClientProvider>
  );
}
