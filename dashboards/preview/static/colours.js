const PALETTE = ["#2563a6", "#d97a1e", "#2b8a67", "#8b4fa8", "#b3434c", "#8a7420", "#3c8ea3", "#c2588f", "#5b6b7b", "#6d8b2f"];
export const GREY = "#b4bdc7";
export const INK = "#1d2a36";
export const FAINT = "#e7ebef";
export const SOFT = "#66737f";

let order = [];

/** Gives every agency its colour for good: by its place among all of the client's agencies. */
export function assign(agencies) {
  order = agencies;
}

/** The agency's colour, the same in every panel. */
export function colourOf(agency) {
  const place = order.indexOf(agency);
  return PALETTE[(place < 0 ? order.length : place) % PALETTE.length];
}
