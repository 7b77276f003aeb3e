/**
 * SHA-256 of a text's UTF-8 bytes, in hexadecimal (FIPS 180-4), for where Web Crypto can't be used: it exists only on
 * secure origins, many self-hosted installations are served by plain HTTP, and its answer comes too late for a page that
 * is being left.
 */
export function sha256(text: string): string {
  const { state, constants } = tables();
  const words = padded(new TextEncoder().encode(text));
  for (let block = 0; block < words.length; block += 16) {
    compressed(state, words.slice(block, block + 16), constants).forEach((word, index) => {
      state[index] = (state[index]! + word) | 0;
    });
  }
  return state.map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

/** The fractional parts of the first primes' square and cube roots. */
function tables(): { state: number[]; constants: number[] } {
  const state: number[] = [];
  const constants: number[] = [];
  for (let candidate = 2; constants.length < 64; candidate++) {
    let divisor = 2;
    while (candidate % divisor) divisor++;
    if (divisor < candidate) continue;
    if (state.length < 8) state.push((candidate ** (1 / 2) * 2 ** 32) | 0);
    constants.push((candidate ** (1 / 3) * 2 ** 32) | 0);
  }
  return { state, constants };
}

function padded(bytes: Uint8Array): number[] {
  const words = new Array<number>((((bytes.length + 8) >> 6) + 1) * 16).fill(0);
  for (let index = 0; index <= bytes.length; index++) {
    words[index >> 2]! |= (bytes[index] ?? 0x80) << (24 - 8 * (index % 4));
  }
  words[words.length - 1] = bytes.length * 8;
  return words;
}

function compressed(before: readonly number[], schedule: number[], constants: readonly number[]): number[] {
  const state = [...before];
  constants.forEach((constant, round) => {
    if (round > 15) {
      const early = schedule[round - 15]!;
      const late = schedule[round - 2]!;
      schedule[round] =
        (schedule[round - 16]! +
          schedule[round - 7]! +
          (rotated(early, 7) ^ rotated(early, 18) ^ (early >>> 3)) +
          (rotated(late, 17) ^ rotated(late, 19) ^ (late >>> 10))) |
        0;
    }
    const [a, b, c, d, e, f, g, h] = state as [number, number, number, number, number, number, number, number];
    const mixed =
      (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + ((e & f) ^ (~e & g)) + h + constant + schedule[round]!;
    state.unshift((mixed + (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0);
    state[4] = (d + mixed) | 0;
    state.pop();
  });
  return state;
}

function rotated(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}
