/** Just enough geometry for the page: bounds and a place for a label. Longitude before latitude throughout. */

function* positions(coordinates) {
  if (typeof coordinates[0] === "number") yield coordinates;
  else for (const part of coordinates) yield* positions(part);
}

function* pointsOf(geometry) {
  if (!geometry) return;
  if (geometry.type === "GeometryCollection") for (const part of geometry.geometries) yield* pointsOf(part);
  else yield* positions(geometry.coordinates);
}

/** [west, south, east, north] of GeoJSON geometries, or null. @param {Iterable<any>} geometries */
export function boundsOf(geometries) {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const geometry of geometries)
    for (const [x, y] of pointsOf(geometry)) {
      west = Math.min(west, x); east = Math.max(east, x);
      south = Math.min(south, y); north = Math.max(north, y);
    }
  return west <= east ? [west, south, east, north] : null;
}

function ringCentre(ring) {
  let [area, x, y] = [0, 0, 0];
  for (let i = 0; i + 1 < ring.length; i += 1) {
    const cross = ring[i][0] * ring[i + 1][1] - ring[i + 1][0] * ring[i][1];
    area += cross;
    x += (ring[i][0] + ring[i + 1][0]) * cross;
    y += (ring[i][1] + ring[i + 1][1]) * cross;
  }
  return { size: Math.abs(area), at: area ? [x / (3 * area), y / (3 * area)] : ring[0] };
}

/** Where a label of a geometry goes: the centre of its largest ring, or of its bounds. */
export function labelPlace(geometry) {
  const rings = geometry?.type === "Polygon" ? [geometry.coordinates[0]] : geometry?.type === "MultiPolygon" ? geometry.coordinates.map((part) => part[0]) : [];
  if (rings.length) return rings.map(ringCentre).reduce((best, one) => (one.size > best.size ? one : best)).at;
  const box = boundsOf([geometry]);
  return box ? [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2] : null;
}
