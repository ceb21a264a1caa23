// Snapshots over HTTP.
import "../serve/access_test.ts";
import "../serve/api_test.ts";
import "../serve/cma_test.ts";
import "../serve/content_island_test.ts";
import "../serve/page_test.ts";
import "../serve/sanity_test.ts";
