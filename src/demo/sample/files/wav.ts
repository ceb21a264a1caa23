const RATE = 8000;

/**
 * A WAV sound of a struck bell, one channel of 16 bits.
 *
 * @param frequency The pitch in hertz.
 * @param seconds How long it sounds.
 */
export function bellWav(frequency: number, seconds: number): Uint8Array<ArrayBuffer> {
  const samples = Math.round(RATE * seconds);
  const bytes = new Uint8Array(44 + 2 * samples);
  const view = new DataView(bytes.buffer);
  const ascii = (text: string, at: number) => bytes.set(new TextEncoder().encode(text), at);
  ascii("RIFF", 0);
  view.setUint32(4, 36 + 2 * samples, true);
  ascii("WAVEfmt ", 8);
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, RATE, true);
  view.setUint32(28, 2 * RATE, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  ascii("data", 36);
  view.setUint32(40, 2 * samples, true);
  for (let i = 0; i < samples; i++) {
    const time = i / RATE;
    const swing = 0.6 * Math.sin(2 * Math.PI * frequency * time) +
      0.3 * Math.sin(2 * Math.PI * 2.76 * frequency * time);
    view.setInt16(44 + 2 * i, Math.round(30_000 * swing * Math.exp(-4 * time)), true);
  }
  return bytes;
}
