import type { DeliveryKind } from '../../../src/model.ts';
import type { FailReason } from '../../../src/failure.ts';
import type { DeliveryState } from '../delivery-state.ts';
import type { RefusalCode } from '../refusal.ts';
import type { TextSize, Theme } from '../settings.ts';
import { countedIn } from './plural.ts';

const counted = countedIn('en');

/** Amounts in words, loaded when one is to be read. */
export const loadWords = () => import('to-words/en-IN');

export const messages = {
  appName: 'Ekbaar Agent',
  language: 'Language',
  languageFailed: 'This language could not be loaded. Try again with a network.',
  back: 'Back',
  close: 'Close',
  tryAgain: 'Try again',
  reload: 'Reload',
  loading: 'Opening…',
  seconds: (n: number) => counted(n, { one: '# second', other: '# seconds' }),
  minutes: (n: number) => counted(n, { one: '# minute', other: '# minutes' }),
  deliveries: (n: number) => counted(n, { one: '# delivery', other: '# deliveries' }),
  appProblem: 'This part of the app could not be opened. Nothing is lost.',

  signIn: {
    title: 'Sign in',
    operator: 'Operator',
    code: 'Agent code',
    pin: 'PIN (6 digits)',
    submit: 'Sign in',
    busyLabel: 'One moment…',
    forgot: 'I forgot my PIN',
    usedHere: 'Used on this phone',
    wrong: 'Agent code or PIN is not right.',
    wrongPin: 'The PIN is not right.',
    wait: (time: string) => `Too many wrong tries. Wait ${time}, then try again.`,
    locked: 'Too many wrong tries. Call the office: they can give you a code for a new PIN.',
    needsNetwork: 'The office could not be reached. The first sign-in needs a network.',
    unreachable: 'The office could not be reached. This needs a network.',
    busy: 'The office does not answer properly. Try again in a moment.',
    elsewhere: 'Your operator signs people in with its own service. Ask the office for its address.',
    needsTls: 'This address is not safe: what is on this phone could not be sealed. Ask the office for the right one.',
    allAgents: 'Demonstration: all agents',
    demo: 'One tap signs you in. Only where the demo day is loaded.',
    search: 'Search by name',
    noneFound: 'No agent of that name.',
    more: (n: number) => `${n} more: type a name to find them`,
  },
  unlock: {
    submit: 'Open',
    onlinePin: 'PIN (6 digits), checked by the office',
    newPinGiven: 'The office gave me a new PIN',
    somebodyElse: 'Somebody else uses this phone',
    sealed:
      'What is on this phone is sealed with another PIN, and the office cannot open it. Nothing was changed. Call the office.',
  },
  reset: {
    title: 'A new PIN',
    explain:
      'You need a code. The office can read it to you, or it comes as a text message. Your entries stay on this phone.',
    chooseTitle: 'Choose your own PIN',
    choose: 'The PIN you have was chosen by somebody else. Choose one that only you know.',
    send: 'Send me a text message',
    sent: 'If the office knows your number, the code is on its way. It is good for 15 minutes.',
    code: 'Code',
    newPin: 'New PIN (6 digits)',
    newPinAgain: 'New PIN again',
    submit: 'Save the new PIN',
    differ: 'The two PINs are not the same.',
    easyPin: 'This PIN is too easy to guess. Choose another one.',
  },
  ended: {
    again:
      'You are signed out at the office. Go on working: your entries are kept, and sent when you have signed in again.',
    signInAgain: 'Sign in again',
    blockedTitle: 'Blocked by the office',
    blocked: 'The office has blocked this phone or your account. Call the office.',
    unsentHere: (n: number) =>
      counted(n, {
        one: '# entry is not sent. It stays sealed on this phone.',
        other: '# entries are not sent. They stay sealed on this phone.',
      }),
    nothingUnsent: 'Everything you entered was sent.',
    handOver: 'Hand over what is not sent',
  },
  account: {
    open: 'Account',
    signOut: 'Sign out',
    lock: 'Lock now',
    changePin: 'Change PIN',
    oldPin: 'Old PIN',
    pinChanged: 'The new PIN counts from now on.',
    support: 'Help from support',
    supportTitle: 'This phone',
    supportExplain: 'Open this when the office asks for it. Nothing here changes your entries.',
    addLocation: 'Add my location to confirmations',
    locationAdded: 'Confirmations carry your location.',
    locationDenied: 'The phone does not let this app know the location.',
    unsentStay: (n: number) =>
      counted(n, {
        one: '# entry is not sent yet. It stays safe on this phone and is sent when you sign in again.',
        other: '# entries are not sent yet. They stay safe on this phone and are sent when you sign in again.',
      }),
    storeFailed:
      'This phone’s storage could not be opened. Free some space, close other tabs of this app, and try again.',
  },

  bar: {
    label: 'What is sent',
    allSent: 'Everything is sent',
    unsent: (n: number) => counted(n, { other: '# not sent yet' }),
    refused: (n: number) => counted(n, { other: '# refused' }),
    since: (time: string) => `since ${time}`,
    online: 'Online',
    offline: 'No network',
    unreachable: 'Server not reached',
    sending: 'Sending…',
    busy: 'Server is busy, trying again',
    problem: (code: string) => `Tell the office: ${code}`,
    synced: (time: string) => `Updated ${time}`,
    neverSynced: 'Not updated yet',
    keeping: 'The app is still being saved on this phone. Stay where there is a network.',
    kept: 'The app now works without a network.',
    needsToken: 'Sign-in has run out: it is renewed as soon as there is a network. Nothing is lost.',
    updateRequired: 'This app is too old for the server. Close it and open it again with a network. Nothing is lost.',
    syncNow: 'Send now',
  },

  tabs: { label: 'Screens', today: 'Today', map: 'Map', history: 'History', close: 'Close day' },

  day: {
    title: 'Deliveries',
    show: 'Show',
    all: 'All',
    todo: 'To do',
    done: 'Done',
    attention: 'Attention',
    search: 'Search customer or village',
    nothingTodo: 'Nothing left to do.',
    nothingDone: 'Nothing done yet.',
    nothingHere: 'No deliveries yet.',
    nothingFound: 'No delivery fits this search.',
    first: 'The first update is still under way.',
    unreadable: 'The deliveries could not be read from this phone’s storage.',
    more: 'Show more',
    overdue: (day: string) => `Due since ${day}`,
    due: (day: string) => `Due ${day}`,
  },

  route: {
    title: 'Today’s route',
    about: (km: string) => `about ${km} km`,
    whole: (km: string, stops: number) =>
      counted(stops, { one: `# village, about ${km} km`, other: `# villages, about ${km} km` }),
    crow: 'Straight lines between villages: roads are longer.',
    rough: 'Only roughly known',
    unknown: 'Place not known',
    here: 'You are here',
    again: 'Plan again from here',
    empty: 'Nothing is left to visit.',
    picture: (stops: string) => `Sketch of the route, north is up: ${stops}`,
    source: 'Places: GeoNames (CC BY 4.0)',
  },

  kind: {
    collection: 'Collect',
    disbursement: 'Pay out',
  } satisfies Record<DeliveryKind, string>,

  state: {
    todo: 'To do',
    saved: 'Saved on this phone',
    sent: 'On its way, no receipt yet',
    confirmed: 'Confirmed',
    failed: 'Not delivered',
    cancelled: 'Cancelled by the office',
    attention: 'Needs attention',
  } satisfies Record<Exclude<DeliveryState, 'unknown'>, string>,
  receipt: (no: string) => `Receipt ${no}`,

  delivery: {
    customer: 'Customer',
    phone: 'Phone',
    village: 'Village',
    lender: 'Lender',
    loan: 'Loan',
    instalment: (n: number) => `Instalment ${n}`,
    due: 'Due',
    confirmedAt: 'Confirmed',
    receiptNo: 'Receipt no.',
    reason: 'Reason',
    call: 'Call',
    confirmCollection: 'Cash received',
    confirmDisbursement: 'Cash paid out',
    fail: 'Could not deliver',
    notUnderstood:
      'This app does not know yet what is to be done here. Close the app and open it again with a network, or ask the office.',
    gone: 'This delivery is not on this phone at the moment. The office may have given it to another agent.',
    settled: (state: string) => `This delivery has changed meanwhile: ${state}. Nothing more can be saved for it.`,
  },

  confirm: {
    titleCollection: 'Count the cash you received',
    titleDisbursement: 'Count the cash you pay out',
    amount: 'Amount in rupees',
    expected: (amount: string) => `Expected: ${amount}`,
    differs: (amount: string) => `This is not the ${amount} that is due. The office will not accept another amount.`,
    unreadable: 'Enter an amount in rupees, for example 1250 or 1250.50.',
    next: 'Next: check once more',
    inWords: 'In words',
    checkTitle: 'Is this right?',
    checkCollection: (name: string) => `You received from ${name}`,
    checkDisbursement: (name: string) => `You paid out to ${name}`,
    submitCollection: (amount: string) => `I received ${amount}`,
    submitDisbursement: (amount: string) => `I paid out ${amount}`,
    saved: (name: string) => `Saved on this phone: ${name}`,
    notSaved: 'This could not be saved. Please try again; do not close the app.',
  },

  fail: {
    title: 'Why could it not be delivered?',
    note: 'Note (if you like)',
    submit: 'Save',
    choose: 'Choose a reason.',
    reasons: {
      customer_absent: 'Customer is not at home',
      customer_refused: 'Customer refuses',
      customer_has_no_cash: 'Customer has no cash today',
      agent_has_no_cash: 'I do not have enough cash',
      wrong_details: 'Name, address or loan is wrong',
      road_blocked: 'Village cannot be reached',
      other: 'Another reason',
    } satisfies Record<FailReason, string>,
  },

  attention: {
    title: 'Needs attention',
    none: 'Nothing needs your attention.',
    explain: 'The office did not accept these. Nothing was counted for them.',
    dismiss: 'I have seen this',
    open: 'Open delivery',
    retry: 'Send again',
    did: {
      confirmDelivery: 'Confirmation',
      failDelivery: 'Not delivered',
      closeDay: 'Closing the day',
      other: 'Entry',
    },
    firstReceipt: (no: string) => `Receipt of the first: ${no}`,
    codes: {
      not_found: 'The office does not have this delivery any more.',
      not_assigned: 'This delivery was given to another agent.',
      already_confirmed: 'This delivery was confirmed before. It counts once.',
      already_done: 'This instalment was paid before. It counts once. If the customer paid twice, give the money back.',
      cancelled: 'The office cancelled this delivery.',
      amount_mismatch: 'The amount is not the one that is due. Count again and confirm with the right amount.',
      already_closed: 'This day was closed before.',
      forbidden: 'You may not do this. Ask the office.',
      invalid_args: 'The entry was not complete. Ask the office.',
      key_reused: 'This entry was sent before with other content. Ask the office.',
      dead: 'The office has to look at this entry. You need not enter it again.',
    } satisfies Record<RefusalCode, string>,
    unknown: (message: string) => `Not accepted: ${message}`,
  },

  slip: {
    title: 'Receipt',
    none: 'There is no receipt for this delivery.',
    show: 'Show receipt',
    number: 'Receipt number',
    code: (no: string) => `QR code of receipt ${no}`,
    confirmed: 'Confirmed by the office',
    waiting: 'Not yet confirmed by the office. The number will stay the same.',
    refused: 'Not valid: the office did not accept this.',
    collected: 'Received from the customer',
    paidOut: 'Paid out to the customer',
    at: 'Date and time',
    agent: 'Agent',
    check: 'Check code',
    share: 'Share',
    print: 'Print',
    done: 'Done',
  },

  history: {
    title: 'History',
    none: 'Nothing is done yet.',
    collected: 'Collected',
    paidOut: 'Paid out',
    closed: 'Day closed',
    undated: 'Not delivered or cancelled',
  },

  closing: {
    title: 'Close the day',
    day: 'Day',
    counted: 'This phone has counted',
    collected: 'Collected',
    paidOut: 'Paid out',
    deliveries: 'Confirmed deliveries',
    hand: 'Collected less paid out',
    unsent: (n: number) =>
      counted(n, {
        one: '# entry is not sent yet. It is sent before the closing, in this order.',
        other: '# entries are not sent yet. They are sent before the closing, in this order.',
      }),
    refused: (n: number) =>
      counted(n, {
        one: '# entry was refused and does not count. Look at it first.',
        other: '# entries were refused and do not count. Look at them first.',
      }),
    todo: (n: number) => counted(n, { one: '# delivery is still to do.', other: '# deliveries are still to do.' }),
    myCollected: 'Cash collected, as you counted it (₹)',
    myPaidOut: 'Cash paid out, as you counted it (₹)',
    moreThanPhone: (amount: string) => `${amount} more than the phone has counted`,
    lessThanPhone: (amount: string) => `${amount} less than the phone has counted`,
    sure: 'A day can be closed only once.',
    submit: 'Close this day',
    really: 'Yes, close this day',
    saved: 'The closing is saved on this phone. The office has not confirmed it yet.',
    same: 'Closed. Your count and the office’s books agree.',
    different: 'Closed. Your count differs from the office’s books:',
    more: (amount: string) => `${amount} more than the books`,
    less: (amount: string) => `${amount} less than the books`,
    after: (n: number) =>
      counted(n, {
        one: '# delivery was confirmed after the closing. Tell the office.',
        other: '# deliveries were confirmed after the closing. Tell the office.',
      }),
    talk: 'Talk to the office before you hand over the cash.',
  },

  settings: {
    title: 'Settings',
    theme: 'Colours',
    themes: { system: 'As the phone', light: 'Light', dark: 'Dark', sunlight: 'Sunlight' } satisfies Record<
      Theme,
      string
    >,
    textSize: 'Text size',
    textSizes: { normal: 'Normal', large: 'Large', largest: 'Largest' } satisfies Record<TextSize, string>,
    lock: 'Ask for the PIN when the app was away for',
    track: 'Tell the office where I am while my day is open',
    trackExplain:
      'Every few minutes, only while this app is on the screen, until you close the day. The office sees your last place.',
    storage: 'Storage on this phone',
    kept: 'The phone keeps this app’s data.',
    mayGo: 'The phone may clear this app’s data when space runs low. Add the app to the home screen.',
    used: (megabytes: string) => `${megabytes} MB used`,
  },
};

/** What every language has to say; one that misses a text does not compile. */
export type Messages = typeof messages;
