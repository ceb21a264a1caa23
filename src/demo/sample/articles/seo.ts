import type { Json } from "../../../content/resource.ts";
import { uploadId } from "../ids.ts";
import { each } from "../writing.ts";

/**
 * The value of an article's SEO field.
 *
 * @param en The title in English.
 * @param it The title in Italian.
 * @param pt The title in Brazilian Portuguese.
 * @param image What the upload to share is called in here.
 */
export function seo(en: string, it: string, pt: string, image: string): Json {
  const one = (title: string) => ({
    title,
    description: null,
    image: uploadId(image),
    twitter_card: "summary_large_image",
    no_index: false,
  });
  return each(one(en), one(it), one(pt));
}
