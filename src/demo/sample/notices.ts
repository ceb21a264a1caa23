import type { StoredItem } from "../../simulator/stored_item.ts";
import { itemId } from "./ids.ts";
import { record } from "./record.ts";
import { each } from "./writing.ts";

/** Notices to boaters: a model without drafts, where what is saved is public. */
export function notices(): StoredItem[] {
  return [
    record({
      key: "notice-eels",
      model: "notice",
      created: "2025-05-02T06:00:00.000Z",
      published: "2025-05-02T06:00:00.120Z",
      attributes: {
        title: each(
          "Eels have right of way",
          "Precedenza alle anguille",
          "Enguias têm preferência",
        ),
        text: each(
          "<p>Until the end of May, paddles stay shut from dusk to ten. The eels are going up.</p>",
          "<p>Fino a fine maggio le saracinesche restano chiuse dal tramonto alle dieci. Le anguille " +
            "risalgono.</p>",
          "<p>Até o fim de maio as comportas ficam fechadas do anoitecer às dez. As enguias estão " +
            "subindo.</p>",
        ),
        urgency: "careful",
        from: "2025-05-02T18:00:00.000Z",
        until: "2025-05-31T22:00:00.000Z",
        locks: [itemId("candle"), itemId("seven-sisters")],
      },
    }),
    record({
      key: "notice-paint",
      model: "notice",
      created: "2025-07-14T05:30:00.000Z",
      published: "2025-07-15T11:08:00.200Z",
      updated: "2025-07-15T11:08:00.000Z",
      attributes: {
        title: each("Wet paint", "Vernice fresca", "Tinta fresca"),
        text: each(
          "<p>The balance beams are white again. Please sit on the grass.</p>",
          "<p>I bilancieri sono di nuovo bianchi. Sedersi sull'erba, per favore.</p>",
          "<p>As vigas estão brancas de novo. Por favor, sentem-se na grama.</p>",
        ),
        urgency: "calm",
        from: "2025-07-14T06:00:00.000Z",
        until: "2025-07-16T06:00:00.000Z",
        locks: [itemId("moon")],
      },
    }),
    record({
      key: "notice-closed",
      model: "notice",
      created: "2026-01-05T07:45:00.000Z",
      published: "2026-01-05T07:45:00.090Z",
      attributes: {
        title: each("Closed for thinking", "Chiuso per riflessione", "Fechada para pensar"),
        text: each(
          "<p>The upper gate has been taken out to be looked at. It will be back when it is ready.</p>",
          "<p>La porta a monte è stata tolta per guardarla. Tornerà quando sarà pronta.</p>",
          "<p>O portão de cima foi retirado para ser olhado. Volta quando estiver pronto.</p>",
        ),
        urgency: "closed",
        from: "2026-01-05T08:00:00.000Z",
        until: null,
        locks: [itemId("thrush")],
      },
    }),
    record({
      key: "notice-key",
      model: "notice",
      created: "2026-02-20T15:00:00.000Z",
      published: "2026-02-20T15:00:00.075Z",
      attributes: {
        title: each("A key was found", "Trovata una chiave", "Encontrada uma chave"),
        text: each(
          "<p>Brass, heavy, on a cork. Ask Ada. Say what it opens.</p>",
          "<p>D'ottone, pesante, legata a un sughero. Chiedere ad Ada. Dire che cosa apre.</p>",
          "<p>De latão, pesada, presa a uma rolha. Pergunte à Ada. Diga o que ela abre.</p>",
        ),
        urgency: "calm",
        from: "2026-02-20T15:00:00.000Z",
        until: null,
        locks: [],
      },
    }),
  ];
}
