// A pure tone, and how much else is in what became of one.

export function sine(hz: number, rate: number, length: number, amplitude = 12_000): Int16Array {
  return Int16Array.from({ length }, (_, at) => Math.round(amplitude * Math.sin((2 * Math.PI * hz * at) / rate)));
}

/** dB: the tone of this frequency, of any phase and loudness, against the rest. */
export function snrOf(samples: Int16Array, hz: number, rate: number): number {
  let sin = 0;
  let cos = 0;
  let all = 0;
  samples.forEach((sample, at) => {
    const angle = (2 * Math.PI * hz * at) / rate;
    sin += sample * Math.sin(angle);
    cos += sample * Math.cos(angle);
    all += sample ** 2;
  });
  const tone = (2 * (sin ** 2 + cos ** 2)) / samples.length;
  return 10 * Math.log10(tone / Math.max(1e-9, all - tone));
}
