// Unpacks what the web page holds as text: the code of its engine, and the weights of its networks.
// Bytes were compressed, then written in base 85, four of them as five characters.

const SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;,=>?@^_`{|}~";

/** { code, weights } of the text; the arguments of that name are how many of its bytes each takes, in this order. */
async function unpack(text, { code, weights }) {
  const values = new Uint8Array(128);
  [...SIGNS].forEach((sign, i) => { values[sign.charCodeAt(0)] = i; });
  const packed = new DataView(new ArrayBuffer((text.length / 5) * 4));
  for (let i = 0; i < text.length / 5; i++) {
    let word = 0;
    for (let k = 0; k < 5; k++) word = word * 85 + values[text.charCodeAt(5 * i + k)];
    packed.setUint32(4 * i, word);
  }
  const [all, some] = [[0, code], [code, code + weights]].map(async ([from, to]) => {
    const small = new Blob([packed.buffer.slice(from, to)]).stream();
    return new Response(small.pipeThrough(new DecompressionStream("deflate"))).arrayBuffer();
  });
  return { code: new TextDecoder().decode(await all), weights: new Uint8Array(await some) };
}
