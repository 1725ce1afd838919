export { default as MemoryForm } from './MemoryForm.svelte'
export { default as MemoryReading } from './MemoryReading.svelte'
export { default as TakeIn } from './TakeIn.svelte'
