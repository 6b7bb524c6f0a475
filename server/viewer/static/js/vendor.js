/** The vendored libraries, named in one place. */
import * as maplibre from "/vendor/maplibre-gl-6.17.0/maplibre-gl.mjs";
import "/vendor/topojson-client-3.1.0/topojson-client.min.js";

maplibre.setWorkerUrl(new URL("/vendor/maplibre-gl-6.17.0/maplibre-gl-worker.mjs", location.href).href);

export { maplibre };
export const { feature: topoFeature, mesh: topoMesh } = globalThis.topojson;
export const WORLD = "/vendor/world-atlas-2.0.2/countries-50m.json";
