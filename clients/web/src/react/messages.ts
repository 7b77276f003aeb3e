/** Every word that the components say. Replace any of them; in braces stand values that are put in. */
export interface TelemetryMessages {
  /** Heading of the settings. */
  readonly title: string;
  /** What telemetry is, and for what. */
  readonly purpose: string;
  /** Heading of the list of what is collected. */
  readonly collectedTitle: string;
  /** What is collected, one sentence a line. */
  readonly collected: readonly string[];
  /** Heading of the list of what is never collected. */
  readonly neverTitle: string;
  /** What is never collected, one sentence a line. */
  readonly never: readonly string[];
  /** Label of the switch. */
  readonly switchLabel: string;
  /** Under the switch, while it is on. */
  readonly on: string;
  /** Under the switch, while it is off. */
  readonly off: string;
  /** Under the switch, where the browser objects. */
  readonly objected: string;
  /** Under the switch, where there is no endpoint. */
  readonly unconfigured: string;
  /** Under the switch, while a choice is being kept. */
  readonly saving: string;
  /** Where a choice could not be kept. */
  readonly saveFailed: string;
  /** What opens the view of what is sent. */
  readonly showSent: string;
  /** What opens it before anything is. */
  readonly showSample: string;
  /** Over what was sent. */
  readonly sentIntro: string;
  /** Over the example. */
  readonly sampleIntro: string;
  /** Over one request; `{time}`, `{events}` and `{bytes}` are put in. */
  readonly sentAt: string;
  /** Over the example request; `{events}` and `{bytes}` are put in. */
  readonly sampleTitle: string;
  /** What opens the bytes of a request. */
  readonly exactBytes: string;
  /** Name of the area that shows them. */
  readonly exactBytesLabel: string;
  /** Button that asks the server what it would store of it. */
  readonly showStored: string;
  /** Over its answer. */
  readonly storedIntro: string;
  /** Where it gave none. */
  readonly storedFailed: string;
  /** Heading over the button that has data deleted. */
  readonly eraseTitle: string;
  /** What it does. */
  readonly eraseExplained: string;
  /** The button. */
  readonly erase: string;
  /** The question before it is done. */
  readonly eraseQuestion: string;
  /** Yes to that. */
  readonly eraseConfirm: string;
  /** No to that. */
  readonly eraseCancel: string;
  /** While it is asked for. */
  readonly erasing: string;
  /** When it was received. */
  readonly erased: string;
  /** When it was not. */
  readonly eraseFailed: string;
  /** Heading of the dialog. */
  readonly askTitle: string;
  /** What it asks. */
  readonly ask: string;
  /** How to change one's mind. */
  readonly askLater: string;
  /** The answer yes. */
  readonly accept: string;
  /** The answer no. */
  readonly decline: string;
}

/** The words in English. */
export const englishMessages: TelemetryMessages = {
  title: "Usage telemetry",
  purpose:
    "Telemetry tells us which parts of the product are used, so that we work on what matters. It is your choice.",
  collectedTitle: "What is collected",
  collected: [
    "That you signed in, which pages you opened and which features you used, and when.",
    "A scrambled form of your user and organization ids, so that you are counted once.",
    "The app's version, and whether it is hosted or self-hosted.",
  ],
  neverTitle: "What is never collected",
  never: [
    "Your name, e-mail address, IP address or location.",
    "What you write, your tests, prompts, results or files.",
    "Cookies, fingerprints, or anything about other sites.",
  ],
  switchLabel: "Share usage telemetry",
  on: "On. Thank you for helping to improve the product.",
  off: "Off. Nothing is collected and nothing is sent.",
  objected: "Off, because your browser asks sites not to track you (Global Privacy Control or Do Not Track).",
  unconfigured: "Off: this installation sends no telemetry.",
  saving: "Saving your choice…",
  saveFailed: "Your choice could not be saved on the server. Please try again.",
  showSent: "See what is sent",
  showSample: "See what would be sent",
  sentIntro: "The last requests from this page, exactly as they were sent, the newest first.",
  sampleIntro: "An example about a made-up person, made by the same code that sends.",
  sentAt: "{time}: {events} events, {bytes} bytes",
  sampleTitle: "Example: {events} events, {bytes} bytes",
  exactBytes: "Byte for byte",
  exactBytesLabel: "The request, byte for byte",
  showStored: "Show what the server would keep of it",
  storedIntro: "This is what the server would keep. It was asked just now and has stored nothing.",
  storedFailed: "The server did not answer.",
  eraseTitle: "Delete my data",
  eraseExplained: "All telemetry about you that was stored until now is deleted, whether telemetry is on or off.",
  erase: "Delete my data",
  eraseQuestion: "Delete all stored telemetry about you? This can't be undone.",
  eraseConfirm: "Yes, delete it",
  eraseCancel: "Keep it",
  erasing: "Asking for deletion…",
  erased: "Your request was received. Your data is deleted within minutes.",
  eraseFailed:
    "The request could not be delivered, and nothing was deleted. Please try again while you are signed in and online.",
  askTitle: "May we count how you use this product?",
  ask: "With your permission, the app tells us which of its features are used. You are counted under a scrambled id, never by name, and nothing that you write is collected.",
  askLater: "Nothing is sent unless you agree. You can change your mind at any time in the settings.",
  accept: "Yes, share",
  decline: "No, don't share",
};

/** A message with its values put in. */
export function filled(message: string, values: Readonly<Record<string, string | number>>): string {
  return message.replace(/\{(\w+)\}/g, (braces, key: string) => `${values[key] ?? braces}`);
}
