/** Four sounds, told apart by rhythm and not by pitch alone: one long, two, three slow and low, a quick double tick. */
import { recall, remember } from "./memory.js";

const RHYTHMS = {
  done: { pitch: 880, beats: [[0, 0.16]] },
  look: { pitch: 660, beats: [[0, 0.09], [0.2, 0.09]] },
  stop: { pitch: 220, beats: [[0, 0.2], [0.3, 0.2], [0.6, 0.3]] },
  again: { pitch: 990, beats: [[0, 0.03], [0.07, 0.03]] },
};

let context = null;
export const volume = {
  get: () => recall("volume", 40),
  set: (percent) => remember("volume", percent),
};

export function play(tone) {
  const loudness = volume.get() / 100;
  if (!loudness || !RHYTHMS[tone] || !globalThis.AudioContext) return;
  const { pitch, beats } = RHYTHMS[tone];
  context ??= new AudioContext();
  context.resume();
  for (const [start, length] of beats) {
    const oscillator = context.createOscillator();
    const gain = context.createGain();
    const at = context.currentTime + start;
    oscillator.type = tone === "stop" ? "square" : "sine";
    oscillator.frequency.value = pitch;
    gain.gain.setValueAtTime(loudness * 0.4, at);
    gain.gain.setTargetAtTime(0, at + length, 0.015); // fades, for a cut clicks
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(at);
    oscillator.stop(at + length + 0.1);
  }
}
