import { gif } from "./gif.ts";
import { pdf } from "./pdf.ts";
import { type Pixel, png } from "./png.ts";
import { bellWav } from "./wav.ts";

/** The lower gates of Candle Lock, with the window on the left. */
export function candleLock(): Uint8Array<ArrayBuffer> {
  return png(96, 64, (x, y): Pixel => {
    if (Math.hypot(x - 12, y - 18) < 3) return [255, 214, 110];
    if (y < 30) return [222 - y, 196 - y, 178];
    const gate = Math.abs(x - 48) < 26 && y < 52;
    if (gate) return (x - 48) % 6 === 0 ? [44, 34, 26] : [96, 74, 50 + Math.abs(x - 48)];
    const ripple = Math.round(8 * Math.sin(x / 5 + y));
    return [74 + ripple, 92 + ripple, 60 + ripple];
  });
}

/**
 * A heron, standing in water.
 *
 * @param sky The colour of the sky.
 */
export function heron(sky: Pixel): Uint8Array<ArrayBuffer> {
  return png(48, 64, (x, y): Pixel => {
    const leg = (x === 22 || x === 26) && y > 34 && y < 56;
    const body = Math.hypot((x - 24) / 9, (y - 28) / 6) < 1;
    const neck = x > 28 && x < 32 && y > 8 && y < 28;
    const beak = y === 9 && x >= 32 && x < 42;
    if (leg || beak) return [214, 154, 56];
    if (body || neck) return [120, 132, 148];
    return y > 52 ? [58, 78, 82] : sky;
  });
}

/** Rings of water, brown on brown. */
export function ripple(): Uint8Array<ArrayBuffer> {
  const browns = [[143, 92, 44], [164, 116, 68], [118, 74, 36], [92, 58, 30]] as const;
  return gif(64, browns, (x, y) => Math.floor(Math.hypot(x - 32, y - 32) / 3) % 4);
}

/** The bell of Candle Lock, a little flat of A. */
export function lockBell(): Uint8Array<ArrayBuffer> {
  return bellWav(433, 1);
}

/** How to get to the seven locks. */
export function passageMap(): Uint8Array<ArrayBuffer> {
  return pdf([
    "THE SEVEN SISTERS, FROM BELOW",
    "",
    "1. Grace        2. Patience     3. Mabel",
    "4. The Other Mabel              5. Prudence",
    "6. Sorrow       7. Sunday",
    "",
    "Moor before Sorrow. Everybody does.",
  ]);
}

/** The magazine's name, as it stands on the cover. */
export const WORDMARK = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 60" role="img">
  <title>Slackwater</title>
  <rect width="240" height="60" fill="#264653"/>
  <text x="20" y="38" font-family="Georgia, serif" font-size="30" fill="#e9c46a">Slackwater</text>
  <path d="M20 48q10-6 20 0t20 0 20 0 20 0 20 0 20 0 20 0 20 0 20 0 20 0" fill="none" stroke="#e9c46a"/>
</svg>
`;

/** The plan of Moon Lock, from before there were checksums. */
export const OLD_PLAN = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 40">
  <title>Conca della Luna, 1931</title>
  <path d="M0 10h100M0 30h100M20 10l6 10-6 10M55 10l6 10-6 10M90 10l6 10-6 10" stroke="#222" fill="none"/>
</svg>
`;

/** Levels of the Wend, in metres, as read at breakfast. */
export const WATER_LEVELS = `day,above,below,remark
2026-01-01,2.41,0.02,"frost on the ""good"" rope"
2026-01-02,2.43,0.02,
2026-01-03,2.58,0.11,"rain, all day; one duck"
2026-01-04,2.71,0.30,freshet
2026-01-05,2.49,0.07,settling
`;

/** When boats may pass. */
export const TIMETABLE = `{
  "lock": "Candle Lock",
  "summer": { "from": "08:00", "to": "20:00" },
  "winter": { "from": "09:00", "to": "dusk" },
  "closed": ["the night of the eels", "any Tuesday that feels like a Sunday"]
}
`;

/** What hangs on the lock keeper's door. */
export const KEEPERS_RULES = `RULES OF THE LOCK

1. The boat going up has the kettle.
2. The boat going down has the gossip.
3. Whoever falls in says so.
4. Nothing is urgent but eels.
`;

/** What somebody uploaded to see where it would end up. */
export const ESCAPE = `If you can read this outside the folder of assets, a path was believed.
`;
