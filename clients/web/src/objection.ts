interface Objecting {
  readonly globalPrivacyControl?: unknown;
  readonly doNotTrack?: unknown;
}

/**
 * Whether the browser says that its user objects to being counted: Global Privacy Control or Do Not Track. It wins over
 * every other choice, and is read anew each time, since it can change while a page is open.
 */
export function objects(): boolean {
  const { globalPrivacyControl, doNotTrack } = navigator as Objecting;
  return globalPrivacyControl === true || doNotTrack === "1" || doNotTrack === "yes";
}
