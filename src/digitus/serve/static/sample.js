// A page to try reading with: numbers that the simulated pen writes, on paper in uneven light.

import { ask } from "./api.js";
import { words } from "./words.js";

const [WIDTH, HEIGHT, ROWS] = [1200, 800, 4];

/** The page as a picture file. */
export async function sample() {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const context = canvas.getContext("2d");
  const light = context.createLinearGradient(0, 0, WIDTH, HEIGHT);
  light.addColorStop(0, "#f6f2e8");
  light.addColorStop(1, "#cfc8b8");
  context.fillStyle = light;
  context.fillRect(0, 0, WIDTH, HEIGHT);
  const seed = Math.floor(Math.random() * 1e6);
  context.strokeStyle = "#23304a";
  context.lineCap = context.lineJoin = "round";
  for (let row = 0; row < ROWS; row++) {
    const length = 4 + Math.floor(Math.random() * 4);
    const side = 92 + Math.random() * 16;
    for (let k = 0; k < length; k++) {
      const digit = Math.floor(Math.random() * 10);
      const { strokes } = await ask(`/api/pen/${digit}?seed=${seed + row * 10 + k}`);
      const [x0, y0] = [110 + k * side * 1.22, 80 + (row * (HEIGHT - 120)) / ROWS + Math.random() * 10];
      for (const stroke of strokes) {
        stroke.forEach(([x, y, , w], i) => {
          const [px, py] = stroke[Math.max(i - 1, 0)];
          context.lineWidth = Math.max(w * side, 3);
          context.beginPath();
          context.moveTo(x0 + px * side, y0 + py * side);
          context.lineTo(x0 + x * side, y0 + y * side);
          context.stroke();
        });
      }
    }
  }
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  return new File([blob], `${words("read.sample")}.png`, { type: "image/png" });
}
