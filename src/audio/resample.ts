/**
 * Sample-rate conversion by any rational ratio with a Kaiser-windowed-sinc polyphase filter (about 80 dB of stop band), as
 * a stream with state across chunks or in one shot. It low-passes below the lower of the two Nyquist rates, so nothing aliases.
 */

export interface Resampler {
  /** Takes any number of samples at the input rate and returns those now computable at the output rate. */
  push(samples: Int16Array): Int16Array;
  /** The tail: what was held back for the filter's look-ahead. The resampler starts afresh afterwards. */
  flush(): Int16Array;
}

interface Bank {
  up: number;
  down: number;
  /** Taps per phase; output k of phase p is the dot product of `phases[p]` with `taps` consecutive input samples. */
  taps: number;
  phases: Float64Array[];
}

/** Zero crossings of the sinc on each side, counted at the lower rate: the width of the transition band. */
const CROSSINGS = 16;
/** Cut-off as a share of the lower Nyquist rate: 3.6 kHz for a telephone line, half-way down the transition band. */
const CUTOFF = 0.9;
const KAISER_BETA = 7.86;

const banks = new Map<string, Bank>();

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** Modified Bessel function of the first kind, order zero, by its power series. */
function besselI0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-10; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function makeBank(from: number, to: number): Bank {
  const divisor = gcd(from, to);
  const up = to / divisor;
  const down = from / divisor;
  // Everything below is measured in input samples. At the lower rate one sample lasts `stretch` of them.
  const stretch = Math.max(1, from / to);
  const half = Math.ceil(CROSSINGS * stretch);
  const taps = 2 * half;
  const cutoff = CUTOFF / stretch;
  const phases = Array.from({ length: up }, (_, phase) => {
    const row = new Float64Array(taps);
    let sum = 0;
    for (let k = 0; k < taps; k++) {
      // Distance from this tap's input sample to the wanted instant.
      const x = k - (half - 1) - phase / up;
      const edge = x / half;
      if (Math.abs(edge) >= 1) continue;
      const sinc = x === 0 ? 1 : Math.sin(Math.PI * cutoff * x) / (Math.PI * cutoff * x);
      row[k] = sinc * (besselI0(KAISER_BETA * Math.sqrt(1 - edge * edge)) / besselI0(KAISER_BETA));
      sum += row[k] as number;
    }
    // Each phase passes direct current at exactly one, so a constant does not ripple from phase to phase.
    return row.map((tap) => tap / sum);
  });
  return { up, down, taps, phases };
}

function bankFor(from: number, to: number): Bank {
  const key = `${from}:${to}`;
  let bank = banks.get(key);
  if (!bank) {
    bank = makeBank(from, to);
    banks.set(key, bank);
  }
  return bank;
}

/**
 * One output sample: a browser's line needs 32 000 of them a second. Four sums that do not wait for each other, over floats as wide as
 * they are computed with, take half of the time of one.
 */
function dot(row: Float64Array, held: Float64Array, first: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let k = 0;
  for (const whole = row.length - 3; k < whole; k += 4) {
    const at = first + k;
    a += (row[k] as number) * (held[at] as number);
    b += (row[k + 1] as number) * (held[at + 1] as number);
    c += (row[k + 2] as number) * (held[at + 2] as number);
    d += (row[k + 3] as number) * (held[at + 3] as number);
  }
  for (; k < row.length; k++) a += (row[k] as number) * (held[first + k] as number);
  return Math.max(-32768, Math.min(32767, Math.round(a + b + (c + d))));
}

/**
 * A streaming resampler from `from` Hz to `to` Hz for 16-bit mono samples. Output is aligned with input (no added delay in
 * sample positions; the look-ahead of 2 ms at 8 kHz only holds back the last samples until more input or `flush`).
 * @throws RangeError when a rate is not a positive integer.
 */
export function createResampler(from: number, to: number): Resampler {
  for (const rate of [from, to]) {
    if (!Number.isInteger(rate) || rate <= 0) throw new RangeError(`not a sample rate in Hz: ${rate}`);
  }
  const { up, down, taps, phases } = bankFor(from, to);
  const half = taps / 2;

  /** Input kept: `held[0]` is the input sample at position `start`, of `length` that are there; positions before zero are silence. */
  let held = new Float64Array(taps);
  let length = half - 1;
  let start = -(half - 1);
  let received = 0;
  let produced = 0;

  function run(limit: number): Int16Array {
    const end = start + length;
    const output = new Int16Array(Math.max(0, limit - produced));
    let count = 0;
    let base = Math.floor((produced * down) / up);
    let phase = (produced * down) % up;
    while (produced < limit && base + half < end) {
      output[count++] = dot(phases[phase] as Float64Array, held, base - (half - 1) - start);
      produced++;
      phase += down;
      while (phase >= up) {
        phase -= up;
        base++;
      }
    }
    const keepFrom = base - (half - 1);
    if (keepFrom > start) {
      held.copyWithin(0, keepFrom - start, length);
      length -= keepFrom - start;
      start = keepFrom;
    }
    return output.subarray(0, count);
  }

  function take(samples: Int16Array): void {
    const needed = length + samples.length;
    if (needed > held.length) {
      const larger = new Float64Array(needed);
      larger.set(held.subarray(0, length));
      held = larger;
    }
    held.set(samples, length);
    length = needed;
  }

  return {
    push(samples) {
      if (from === to) return samples.slice();
      take(samples);
      received += samples.length;
      return run(Math.ceil((received * up) / down));
    },
    flush() {
      if (from === to) return new Int16Array(0);
      take(new Int16Array(half + 1));
      const tail = run(Math.ceil((received * up) / down));
      held.fill(0, 0, half - 1);
      length = half - 1;
      start = -(half - 1);
      received = 0;
      produced = 0;
      return tail;
    },
  };
}

/** Converts a whole recording from `from` Hz to `to` Hz; the result has ceil(length * to / from) samples. */
export function resample(samples: Int16Array, from: number, to: number): Int16Array {
  const resampler = createResampler(from, to);
  const body = resampler.push(samples);
  const tail = resampler.flush();
  const whole = new Int16Array(body.length + tail.length);
  whole.set(body);
  whole.set(tail, body.length);
  return whole;
}
