export function mount(){ return {}; }
