const KEPT_MS = 60_000

/** Hands a file to the browser's downloads. */
export function saveFile(file: File): void {
  const url = URL.createObjectURL(file)
  const link = document.createElement('a')
  link.href = url
  link.download = file.name
  link.click()
  // Some browsers read the blob only after the click has returned.
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS)
}

/** A public key as the file that `openssl` and other instances read. */
export function toPemFile(fingerprint: string, pem: string): File {
  return new File([pem], `omega-key-${fingerprint.slice(0, 8)}.pem`, { type: 'application/x-pem-file' })
}
